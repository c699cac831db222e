#include "base/ctx.h"

#include <stdarg.h>
#include <stdio.h>

#undef err_set /* see ctx.h: for analyzers they are macros */
#undef err_field

/* Formats; a text that does not fit ends at a whole UTF-8 character. */
__attribute__((format(printf, 3, 0))) static void
format(char *out, size_t room, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, room, fmt, ap);
	size_t end = room - 1;

	if (n < 0)
		out[0] = 0;
	if (n < 0 || (size_t)n < room)
		return;
	while (end > 0 && ((unsigned char)out[end - 1] & 0xc0) == 0x80)
		end--;
	/* end - 1 is the last lead byte; keep it only if it is complete. */
	if (end > 0 && !str_utf8_ok(str_of(out + end - 1)))
		out[end - 1] = 0;
}

/* The text is made before the rest is cleared: it may quote the old one. */
__attribute__((format(printf, 4, 0))) static enum err
set(struct ctx *cx, enum err code, const char *field, const char *fmt,
    va_list ap)
{
	struct err_info next = { .code = code };

	CHECK(code != OK);
	format(next.text, sizeof(next.text), fmt, ap);
	if (field)
		snprintf(next.field, sizeof(next.field), "%s", field);
	cx->error = next;
	return code;
}

enum err err_set(struct ctx *cx, enum err code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(cx, code, NULL, fmt, ap);
	va_end(ap);
	return code;
}

enum err err_field(struct ctx *cx, enum err code, const char *field,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(cx, code, field, fmt, ap);
	va_end(ap);
	return code;
}

enum err err_detail(struct ctx *cx, const char *fmt, ...)
{
	struct err_info *in = &cx->error;
	size_t n = strlen(in->detail);
	va_list ap;

	if (n > 0 && n + 3 < sizeof(in->detail)) {
		memcpy(in->detail + n, "; ", 3);
		n += 2;
	}
	va_start(ap, fmt);
	format(in->detail + n, sizeof(in->detail) - n, fmt, ap);
	va_end(ap);
	return in->code;
}

void err_clear(struct ctx *cx)
{
	cx->error = (struct err_info){ 0 };
}
