/* assay lab open and lab pull: the server's work into a folder. */
#include "base/limits.h"
#include "cli/lab_dir.h"
#include "cli/take.h"
#include "cli/verb.h"

const struct flag lab_open_flags[] = { { 0 } };
const struct flag lab_pull_flags[] = { { 0 } };

static void put_conflicts(struct buf *b, const struct lab_taken *t)
{
	const struct work_conflict *w = t->conflicts.at;

	buf_z(b, ",\"conflicts\":[");
	for (size_t i = 0; i < t->conflicts.n; i++) {
		buf_z(b, i ? ",{\"name\":" : "{\"name\":");
		jout_str(b, w[i].name);
		buf_fmt(b, ",\"kind\":\"%s\"", work_conflict_words[w[i].kind]);
		if (t->beside[i].p) {
			buf_z(b, ",\"beside\":");
			jout_str(b, t->beside[i]);
		}
		buf_ch(b, '}');
	}
	buf_ch(b, ']');
}

static void show_json(struct lab_dir *d, const struct lab_taken *t)
{
	const struct str *kept = t->kept.at;
	struct buf b = { 0 };

	buf_z(&b, "{\"session\":");
	jout_id(&b, &d->mark.session);
	buf_z(&b, ",\"commit\":");
	jout_str(&b, d->mark.commit);
	buf_fmt(&b,
		",\"version\":%lld,\"newest\":%lld,\"written\":%lld,"
		"\"removed\":%lld",
		(long long)d->version, (long long)d->newest,
		(long long)t->written, (long long)t->removed);
	put_conflicts(&b, t);
	buf_z(&b, ",\"left_out\":[");
	for (size_t i = 0; i < t->kept.n; i++) {
		if (i)
			buf_ch(&b, ',');
		jout_str(&b, kept[i]);
	}
	buf_z(&b, "]}\n");
	cli_put(d->c->out, buf_view(&b));
	buf_done(&b);
}

static void show(struct lab_dir *d, const struct lab_taken *t)
{
	struct take out = { .c = d->c };
	char session[ID_TEXT + 1];

	take_sayf(&out,
		  "%.*s is in step with %.*s/%.*s, version %lld: %lld written, "
		  "%lld removed.",
		  STR_FMT(d->path), STR_FMT(d->mark.course),
		  STR_FMT(d->mark.slug), (long long)d->version,
		  (long long)t->written, (long long)t->removed);
	lab_say_taken(d, t);
	id_text(&d->mark.session, session);
	if (d->newest > d->version)
		take_sayf(&out,
			  "The lab has a version %lld: assay lab offer "
			  "--session %s tells what it would change.",
			  (long long)d->newest, session);
}

/* Exit code 1: something wants to be looked at. */
static int pull(struct lab_dir *d)
{
	struct lab_taken t;
	struct list theirs;
	struct str commit;
	int code = lab_dir_session(d);

	if (code == LAB_ON)
		code = lab_dir_read(d);
	if (code == LAB_ON)
		code = lab_fetch(d, (struct str){ 0 }, &commit, &theirs);
	if (code == LAB_ON)
		code = lab_take(d, commit, &theirs, &t);
	if (code != LAB_ON)
		return code;
	if (lab_json(d))
		show_json(d, &t);
	else
		show(d, &t);
	return t.conflicts.n || t.kept.n ? CLI_REFUSED : CLI_FINE;
}

/* "COURSE/LAB"; a course's id may hold a '/', too. */
static bool split(struct str word, struct str *course, struct str *slug)
{
	size_t at = word.n;

	while (at && word.p[at - 1] != '/')
		at--;
	if (at < 2 || at == word.n)
		return false;
	*course = str_cut(word, 0, at - 1);
	*slug = str_cut(word, at, word.n);
	return true;
}

/* The folder is to be of this lab, or empty. */
static int begin(struct lab_dir *d, struct str course, struct str slug)
{
	int code;

	if (d->marked && str_eq(d->mark.course, course) &&
	    str_eq(d->mark.slug, slug))
		return LAB_ON;
	if (d->marked)
		return cli_say(d->c, CLI_REFUSED,
			       "%.*s is the folder of %.*s/%.*s: open this "
			       "lab in another one",
			       STR_FMT(d->path), STR_FMT(d->mark.course),
			       STR_FMT(d->mark.slug));
	code = lab_dir_read(d);
	if (code != LAB_ON)
		return code;
	if (d->files.n || d->local.refused.n)
		return cli_say(d->c, CLI_REFUSED,
			       "%.*s holds files already: open the lab in a "
			       "new or an empty folder",
			       STR_FMT(d->path));
	d->mark = (struct lab_mark){ .assay_lab_dir = 1,
				     .course = course,
				     .slug = slug };
	return LAB_ON;
}

int lab_open_run(struct cli *c, const struct args *a)
{
	struct str course, slug;
	struct lab_dir d;
	int code;

	if (!split(args_rest(a, 0), &course, &slug))
		return cli_say(c, CLI_USAGE,
			       "which lab? COURSE/LAB is the course's id and "
			       "the lab's name in it, as sample/sum-lab");
	code = lab_dir_open(c, a, args_rest(a, 1), true, &d);
	if (code == LAB_ON)
		code = begin(&d, course, slug);
	if (code == LAB_ON)
		code = pull(&d);
	lab_dir_close(&d);
	return code;
}

int lab_pull_run(struct cli *c, const struct args *a)
{
	struct lab_dir d;
	int code = lab_dir_open(c, a, args_rest(a, 0), false, &d);

	if (code == LAB_ON)
		code = lab_dir_marked(&d);
	if (code == LAB_ON)
		code = pull(&d);
	lab_dir_close(&d);
	return code;
}
