/* What sequences do. */
#include "engine/worker/vt_impl.h"

#include <string.h>

enum { PARAM_MOST = 9999 };

/* A control sequence taken apart; absent numbers are -1. */
struct parts {
	char lead, middle, final; /* '?', '!', 'h'; 0: none */
	int n;
	int p[VT_PARAMS];
};

static void take_apart(const struct vt *v, struct parts *s)
{
	*s = (struct parts){ .final = v->held[v->held_n - 1], .n = 1 };
	for (int i = 0; i < VT_PARAMS; i++)
		s->p[i] = -1;
	for (int i = 0; i < v->held_n - 1; i++) {
		char c = v->held[i];
		int *at = &s->p[s->n - 1];

		if (c >= '<' && c <= '?' && i == 0)
			s->lead = c;
		else if (c >= '0' && c <= '9' && *at < PARAM_MOST)
			*at = (*at < 0 ? 0 : *at) * 10 + (c - '0');
		else if ((c == ';' || c == ':') && s->n < VT_PARAMS)
			s->n++;
		else if (c >= 0x20 && c < 0x30)
			s->middle = c;
	}
	for (int i = 0; i < s->n; i++)
		if (s->p[i] > PARAM_MOST)
			s->p[i] = PARAM_MOST;
}

/* A count: absent and 0 are 1. */
static int count(const struct parts *s, int i)
{
	return s->p[i] > 0 ? s->p[i] : 1;
}

static int value(const struct parts *s, int i)
{
	return s->p[i] > 0 ? s->p[i] : 0;
}

/* ---- colours and attributes ---- */

/* 38 or 48 with what follows; returns how many numbers were used. */
static int colour(const struct parts *s, int i, uint32_t *to)
{
	if (i + 2 < s->n && s->p[i + 1] == 5) {
		*to = VT_INDEX | ((uint32_t)value(s, i + 2) & 255);
		return 3;
	}
	if (i + 4 < s->n && s->p[i + 1] == 2) {
		*to = VT_RGB | ((uint32_t)value(s, i + 2) & 255) << 16 |
		      ((uint32_t)value(s, i + 3) & 255) << 8 |
		      ((uint32_t)value(s, i + 4) & 255);
		return 5;
	}
	return s->n - i;
}

static void attribute(struct vt_pen *pen, int n)
{
	static const uint16_t on[] = { 0,	  VT_BOLD,	VT_DIM,
				       VT_ITALIC, VT_UNDERLINE, VT_BLINK,
				       VT_BLINK,  VT_INVERSE,	VT_HIDDEN,
				       VT_STRIKE };
	static const uint16_t off[] = { VT_UNDERLINE, VT_BOLD | VT_DIM,
					VT_ITALIC,    VT_UNDERLINE,
					VT_BLINK,     0,
					VT_INVERSE,   VT_HIDDEN,
					VT_STRIKE };

	if (n == 0)
		*pen = (struct vt_pen){ 0 };
	else if (n <= 9)
		pen->attr |= on[n];
	else if (n >= 21 && n <= 29)
		pen->attr &= ~(uint32_t)off[n - 21];
	else if (n >= 30 && n <= 37)
		pen->fg = VT_INDEX | (uint32_t)(n - 30);
	else if (n == 39)
		pen->fg = 0;
	else if (n >= 40 && n <= 47)
		pen->bg = VT_INDEX | (uint32_t)(n - 40);
	else if (n == 49)
		pen->bg = 0;
	else if (n >= 90 && n <= 97)
		pen->fg = VT_INDEX | (uint32_t)(n - 90 + 8);
	else if (n >= 100 && n <= 107)
		pen->bg = VT_INDEX | (uint32_t)(n - 100 + 8);
}

static void sgr(struct vt *v, const struct parts *s)
{
	int i = 0;

	while (i < s->n) {
		if (s->p[i] == 38) {
			i += colour(s, i, &v->at.pen.fg);
		} else if (s->p[i] == 48) {
			i += colour(s, i, &v->at.pen.bg);
		} else {
			attribute(&v->at.pen, value(s, i));
			i++;
		}
	}
}

/* ---- modes ---- */

