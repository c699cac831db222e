/* A question, a response and what came of it, as text. */
#include "cli/html_text.h"
#include "cli/output.h"
#include "cli/take.h"
#include "cli/wrap.h"

enum { INDENT = 2, CHOICE = 6, LIST_ROW = 10 };

/* ---- members ---- */

bool take_get(struct jval v, const char *name, struct jval *out)
{
	return v.doc && jval_type(v) == J_OBJECT && jval_get(v, name, out);
}

struct str take_str(struct cli *c, struct jval v, const char *name)
{
	struct jval m;

	if (!take_get(v, name, &m) || jval_type(m) != J_STRING)
		return (struct str){ 0 };
	return jval_str(c->cx, m);
}

int64_t take_int(struct jval v, const char *name)
{
	struct jval m;
	int64_t n;

	return take_get(v, name, &m) && jval_int(m, &n) ? n : 0;
}

bool take_bool(struct jval v, const char *name)
{
	struct jval m;

	return take_get(v, name, &m) && jval_type(m) == J_BOOL && jval_bool(m);
}

struct str take_type(struct cli *c, struct jval item)
{
	return take_str(c, item, "type");
}

static bool is(struct take *t, const struct question *q, const char *type)
{
	return str_is(take_type(t->c, q->item), type);
}

bool take_has_check(const struct question *q)
{
	static const char *const words[] = {
		"immediate_feedback", "adaptive",      "adaptive_no_penalty",
		"interactive",	      "immediate_cbm", "interactive_countback"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_is(q->behaviour, words[i]))
			return true;
	return false;
}

bool take_has_certainty(const struct question *q)
{
	return str_ends(q->behaviour, "_cbm");
}

bool take_needs_answer(const struct question *q)
{
	return !q->answered && !str_is(q->behaviour, "information");
}

/* ---- texts ---- */

static struct str plain(struct take *t, struct jval v, const char *text,
			const char *format)
{
	return html_text_of(t->c->cx->arena, take_str(t->c, v, text),
			    take_str(t->c, v, format));
}

/* "  a) text", "  2. text" */
static void put_choice(struct take *t, const char *mark, struct str text,
		       bool picked)
{
	struct buf b = { 0 };

	buf_fmt(&b, " %c%s ", picked ? '*' : ' ', mark);
	wrap_pad(&b, CHOICE - wrap_width(buf_view(&b)));
	wrap_text(&b, text, t->c->columns, CHOICE, CHOICE);
	buf_ch(&b, '\n');
	cli_put(t->c->out, buf_view(&b));
	buf_done(&b);
}

static const char *letter(struct take *t, size_t i)
{
	if (i < 26)
		return str_fmt(t->c->cx->arena, "%c)", (char)('a' + i)).p;
	return str_fmt(t->c->cx->arena, "%zu)", i + 1).p;
}

/* The member of a response that is a list, or its one choice, has place i. */
static bool holds(struct take *t, struct jval r, size_t i)
{
	struct str want = str_fmt(t->c->cx->arena, "%zu", i + 1), name;
	struct jval v, e;
	uint32_t it = 0;

	if (str_eq(take_str(t->c, r, "choice"), want))
		return true;
	if (!take_get(r, "choices", &v) || jval_type(v) != J_ARRAY)
		return false;
	while (jval_next(v, &it, &name, &e))
		if (jval_type(e) == J_STRING &&
		    str_eq(jval_str(t->c->cx, e), want))
			return true;
	return false;
}

static void put_list(struct take *t, struct jval item, const char *list,
		     bool letters, struct jval response)
{
	struct jval v, e;
	struct str name;
	uint32_t it = 0;

	if (!take_get(item, list, &v) || jval_type(v) != J_ARRAY)
		return;
	fputc('\n', t->c->out);
	for (size_t i = 0; jval_next(v, &it, &name, &e); i++)
		put_choice(t,
			   letters ? letter(t, i)
				   : str_fmt(t->c->cx->arena, "%zu.", i + 1).p,
			   plain(t, e, "text", "format"),
			   letters && holds(t, response, i));
}

