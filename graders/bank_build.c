#include "graders/bank_build.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"

enum {
	NOTE_TEXT = 300,
	NOTES_ONE_BY_ONE = 200, /* then equal ones are counted together */
	SLOTS_FIRST = 64,
};

/* A set of hashes, open addressing; slot 0: free. Values are index + 1. */
struct slots {
	struct slot {
		uint64_t hash;
		size_t value;
	} * at;
	size_t n, room; /* room is a power of two */
};

struct bank_build {
	struct ctx *cx;
	struct bank bank;
	struct bank_list items, notes;
	struct slots note_at, id_at;
	struct arena *slot_memory;
};

struct bank_build *bank_build_new(struct ctx *cx, const char *format)
{
	struct bank_build *b = ARENA_NEW(cx->arena, struct bank_build);

	b->cx = cx;
	b->bank.format = str_of(format);
	b->slot_memory = arena_new(4096);
	return b;
}

void bank_build_free(struct bank_build *b)
{
	buf_done(&b->items.buf);
	buf_done(&b->notes.buf);
	arena_free(b->slot_memory);
	b->slot_memory = NULL;
}

/* Old tables stay in the arena: together they are as large as the last. */
static void slots_grow(struct bank_build *b, struct slots *s)
{
	struct slots wide = { .room = s->room ? s->room * 2 : SLOTS_FIRST };

	wide.at = ARENA_ARRAY(b->slot_memory, struct slot, wide.room);
	for (size_t i = 0; i < s->room; i++) {
		size_t at = s->at[i].hash & (wide.room - 1);

		if (s->at[i].value == 0)
			continue;
		while (wide.at[at].value != 0)
			at = (at + 1) & (wide.room - 1);
		wide.at[at] = s->at[i];
	}
	wide.n = s->n;
	*s = wide;
}

typedef bool slots_same(struct bank_build *b, size_t index, const void *key);

/* The slot of the key, or the free one where it belongs. */
static struct slot *slots_find(struct bank_build *b, struct slots *s,
			       uint64_t hash, slots_same *same, const void *key)
{
	size_t at;

	if (s->n * 2 >= s->room)
		slots_grow(b, s);
	at = hash & (s->room - 1);
	while (s->at[at].value != 0) {
		if (s->at[at].hash == hash && same(b, s->at[at].value - 1, key))
			break;
		at = (at + 1) & (s->room - 1);
	}
	return &s->at[at];
}

static void slots_set(struct slots *s, struct slot *at, uint64_t hash,
		      size_t value)
{
	at->hash = hash;
	at->value = value;
	s->n++;
}

void bank_mapped(struct bank_build *b, int64_t n)
{
	b->bank.mapped += n;
}

static void account(struct bank_build *b, enum fate fate, int64_t n)
{
	switch (fate) {
	case FATE_MAPPED:
		b->bank.mapped += n;
		break;
	case FATE_OPAQUE:
		b->bank.opaque += n;
		break;
	case FATE_IGNORED:
		b->bank.ignored += n;
		break;
	case FATE_REFUSED:
		b->bank.refused += n;
		break;
	}
}

static struct bank_note *note_of(struct bank_build *b, size_t index)
{
	return (struct bank_note *)(void *)b->notes.buf.p + index;
}

static bool note_same(struct bank_build *b, size_t index, const void *key)
{
	const struct bank_note *a = note_of(b, index), *k = key;

	return a->fate == k->fate &&
	       str_eq(a->path, bank_cut(k->path, NOTE_TEXT)) &&
	       str_eq(a->detail, bank_cut(k->detail, NOTE_TEXT));
}

static uint64_t note_hash(const struct bank_note *n)
{
	return (str_hash(n->path) * 31 + str_hash(n->detail)) * 31 +
	       (uint64_t)n->fate + 1;
}

static void note_append(struct bank_build *b, const struct bank_note *key)
{
	struct bank_note n = *key;

	n.path = str_copy(b->cx->arena, bank_cut(n.path, NOTE_TEXT));
	n.detail = str_copy(b->cx->arena, bank_cut(n.detail, NOTE_TEXT));
	bank_list_add(&b->notes, &n, sizeof(n));
}

