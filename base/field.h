/*
 * field: one table describes a struct for everything that reads or writes it:
 * JSON in, JSON out, SQL rows, OpenRPC schemas, manuals.
 *
 * A shape is a struct's size and its fields. Decoding checks types, limits,
 * required and unknown members and names the offender by JSON pointer;
 * encoding writes the same members in table order, so it is canonical.
 *
 *   kind          C member            JSON                      SQL
 *   KIND_BOOL     bool                true/false                0/1
 *   KIND_INT      int64_t             integer                   integer
 *   KIND_DEC      struct dec          number (or its text)      integer (nano)
 *   KIND_STR      struct str          string                    text
 *   KIND_ID       struct id           UUID text                 bytes
 *   KIND_TIME     int64_t (Unix ms)   RFC 3339 text             integer
 *   KIND_ENUM     int                 word from .words          integer
 *   KIND_FLAGS    uint32_t (1 << i)   list of .words            integer
 *   KIND_RAW      struct str          any value, verbatim       text
 *   KIND_BYTES    struct str          base64 (standard, padded) bytes
 *   KIND_HEX      struct str          lower-case hex            bytes
 *   KIND_OBJECT   the struct, inline  object of .shape          text (JSON)
 *   KIND_LIST     struct list         array of .of/.shape       text (JSON)
 *
 * Decoding refuses what memory or SQL could not tell from nothing: the nil
 * UUID, times up to 1970-01-01T00:00:00Z, U+0000 in a STR (a RAW may have it,
 * escaped). What has no own limits has these: STR LIMIT_TEXT_BYTES; RAW,
 * BYTES, HEX LIMIT_RESPONSE_BYTES; LIST LIMIT_PAGE; DEC +-LIMIT_SCORE_POINTS.
 * Lists of lists are not supported. A shape may hold lists of itself.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "base/dec.h"
#include "base/id.h"

enum kind {
	KIND_END = 0,
	KIND_BOOL,
	KIND_INT,
	KIND_DEC,
	KIND_STR,
	KIND_ID,
	KIND_TIME,
	KIND_ENUM,
	KIND_FLAGS,
	KIND_RAW,
	KIND_BYTES,
	KIND_HEX,
	KIND_OBJECT,
	KIND_LIST,
};

/* at: n elements of the element type, contiguous, in the arena. */
struct list {
	void *at;
	size_t n;
};

struct field {
	const char *name;
	const char *doc; /* one phrase for manuals */
	enum kind kind;
	enum kind of;  /* KIND_LIST: kind of the elements */
	bool optional; /* may be absent or null: the member stays zero */
	uint32_t offset;
	int32_t has;	  /* > 0: offset + 1 of a bool set when present, and
			     written only when set */
	int64_t min, max; /* INT/TIME: value; STR, RAW, BYTES, HEX: bytes;
			     LIST: elements; DEC: whole units. Both 0: the
			     kind's default limits; only max 0 and min > 0:
			     its default maximum */
	const struct shape *shape; /* OBJECT, LIST of OBJECT */
	const char *const *words;  /* ENUM, FLAGS: NULL-terminated; NULL
				      entries are not allowed */
};

struct shape {
	const char *name; /* for schemas: "attempt" */
	size_t size;
	const struct field *fields; /* ends with KIND_END */
};

/*
 * FIELD(struct s, member, KIND_X, "doc")            required
 * FIELD_OPT(struct s, member, KIND_X, "doc")        zero when absent; on output
 *     absent STR/RAW/BYTES (p NULL), none ID, zero TIME are left out
 * FIELD_MAYBE(struct s, member, has_member, KIND_X, "doc")
 *     null is the same as absent; of a RAW it is a value
 * More: FIELD(..., .min = 1, .max = 10), .words = w, .shape = &s, .of = KIND_X
 */
#define FIELD(s, m, k, d, ...)                                                 \
	{                                                                      \
		.name = #m, .doc = (d), .kind = (k), .offset = offsetof(s, m), \
		__VA_ARGS__                                                    \
	}
