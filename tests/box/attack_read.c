/* The leading comment of an attack, as far as a machine can read it. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/box/attack.h"

enum { ATTACKS = 300, WORD = 40 };

static const char *const suffixes[] = { ".c", ".cpp", ".py", ".sh", NULL };
static const char *const sections[] = { "ATTACK", "LIMITS",   "BUILD",
					"EXPECT", "OUTSIDE",  "HARNESS",
					"NOTE",	  "EXPECTED", NULL };

/* A limit's words in a comment, and which member of run_limits it is. */
static const struct {
	const char *word, *member;
} limit_words[] = {
	{ "cpu", "cpu_ms" },	      { "wall", "wall_ms" },
	{ "mem", "memory_bytes" },    { "memory", "memory_bytes" },
	{ "pids", "tasks" },	      { "tasks", "tasks" },
	{ "nofile", "open_files" },   { "stdout", "stdout_bytes" },
	{ "stderr", "stderr_bytes" }, { "file", "file_bytes" },
	{ "space", "disk_bytes" },    { "inodes", "inodes" },
	{ "stack", "stack_bytes" },   { NULL, NULL },
};

/* The comment's text on one line, without its marks. */
static struct str comment_of(struct ctx *cx, const struct attack *a)
{
	bool hash = a->language >= ATTACK_PYTHON;
	struct str rest = a->source, line;
	struct buf b = { 0 };
	struct str text;

	while (str_split(&rest, '\n', &line)) {
		size_t end = hash ? SIZE_MAX : str_find(line, STR("*/"), 0);

		if (str_starts(line, "#!"))
			continue;
		if (hash && !str_starts(line, "#"))
			break;
		line = str_cut(line, 0, end == SIZE_MAX ? line.n : end);
		while (line.n && strchr("/*# \t", line.p[0]))
			line = str_cut(line, 1, line.n);
		buf_str(&b, str_trim(line));
		buf_ch(&b, ' ');
		if (end != SIZE_MAX)
			break;
	}
	text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return text;
}

/* From behind the section's word to the next section's. */
static struct str section(struct str text, const char *name)
{
	size_t from = str_find(text, str_of(name), 0), to;

	if (from == SIZE_MAX)
		return STR("");
	from += strlen(name);
	to = text.n;
	for (int i = 0; sections[i]; i++) {
		size_t at = from;

		while ((at = str_find(text, str_of(sections[i]), at + 1)) !=
		       SIZE_MAX)
			if (text.p[at - 1] == ' ' && at < to)
				to = at;
	}
	return str_trim(str_cut(text, from, to));
}

static struct str without_brackets(struct ctx *cx, struct str s)
{
	char *p = arena_alloc(cx->arena, s.n);
	size_t n = 0;
	int deep = 0;

	for (size_t i = 0; i < s.n; i++) {
		deep += s.p[i] == '(';
		if (!deep)
			p[n++] = s.p[i];
		deep -= s.p[i] == ')' && deep > 0;
	}
	return (struct str){ p, n };
}

/* The next run of letters or of digits and dots; false at the end. */
static bool next_word(struct str *s, char word[WORD])
{
	size_t n = 0;
	bool number;

	while (s->n && !isalnum((unsigned char)s->p[0]))
		*s = str_cut(*s, 1, s->n);
	if (!s->n)
		return false;
	number = isdigit((unsigned char)s->p[0]);
	while (n < s->n && n < WORD - 1 &&
	       (number ? isdigit((unsigned char)s->p[n]) || s->p[n] == '.'
		       : isalpha((unsigned char)s->p[n])))
		n++;
	if (!n)
		n = 1;
	memcpy(word, s->p, n);
	word[n] = '\0';
	*s = str_cut(*s, n, s->n);
	return true;
}

