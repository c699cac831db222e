/*
 * limits: every bound on what comes from outside, by name. A size is checked
 * against one of these before anything is allocated.
 */
#pragma once

enum {
	LIMIT_MESSAGE_BYTES = 1 << 20, /* JSON text of one message */
	LIMIT_BLOB_BYTES = 16 << 20,   /* bytes behind a message's NUL */
	LIMIT_JSON_DEPTH = 64,
	LIMIT_JSON_TOKENS = 200000,
	LIMIT_JSON_FIELDS = 1000, /* members of one object */
	LIMIT_NAME_BYTES = 200,	  /* a title, name or platform id */
	LIMIT_REF_BYTES = 128,	  /* course, subject, slug, idempotency key */
	LIMIT_TOKEN_BYTES = 8192, /* an API key or JWT */
	LIMIT_TEXT_BYTES = 65536, /* one text that a person wrote */
	LIMIT_RESPONSE_BYTES = 262144, /* one learner's response to one item */
	LIMIT_ATTEMPT_BYTES = 128 << 20, /* all that was saved in one attempt */
	LIMIT_PAGE = 1000,		 /* rows of one page of a list */
	LIMIT_IMPORT_BYTES = 64 << 20,	 /* a file to import */
	LIMIT_ITEMS = 2000,		 /* items of one assessment */
	LIMIT_PARTS = 500, /* choices, answers or blanks of one item */
	LIMIT_SLOTS = 500, /* slots of one attempt */
	LIMIT_XML_DEPTH = 256,
	LIMIT_XML_ATTRIBUTES = 256,
	LIMIT_XML_NODES = 2000000,
	LIMIT_XML_TEXT_BYTES = 16 << 20,
	LIMIT_SCORE_POINTS = 1000000, /* a maximum mark, a weight */
	LIMIT_JWKS_BYTES = 65536,
	LIMIT_KEYS_PER_ISSUER = 32,
};
