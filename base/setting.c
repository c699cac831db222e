#include "base/setting.h"

#include <stdio.h>

#include "base/tm.h"

const struct setting *setting_find(const struct settings *s, struct str name)
{
	for (const struct setting *k = s->rows; k->name; k++)
		if (str_is(name, k->name))
			return k;
	return NULL;
}

static void *key_at(void *to, const struct setting *k)
{
	return (char *)to + k->offset;
}

void setting_defaults(const struct settings *s, void *to)
{
	for (const struct setting *k = s->rows; k->name; k++) {
		struct str v = str_of(k->fallback);
		bool ok = true;

		if (k->type == SETTING_TEXT)
			*(struct str *)key_at(to, k) = v;
		else if (k->type == SETTING_NUMBER)
			ok = str_int(v, key_at(to, k));
		else
			ok = tm_parse_span(v, key_at(to, k));
		CHECK(ok);
	}
}

static enum err set_number(struct ctx *cx, void *to, const struct setting *k,
			   struct str value)
{
	int64_t v;
	bool ok = k->type == SETTING_NUMBER ? str_int(value, &v)
					    : tm_parse_span(value, &v);

	if (!ok || v < k->min || v > k->max)
		return err_field(
			cx, ERR_INVALID, k->name,
			"setting %s must be %s from %lld to %lld%s", k->name,
			k->type == SETTING_NUMBER ? "a number"
						  : "a span such as 30s or 5m,",
			(long long)k->min, (long long)k->max,
			k->type == SETTING_NUMBER ? "" : " ms");
	*(int64_t *)key_at(to, k) = v;
	return OK;
}

enum err setting_set(struct ctx *cx, const struct settings *s, void *to,
		     struct str key, struct str value)
{
	const struct setting *k = setting_find(s, key);

	if (!k)
		return err_set(cx, ERR_INVALID,
			       "no setting is named %.*s; %s "
			       "--print-config lists them",
			       STR_FMT(str_cut(key, 0, 60)), s->program);
	if (k->type != SETTING_TEXT)
		return set_number(cx, to, k, value);
	if ((int64_t)value.n < k->min || (int64_t)value.n > k->max)
		return err_field(cx, ERR_INVALID, k->name,
				 "setting %s must have %lld to %lld bytes",
				 k->name, (long long)k->min, (long long)k->max);
	*(struct str *)key_at(to, k) = str_copy(cx->arena, value);
	return OK;
}

enum { KEYS_MOST = 64 };

/* The line of the file that has each setting; 0: none yet. */
struct lines {
	int of[KEYS_MOST];
};

static enum err once(struct ctx *cx, const struct settings *s,
		     struct lines *seen, struct str key, int number)
{
	const struct setting *k = setting_find(s, key);
	size_t i = k ? (size_t)(k - s->rows) : 0;

	if (!k)
		return OK; /* for setting_set to refuse */
	CHECK(i < KEYS_MOST);
	if (seen->of[i])
		return err_field(cx, ERR_INVALID, k->name,
				 "setting %s is given twice, first in line %d",
				 k->name, seen->of[i]);
	seen->of[i] = number;
	return OK;
}

/* A file, and where in it. */
struct place {
	const char *path;
	int number;
};

static enum err file_line(struct ctx *cx, const struct settings *s, void *to,
			  struct place at, struct lines *seen, struct str line)
{
	size_t eq = str_find(line, STR("="), 0);
	struct str key = str_trim(str_cut(line, 0, eq));
	enum err e;

	if (eq == SIZE_MAX)
		return err_set(cx, ERR_INVALID,
			       "%s line %d: write it as key = value", at.path,
			       at.number);
	e = once(cx, s, seen, key, at.number);
	if (!e)
		e = setting_set(cx, s, to, key,
				str_trim(str_cut(line, eq + 1, line.n)));
	if (e) {
		char text[ERR_TEXT];

		snprintf(text, sizeof(text), "%s", cx->error.text);
		return err_set(cx, e, "%s line %d: %s", at.path, at.number,
			       text);
	}
	return OK;
}

enum err setting_lines(struct ctx *cx, const struct settings *s, void *to,
		       const char *path, struct str text)
{
	struct lines seen = { { 0 } };
	struct place at = { path, 0 };
	struct str line;
	enum err e = OK;

	while (!e && str_split(&text, '\n', &line)) {
		at.number++;
		line = str_trim(line);
		if (line.n && line.p[0] != '#')
			e = file_line(cx, s, to, at, &seen, line);
	}
	return e;
}

bool setting_env_name(const struct settings *s, struct str entry,
		      char name[SETTING_ENV_NAME], struct str *value)
{
	size_t eq = str_find(entry, STR("="), 0), n = strlen(s->prefix);

	if (!str_starts(entry, s->prefix) || eq == SIZE_MAX || eq < n ||
	    eq - n >= SETTING_ENV_NAME)
		return false;
	for (size_t i = n; i < eq; i++)
		name[i - n] = str_lower(entry.p[i]);
	name[eq - n] = 0;
	*value = str_cut(entry, eq + 1, entry.n);
	return true;
}

enum err setting_env(struct ctx *cx, const struct settings *s, void *to,
		     const char *const *environ_list)
{
	for (; *environ_list; environ_list++) {
		char name[SETTING_ENV_NAME];
		struct str value;
		enum err e;

		if (!setting_env_name(s, str_of(*environ_list), name, &value) ||
		    !setting_find(s, str_of(name)))
			continue;
		e = setting_set(cx, s, to, str_of(name), value);
		if (e)
			return e;
	}
	return OK;
}

enum err setting_flag(struct ctx *cx, const struct settings *s, void *to,
		      const char *flag, const char *value)
{
	char key[SETTING_ENV_NAME];

	if (strncmp(flag, "--", 2) != 0)
		return err_set(cx, ERR_INVALID, "%s is not known here", flag);
	snprintf(key, sizeof(key), "%s", flag + 2);
	for (char *p = key; *p; p++)
		if (*p == '-')
			*p = '_';
	return setting_set(cx, s, to, str_of(key), str_of(value));
}

void setting_example(const struct settings *s, struct buf *b)
{
	buf_fmt(b, "# %s settings; those shown are the defaults\n", s->program);
	for (const struct setting *k = s->rows; k->name; k++)
		buf_fmt(b, "\n# %s\n#%s = %s\n", k->doc, k->name, k->fallback);
}

void setting_manual(const struct settings *s, struct buf *b)
{
	for (const struct setting *k = s->rows; k->name; k++) {
		buf_fmt(b, ".It Cm %s Ar %s\n%s\n", k->name,
			k->unit[0] ? k->unit : "number", k->doc);
		if (k->type != SETTING_TEXT)
			buf_fmt(b, "From %lld to %lld%s.\n", (long long)k->min,
				(long long)k->max,
				k->type == SETTING_SPAN ? " ms" : "");
		if (k->fallback[0])
			buf_fmt(b, "Default: %s.\n", k->fallback);
	}
}

void setting_help(const struct settings *s, struct buf *b)
{
	for (const struct setting *k = s->rows; k->name; k++)
		buf_fmt(b, "  --%-20s %s%s%s%s\n", k->name, k->doc,
			k->fallback[0] ? " [" : "", k->fallback,
			k->fallback[0] ? "]" : "");
}