static double unit_of(const char *word)
{
	static const struct {
		const char *word;
		double is;
	} units[] = { { "ms", 1 },	  { "s", 1000 },      { "KiB", 1024 },
		      { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { NULL, 1 } };

	for (int i = 0; units[i].word; i++)
		if (!strcmp(units[i].word, word))
			return units[i].is;
	return 0;
}

static void set_limit(struct run_limits *l, const char *member, int64_t v)
{
	for (const struct field *f = run_limits_shape.fields; f->kind; f++)
		if (!strcmp(f->name, member))
			memcpy((char *)l + f->offset, &v, sizeof(v));
}

/* "cpu 2 s, stack = mem = 64 MiB": names wait for the number that follows. */
static void parse_limits(struct ctx *cx, struct attack *a, struct str s)
{
	const char *waiting[4];
	char word[WORD];
	size_t n = 0;

	a->limits_of_compiling = str_starts(s, "compile:");
	s = without_brackets(cx, s);
	while (next_word(&s, word)) {
		struct str ahead = s;
		char unit[WORD] = "";
		double v, is;

		for (int i = 0; limit_words[i].word; i++)
			if (!strcmp(word, limit_words[i].word)) {
				if (!strcmp(word, "space") && n)
					n--; /* "file space" */
				if (n < 4)
					waiting[n++] = limit_words[i].member;
			}
		if (!isdigit((unsigned char)word[0]))
			continue;
		v = atof(word);
		is = next_word(&ahead, unit) ? unit_of(unit) : 0;
		for (size_t i = 0; i < n; i++)
			set_limit(&a->limits, waiting[i],
				  (int64_t)(v * (is > 0 ? is : 1)));
		n = 0;
	}
}

static void parse_verdicts(struct ctx *cx, struct attack *a, struct str s)
{
	char word[WORD];
	bool not = false;

	a->contained = str_find(s, STR("CONTAINED"), 0) != SIZE_MAX;
	a->compile_fails = str_starts(s, "CE");
	s = without_brackets(cx, s);
	while (next_word(&s, word)) {
		if (!strcmp(word, "never") || !strcmp(word, "not") ||
		    !strcmp(word, "neither") || !strcmp(word, "nor") ||
		    !strcmp(word, "no")) {
			not = true;
			continue;
		}
		for (int v = 0; run_verdict_words[v]; v++)
			if (!strcmp(word, run_verdict_words[v]) && !not )
				a->verdicts |= 1u << v;
		if (isupper((unsigned char)word[0]))
			not = false;
	}
	/* A bare run has no answer to be wrong: it ended by itself. */
	if (a->verdicts & 1u << RUN_WA)
		a->verdicts |= 1u << RUN_AC | 1u << RUN_RE;
	if (a->contained)
		a->verdicts |= 1u << RUN_AC;
	a->verdicts &= ~(1u << RUN_WA | 1u << RUN_IE);
}

static int64_t number_behind(struct str s, const char *word)
{
	size_t at = str_find(s, str_of(word), 0);

	return at == SIZE_MAX ? -1 : atoll(s.p + at + strlen(word));
}

/* "peak within [60,68] MiB", "CPU in [1.0,1.2]", "between 2.0 and 2.2 s" */
static void parse_ranges(struct attack *a, struct str s)
{
	size_t at = str_find(s, STR("["), 0);
	double low, high;

	if (at != SIZE_MAX && sscanf(s.p + at, "[%lf,%lf]", &low, &high) == 2) {
		if (str_find(s, STR("] MiB"), at) != SIZE_MAX) {
			a->peak_low = (int64_t)(low * (1 << 20));
			a->peak_high = (int64_t)(high * (1 << 20));
		} else {
			a->cpu_low = (int64_t)(low * 1e6);
			a->cpu_high = (int64_t)(high * 1e6);
		}
	}
	at = str_find(s, STR("between "), 0);
	if (at != SIZE_MAX &&
	    sscanf(s.p + at, "between %lf and %lf s", &low, &high) == 2) {
		a->wall_low = (int64_t)(low * 1e6);
		a->wall_high = (int64_t)(high * 1e6);
	}
}

void attack_parse(struct ctx *cx, struct attack *a)
{
	struct str expect, harness;

	a->text = comment_of(cx, a);
	expect = section(a->text, "EXPECT ");
	harness = section(a->text, "HARNESS");
	parse_limits(cx, a, section(a->text, "LIMITS"));
	parse_verdicts(cx, a, expect);
	parse_ranges(a, expect);
	a->exit = number_behind(expect, "(exit ");
	a->signal = number_behind(expect, "(signal ");
	/* "TLE or RE (signal 11)": not the only way. */
	if (a->contained || a->verdicts != 1u << RUN_RE) {
		a->exit = a->exit == 0 ? 0 : -1;
		a->signal = -1;
	}
	a->exit_codes = str_find(a->text, STR("EXITCODE"), 0) != SIZE_MAX;
	a->terminal = a->language == ATTACK_SHELL &&
		      str_find(harness, STR("session"), 0) != SIZE_MAX;
	a->meets = str_find(harness, STR("two"), 0) != SIZE_MAX ||
		   str_find(a->text, STR("at once"), 0) != SIZE_MAX ||
		   str_find(a->text, STR("other run"), 0) != SIZE_MAX ||
		   str_find(a->text, STR("after the other"), 0) != SIZE_MAX;
}

static int language_of(const char *name)
{
	for (int i = 0; suffixes[i]; i++)
		if (str_ends(str_of(name), suffixes[i]))
			return i;
	return -1;
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct attack *)a)->name,
		       ((const struct attack *)b)->name);
}

enum err attacks_read(struct ctx *cx, const char *dir, struct list *out)
{
	struct attack *all = ARENA_ARRAY(cx->arena, struct attack, ATTACKS);
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	if (!d)
		return err_set(cx, ERR_NOT_FOUND, "no folder %s", dir);
	while ((e = readdir(d)) && n < ATTACKS) {
		struct attack *a = &all[n];

		if (language_of(e->d_name) < 0 || e->d_name[0] == '.')
			continue;
		a->name = str_copy(cx->arena, str_of(e->d_name));
		a->language = language_of(e->d_name);
		a->source = file_bytes(
			cx, str_z(cx->arena,
				  str_fmt(cx->arena, "%s/%s", dir, e->d_name)));
		attack_parse(cx, a);
		n++;
	}
	closedir(d);
	if (!n)
		return err_set(cx, ERR_NOT_FOUND,
			       "no .c, .cpp, .py or .sh in %s", dir);
	qsort(all, n, sizeof(*all), by_name);
	*out = (struct list){ all, n };
	return OK;
}
