#include "base/fair.h"

int64_t fair_after(int64_t at, int64_t per_minute, int64_t came_ms)
{
	/* Farther ahead than fair use leads: written by a clock that was wrong.
	 */
	bool ahead = at > came_ms && at <= came_ms + FAIR_MS;

	return (ahead ? at : came_ms) + FAIR_MS / per_minute;
}

enum err fair_use(struct ctx *cx, int64_t *at, int64_t per_minute,
		  const char *what)
{
	int64_t now = clock_ms(cx->clock);
	int64_t then = fair_after(*at, per_minute, now);
	int64_t over = then - now - FAIR_MS;

	if (over > 0) {
		err_set(cx, ERR_RATE_LIMITED,
			"at most %lld %s a minute: the next may come in %lld "
			"seconds",
			(long long)per_minute, what,
			(long long)(over + 999) / 1000);
		cx->error.retry_after_ms = over;
		return ERR_RATE_LIMITED;
	}
	*at = then;
	return OK;
}
