/*
 * What must hold for every bank that was read from anything: its accounts
 * add up, its items can be written as JSON and read again.
 */
#pragma once

#include "graders/bank.h"

static inline void bank_check_accounts(const struct bank *b)
{
	const struct bank_note *n = b->notes.at;
	int64_t sums[4] = { 0 };

	for (size_t i = 0; i < b->notes.n; i++)
		sums[n[i].fate] += n[i].count;
	CHECK(sums[FATE_OPAQUE] == b->opaque);
	CHECK(sums[FATE_IGNORED] == b->ignored);
	CHECK(sums[FATE_REFUSED] == b->refused);
	CHECK(b->nodes == b->mapped + b->opaque + b->ignored + b->refused);
	CHECK(b->mapped >= 0);
}

static inline void bank_check_item(struct ctx *cx, const struct item *it)
{
	struct buf first = { 0 }, second = { 0 };
	struct item again;

	CHECK(item_check(cx, it, "") == OK);
	field_encode(&first, &item_shape, it);
	CHECK(field_decode_text(cx, buf_view(&first), &item_shape, &again) ==
	      OK);
	field_encode(&second, &item_shape, &again);
	CHECK(str_eq(buf_view(&first), buf_view(&second)));
	buf_done(&first);
	buf_done(&second);
}

static inline void bank_check(struct ctx *cx, const struct bank *b)
{
	const struct item *items = b->items.at;
	struct buf json = { 0 };

	bank_check_accounts(b);
	for (size_t i = 0; i < b->items.n; i++)
		bank_check_item(cx, &items[i]);
	field_encode(&json, &bank_shape, b);
	CHECK(!json.failed && str_utf8_ok(buf_view(&json)));
	buf_done(&json);
}

/* Writing and reading gives equal items, as many as `all` says. */
static inline void bank_check_same(const struct bank *a, const struct bank *b)
{
	const struct item *x = a->items.at, *y = b->items.at;
	struct buf p = { 0 }, q = { 0 };

	CHECK(a->items.n == b->items.n);
	for (size_t i = 0; i < a->items.n; i++) {
		buf_reset(&p);
		buf_reset(&q);
		field_encode(&p, &item_shape, &x[i]);
		field_encode(&q, &item_shape, &y[i]);
		CHECK(str_eq(buf_view(&p), buf_view(&q)));
	}
	buf_done(&p);
	buf_done(&q);
}