static void note_merge(struct bank_build *b, const struct bank_note *key)
{
	uint64_t hash = note_hash(key);
	struct slot *s = slots_find(b, &b->note_at, hash, note_same, key);

	if (s->value != 0) {
		note_of(b, s->value - 1)->count += key->count;
		return;
	}
	note_append(b, key);
	slots_set(&b->note_at, s, hash, b->notes.n);
}

void bank_note(struct bank_build *b, enum fate fate, int64_t line,
	       struct str where, int64_t n, const char *detail, ...)
{
	char text[NOTE_TEXT];
	struct bank_note key = { fate, line, where, { 0 }, n };
	va_list ap;

	va_start(ap, detail);
	vsnprintf(text, sizeof(text), detail, ap);
	va_end(ap);
	key.detail = str_of(text);
	account(b, fate, n);
	note_merge(b, &key);
}

void bank_note_at(struct bank_build *b, enum fate fate, int64_t line,
		  struct str where, int64_t index, int64_t n,
		  const char *detail, ...)
{
	char text[NOTE_TEXT], place[NOTE_TEXT];
	struct bank_note key = { fate, line, where, { 0 }, n };
	va_list ap;

	va_start(ap, detail);
	vsnprintf(text, sizeof(text), detail, ap);
	va_end(ap);
	key.detail = str_of(text);
	account(b, fate, n);
	/* Notes are few or alike: once there are many, merge by kind. */
	if (b->notes.n < NOTES_ONE_BY_ONE) {
		snprintf(place, sizeof(place), "%.*s[%lld]", STR_FMT(where),
			 (long long)index);
		key.path = str_of(place);
		note_append(b, &key);
		return;
	}
	note_merge(b, &key);
}

static bool id_same(struct bank_build *b, size_t index, const void *key)
{
	const struct item *items = (const void *)b->items.buf.p;

	return str_eq(items[index].id, *(const struct str *)key);
}

/* Ids are short printable words, since they stand in URLs and columns. */
static bool id_usable(struct str id)
{
	if (id.n == 0 || id.n > LIMIT_REF_BYTES)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] <= ' ' || id.p[i] == 0x7f)
			return false;
	return true;
}

static bool id_free(struct bank_build *b, struct str id)
{
	return slots_find(b, &b->id_at, str_hash(id), id_same, &id)->value == 0;
}

static struct str id_for(struct bank_build *b, const struct item *it)
{
	struct str id = it->id.n > 0 ? it->id : it->idnumber;
	size_t position = b->items.n + 1;

	if (id_usable(id) && id_free(b, id))
		return id;
	id = str_fmt(b->cx->arena, "q%zu", position);
	for (int64_t i = 2; !id_free(b, id); i++)
		id = str_fmt(b->cx->arena, "q%zu-%lld", position, (long long)i);
	return id;
}

static bool answers_fit(const struct item *it)
{
	const struct choice *c = it->choices.at;
	const struct answer *a = it->answers.at;

	for (size_t i = 0; i < it->choices.n; i++)
		if (c[i].text.n > LIMIT_TEXT_BYTES ||
		    c[i].feedback.n > LIMIT_TEXT_BYTES)
			return false;
	for (size_t i = 0; i < it->answers.n; i++)
		if (a[i].text.n > LIMIT_TEXT_BYTES ||
		    a[i].feedback.n > LIMIT_TEXT_BYTES)
			return false;
	return true;
}

