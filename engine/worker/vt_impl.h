/* vt_impl: for vt.c, vt_parse.c and vt_paint.c only. */
#pragma once

#include "engine/worker/vt.h"

enum vt_attr {
	VT_BOLD = 1 << 0,
	VT_DIM = 1 << 1,
	VT_ITALIC = 1 << 2,
	VT_UNDERLINE = 1 << 3,
	VT_BLINK = 1 << 4,
	VT_INVERSE = 1 << 5,
	VT_HIDDEN = 1 << 6,
	VT_STRIKE = 1 << 7,
	VT_TAIL = 1 << 8, /* the right half of a wide one */
	VT_SHOWN = VT_TAIL - 1,
};

/* A colour: 0 the default; VT_INDEX + n of the palette; VT_RGB + rrggbb. */
enum { VT_INDEX = 1 << 24, VT_RGB = 1 << 25 };

struct vt_pen {
	uint32_t attr, fg, bg;
};

struct vt_cell {
	uint32_t ch : 21, attr : 11; /* ch 0: nothing was written here */
	uint32_t fg, bg;
};

struct vt_cursor {
	int row, col;
	bool wraps; /* the next character goes to the next line */
	struct vt_pen pen;
	uint8_t sets[4],
		gl; /* 'B' or '0' for each of G0..G3; which is in use */
	bool origin;
};

/* X(bit, number, private, initial value) */
#define VT_MODES(X)                                                            \
	X(VT_M_INSERT, 4, 0, 0)                                                \
	X(VT_M_NEWLINE, 20, 0, 0)                                              \
	X(VT_M_KEYS, 1, 1, 0)                                                  \
	X(VT_M_REVERSE, 5, 1, 0)                                               \
	X(VT_M_WRAP, 7, 1, 1)                                                  \
	X(VT_M_BLINK, 12, 1, 0)                                                \
	X(VT_M_CURSOR, 25, 1, 1)                                               \
	X(VT_M_MOUSE9, 9, 1, 0)                                                \
	X(VT_M_MOUSE1000, 1000, 1, 0)                                          \
	X(VT_M_MOUSE1002, 1002, 1, 0)                                          \
	X(VT_M_MOUSE1003, 1003, 1, 0)                                          \
	X(VT_M_FOCUS, 1004, 1, 0)                                              \
	X(VT_M_MOUSE1005, 1005, 1, 0)                                          \
	X(VT_M_MOUSE1006, 1006, 1, 0)                                          \
	X(VT_M_MOUSE1015, 1015, 1, 0)                                          \
	X(VT_M_PASTE, 2004, 1, 0)
enum vt_mode {
#define X(bit, number, private, initial) bit,
	VT_MODES(X)
#undef X
		VT_MODE_COUNT
};
struct vt_mode_row {
	int number;
	bool private, initial;
};
extern const struct vt_mode_row vt_modes[];

/* Where the parser stands between two bytes. */
enum vt_state {
	VT_GROUND,
	VT_ESCAPE,   /* ESC and intermediates */
	VT_CSI,	     /* ESC [ and what came of it */
	VT_CSI_OVER, /* too long: read to its end */
	VT_STRING,   /* OSC, DCS, …: read to its end */
	VT_STRING_ESC,
};

enum { VT_HELD = 64, VT_PARAMS = 16 };

struct vt {
	int rows, cols;
	struct vt_cell *main, *alt; /* alt: NULL while it is not in use */
	struct vt_cell *cells;	    /* the one in use */
	struct vt_cursor at;
	struct vt_cursor saved[2]; /* by DECSC: of main, of alt */
	struct vt_cursor left;	   /* main's while alt is in use (1049) */
	int top, bottom;	   /* margins, inclusive */
	uint32_t modes;		   /* 1 << enum vt_mode */
	bool keypad;
	uint8_t tabs[(VT_COLS + 7) / 8];
	/* The character that was written last, if nothing came since; where. */
	uint32_t last;
	int last_col;

	enum vt_state state;
	char string;	    /* which kind of string: its introducer */
	char held[VT_HELD]; /* of an escape or CSI, behind the ESC */
	int held_n;
	uint8_t utf8[4]; /* of a character that has begun */
	int utf8_n, utf8_need;
};

/* vt.c */
struct vt_cell *vt_row(const struct vt *v, int row);
void vt_put(struct vt *v, uint32_t ch);
void vt_goto(struct vt *v, int row, int col);
void vt_feed(struct vt *v); /* a line down, scrolling */
void vt_back(struct vt *v); /* a line up */
/* Rows from..bottom by n; negative: down. */
void vt_scroll(struct vt *v, int from, int n);
void vt_erase(struct vt *v, int row, int from, int to); /* to: exclusive */
void vt_shift(struct vt *v, int n); /* cells right of the cursor; < 0: left */
void vt_reset(struct vt *v);
void vt_soft_reset(struct vt *v);
void vt_alt(struct vt *v, bool on, bool cursor);
void vt_tabs_reset(struct vt *v);
int vt_width(uint32_t ch);
bool vt_tab_at(const struct vt *v, int col);
void vt_tab_set(struct vt *v, int col, bool on);
void vt_save(struct vt *v);
void vt_restore(struct vt *v);
static inline bool vt_is(const struct vt *v, enum vt_mode m)
{
	return v->modes >> m & 1;
}
/* vt_csi.c */
void vt_csi(struct vt *v);
void vt_escape(struct vt *v);