/* The choices of a blank: "[1] a) x  b) y". */
static void put_part(struct take *t, struct jval part, size_t i)
{
	struct buf b = { 0 };
	struct jval v, e;
	struct str name;
	uint32_t it = 0;

	if (!take_get(part, "choices", &v) || jval_type(v) != J_ARRAY)
		return;
	for (size_t k = 0; jval_next(v, &it, &name, &e); k++) {
		buf_fmt(&b, "%s%s ", k ? "   " : "", letter(t, k));
		buf_str(&b, plain(t, e, "text", "format"));
	}
	put_choice(t, str_fmt(t->c->cx->arena, "[%zu]", i + 1).p, buf_view(&b),
		   false);
	buf_done(&b);
}

/* {#1} in the stem becomes [1: ______], or what it was filled with. */
static struct str with_blanks(struct take *t, struct str stem)
{
	struct buf b = { 0 };
	struct str out;

	while (stem.n) {
		size_t at = str_find(stem, STR("{#"), 0), end;
		int64_t n;

		buf_str(&b, str_cut(stem, 0, at));
		stem = str_cut(stem, at, stem.n);
		if (!stem.n)
			break;
		end = str_find(stem, STR("}"), 0);
		if (end != SIZE_MAX && str_int(str_cut(stem, 2, end), &n)) {
			buf_fmt(&b, "[%lld: ____]", (long long)n);
			stem = str_cut(stem, end + 1, stem.n);
		} else {
			buf_z(&b, "{#");
			stem = str_cut(stem, 2, stem.n);
		}
	}
	out = buf_copy(&b, t->c->cx->arena);
	buf_done(&b);
	return out;
}

struct jval take_saved(struct cli *c, const struct question *q)
{
	struct jdoc *doc;

	if (!q->response.n || jdoc_parse(c->cx, q->response, &doc))
		return (struct jval){ 0 };
	return jdoc_root(doc);
}

/* ---- a question ---- */

static void put_section(struct take *t, size_t at)
{
	const struct question *q = &t->questions[at];
	struct jval v = { 0 };
	struct str name, title;
	uint32_t it = 0;

	if (!t->has_sections)
		return;
	for (int64_t i = 0; i <= q->section; i++)
		if (!jval_next(t->sections, &it, &name, &v))
			return;
	title = take_str(t->c, v, "title");
	if (at > 0 && q[-1].section == q->section)
		return; /* was shown with the question before */
	if (title.n)
		take_sayf(t, "== %.*s ==", STR_FMT(title));
	if (take_str(t->c, v, "text").n)
		take_say(t, 0,
			 html_text(t->c->cx->arena, take_str(t->c, v, "text")));
	if (title.n || take_str(t->c, v, "text").n)
		fputc('\n', t->c->out);
}

static void put_head(struct take *t, const struct question *q, size_t at)
{
	struct buf b = { 0 };

	buf_fmt(&b, "Question %lld of %zu", (long long)q->slot, t->n);
	if (q->max_mark.n)
		buf_fmt(&b, " (%.*s %s)", STR_FMT(q->max_mark),
			str_is(q->max_mark, "1") ? "mark" : "marks");
	if (take_str(t->c, q->item, "name").n) {
		buf_z(&b, "  ");
		buf_str(&b, take_str(t->c, q->item, "name"));
	}
	if (q->tries_left >= 0 && take_has_check(q))
		buf_fmt(&b, "  [tries left: %lld]", (long long)q->tries_left);
	fputc('\n', t->c->out);
	put_section(t, at);
	take_say(t, 0, buf_view(&b));
	buf_done(&b);
}

static void put_body(struct take *t, const struct question *q,
		     struct jval response)
{
	struct jval parts, e;
	struct str name;
	uint32_t it = 0;

	if (is(t, q, "match")) {
		put_list(t, q->item, "stems", false, response);
		put_list(t, q->item, "options", true, (struct jval){ 0 });
	} else if (is(t, q, "cloze") && take_get(q->item, "parts", &parts)) {
		fputc('\n', t->c->out);
		for (size_t i = 0; jval_next(parts, &it, &name, &e); i++)
			put_part(t, e, i);
	} else {
		put_list(t, q->item, "choices", true, response);
	}
	if (take_is_code(t, q))
		take_show_code(t, q);
}