/* The limits of item_shape, for items that it did not decode. */
static bool texts_fit(const struct item *it)
{
	const struct str texts[] = {
		it->general_feedback,	 it->right_feedback,
		it->partial_feedback,	 it->wrong_feedback,
		it->essay.grader_info,	 it->essay.file_types,
		it->essay.template_text,
	};
	const struct match_stem *m = it->stems.at;
	const struct hint *h = it->hints.at;
	const struct str *o = it->options.at;
	const struct item *p = it->parts.at;

	if (it->stem.n > LIMIT_XML_TEXT_BYTES ||
	    it->source.n > LIMIT_XML_TEXT_BYTES || !answers_fit(it))
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].n > LIMIT_TEXT_BYTES)
			return false;
	for (size_t i = 0; i < it->stems.n; i++)
		if (m[i].text.n > LIMIT_TEXT_BYTES)
			return false;
	for (size_t i = 0; i < it->options.n; i++)
		if (o[i].n > LIMIT_TEXT_BYTES)
			return false;
	for (size_t i = 0; i < it->hints.n; i++)
		if (h[i].text.n > LIMIT_TEXT_BYTES)
			return false;
	for (size_t i = 0; i < it->parts.n; i++)
		if (!answers_fit(&p[i]))
			return false;
	return true;
}

enum err bank_keep(struct bank_build *b, struct item *it)
{
	struct str id;
	enum err e;

	if (b->items.n >= LIMIT_ITEMS)
		return err_set(b->cx, ERR_LIMIT_REACHED,
			       "a bank holds at most %d questions; split it",
			       LIMIT_ITEMS);
	if (!texts_fit(it))
		return err_set(b->cx, ERR_TOO_LARGE,
			       "a text is too long: %d bytes for an answer or "
			       "a feedback",
			       LIMIT_TEXT_BYTES);
	id = id_for(b, it);
	it->id = str_copy(b->cx->arena, id);
	e = item_check(b->cx, it, "");
	if (e)
		return e;
	bank_list_add(&b->items, it, sizeof(*it));
	slots_set(&b->id_at,
		  slots_find(b, &b->id_at, str_hash(it->id), id_same, &it->id),
		  str_hash(it->id), b->items.n);
	return OK;
}

size_t bank_kept(const struct bank_build *b)
{
	return b->items.n;
}

static enum err nothing_read(struct bank_build *b)
{
	const struct bank_note *n = NULL;

	for (size_t i = 0; i < b->notes.n && !n; i++)
		if (note_of(b, i)->fate == FATE_REFUSED)
			n = note_of(b, i);
	if (!n)
		return err_set(b->cx, ERR_INVALID,
			       "the file holds no questions");
	return err_set(b->cx, ERR_INVALID,
		       "nothing could be read; line %lld: %.*s",
		       (long long)n->line, STR_FMT(n->detail));
}

enum err bank_build_done(struct bank_build *b, struct bank *out)
{
	struct bank bank = b->bank;
	enum err e = OK;

	bank.nodes = bank.mapped + bank.opaque + bank.ignored + bank.refused;
	if (bank.nodes == 0 || bank.nodes == bank.refused)
		e = nothing_read(b);
	if (!e) {
		bank.items = bank_list_take(b->cx, &b->items);
		bank.notes = bank_list_take(b->cx, &b->notes);
		*out = bank;
	}
	bank_build_free(b);
	return e;
}

struct str bank_cut(struct str s, size_t most)
{
	size_t lead, need;

