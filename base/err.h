/*
 * err: every way in which a call can fail, written once.
 *
 * X(code, wire kind, JSON-RPC code, may the same call be retried as it is)
 *
 * "refused" errors are for the caller to act on; those that may be retried are
 * ours ("unavailable"). A bug is a CHECK, never an error code.
 */
#pragma once

#include <stdbool.h>

#define ERR_CODES(X)                                                           \
	X(ERR_BAD_JSON, "bad_json", -32700, false)                             \
	X(ERR_BAD_REQUEST, "bad_request", -32600, false)                       \
	X(ERR_UNKNOWN_METHOD, "unknown_method", -32601, false)                 \
	X(ERR_INVALID, "invalid", -32602, false)                               \
	X(ERR_INTERNAL, "internal", -32603, true)                              \
	X(ERR_UNAUTHENTICATED, "unauthenticated", -32001, false)               \
	X(ERR_DENIED, "denied", -32002, false)                                 \
	X(ERR_NOT_FOUND, "not_found", -32003, false)                           \
	X(ERR_CONFLICT, "conflict", -32004, false)                             \
	X(ERR_TOO_EARLY, "too_early", -32005, false)                           \
	X(ERR_TOO_LATE, "too_late", -32006, false)                             \
	X(ERR_LIMIT_REACHED, "limit_reached", -32007, false)                   \
	X(ERR_TOO_LARGE, "too_large", -32008, false)                           \
	X(ERR_PRECONDITION, "precondition", -32009, false)                     \
	X(ERR_UNSUPPORTED, "unsupported", -32010, false)                       \
	X(ERR_OUT_OF_SEQUENCE, "out_of_sequence", -32011, false)               \
	X(ERR_ERASED, "erased", -32012, false)                                 \
	X(ERR_CORRUPT, "corrupt", -32013, false)                               \
	X(ERR_BUSY, "busy", -32020, true)                                      \
	X(ERR_RATE_LIMITED, "rate_limited", -32021, true)                      \
	X(ERR_UNAVAILABLE, "unavailable", -32022, true)                        \
	X(ERR_DRAINING, "draining", -32023, true)                              \
	X(ERR_READ_ONLY, "read_only", -32024, true)

enum err {
	OK = 0,
#define X(code, kind, number, retry) code,
	ERR_CODES(X)
#undef X
		ERR_COUNT
};

/* A result that may be a failure must be looked at. */
#define MUST __attribute__((warn_unused_result))

const char *err_kind(enum err e); /* the stable word on the wire; "ok" for OK */
int err_number(enum err e);	  /* the JSON-RPC error code; 0 for OK */
bool err_retry(enum err e); /* true: ours, the same call may succeed later */
/* The code of an error's wire word; ERR_INTERNAL if no error has it. */
enum err err_from_kind(const char *kind);

/*
 * A programming error, in release builds too. Never on outside data: those get
 * an error code.
 */
#define CHECK(cond)                                                            \
	((cond) ? (void)0 : err_check_failed(__FILE__, __LINE__, #cond))
_Noreturn void err_check_failed(const char *file, int line, const char *what);
