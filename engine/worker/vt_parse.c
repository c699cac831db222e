/*
 * Bytes to characters and sequences. What is held of a sequence is bounded;
 * one that is longer is read to its end and does nothing.
 */
#include "engine/worker/vt_impl.h"

#include <string.h>

enum { ESC = 0x1b, REPLACEMENT = 0xfffd };

/* DEC's line drawing, for '`' to '~'. */
static const uint16_t drawing[] = {
	0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1,
	0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c, 0x23ba,
	0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534, 0x252c,
	0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};

static void put_ascii(struct vt *v, uint8_t c)
{
	if (v->at.sets[v->at.gl] == '0' && c >= 0x60 && c <= 0x7e)
		vt_put(v, drawing[c - 0x60]);
	else
		vt_put(v, c);
}

static void tab(struct vt *v)
{
	do
		v->at.col++;
	while (v->at.col < v->cols - 1 && !vt_tab_at(v, v->at.col));
	if (v->at.col > v->cols - 1)
		v->at.col = v->cols - 1;
}

static void control(struct vt *v, uint8_t c)
{
	v->last = 0;
	switch (c) {
	case 0x08:
		if (v->at.col > 0)
			v->at.col--;
		v->at.wraps = false;
		break;
	case 0x09:
		tab(v);
		break;
	case 0x0a:
	case 0x0b:
	case 0x0c:
		vt_feed(v);
		if (vt_is(v, VT_M_NEWLINE))
			v->at.col = 0;
		break;
	case 0x0d:
		v->at.col = 0;
		v->at.wraps = false;
		break;
	case 0x0e:
		v->at.gl = 1;
		break;
	case 0x0f:
		v->at.gl = 0;
		break;
	default:
		break;
	}
}

/* A character that did not go on as it began. */
static void broken(struct vt *v)
{
	if (v->utf8_n)
		vt_put(v, REPLACEMENT);
	v->utf8_n = 0;
}

static void utf8_done(struct vt *v)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	static const uint8_t mask[] = { 0, 0, 0x1f, 0x0f, 0x07 };
	uint32_t c = v->utf8[0] & mask[v->utf8_need];

	for (int i = 1; i < v->utf8_need; i++)
		c = c << 6 | (v->utf8[i] & 0x3f);
	if (c < least[v->utf8_need] || c > 0x10ffff ||
	    (c >= 0xd800 && c <= 0xdfff))
		c = REPLACEMENT;
	v->utf8_n = 0;
	vt_put(v, c);
}

static void high(struct vt *v, uint8_t c)
{
	if ((c & 0xc0) == 0x80) {
		if (!v->utf8_n) {
			vt_put(v, REPLACEMENT);
			return;
		}
		v->utf8[v->utf8_n++] = c;
		if (v->utf8_n == v->utf8_need)
			utf8_done(v);
		return;
	}
	broken(v);
	if (c < 0xc2 || c > 0xf4) {
		vt_put(v, REPLACEMENT);
		return;
	}
	v->utf8[v->utf8_n++] = c;
	v->utf8_need = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static void ground(struct vt *v, uint8_t c)
{
	if (c >= 0x80) {
		high(v, c);
		return;
	}
	broken(v);
	if (c >= 0x20 && c < 0x7f)
		put_ascii(v, c);
	else
		control(v, c);
}

static void hold(struct vt *v, uint8_t c)
{
	v->held[v->held_n++] = (char)c;
}

static void escape(struct vt *v, uint8_t c)
{
	if (c < 0x20) {
		control(v, c);
	} else if (v->held_n == 0 && c == '[') {
		v->state = VT_CSI;
	} else if (v->held_n == 0 && strchr("]PX^_", c)) {
		v->state = VT_STRING;
		v->string = (char)c;
	} else if (c < 0x30) { /* an intermediate: the last ones count */
		if (v->held_n < 4)
			hold(v, c);
	} else if (c < 0x7f) {
		hold(v, c);
		v->state = VT_GROUND;
		vt_escape(v);
	} else if (c >= 0x80) {
		v->state = VT_GROUND;
		ground(v, c);
	}
}

static void csi(struct vt *v, uint8_t c)
{
	if (c < 0x20) {
		control(v, c);
	} else if (c >= 0x80) { /* no sequence has these */
		v->state = VT_GROUND;
		ground(v, c);
	} else if (c >= 0x40 && c < 0x7f) {
		bool over = v->state == VT_CSI_OVER;

		v->state = VT_GROUND;
		if (over)
			return;
		hold(v, c);
		vt_csi(v);
	} else if (c != 0x7f && v->state == VT_CSI) {
		if (v->held_n < VT_HELD - 1)
			hold(v, c);
		else
			v->state = VT_CSI_OVER;
	}
}

static void one(struct vt *v, uint8_t c)
{
	if (c == ESC) {
		if (v->state == VT_STRING) {
			v->state = VT_STRING_ESC;
			return;
		}
		broken(v);
		v->state = VT_ESCAPE;
		v->held_n = 0;
		return;
	}
	if (c == 0x18 || c == 0x1a) { /* CAN, SUB: as if it had not begun */
		broken(v);
		v->state = VT_GROUND;
		return;
	}
	switch (v->state) {
	case VT_GROUND:
		ground(v, c);
		break;
	case VT_ESCAPE:
		escape(v, c);
		break;
	case VT_CSI:
	case VT_CSI_OVER:
		csi(v, c);
		break;
	case VT_STRING:
		if (c == 0x07)
			v->state = VT_GROUND;
		break;
	case VT_STRING_ESC: /* ST, or another sequence that ends it */
		v->state = VT_ESCAPE;
		v->held_n = 0;
		escape(v, c);
		break;
	}
}

void vt_write(struct vt *v, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		one(v, (uint8_t)bytes.p[i]);
}
