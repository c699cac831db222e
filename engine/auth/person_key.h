/*
 * person_key: the organizations' keys that turn subjects into ids, as far as
 * they were asked for of late. An organization's key is made with it and never
 * changes, so what is here is right for ever, on any node. Any thread.
 */
#pragma once

#include "engine/auth/org.h"

enum { PERSON_KEY_BYTES = 32 };

struct person_keys;

struct person_keys *person_keys_new(void);
void person_keys_free(struct person_keys *k); /* wipes; NULL is allowed */
/* From memory, else by a read on cx->db. keys may be NULL. As org_load. */
MUST enum err person_keys_get(struct person_keys *keys, struct ctx *cx,
			      const struct id *org,
			      uint8_t out[PERSON_KEY_BYTES]);

/* Of auth. */
struct person_keys *auth_person_keys(struct auth *a);
