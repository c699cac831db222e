/*
 * setting: what a program is told from outside: one row each, for the file
 * (key = value lines, # comments), the environment (PREFIX_KEY, upper case),
 * the flags (--key value), --help and the manual. Later ones win.
 *
 * A table ends without a name; its values are members of one struct.
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"

enum setting_type {
	SETTING_TEXT,	/* struct str */
	SETTING_NUMBER, /* int64_t */
	SETTING_SPAN,	/* int64_t, in ms */
};
struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;
	const char *fallback; /* the default, as text */
	int64_t min, max;     /* TEXT: bytes */
	const char *unit;
	const char *doc;
};

/* A program's settings. */
struct settings {
	const struct setting *rows;
	const char *program; /* "assayd": whose --print-config lists them */
	const char *prefix;  /* "ASSAY_": of the environment */
};

const struct setting *setting_find(const struct settings *s, struct str name);
/* to: the struct that the offsets are of. */
void setting_defaults(const struct settings *s, void *to);
/* ERR_INVALID names the key (and line) and says what is allowed. */
MUST enum err setting_set(struct ctx *cx, const struct settings *s, void *to,
			  struct str key, struct str value);
/* The text of a file; path: for messages. */
MUST enum err setting_lines(struct ctx *cx, const struct settings *s, void *to,
			    const char *path, struct str text);
/* Entries that are no setting's are left alone: see setting_env_name. */
MUST enum err setting_env(struct ctx *cx, const struct settings *s, void *to,
			  const char *const *environ_list);
/* A flag "--name-of-it" with its value. */
MUST enum err setting_flag(struct ctx *cx, const struct settings *s, void *to,
			   const char *flag, const char *value);

enum { SETTING_ENV_NAME = 64 };
/* The name in PREFIX_NAME=VALUE, small; false: the prefix is another. */
bool setting_env_name(const struct settings *s, struct str entry,
		      char name[SETTING_ENV_NAME], struct str *value);

/* The rows as a commented example file. */
void setting_example(const struct settings *s, struct buf *b);
/* The rows as the options part of a manual page (mdoc). */
void setting_manual(const struct settings *s, struct buf *b);
/* The rows as the list of --help. */
void setting_help(const struct settings *s, struct buf *b);
