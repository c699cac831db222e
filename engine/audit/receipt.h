/*
 * receipt: what was handed in, when, and that a server says so.
 *
 *	{"attempt":…,"learner":…,"assessment":…,"digest":…,"number":…,
 *	 "finished_at":…,"late":…,"records":…,"chain":{"node","seq","hash"},
 *	 "answers":…,"key":…,"signature":…}
 *
 * One of a submission of files has slot, submission and tree before its key:
 * git's id of the files, which anybody can make again who has them.
 *
 * The signature (Ed25519) is over all members before it in this order, without
 * white space, closed by a brace. It stands here so that whoever checks one
 * offline needs no more of the server than this folder.
 */
#pragma once

#include "base/field.h"

struct receipt_chain {
	int64_t node, seq;
	struct str hash;
};

struct receipt {
	struct id attempt, learner, assessment;
	struct str digest;
	int64_t number, finished_at;
	bool late;
	int64_t records;
	struct receipt_chain chain;
	struct str answers;
	/* Of a submission; else not there. */
	bool has_submission;
	int64_t slot, submission;
	struct str tree;
	struct str key, signature; /* signature: absent before */
};

/* Canonical; without a signature it is what is signed. */
struct str receipt_text(struct ctx *cx, const struct receipt *r);
/*
 * Is it this key's, however its members are ordered and spaced?
 * ERR_NOT_FOUND: another key's. ERR_INVALID: not signed by this one, or no
 * receipt of this form.
 */
MUST enum err receipt_verify(struct ctx *cx, struct str receipt,
			     const uint8_t public_key[32]);
