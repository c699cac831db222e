/* Cells, cursor and screens. */
#include "engine/worker/vt_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

const struct vt_mode_row vt_modes[] = {
#define X(bit, number, private, initial) { number, private, initial },
	VT_MODES(X)
#undef X
};

static int within(int n, int least, int most)
{
	return n < least ? least : n > most ? most : n;
}

static struct vt_cell *cells_new(int rows, int cols)
{
	size_t n = (size_t)rows * (size_t)cols;
	struct vt_cell *c = calloc(n, sizeof(*c)); /* allowed: lives on */

	CHECK(c);
	return c;
}

static uint32_t initial_modes(void)
{
	uint32_t m = 0;

	for (int i = 0; i < VT_MODE_COUNT; i++)
		m |= (uint32_t)vt_modes[i].initial << i;
	return m;
}

struct vt *vt_new(int rows, int cols)
{
	struct vt *v = calloc(1, sizeof(*v)); /* allowed: lives on */

	CHECK(v);
	v->rows = within(rows, VT_LEAST, VT_ROWS);
	v->cols = within(cols, VT_LEAST, VT_COLS);
	v->main = v->cells = cells_new(v->rows, v->cols);
	vt_reset(v);
	return v;
}

void vt_free(struct vt *v)
{
	if (!v)
		return;
	free(v->main);
	free(v->alt);
	free(v);
}

size_t vt_memory(const struct vt *v)
{
	size_t screen =
		(size_t)v->rows * (size_t)v->cols * sizeof(struct vt_cell);

	return sizeof(*v) + screen * (v->alt ? 2 : 1);
}

struct vt_cell *vt_row(const struct vt *v, int row)
{
	return v->cells + (size_t)row * (size_t)v->cols;
}

static struct vt_cell blank(const struct vt *v)
{
	return (struct vt_cell){ .bg = v->at.pen.bg };
}

