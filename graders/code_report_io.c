/* A report on its way from a worker to the server. */
#include "graders/code_impl.h"

static struct str cut(struct ctx *cx, struct str s, size_t most)
{
	return s.n > most ? code_text(cx->arena, s, most) : s;
}

/* Of the few that are still listed. */
static void cut_names(struct ctx *cx, struct code_archive *a)
{
	const struct code_packed *f = a->files.at;
	const struct code_left_out *r = a->refused.at;
	struct code_packed *files =
		ARENA_ARRAY(cx->arena, struct code_packed, a->files.n);
	struct code_left_out *refused =
		ARENA_ARRAY(cx->arena, struct code_left_out, a->refused.n);

	for (size_t i = 0; i < a->files.n; i++) {
		files[i] = f[i];
		files[i].name = cut(cx, f[i].name, 200);
	}
	for (size_t i = 0; i < a->refused.n; i++)
		refused[i] = (struct code_left_out){ cut(cx, r[i].name, 200),
						     cut(cx, r[i].why, 200) };
	a->files.at = files;
	a->refused.at = refused;
}

/* The texts of all facts, cut to so many bytes each. */
static void cut_texts(struct ctx *cx, struct code_report *r, size_t most)
{
	struct code_fact *copy =
		ARENA_ARRAY(cx->arena, struct code_fact, r->tests.n);

	if (r->tests.n)
		memcpy(copy, r->tests.at, r->tests.n * sizeof(*copy));
	for (size_t i = 0; i < r->tests.n; i++) {
		struct str *texts[] = { &copy[i].message, &copy[i].staff,
					&copy[i].wanted, &copy[i].got };

		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			*texts[k] = cut(cx, *texts[k], most);
	}
	r->tests.at = copy;
	if (most >= 64)
		return;
	/* A worker may be somebody else's: whatever it says fits then. */
	r->compile_text = cut(cx, r->compile_text, 1000);
	r->reason = cut(cx, r->reason, 250);
	r->staff = cut(cx, r->staff, 250);
	code_archive_cut(&r->archive);
	cut_names(cx, &r->archive);
}

void code_report_write(struct ctx *cx, struct buf *b,
		       const struct code_report *r)
{
	static const size_t sizes[] = { 1000, 250, 60, 0 };
	struct code_report cut = *r;
	struct str text = field_text(cx->arena, &code_report_shape, &cut);

	for (size_t i = 0;
	     text.n > CODE_REPORT_BYTES && i < sizeof(sizes) / sizeof(sizes[0]);
	     i++) {
		cut_texts(cx, &cut, sizes[i]);
		text = field_text(cx->arena, &code_report_shape, &cut);
	}
	CHECK(text.n <= CODE_REPORT_BYTES);
	buf_str(b, text);
}

/* Facts that the rules of a judge could not have given. */
static const char *contradiction(const struct code_spec *s,
				 const struct code_report *r)
{
	const struct code_fact *f = r->tests.at;

	if (r->tests.n && r->tests.n != s->tests.n)
		return "the report has another number of tests than the task";
	if (!r->tests.n && r->verdict != RUN_CE && r->verdict != RUN_IE)
		return "the report has a verdict and no tests";
	for (size_t i = 0; i < r->tests.n; i++) {
		bool full = f[i].share.nano == DEC_ONE_NANO;

		if (f[i].verdict == RUN_CE)
			return "a test has a verdict that tests do not have";
		if ((f[i].verdict == RUN_AC) != full)
			return "a test that passed has all of its share, and "
			       "no other";
		if (f[i].share.nano && f[i].verdict != RUN_AC &&
		    f[i].verdict != RUN_WA)
			return "a test that did not end well has a share";
	}
	if (r->tests.n && r->verdict != RUN_IE &&
	    r->verdict != code_verdict_of(f, r->tests.n))
		return "the verdict does not follow from the tests";
	return NULL;
}

enum err code_report_read(struct ctx *cx, const struct code_spec *s,
			  struct str text, struct code_report *out)
{
	struct code_report got;
	const char *what;
	enum err e;

	if (text.n > CODE_REPORT_BYTES)
		return err_set(cx, ERR_INVALID,
			       "the report is larger than 200 KiB");
	e = field_decode_text(cx, text, &code_report_shape, &got);
	if (e)
		return e;
	what = contradiction(s, &got);
	if (what)
		return err_set(cx, ERR_INVALID, "%s", what);
	*out = got;
	return OK;
}