	s = str_cut(s, 0, most);
	lead = s.n;
	while (lead > 0 && s.n - lead < 4 &&
	       ((unsigned char)s.p[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead == 0 || (unsigned char)s.p[lead - 1] < 0xc0)
		return s;
	need = (unsigned char)s.p[lead - 1] >= 0xf0   ? 4
	       : (unsigned char)s.p[lead - 1] >= 0xe0 ? 3
						      : 2;
	return s.n - (lead - 1) < need ? str_cut(s, 0, lead - 1) : s;
}

struct str bank_text_kept(struct ctx *cx, struct str s)
{
	s = str_trim(s);
	return s.n > 0 ? str_copy(cx->arena, s) : (struct str){ 0 };
}

static size_t digits(struct str s, size_t at)
{
	while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
		at++;
	return at;
}

/* A copy in which control characters are spaces. */
static struct str one_line(struct bank_build *b, struct str s, int64_t line,
			   struct str where)
{
	struct str copy = str_copy(b->cx->arena, s);
	char *p = (char *)copy.p;
	bool any = false;

	for (size_t i = 0; i < copy.n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f) {
			any |= p[i] != '\n' && p[i] != '\t';
			p[i] = ' ';
		}
	if (any)
		bank_note(b, FATE_IGNORED, line, where, 0,
			  "control characters in a name became spaces");
	copy = str_trim(copy);
	return copy.n > 0 ? copy : (struct str){ 0 };
}

struct str bank_name_kept(struct bank_build *b, struct str s, int64_t line,
			  struct str where)
{
	s = str_trim(s);
	if (s.n > LIMIT_TEXT_BYTES) {
		s = str_trim(bank_cut(s, LIMIT_TEXT_BYTES));
		bank_note(b, FATE_IGNORED, line, where, 0,
			  "a name is cut after %d bytes", LIMIT_TEXT_BYTES);
	}
	return s.n > 0 ? one_line(b, s, line, where) : (struct str){ 0 };
}

/* Nothing, or e and an integer. */
static bool is_exponent(struct str s)
{
	size_t at = 1;

	if (s.n == 0)
		return true;
	if (s.p[0] != 'e' && s.p[0] != 'E')
		return false;
	if (s.n > 1 && (s.p[1] == '-' || s.p[1] == '+'))
		at = 2;
	return at < s.n && digits(s, at) == s.n;
}

bool bank_number(struct ctx *cx, struct str s, struct str *out)
{
	bool minus = false;
	size_t whole, point, end;

	s = str_trim(s);
	if (str_starts(s, "\xe2\x88\x92")) { /* U+2212 MINUS SIGN */
		minus = true;
		s = str_cut(s, 3, s.n);
	} else if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		minus = s.p[0] == '-';
		s = str_cut(s, 1, s.n);
	}
	whole = point = end = digits(s, 0);
	if (whole < s.n && s.p[whole] == '.') {
		point = whole + 1;
		end = digits(s, point);
	}
	if (whole + (end - point) == 0 || s.n > 64)
		return false;
	if (!is_exponent(str_cut(s, end, s.n)))
		return false;
	*out = str_fmt(cx->arena, "%s%.*s%s%.*s%.*s", minus ? "-" : "",
		       whole > 0 ? (int)whole : 1, whole > 0 ? s.p : "0",
		       end > point ? "." : "", (int)(end - point), s.p + point,
		       (int)(s.n - end), s.p + end);
	return true;
}

bool bank_is_zero(struct str number)
{
	for (size_t i = 0; i < number.n && (number.p[i] | 0x20) != 'e'; i++)
		if (number.p[i] >= '1' && number.p[i] <= '9')
			return false;
	return true;
}

bool bank_percent(struct ctx *cx, struct str s, struct dec *out)
{
	struct dec d;
	struct str number;

	if (!bank_number(cx, s, &number) || !dec_parse(number, &d))
		return false;
	if (dec_cmp(d, dec_int(-100)) < 0 || dec_cmp(d, dec_int(100)) > 0)
		return false;
	*out = dec_scale(d, 1, 100);
	return true;
}

void bank_list_add(struct bank_list *l, const void *element, size_t size)
{
	buf_add(&l->buf, element, size);
	l->n++;
}

int64_t bank_list_text(struct bank_list *l, struct str text)
{
	const struct str *at = (const void *)l->buf.p;

	for (size_t i = 0; i < l->n; i++)
		if (str_eq(at[i], text))
			return (int64_t)i;
	bank_list_add(l, &text, sizeof(text));
	return (int64_t)l->n - 1;
}

struct list bank_list_take(struct ctx *cx, struct bank_list *l)
{
	struct list out = { NULL, l->n };

	if (l->n > 0) {
		out.at = arena_alloc(cx->arena, l->buf.n);
		memcpy(out.at, l->buf.p, l->buf.n);
	}
	buf_done(&l->buf);
	l->n = 0;
	return out;
}
