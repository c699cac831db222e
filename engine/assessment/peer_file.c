#include "engine/assessment/peer_file.h"

enum err peer_file_read(struct ctx *cx, const struct assessment_def *def,
			struct peer_def *out)
{
	enum err e = peer_def_read(cx, def->peer, "/peer", out);

	if (!e && !out->stop.has_pass_percent && def->policy.pass_mark.nano > 0)
		out->stop.pass_percent =
			dec_min(dec_mul(def->policy.pass_mark, dec_int(100)),
				dec_int(100));
	return e;
}

enum err peer_file_check(struct ctx *cx, const struct assessment_def *def,
			 struct problems *problems)
{
	const struct str *text;
	struct peer_def peer;
	struct list warnings;
	enum err e;

	if (!def->peer.p)
		return OK;
	e = peer_file_read(cx, def, &peer);
	if (e) {
		problem_add(cx, problems, PROBLEM_ERROR,
			    str_of(cx->error.field), "peer", "%s",
			    cx->error.text);
		return e;
	}
	peer_def_warnings(cx, &peer, &warnings);
	text = warnings.at;
	for (size_t i = 0; i < warnings.n; i++)
		problem_add(cx, problems, PROBLEM_WARNING, STR("/peer"), "peer",
			    "%.*s", STR_FMT(text[i]));
	return OK;
}

void peer_file_hide(struct ctx *cx, const struct peer_def *peer,
		    struct assessment_def *def)
{
	struct peer_def shown = *peer;

	shown.gold = (struct list){ 0 };
	def->peer = field_text(cx->arena, &peer_def_shape, &shown);
}
