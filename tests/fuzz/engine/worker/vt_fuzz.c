/*
 * A terminal's bytes: whatever comes, what is painted makes the same terminal,
 * which then goes on in the same way. The first two bytes are its size, the
 * third says where the bytes are cut; 0xff and a byte resize it before that.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "engine/worker/vt.h"

struct size {
	int rows, cols;
};

static struct size size_of(char c)
{
	return (struct size){ (uint8_t)c & 15, (uint8_t)c >> 3 };
}

static void feed(struct vt *v, struct str s, struct size *size)
{
	size_t at = 0;

	for (size_t i = 0; i + 1 < s.n; i++)
		if ((uint8_t)s.p[i] == 0xff) {
			vt_write(v, str_cut(s, at, i));
			*size = size_of(s.p[i + 1]);
			vt_resize(v, size->rows, size->cols);
			at = i + 2;
			i++;
		}
	if (at < s.n)
		vt_write(v, str_cut(s, at, s.n));
}

static void same(struct vt *a, struct vt *b)
{
	struct buf x = { 0 }, y = { 0 };

	vt_paint(a, &x);
	vt_paint(b, &y);
	if (!str_eq(buf_view(&x), buf_view(&y)))
		abort();
	buf_done(&x);
	buf_done(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = { (const char *)data, n };
	struct buf painted = { 0 };
	struct size size;
	struct vt *a, *b;
	size_t cut;

	if (n < 4 || n > 20000)
		return 0;
	size = (struct size){ data[0] % 40, data[1] % 90 };
	a = vt_new(size.rows, size.cols);
	cut = 3 + data[2] * (n - 3) / 256;
	feed(a, str_cut(s, 3, cut), &size);
	b = vt_new(size.rows, size.cols);
	vt_paint(a, &painted);
	vt_write(b, buf_view(&painted));
	same(a, b);
	vt_write(a, str_cut(s, cut, n));
	vt_write(b, str_cut(s, cut, n));
	same(a, b);
	buf_done(&painted);
	vt_free(a);
	vt_free(b);
	return 0;
}