static void set_private(struct vt *v, int n, bool on)
{
	switch (n) {
	case 6:
		v->at.origin = on;
		vt_goto(v, on ? v->top : 0, 0);
		break;
	case 47:
	case 1047:
		vt_alt(v, on, false);
		break;
	case 1048:
		if (on)
			vt_save(v);
		else
			vt_restore(v);
		break;
	case 1049:
		vt_alt(v, on, true);
		break;
	default:
		break;
	}
}

static void set_modes(struct vt *v, const struct parts *s, bool on)
{
	for (int i = 0; i < s->n; i++) {
		for (int m = 0; m < VT_MODE_COUNT; m++) {
			uint32_t bit = UINT32_C(1) << m;

			if (vt_modes[m].number != s->p[i] ||
			    vt_modes[m].private != (s->lead == '?'))
				continue;
			v->modes = on ? v->modes | bit : v->modes & ~bit;
			if (m == VT_M_WRAP)
				v->at.wraps = v->at.wraps && on;
		}
		if (s->lead == '?')
			set_private(v, s->p[i], on);
	}
}

/* ---- erasing and moving ---- */

static void erase_rows(struct vt *v, int from, int to)
{
	for (int i = from; i < to; i++)
		vt_erase(v, i, 0, v->cols);
}

static void erase_screen(struct vt *v, int how)
{
	if (how == 0) {
		vt_erase(v, v->at.row, v->at.col, v->cols);
		erase_rows(v, v->at.row + 1, v->rows);
	} else if (how == 1) {
		erase_rows(v, 0, v->at.row);
		vt_erase(v, v->at.row, 0, v->at.col + 1);
	} else if (how == 2) {
		erase_rows(v, 0, v->rows);
	}
	v->at.wraps = false;
}

static void erase_line(struct vt *v, int how)
{
	if (how == 0)
		vt_erase(v, v->at.row, v->at.col, v->cols);
	else if (how == 1)
		vt_erase(v, v->at.row, 0, v->at.col + 1);
	else if (how == 2)
		vt_erase(v, v->at.row, 0, v->cols);
	v->at.wraps = false;
}

/* Lines come and go at the cursor, within the margins. */
static void lines(struct vt *v, int n)
{
	if (v->at.row < v->top || v->at.row > v->bottom)
		return;
	vt_scroll(v, v->at.row, n);
	v->at.col = 0;
	v->at.wraps = false;
}

/* Up and down stop at a margin that is not passed yet. */
static void vertical(struct vt *v, int by)
{
	int row = v->at.row + by;

	if (by < 0 && v->at.row >= v->top && row < v->top)
		row = v->top;
	if (by > 0 && v->at.row <= v->bottom && row > v->bottom)
		row = v->bottom;
	v->at.row = row < 0 ? 0 : row >= v->rows ? v->rows - 1 : row;
	v->at.wraps = false;
}

static void horizontal(struct vt *v, int col)
{
	v->at.col = col < 0 ? 0 : col >= v->cols ? v->cols - 1 : col;
	v->at.wraps = false;
}

static void tabs(struct vt *v, int n)
{
	int step = n < 0 ? -1 : 1;

	v->at.wraps = false;
	for (int i = 0; i < (n < 0 ? -n : n); i++) {
		int col = v->at.col + step;

		while (col > 0 && col < v->cols - 1 && !vt_tab_at(v, col))
			col += step;
		horizontal(v, col);
		if (v->at.col == 0 || v->at.col == v->cols - 1)
			break;
	}
}

static void margins(struct vt *v, const struct parts *s)
{
	int top = count(s, 0) - 1;
	int bottom = s->n > 1 && s->p[1] > 0 ? s->p[1] - 1 : v->rows - 1;

	if (bottom > v->rows - 1)
		bottom = v->rows - 1;
	if (top >= bottom)
		return;
	v->top = top;
	v->bottom = bottom;
	vt_goto(v, v->at.origin ? top : 0, 0);
}

static void repeat(struct vt *v, int n)
{
	uint32_t c = v->last;

	if (n > v->rows * v->cols)
		n = v->rows * v->cols;
	while (c && n-- > 0)
		vt_put(v, c);
	v->last = 0;
}

static int origin_row(const struct vt *v)
{
	return v->at.origin ? v->top : 0;
}