void take_show(struct take *t, const struct question *q, size_t at)
{
	struct jval response;
	struct str stem;

	put_head(t, q, at);
	if (!q->has_item)
		return;
	response = take_saved(t->c, q);
	stem = plain(t, q->item, "stem", "stem_format");
	if (is(t, q, "cloze"))
		stem = with_blanks(t, stem);
	take_say(t, 0, stem);
	put_body(t, q, response);
	if (q->response.n && !is(t, q, "choice") && !is(t, q, "multi") &&
	    !is(t, q, "true_false"))
		take_show_response(t, q, "Your answer:", q->response);
}

const char *take_how(struct take *t, const struct question *q)
{
	struct jval v;

	if (is(t, q, "choice") || is(t, q, "true_false"))
		return "Type the letter of your choice.";
	if (is(t, q, "multi"))
		return "Type the letters of all that apply, such as a c.";
	if (is(t, q, "numeric"))
		return take_get(q->item, "units", &v)
			       ? "Type a number and its unit."
			       : "Type a number.";
	if (is(t, q, "match"))
		return "Type pairs, such as 1b 2a; some now, others later.";
	if (is(t, q, "cloze"))
		return "Type the number of a blank and its answer: 1=water. "
		       "Several with ; between them.";
	if (is(t, q, "essay"))
		return "Type your text; a line with only a dot ends it. "
		       "`edit` opens an editor.";
	if (is(t, q, "description") || is(t, q, "opaque"))
		return "There is nothing to answer here; Enter goes on.";
	if (is(t, q, "code"))
		return "Type the names of your files, such as main.c, or of "
		       "one folder, zip or tar: they are handed in and judged, "
		       "as often as the rules allow.";
	return "Type your answer.";
}

/* ---- a response ---- */

static struct jval nth(struct jval item, const char *list, int64_t place)
{
	struct jval v = { 0 }, e = { 0 };
	struct str name;
	uint32_t it = 0;

	if (!take_get(item, list, &v) || jval_type(v) != J_ARRAY)
		return (struct jval){ 0 };
	for (int64_t i = 1; jval_next(v, &it, &name, &e); i++)
		if (i == place)
			return e;
	return (struct jval){ 0 };
}

static void put_place(struct take *t, struct buf *b, struct jval item,
		      const char *list, struct str place)
{
	struct jval e;
	int64_t at;

	if (!str_int(place, &at) || at < 1) {
		buf_z(b, "nothing");
		return;
	}
	e = nth(item, list, at);
	buf_fmt(b, "%s ", letter(t, (size_t)at - 1));
	if (e.doc)
		buf_str(b, plain(t, e, "text", "format"));
}

static void put_given(struct take *t, struct buf *b, struct jval item,
		      struct jval r);

static void put_pairs(struct take *t, struct buf *b, struct jval item,
		      struct jval pairs)
{
	struct jval e, stem;
	struct str name;
	uint32_t it = 0;
	int64_t at;
	bool first = true;

	while (jval_next(pairs, &it, &name, &e)) {
		if (!str_int(name, &at) || jval_type(e) != J_STRING)
			continue;
		stem = nth(item, "stems", at);
		buf_fmt(b, "%s%lld. ", first ? "" : "\n", (long long)at);
		first = false;
		if (stem.doc)
			buf_str(b, plain(t, stem, "text", "format"));
		buf_z(b, " -> ");
		put_place(t, b, item, "options", jval_str(t->c->cx, e));
	}
}

static void put_parts(struct take *t, struct buf *b, struct jval item,
		      struct jval parts)
{
	struct jval e;
	struct str name;
	uint32_t it = 0;
	int64_t at;
	bool first = true;

	while (jval_next(parts, &it, &name, &e)) {
		if (!str_int(name, &at))
			continue;
		buf_fmt(b, "%s[%lld] ", first ? "" : "\n", (long long)at);
		first = false;
		put_given(t, b, nth(item, "parts", at), e);
	}
}

static void put_given(struct take *t, struct buf *b, struct jval item,
		      struct jval r)
{
	struct jval v, e;
	struct str name;
	uint32_t it = 0;
	bool first = true;

