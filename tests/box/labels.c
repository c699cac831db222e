#include "tests/box/labels.h"

#define MIB(n) ((int64_t)(n) << 20)

enum { COLUMNS = 5, WORDS = 16, ROWS = 1000 };

const struct run_limits label_limits = {
	.cpu_ms = 2000,
	.wall_ms = 20000,
	.memory_bytes = MIB(64),
	.stdout_bytes = 65536,
	.stderr_bytes = 16384,
};

static bool word_of(const char *const *words, struct str s, int *out)
{
	for (int i = 0; words[i]; i++)
		if (str_eq_nocase(s, str_of(words[i]))) {
			*out = i;
			return true;
		}
	return false;
}

bool label_number(struct str text, int64_t *out)
{
	bool mib = str_ends(text, "M");

	if (!str_int(str_cut(text, 0, text.n - mib), out))
		return false;
	*out <<= mib ? 20 : 0;
	return true;
}

/* "\n" is a line's end; everything else is as it stands. */
static struct str unescape(struct ctx *cx, struct str s)
{
	char *p = arena_alloc(cx->arena, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'n') {
			p[n++] = '\n';
			i++;
		} else {
			p[n++] = s.p[i];
		}
	return (struct str){ p, n };
}

static void read_command(struct ctx *cx, struct str s, struct list *argv)
{
	struct str *words = ARENA_ARRAY(cx->arena, struct str, WORDS);
	size_t n = 0;

	while (s.n > 0 && n < WORDS) {
		bool quoted = s.p[0] == '\'';
		size_t end = str_find(s, quoted ? STR("'") : STR(" "), 1);

		if (end == SIZE_MAX)
			end = s.n;
		words[n++] = str_cut(s, quoted, end);
		s = str_trim(str_cut(s, end + quoted, s.n));
	}
	*argv = (struct list){ words, n };
}

static bool read_expected(struct str s, struct label *l)
{
	struct str verdict, cause, code;

	if (!str_split(&s, ' ', &verdict) ||
	    !word_of(run_verdict_words, verdict, &l->verdict))
		return false;
	l->cause = RUN_BY_EXIT;
	if (str_split(&s, ' ', &cause) &&
	    !word_of(run_cause_words, cause, &l->cause))
		return false;
	return !str_split(&s, ' ', &code) || str_int(code, &l->code);
}

static bool read_limits(struct str s, struct run_limits *limits)
{
	struct str part, name;

	while (str_split(&s, ' ', &part)) {
		const struct field *f = run_limits_shape.fields;
		int64_t v;

		if (!part.n)
			continue;
		if (!str_split(&part, '=', &name) || !label_number(part, &v))
			return false;
		while (f->kind != KIND_END && !str_is(name, f->name))
			f++;
		if (f->kind == KIND_END)
			return false;
		memcpy((char *)limits + f->offset, &v, sizeof(v));
	}
	return true;
}

static bool read_more(struct ctx *cx, struct str s, struct label *l)
{
	struct str part, name;

	while (str_split(&s, ';', &part)) {
		if (!part.n)
			continue;
		if (!str_split(&part, '=', &name))
			return false;
		if (str_is(name, "in"))
			l->in = unescape(cx, part);
		else if (str_is(name, "out"))
			l->out = unescape(cx, part);
		else if (str_is(name, "or")) {
			if (!word_of(run_verdict_words, part, &l->or_verdict))
				return false;
		} else if (!str_is(name, "level") ||
			   !word_of(run_level_words, part, &l->level)) {
			return false;
		}
	}
	return true;
}

static bool read_row(struct ctx *cx, struct str row, struct label *l)
{
	struct str column[COLUMNS];

	for (int i = 0; i < COLUMNS; i++)
		if (!str_split(&row, '\t', &column[i]))
			return false;
	*l = (struct label){ .name = column[0],
			     .limits = label_limits,
			     .or_verdict = RUN_VERDICT_COUNT,
			     .level = RUN_WEAK };
	read_command(cx, column[1], &l->argv);
	return l->argv.n > 0 && read_expected(column[2], l) &&
	       read_limits(column[3], &l->limits) &&
	       read_more(cx, column[4], l);
}

enum err labels_read(struct ctx *cx, struct str text, struct list *out)
{
	struct label *rows = ARENA_ARRAY(cx->arena, struct label, ROWS);
	struct str line;
	size_t n = 0;

	for (int at = 1; str_split(&text, '\n', &line); at++) {
		if (at == 1 || line.n == 0 || line.p[0] == '#')
			continue;
		if (n == ROWS || !read_row(cx, line, &rows[n]))
			return err_set(cx, ERR_INVALID, "row %d cannot be read",
				       at);
		n++;
	}
	*out = (struct list){ rows, n };
	return OK;
}
