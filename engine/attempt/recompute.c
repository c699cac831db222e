#include "base/limits.h"
#include "engine/attempt/attempt_sql.h"

/* Any attempt that counts will do: the gradebook is given all of them. */
enum err attempts_recompute(struct ctx *cx, const struct id *org,
			    const struct id *series, const struct id *learner)
{
	const struct attempt_row *rows;
	struct live *l = NULL;
	struct list list;
	enum err e = store_list(cx, &attempt_sql[ATTEMPT_OF_LEARNER],
				VALS(v_id(org), v_id(series), v_id(learner)),
				LIMIT_PAGE, &list, NULL);

	if (e)
		return e;
	rows = list.at;
	for (size_t i = list.n; i-- > 0;) {
		if (rows[i].practice || rows[i].preview)
			continue;
		e = attempts_get(cx, org, &rows[i].id, &l);
		return e ? e : live_to_gradebook(cx, l);
	}
	return OK;
}