	if (take_get(r, "choice", &v)) {
		put_place(t, b, item, "choices", take_str(t->c, r, "choice"));
	} else if (take_get(r, "choices", &v) && jval_type(v) == J_ARRAY) {
		while (jval_next(v, &it, &name, &e)) {
			if (!first)
				buf_ch(b, '\n');
			first = false;
			put_place(t, b, item, "choices",
				  jval_type(e) == J_STRING
					  ? jval_str(t->c->cx, e)
					  : STR(""));
		}
	} else if (take_get(r, "pairs", &v) && jval_type(v) == J_OBJECT) {
		put_pairs(t, b, item, v);
	} else if (take_get(r, "parts", &v) && jval_type(v) == J_OBJECT) {
		put_parts(t, b, item, v);
	} else if (take_get(r, "tree", &v)) {
		buf_fmt(b, "%lld file(s), %lld bytes of %.*s",
			(long long)take_int(r, "files"),
			(long long)take_int(r, "bytes"),
			STR_FMT(take_str(t->c, r, "language")));
	} else {
		buf_str(b, take_str(t->c, r, "text"));
		if (take_str(t->c, r, "unit").n) {
			buf_ch(b, ' ');
			buf_str(b, take_str(t->c, r, "unit"));
		}
	}
}

void take_show_response(struct take *t, const struct question *q,
			const char *label, struct str response)
{
	struct buf b = { 0 };
	struct jdoc *doc;

	if (jdoc_parse(t->c->cx, response, &doc))
		return;
	put_given(t, &b, q->item, jdoc_root(doc));
	if (!b.n)
		buf_z(&b, "nothing");
	take_sayf(t, "%s", label);
	take_say(t, INDENT, buf_view(&b));
	buf_done(&b);
}

/* ---- what came of it ---- */

static bool put_note(struct take *t, struct jval slot, const char *name,
		     const char *label)
{
	struct str s = take_str(t->c, slot, name);

	if (!s.n)
		return false;
	take_sayf(t, "%s", label);
	take_say(t, INDENT, html_text(t->c->cx->arena, s));
	return true;
}

static bool put_verdict(struct take *t, struct jval slot)
{
	struct str correct = take_str(t->c, slot, "correct");
	struct jval mark, most;
	bool has_most = take_get(slot, "max_mark", &most);
	struct buf b = { 0 };
	bool any;

	if (correct.n)
		buf_fmt(&b, "%s",
			str_is(correct, "right")     ? "Right."
			: str_is(correct, "partial") ? "Partly right."
						     : "Wrong.");
	if (take_get(slot, "parts_right", &mark))
		buf_fmt(&b, "%s%lld of %lld parts are right.", b.n ? " " : "",
			(long long)take_int(slot, "parts_right"),
			(long long)take_int(slot, "parts"));
	if (take_get(slot, "mark", &mark)) {
		buf_fmt(&b, "%sMark: %.*s", b.n ? "  " : "",
			STR_FMT(jval_text(mark)));
		if (has_most)
			buf_fmt(&b, " of %.*s", STR_FMT(jval_text(most)));
	}
	any = b.n > 0;
	if (any)
		take_say(t, 0, buf_view(&b));
	buf_done(&b);
	return any;
}

bool take_show_outcome(struct take *t, const struct question *q,
		       struct jval slot)
{
	static const struct {
		const char *name, *label;
	} notes[] = {
		{ "reason", "It could not be scored:" },
		{ "feedback", "Feedback:" },
		{ "hint", "Hint:" },
		{ "general_feedback", "About the question:" },
		{ "comment", "Comment:" },
	};
	bool any = put_verdict(t, slot);
	struct jval right;

	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		any = put_note(t, slot, notes[i].name, notes[i].label) || any;
	if (take_get(slot, "right_answer", &right)) {
		take_show_response(t, q, "A right answer:", jval_text(right));
		any = true;
	}
	if (str_is(take_str(t->c, slot, "state"), "needs_grading")) {
		take_sayf(t, "A person will mark this.");
		any = true;
	}
	return any;
}

/* ---- overview ---- */

void take_show_list(struct take *t)
{
	size_t open = 0;

	take_sayf(t, "Questions (+ answered, . not yet, * here):");
	for (size_t i = 0; i < t->n; i++) {
		const struct question *q = &t->questions[i];
		bool todo = take_needs_answer(q);

		open += todo;
		fprintf(t->c->out, "%s%4lld%c%c",
			i % LIST_ROW ? "" : (i ? "\n" : ""), (long long)q->slot,
			todo ? '.' : '+', i == t->at ? '*' : ' ');
	}
	fputc('\n', t->c->out);
	if (open)
		take_sayf(t, "%zu of %zu are not answered.", open, t->n);
	else
		take_sayf(t, "All are answered. `submit` hands in.");
}
