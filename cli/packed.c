#include "cli/packed.h"

#include "engine/worker/worker.h"
#include "sandbox/expand.h"

bool packed_is(struct str b)
{
	static const struct {
		size_t at;
		struct str magic;
	} known[] = {
		{ 0, { "PK\3\4", 4 } },
		{ 0, { "PK\5\6", 4 } }, /* an empty zip */
		{ 0, { "\x1f\x8b", 2 } },
		{ 0, { "BZh", 3 } },
		{ 0, { "\xfd\x37zXZ", 5 } },
		{ 0, { "\x28\xb5\x2f\xfd", 4 } },
		{ 257, { "ustar", 5 } },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t end = known[i].at + known[i].magic.n;

		if (b.n >= end &&
		    str_eq(str_cut(b, known[i].at, end), known[i].magic))
			return true;
	}
	return false;
}

void packed_say_refused(struct cli *c, const struct tree_list *l)
{
	const struct tree_refused *r = l->refused.at;

	for (size_t i = 0; i < l->refused.n; i++)
		cli_say(c, 0, "left out: %.*s %.*s", STR_FMT(r[i].name),
			STR_FMT(r[i].why));
	if (l->refused_more)
		cli_say(c, 0, "left out: %lld more",
			(long long)l->refused_more);
}

enum err packed_read(struct cli *c, struct str bytes, struct tree_list *out)
{
	struct expander x = { 0 };
	struct worker_runs runs;
	struct tree_told told;
	enum err e;

	if (!c->runs_open)
		return err_set(c->cx, ERR_UNSUPPORTED,
			       "nothing can be run here");
	e = expand_load(c->cx, NULL, &x.program);
	if (!e)
		e = c->runs_open(c->cx, &runs);
	if (e)
		return e;
	x.runner = runs.runner;
	e = archive_expand(c->cx, &x, bytes, &told);
	c->runs_close(&runs);
	if (e)
		return e;
	packed_say_refused(c, &told.list);
	*out = told.list;
	return OK;
}