/* East Asian wide and emoji, in blocks: what common terminals show wide. */
static bool is_wide(uint32_t c)
{
	static const uint32_t wide[][2] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },
		{ 0x3041, 0x33ff },   { 0x3400, 0x4dbf },
		{ 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },
		{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
		{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
		{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		if (c >= wide[i][0] && c <= wide[i][1])
			return true;
	return false;
}

int vt_width(uint32_t ch)
{
	return is_wide(ch) ? 2 : 1;
}

/* Half of a wide character that is left alone becomes a blank. */
static void mend(struct vt *v, int row)
{
	struct vt_cell *r = vt_row(v, row);

	for (int i = 0; i < v->cols; i++) {
		bool tail = i > 0 && is_wide(r[i - 1].ch);
		bool head = i + 1 < v->cols && r[i + 1].attr & VT_TAIL;

		if ((r[i].attr & VT_TAIL && !tail) ||
		    (is_wide(r[i].ch) && !head))
			r[i] = (struct vt_cell){ .bg = r[i].bg };
	}
}

void vt_erase(struct vt *v, int row, int from, int to)
{
	struct vt_cell *r = vt_row(v, row), b = blank(v);

	from = within(from, 0, v->cols);
	to = within(to, 0, v->cols);
	for (int i = from; i < to; i++)
		r[i] = b;
	mend(v, row);
}

void vt_scroll(struct vt *v, int from, int n)
{
	int height = v->bottom - from + 1;
	int by = within(n < 0 ? -n : n, 0, height);
	size_t moved = (size_t)(height - by) * (size_t)v->cols *
		       sizeof(struct vt_cell);

	if (n > 0)
		memmove(vt_row(v, from), vt_row(v, from + by), moved);
	else
		memmove(vt_row(v, from + by), vt_row(v, from), moved);
	for (int i = 0; i < by; i++)
		vt_erase(v, n > 0 ? v->bottom - i : from + i, 0, v->cols);
}

void vt_feed(struct vt *v)
{
	v->at.wraps = false;
	if (v->at.row == v->bottom)
		vt_scroll(v, v->top, 1);
	else if (v->at.row < v->rows - 1)
		v->at.row++;
}

void vt_back(struct vt *v)
{
	v->at.wraps = false;
	if (v->at.row == v->top)
		vt_scroll(v, v->top, -1);
	else if (v->at.row > 0)
		v->at.row--;
}

void vt_goto(struct vt *v, int row, int col)
{
	int least = v->at.origin ? v->top : 0;
	int most = v->at.origin ? v->bottom : v->rows - 1;

	v->at.row = within(row, least, most);
	v->at.col = within(col, 0, v->cols - 1);
	v->at.wraps = false;
}

void vt_shift(struct vt *v, int n)
{
	struct vt_cell *r = vt_row(v, v->at.row), b = blank(v);
	int left = v->at.col, width = v->cols - left;
	int by = within(n < 0 ? -n : n, 0, width);

	if (n > 0) {
		memmove(r + left + by, r + left,
			(size_t)(width - by) * sizeof(*r));
		for (int i = 0; i < by; i++)
			r[left + i] = b;
	} else {
		memmove(r + left, r + left + by,
			(size_t)(width - by) * sizeof(*r));
		for (int i = 0; i < by; i++)
			r[v->cols - 1 - i] = b;
	}
	mend(v, v->at.row);
	v->at.wraps = false;
}

/* Marks that stand on the character before: not kept. */
static bool is_mark(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xe0000 && c <= 0xe0fff);
}

static struct vt_cell written(const struct vt *v, uint32_t ch, uint32_t attr)
{
	/* A space is a blank with attributes. */
	return (struct vt_cell){ .ch = (ch == ' ' ? 0 : ch) & 0x1fffff,
				 .attr = (v->at.pen.attr | attr) & 0x7ff,
				 .fg = v->at.pen.fg,
				 .bg = v->at.pen.bg };
}

/* The cells that are written over are half of something, or a whole. */
static bool breaks(const struct vt *v, int col, int width)
{
	const struct vt_cell *r = vt_row(v, v->at.row);
	int end = col + width - 1;

	return r[col].attr & VT_TAIL || is_wide(r[end].ch) ||
	       (width == 2 && r[end].attr & VT_TAIL);
}

static void place(struct vt *v, uint32_t ch, int width)
{
	struct vt_cell *r = vt_row(v, v->at.row);
	int col = v->at.col;
	bool broke = breaks(v, col, width);

	r[col] = written(v, ch, 0);
	if (width == 2)
		r[col + 1] = written(v, 0, VT_TAIL);
	if (broke)
		mend(v, v->at.row);
	v->last_col = col;
}

void vt_put(struct vt *v, uint32_t ch)
{
	int width = vt_width(ch);

	if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || is_mark(ch))
		return;
	if (v->at.wraps ||
	    (width == 2 && v->at.col == v->cols - 1 && vt_is(v, VT_M_WRAP))) {
		v->at.col = 0;
		vt_feed(v);
	}
	if (width == 2 && v->at.col == v->cols - 1)
		v->at.col--;
	if (vt_is(v, VT_M_INSERT))
		vt_shift(v, width);
	place(v, ch, width);
	v->last = ch;
	if (v->at.col + width < v->cols) {
		v->at.col += width;
	} else {
		v->at.col = v->cols - 1;
		v->at.wraps = vt_is(v, VT_M_WRAP);
	}
}

/* ---- the state as a whole ---- */

void vt_tabs_reset(struct vt *v)
{
	memset(v->tabs, 0, sizeof(v->tabs));
	for (int i = 8; i < VT_COLS; i += 8)
		vt_tab_set(v, i, true);
}

bool vt_tab_at(const struct vt *v, int col)
{
	return v->tabs[col / 8] >> (col % 8) & 1;
}

void vt_tab_set(struct vt *v, int col, bool on)
{
	uint8_t bit = (uint8_t)(1u << (col % 8));

	if (on)
		v->tabs[col / 8] |= bit;
	else
		v->tabs[col / 8] &= (uint8_t)~bit;
}

