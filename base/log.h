/*
 * log: structured events, one JSON object a line: {"t":…,"level":…,"event":…}
 * and the fields. An event name and fields, never a sentence; never a secret,
 * a learner's content or a document.
 */
#pragma once

#include "base/clock.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log; /* thread-safe */

struct log *log_new(int fd, enum log_level least, const struct clock *clock);
void log_free(struct log *l);

struct log_field {
	const char *name;
	enum { LOG_F_STR, LOG_F_INT, LOG_F_BOOL } type;
	struct str s;
	int64_t i;
};
#define LSTR(name, str) ((struct log_field){ (name), LOG_F_STR, (str), 0 })
#define LZ(name, z) ((struct log_field){ (name), LOG_F_STR, str_of(z), 0 })
#define LINT(name, v)                                                          \
	((struct log_field){ (name), LOG_F_INT, { 0 }, (int64_t)(v) })
#define LBOOL(name, v) ((struct log_field){ (name), LOG_F_BOOL, { 0 }, (v) })

/* log_event(l, LOG_INFO, "server_ready", LINT("pid", pid), LZ("url", u)) */
#define log_event(l, level, ...)                                               \
	log_event_(                                                            \
		l, level, LOG_NAME_(__VA_ARGS__, 0),                           \
		(const struct log_field[]){ LOG_REST_(__VA_ARGS__) },          \
		sizeof((const struct log_field[]){ LOG_REST_(__VA_ARGS__) }) / \
			sizeof(struct log_field))
#define LOG_NAME_(name, ...) name
#define LOG_REST_(name, ...) { 0 }, __VA_ARGS__
/* fields[0] is unused. l may be NULL. */
void log_event_(struct log *l, enum log_level level, const char *event,
		const struct log_field *fields, size_t count);
bool log_level_parse(struct str s, enum log_level *out);
