/* assay lab push and lab check: the folder's changes to the server. */
#include "base/limits.h"
#include "cli/lab_dir.h"
#include "cli/packed.h"
#include "cli/progress.h"
#include "cli/take.h"
#include "cli/verb.h"

enum { WAIT_MS = 3000 };

#define MERGE_FLAG                                                             \
	{                                                                      \
		.name = "merge",                                               \
		.doc = "where the work was changed on the server since, take " \
		       "that over first"                                       \
	}

const struct flag lab_push_flags[] = { MERGE_FLAG, { 0 } };
const struct flag lab_check_flags[] = {
	{ .name = "language",
	  .value = "NAME",
	  .doc = "one that the check takes [the lab's]" },
	MERGE_FLAG,
	{ 0 },
};

struct push {
	struct lab_dir *d;
	struct list base, ours; /* struct run_file */
	int64_t changed, removed;
	struct str saved; /* lab.save's result; absent: nothing to save */
	struct jval result;
};

/* ---- what is saved ---- */

static void put_changed(struct push *p, struct buf *json, struct buf *bytes)
{
	const struct run_file *f = p->ours.at;

	buf_z(json, ",\"files\":[");
	for (size_t i = 0; i < p->ours.n; i++) {
		if (lab_same(tree_find(&p->base, f[i].name), &f[i]))
			continue;
		buf_z(json, p->changed++ ? ",{\"name\":" : "{\"name\":");
		jout_str(json, f[i].name);
		buf_fmt(json, ",\"size\":%zu%s}", f[i].data.n,
			f[i].executable ? ",\"executable\":true" : "");
		buf_str(bytes, f[i].data);
	}
	buf_ch(json, ']');
}

static void put_removed(struct push *p, struct buf *json)
{
	const struct run_file *f = p->base.at;

	buf_z(json, ",\"removed\":[");
	for (size_t i = 0; i < p->base.n; i++) {
		if (tree_find(&p->ours, f[i].name))
			continue;
		if (p->removed++)
			buf_ch(json, ',');
		jout_str(json, f[i].name);
	}
	buf_z(json, "]}");
}

static enum err changes(struct push *p, struct str *params, struct str *bytes)
{
	struct arena *a = p->d->c->cx->arena;
	struct buf json = { .limit = LIMIT_MESSAGE_BYTES },
		   data = { .limit = LIMIT_BLOB_BYTES };
	enum err e = OK;

	buf_z(&json, "{\"session\":");
	jout_id(&json, &p->d->mark.session);
	buf_z(&json, ",\"base\":");
	jout_str(&json, p->d->mark.commit);
	put_changed(p, &json, &data);
	put_removed(p, &json);
	if (json.failed || data.failed)
		e = err_set(p->d->c->cx, ERR_TOO_LARGE,
			    "the changes are too large to be saved at once");
	*params = buf_copy(&json, a);
	*bytes = buf_copy(&data, a);
	buf_done(&json);
	buf_done(&data);
	return e;
}

/* ---- the server is ahead ---- */

static bool all_same(const struct list *a, const struct list *b)
{
	const struct run_file *f = a->at;

	for (size_t i = 0; i < a->n; i++)
		if (!lab_same(tree_find(b, f[i].name), &f[i]))
			return false;
	return a->n == b->n;
}

static int ahead(struct lab_dir *d)
{
	return cli_say(d->c, CLI_REFUSED,
		       "the work was changed on the server since, perhaps in a "
		       "terminal, and nothing is saved: assay lab pull %.*s "
		       "takes that over beside your own changes; --merge does "
		       "so and saves at once if nothing is in conflict",
		       STR_FMT(d->path));
}

/* theirs, of commit, is not the base. */
static int catch_up(struct push *p, struct str commit,
		    const struct list *theirs)
{
	struct lab_dir *d = p->d;
	struct lab_taken t;
	int code;

	/* Saved by a push that was interrupted, or the same by chance. */
	if (all_same(&d->files, theirs))
		return lab_mark_set(d, commit);
	if (!args_on(d->args, "merge"))
		return ahead(d);
	code = lab_take(d, commit, theirs, &t);
	if (code != LAB_ON)
		return code;
	if (!lab_json(d))
		lab_say_taken(d, &t);
	if (t.conflicts.n || t.kept.n)
		return cli_say(d->c, CLI_REFUSED,
			       "what both changed wants to be looked at: "
			       "nothing is saved until you push again");
	return lab_dir_read(d);
}

/* ---- push ---- */

static int save(struct push *p)
{
	struct lab_dir *d = p->d;
	struct progress bar;
	struct client_reply r = { 0 };
	struct str params, bytes;
	int code;
	enum err e = changes(p, &params, &bytes);

	if (e)
		return cli_error(d->c, e);
	if (!p->changed && !p->removed)
		return LAB_ON;
	progress_start(&bar, d->c, "saving, bytes");
	progress_set(&bar, (int64_t)bytes.n, 0);
	code = lab_call(d, "lab.save", params, bytes, true, &r, &p->result);
	progress_end(&bar);
	if (code != LAB_ON)
		return r.code == ERR_CONFLICT && str_is(r.field, "/base")
			       ? ahead(d)
			       : code;
	p->saved = r.result;
	return lab_mark_set(d, take_str(d->c, p->result, "commit"));
}