static struct vt_cursor home(void)
{
	return (struct vt_cursor){ .sets = { 'B', 'B', 'B', 'B' } };
}

void vt_save(struct vt *v)
{
	v->saved[v->alt != NULL] = v->at;
	v->saved[v->alt != NULL].wraps = false;
}

void vt_restore(struct vt *v)
{
	const struct vt_cursor *s = &v->saved[v->alt != NULL];

	v->at = *s;
	vt_goto(v, s->row, s->col);
}

void vt_soft_reset(struct vt *v)
{
	int row = v->at.row, col = v->at.col;

	v->modes = initial_modes();
	v->keypad = false;
	v->top = 0;
	v->bottom = v->rows - 1;
	v->at = home();
	v->at.row = row;
	v->at.col = col;
	v->saved[v->alt != NULL] = home();
}

void vt_reset(struct vt *v)
{
	if (v->alt)
		vt_alt(v, false, false);
	vt_soft_reset(v);
	v->at = home();
	v->saved[0] = v->saved[1] = v->left = home();
	v->last = 0;
	vt_tabs_reset(v);
	for (int i = 0; i < v->rows; i++)
		vt_erase(v, i, 0, v->cols);
}

/* cursor: on the way back, main's is as it was. */
void vt_alt(struct vt *v, bool on, bool cursor)
{
	if (on == (v->alt != NULL))
		return;
	if (on) {
		v->left = v->at;
		v->left.wraps = false;
		v->alt = v->cells = cells_new(v->rows, v->cols);
		v->saved[1] = home();
		v->at.wraps = false;
		return;
	}
	free(v->alt);
	v->alt = NULL;
	v->cells = v->main;
	if (cursor) {
		v->at = v->left;
		vt_goto(v, v->at.row, v->at.col);
	}
	v->at.wraps = false;
}

/* Into a new size; drop: lines that leave at the top. */
static struct vt_cell *resized(struct vt_cell *old, int rows, int cols,
			       int to_rows, int to_cols, int drop)
{
	struct vt_cell *new = cells_new(to_rows, to_cols);
	int w = cols < to_cols ? cols : to_cols;

	for (int i = 0; i < to_rows && i + drop < rows; i++) {
		struct vt_cell *to = new + (size_t)i *(size_t)to_cols;

		memcpy(to, old + (size_t)(i + drop) * (size_t)cols,
		       (size_t)w * sizeof(*to));
		/* Half a wide one at the new edge. */
		if (is_wide(to[w - 1].ch))
			to[w - 1] = (struct vt_cell){ 0 };
	}
	free(old);
	return new;
}

static void move_into(struct vt *v, struct vt_cursor *c, int drop)
{
	c->row = within(c->row - drop, 0, v->rows - 1);
	c->col = within(c->col, 0, v->cols - 1);
	c->wraps = false;
}

void vt_resize(struct vt *v, int rows, int cols)
{
	int drop, was_rows = v->rows, was_cols = v->cols;
	int row = v->alt ? v->left.row : v->at.row;

	rows = within(rows, VT_LEAST, VT_ROWS);
	cols = within(cols, VT_LEAST, VT_COLS);
	if (rows == v->rows && cols == v->cols)
		return;
	drop = row >= rows ? row - rows + 1 : 0;
	v->main = resized(v->main, was_rows, was_cols, rows, cols, drop);
	if (v->alt)
		v->alt = resized(v->alt, was_rows, was_cols, rows, cols, 0);
	v->cells = v->alt ? v->alt : v->main;
	v->rows = rows;
	v->cols = cols;
	v->top = 0;
	v->bottom = rows - 1;
	v->last = 0;
	for (int i = cols < was_cols ? cols : was_cols; i < VT_COLS; i++)
		vt_tab_set(v, i, i % 8 == 0 && i);
	move_into(v, &v->at, v->alt ? 0 : drop);
	move_into(v, &v->left, drop);
	move_into(v, &v->saved[0], drop);
	move_into(v, &v->saved[1], 0);
}
