#include "cli/progress.h"

enum { WIDTH = 30 };
#define EVERY_NS INT64_C(100000000)

void progress_start(struct progress *p, struct cli *c, const char *what)
{
	*p = (struct progress){ c, what, 0 };
}

void progress_set(struct progress *p, int64_t done, int64_t total)
{
	int64_t now = clock_mono_ns(p->c->cx->clock);
	char bar[WIDTH + 1];
	int full;

	if (!p->c->err_is_terminal ||
	    (p->drawn_ns && now - p->drawn_ns < EVERY_NS))
		return;
	p->drawn_ns = now ? now : 1;
	if (total <= 0) {
		fprintf(p->c->err, "\r\033[K%s %lld", p->what, (long long)done);
	} else {
		full = (int)(WIDTH * (done < total ? done : total) / total);
		memset(bar, ' ', WIDTH);
		memset(bar, '#', (size_t)full);
		bar[WIDTH] = 0;
		fprintf(p->c->err, "\r\033[K%s [%s] %lld of %lld", p->what, bar,
			(long long)done, (long long)total);
	}
	fflush(p->c->err);
}

void progress_end(struct progress *p)
{
	if (p->drawn_ns) {
		fputs("\r\033[K", p->c->err);
		fflush(p->c->err);
	}
	p->drawn_ns = 0;
}