#define FIELD_OPT(s, m, k, d, ...)                                             \
	{                                                                      \
		.name = #m, .doc = (d), .kind = (k), .offset = offsetof(s, m), \
		.optional = true, __VA_ARGS__                                  \
	}
#define FIELD_MAYBE(s, m, h, k, d, ...)                                        \
	{                                                                      \
		.name = #m, .doc = (d), .kind = (k), .offset = offsetof(s, m), \
		.optional = true, .has = (int32_t)offsetof(s, h) + 1,          \
		__VA_ARGS__                                                    \
	}
#define FIELD_END                                                              \
	{                                                                      \
		.kind = KIND_END                                               \
	}
#define SHAPE(s, f)                                                            \
	{                                                                      \
#s, sizeof(s), (f)                                             \
	}

/* Parsed text; tokens are jsmn's. Opaque: it lives in the arena. */
struct jdoc;

/*
 * Parses strict RFC 8259: one value, UTF-8 checked, depth, tokens and members
 * limited, duplicate member names refused, no trailing bytes. ERR_BAD_JSON
 * with the byte offset in the text, ERR_TOO_LARGE over a limit.
 */
MUST enum err jdoc_parse(struct ctx *cx, struct str text, struct jdoc **out);

/* A value inside a jdoc: an index; 0 is the root. */
struct jval {
	const struct jdoc *doc;
	uint32_t at;
};
enum jtype { J_NULL, J_BOOL, J_NUMBER, J_STRING, J_OBJECT, J_ARRAY };
struct jval jdoc_root(const struct jdoc *d);
enum jtype jval_type(struct jval v);
struct str jval_text(struct jval v); /* verbatim source, quotes included */
/* A string's value with escapes resolved (in the arena if any). */
struct str jval_str(struct ctx *cx, struct jval v);
bool jval_bool(struct jval v);
bool jval_int(struct jval v, int64_t *out); /* false: not an int64 */
bool jval_get(struct jval object, const char *name, struct jval *out);
size_t jval_count(struct jval v); /* elements or members */
/*
 * Walks an object or array: start with *it = 0. name is the raw member name
 * (escapes not resolved), absent in arrays. false at the end.
 */
bool jval_next(struct jval v, uint32_t *it, struct str *name, struct jval *out);

/*
 * Fills *out (shape->size bytes, zeroed first) from an object. where: JSON
 * pointer prefix for error fields ("" at the root of params).
 * ERR_INVALID: wrong type, missing, unknown member, out of limits.
 */
MUST enum err field_decode(struct ctx *cx, struct jval v,
			   const struct shape *shape, const char *where,
			   void *out);
/* Parse and decode in one. */
MUST enum err field_decode_text(struct ctx *cx, struct str text,
				const struct shape *shape, void *out);

/* Appends the object for *in; sticky error in b. Canonical: table order. */
void field_encode(struct buf *b, const struct shape *shape, const void *in);
/* The same object as text in the arena. */
struct str field_text(struct arena *a, const struct shape *shape,
		      const void *in);

/* The JSON Schema of a shape, for OpenRPC. */
void field_schema(struct buf *b, const struct shape *shape);

/* Small writers for hand-made JSON. They do not add commas. */
void jout_str(struct buf *b, struct str s);	 /* quoted and escaped */
void jout_name(struct buf *b, const char *name); /* "name": */
void jout_dec(struct buf *b, struct dec d);
void jout_time(struct buf *b, int64_t ms);	  /* "…Z", or null for 0 */
void jout_id(struct buf *b, const struct id *id); /* null for none */
/* Writes v again without insignificant white space, members sorted by name,
 * strings with the fewest escapes; numbers stay as they were. */
void jout_canonical(struct ctx *cx, struct buf *b, struct jval v);

/* Standard base64 with padding / URL-safe without; false on bad input. */
void jout_base64(struct buf *b, struct str bytes);
bool base64_decode(struct arena *a, struct str text, struct str *out);
void base64url_encode(struct buf *b, struct str bytes);
bool base64url_decode(struct arena *a, struct str text, struct str *out);
bool hex_decode(struct arena *a, struct str text, struct str *out); /* a-f */