static int push(struct push *p)
{
	struct lab_dir *d = p->d;
	struct str commit;
	int code = lab_dir_marked(d);

	if (code == LAB_ON && !d->mark.commit.n)
		return cli_say(d->c, CLI_REFUSED,
			       "%.*s was not opened to the end: assay lab pull "
			       "%.*s goes on with it",
			       STR_FMT(d->path), STR_FMT(d->path));
	if (code == LAB_ON)
		code = lab_dir_read(d);
	if (code == LAB_ON)
		code = lab_fetch(d, (struct str){ 0 }, &commit, &p->base);
	if (code == LAB_ON && !str_eq(commit, d->mark.commit))
		code = catch_up(p, commit, &p->base);
	if (code != LAB_ON)
		return code;
	packed_say_refused(d->c, &d->local);
	p->ours = lab_ours(d, &p->base);
	return save(p);
}

static void say_left_out(struct push *p)
{
	struct jval list, v;
	struct str none;
	uint32_t it = 0;

	if (!p->saved.p || !take_get(p->result, "left_out", &list))
		return;
	while (jval_next(list, &it, &none, &v))
		cli_say(p->d->c, 0, "left out: %.*s %.*s",
			STR_FMT(take_str(p->d->c, v, "name")),
			STR_FMT(take_str(p->d->c, v, "why")));
}

static void show_push(struct push *p)
{
	struct take out = { .c = p->d->c };

	say_left_out(p);
	if (p->saved.p)
		take_sayf(&out, "Saved: %lld changed, %lld removed.",
			  (long long)p->changed, (long long)p->removed);
	else
		take_sayf(&out, "Nothing has changed since it was saved.");
}

static void show_push_json(struct push *p)
{
	struct buf b = { 0 };

	if (p->saved.p) {
		buf_str(&b, p->saved);
	} else {
		buf_z(&b, "{\"commit\":");
		jout_str(&b, p->d->mark.commit);
		buf_z(&b, ",\"same\":true}");
	}
	buf_ch(&b, '\n');
	cli_put(p->d->c->out, buf_view(&b));
	buf_done(&b);
}

int lab_push_run(struct cli *c, const struct args *a)
{
	struct lab_dir d;
	struct push p = { .d = &d };
	int code = lab_dir_open(c, a, args_rest(a, 0), false, &d);

	if (code == LAB_ON)
		code = push(&p);
	lab_dir_close(&d);
	if (code != LAB_ON)
		return code;
	if (lab_json(&d))
		show_push_json(&p);
	else
		show_push(&p);
	return CLI_FINE;
}

/* ---- check ---- */

static int begin(struct lab_dir *d, struct str *run)
{
	struct str language = args_get(d->args, "language");
	struct client_reply r;
	struct buf b = { 0 };
	struct jval v;
	int code;

	buf_z(&b, "{\"session\":");
	jout_id(&b, &d->mark.session);
	if (language.p) {
		buf_z(&b, ",\"language\":");
		jout_str(&b, language);
	}
	buf_ch(&b, '}');
	code = lab_call(d, "lab.check", buf_view(&b), (struct str){ 0 }, true,
			&r, &v);
	buf_done(&b);
	if (code == LAB_ON)
		*run = take_str(d->c, v, "run");
	return code;
}

/* Once; what it wants may be another day. */
static void say_waits(struct lab_dir *d, struct jval v, struct str run,
		      struct progress *bar, bool *said)
{
	if (*said || !str_is(take_str(d->c, v, "standing"), "no_worker"))
		return;
	*said = true;
	progress_end(bar);
	cli_say(d->c, 0,
		"No worker can take it now: it is checked when one comes that "
		"can. You need not wait for it here: assay lab result --run "
		"%.*s tells what came of it.",
		STR_FMT(run));
}

static int wait_for(struct lab_dir *d, struct str run, struct client_reply *r,
		    struct jval *v)
{
	struct progress bar;
	int64_t asked = 0;
	bool said = false;
	int code;

	progress_start(&bar, d->c, "waiting for the check");
	do {
		if (asked)
			say_waits(d, *v, run, &bar, &said);
		progress_set(&bar, ++asked, 0);
		code = lab_call(d, "lab.result",
				str_fmt(d->c->cx->arena,
					"{\"run\":\"%.*s\",\"wait_ms\":%d}",
					STR_FMT(run), WAIT_MS),
				(struct str){ 0 }, false, r, v);
	} while (code == LAB_ON &&
		 str_is(take_str(d->c, *v, "state"), "waits"));
	progress_end(&bar);
	return code;
}

static int show_check(struct lab_dir *d, const struct client_reply *r,
		      struct jval v)
{
	struct take out = { .c = d->c };
	struct jval report = { 0 };
	bool judged = take_get(v, "check", &report);

	if (lab_json(d)) {
		cli_put(d->c->out, r->result);
		fputc('\n', d->c->out);
	} else if (judged) {
		take_show_report(&out, report);
	} else {
		take_sayf(&out, "It could not be checked, which is our "
				"failure: give the same command again.");
	}
	if (!judged)
		return CLI_FAILED;
	return str_is(take_str(d->c, report, "verdict"), "AC") ? CLI_FINE
							       : CLI_REFUSED;
}

int lab_check_run(struct cli *c, const struct args *a)
{
	struct lab_dir d;
	struct push p = { .d = &d };
	struct client_reply r;
	struct jval v;
	struct str run;
	int code = lab_dir_open(c, a, args_rest(a, 0), false, &d);

	if (code == LAB_ON)
		code = push(&p);
	if (code == LAB_ON) {
		say_left_out(&p);
		code = begin(&d, &run);
	}
	if (code == LAB_ON)
		code = wait_for(&d, run, &r, &v);
	if (code == LAB_ON)
		code = show_check(&d, &r, v);
	lab_dir_close(&d);
	return code;
}
