/* A terminal's state as bytes that make it. */
#include "engine/worker/vt_impl.h"

#include <string.h>

#define E "\x1b"

static const struct vt_cursor plain = { .sets = { 'B', 'B', 'B', 'B' } };

static void put_char(struct buf *b, uint32_t c)
{
	if (c == 0)
		c = ' ';
	if (c < 0x80) {
		buf_ch(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_ch(b, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_ch(b, (char)(0xe0 | c >> 12));
		buf_ch(b, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_ch(b, (char)(0xf0 | c >> 18));
		buf_ch(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_ch(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_ch(b, (char)(0x80 | (c & 0x3f)));
}

static void put_colour(struct buf *b, uint32_t c, int code)
{
	if (c & VT_INDEX)
		buf_fmt(b, ";%d;5;%u", code, c & 255);
	else if (c & VT_RGB)
		buf_fmt(b, ";%d;2;%u;%u;%u", code, c >> 16 & 255, c >> 8 & 255,
			c & 255);
}

static void put_pen(struct buf *b, const struct vt_pen *pen)
{
	static const char codes[] = "12345789"; /* in the order of the bits */

	buf_z(b, E "[0");
	for (int i = 0; codes[i]; i++)
		if (pen->attr >> i & 1) {
			buf_ch(b, ';');
			buf_ch(b, codes[i]);
		}
	put_colour(b, pen->fg, 38);
	put_colour(b, pen->bg, 48);
	buf_ch(b, 'm');
}

static struct vt_pen pen_of(const struct vt_cell *c)
{
	return (struct vt_pen){ c->attr & VT_SHOWN, c->fg, c->bg };
}

static bool pen_eq(const struct vt_pen *a, const struct vt_pen *b)
{
	return a->attr == b->attr && a->fg == b->fg && a->bg == b->bg;
}

static bool is_clear(const struct vt_cell *c)
{
	return !c->ch && !c->attr && !c->fg && !c->bg;
}

static void put_row(struct buf *b, const struct vt_cell *r, int cols, int row,
		    struct vt_pen *pen)
{
	int end = cols;

	while (end > 0 && is_clear(&r[end - 1]))
		end--;
	if (!end)
		return;
	buf_fmt(b, E "[%dH", row + 1);
	for (int i = 0; i < end; i++) {
		struct vt_pen p = pen_of(&r[i]);

		if (r[i].attr & VT_TAIL)
			continue;
		if (!pen_eq(&p, pen))
			put_pen(b, &p);
		*pen = p;
		put_char(b, r[i].ch);
	}
}

/* A wide character's two cells were written by one pen. */
static void put_cells(struct buf *b, const struct vt *v,
		      const struct vt_cell *cells)
{
	struct vt_pen pen = { 0 };

	buf_z(b, E "[m" E "[?7l");
	for (int i = 0; i < v->rows; i++)
		put_row(b, cells + (size_t)i * (size_t)v->cols, v->cols, i,
			&pen);
}

/* top: of the margins, from which an origin counts. */
static void put_goto(struct buf *b, const struct vt_cursor *c, int top, int col)
{
	buf_fmt(b, E "[%d;%dH", c->row + 1 - (c->origin ? top : 0), col + 1);
}

static void put_sets(struct buf *b, const struct vt_cursor *c)
{
	for (int i = 0; i < 4; i++)
		buf_fmt(b, E "%c%c", "()*+"[i], c -> sets[i]);
	buf_ch(b, c->gl ? 0x0e : 0x0f);
}

/* Without its wraps; the pen comes last. */
static void put_cursor(struct buf *b, const struct vt_cursor *c, int top)
{
	put_sets(b, c);
	buf_z(b, c->origin ? E "[?6h" : E "[?6l");
	put_goto(b, c, top, c->col);
	put_pen(b, &c->pen);
}

static void put_tabs(struct buf *b, const struct vt *v)
{
	bool usual = true;

	for (int i = 0; i < v->cols; i++)
		if (vt_tab_at(v, i) != (i && i % 8 == 0))
			usual = false;
	if (usual)
		return;
	buf_z(b, E "[3g");
	for (int i = 0; i < v->cols; i++)
		if (vt_tab_at(v, i))
			buf_fmt(b, E "[%dG" E "H", i + 1);
}

static void put_modes(struct buf *b, const struct vt *v)
{
	for (int i = 0; i < VT_MODE_COUNT; i++)
		buf_fmt(b, E "[%s%d%c", vt_modes[i].private ? "?" : "",
			vt_modes[i].number,
			vt_is(v, (enum vt_mode)i) ? 'h' : 'l');
	buf_z(b, v->keypad ? E "=" : E ">");
}

/*
 * The character behind which the cursor stands is written once more, so that
 * the cursor waits at the edge as it did. Where characters are inserted it is
 * taken out first.
 */
static void put_again(struct buf *b, const struct vt *v, uint32_t ch, int col)
{
	put_goto(b, &v->at, v->top, col);
	if (vt_is(v, VT_M_INSERT))
		buf_fmt(b, E "[%dP", vt_width(ch));
	put_char(b, ch);
}

static void put_at(struct buf *b, const struct vt *v)
{
	put_cursor(b, &v->at, v->top);
	if (v->last) {
		put_again(b, v, v->last, v->last_col);
	} else if (v->at.wraps) {
		const struct vt_cell *r = vt_row(v, v->at.row);
		int col = v->cols - 1;
		struct vt_pen pen;

		if (r[col].attr & VT_TAIL)
			col--;
		pen = pen_of(&r[col]);
		put_pen(b, &pen);
		put_sets(b, &plain); /* it may have been written by others */
		put_again(b, v, r[col].ch, col);
		put_sets(b, &v->at);
		put_pen(b, &v->at.pen);
	}
}

static void put_begun(struct buf *b, const struct vt *v)
{
	switch (v->state) {
	case VT_GROUND:
		break;
	case VT_ESCAPE:
		buf_z(b, E);
		buf_add(b, v->held, (size_t)v->held_n);
		break;
	case VT_CSI:
	case VT_CSI_OVER:
		buf_z(b, E "[");
		buf_add(b, v->held, (size_t)v->held_n);
		if (v->state == VT_CSI_OVER)
			buf_ch(b, '0');
		break;
	case VT_STRING:
	case VT_STRING_ESC:
		buf_z(b, E);
		buf_ch(b, v->string);
		if (v->state == VT_STRING_ESC)
			buf_z(b, E);
		break;
	}
	buf_add(b, (const char *)v->utf8, (size_t)v->utf8_n);
}

/* An empty screen, with nothing that would change what is drawn on it. */
static void put_plain(struct buf *b)
{
	put_cursor(b, &plain, 0);
	buf_z(b, E "[2J");
}

void vt_paint(const struct vt *v, struct buf *b)
{
	/* Out of any sequence and screen, all as usual, nothing shown. */
	buf_ch(b, 0x18);
	buf_z(b, E "[?1049l" E "[!p" E "[r");
	put_plain(b);
	if (v->alt) {
		put_cells(b, v, v->main);
		put_cursor(b, &v->saved[0], 0);
		buf_z(b, E "7");
		put_cursor(b, &v->left, 0);
		buf_z(b, E "[?1049h");
		put_plain(b);
	}
	put_cells(b, v, v->cells);
	put_tabs(b, v);
	put_cursor(b, &v->saved[v->alt != NULL], 0);
	buf_z(b, E "7" E "[?6l");
	buf_fmt(b, E "[%d;%dr", v->top + 1, v->bottom + 1);
	put_modes(b, v);
	put_at(b, v);
	put_begun(b, v);
}

void vt_text(const struct vt *v, struct buf *b)
{
	for (int i = 0; i < v->rows; i++) {
		const struct vt_cell *r = vt_row(v, i);
		int end = v->cols;

		while (end > 0 && !r[end - 1].ch)
			end--;
		for (int k = 0; k < end; k++)
			if (!(r[k].attr & VT_TAIL))
				put_char(b, r[k].ch);
		buf_ch(b, '\n');
	}
}