static void move(struct vt *v, const struct parts *s)
{
	int n = count(s, 0);

	switch (s->final) {
	case 'A':
		vertical(v, -n);
		break;
	case 'B':
	case 'e':
		vertical(v, n);
		break;
	case 'C':
	case 'a':
		horizontal(v, v->at.col + n);
		break;
	case 'D':
		horizontal(v, v->at.col - n);
		break;
	case 'E':
		vertical(v, n);
		v->at.col = 0;
		break;
	case 'F':
		vertical(v, -n);
		v->at.col = 0;
		break;
	case 'G':
	case '`':
		horizontal(v, n - 1);
		break;
	case 'H':
	case 'f':
		vt_goto(v, origin_row(v) + n - 1,
			s->n > 1 ? count(s, 1) - 1 : 0);
		break;
	case 'I':
		tabs(v, n);
		break;
	case 'Z':
		tabs(v, -n);
		break;
	case 'd':
		vt_goto(v, origin_row(v) + n - 1, v->at.col);
		break;
	default:
		break;
	}
}

static void change(struct vt *v, const struct parts *s)
{
	int n = count(s, 0);

	switch (s->final) {
	case '@':
		vt_shift(v, n);
		break;
	case 'P':
		vt_shift(v, -n);
		break;
	case 'J':
		erase_screen(v, value(s, 0));
		break;
	case 'K':
		erase_line(v, value(s, 0));
		break;
	case 'L':
		lines(v, -n);
		break;
	case 'M':
		lines(v, n);
		break;
	case 'S':
		vt_scroll(v, v->top, n);
		v->at.wraps = false;
		break;
	case 'T':
		vt_scroll(v, v->top, -n);
		v->at.wraps = false;
		break;
	case 'X':
		vt_erase(v, v->at.row, v->at.col,
			 v->at.col + (n > v->cols ? v->cols : n));
		v->at.wraps = false;
		break;
	case 'b':
		repeat(v, n);
		break;
	default:
		break;
	}
}

static void arrange(struct vt *v, const struct parts *s)
{
	switch (s->final) {
	case 'g':
		if (value(s, 0) == 0)
			vt_tab_set(v, v->at.col, false);
		else if (s->p[0] == 3)
			memset(v->tabs, 0, sizeof(v->tabs));
		break;
	case 'h':
	case 'l':
		set_modes(v, s, s->final == 'h');
		break;
	case 'm':
		sgr(v, s);
		break;
	case 'r':
		margins(v, s);
		break;
	case 's':
		vt_save(v);
		break;
	case 'u':
		vt_restore(v);
		break;
	default:
		break;
	}
}

void vt_csi(struct vt *v)
{
	struct parts s;

	take_apart(v, &s);
	if (s.final != 'b')
		v->last = 0;
	if (s.middle == '!' && s.final == 'p' && !s.lead)
		vt_soft_reset(v);
	if (s.middle || (s.lead && s.lead != '?'))
		return;
	if (s.lead) {
		if (s.final == 'h' || s.final == 'l')
			set_modes(v, &s, s.final == 'h');
		return;
	}
	if (strchr("ABCDEFGHIZ`adef", s.final))
		move(v, &s);
	else if (strchr("@PJKLMSTXb", s.final))
		change(v, &s);
	else
		arrange(v, &s);
}

static void fill_with_e(struct vt *v)
{
	for (int i = 0; i < v->rows; i++)
		for (int k = 0; k < v->cols; k++)
			vt_row(v, i)[k] = (struct vt_cell){ .ch = 'E' };
	v->top = 0;
	v->bottom = v->rows - 1;
	vt_goto(v, 0, 0);
}

void vt_escape(struct vt *v)
{
	char c = v->held[v->held_n - 1];
	static const char all[] = "()*+";
	const char *set;

	v->last = 0;
	if (v->held_n == 2) {
		set = strchr(all, v->held[0]);
		if (set)
			v->at.sets[set - all] = c == '0' ? '0' : 'B';
		if (v->held[0] == '#' && c == '8')
			fill_with_e(v);
		return;
	}
	if (v->held_n != 1)
		return;
	switch (c) {
	case '7':
		vt_save(v);
		break;
	case '8':
		vt_restore(v);
		break;
	case 'D':
		vt_feed(v);
		break;
	case 'E':
		vt_feed(v);
		v->at.col = 0;
		break;
	case 'H':
		vt_tab_set(v, v->at.col, true);
		break;
	case 'M':
		vt_back(v);
		break;
	case 'c':
		vt_reset(v);
		break;
	case '=':
	case '>':
		v->keypad = c == '=';
		break;
	default:
		break;
	}
}
