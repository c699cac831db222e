/* Figures as a table for people, or as JSON lines. */
#include <math.h>
#include <stdio.h>

#include "base/field.h"
#include "bench/bench.h"

static bool missed_any;

static bool missed(const struct figure *f)
{
	double v = f->baseline > 0 ? f->ratio : f->value;

	if (f->target > 0)
		return v < f->target;
	return f->target < 0 && v > -f->target;
}

static void number(struct buf *b, double v)
{
	if (!isfinite(v))
		buf_z(b, "null");
	else if (fabs(v) >= 1000 || floor(v) == v)
		buf_fmt(b, "%.0f", v);
	else
		buf_fmt(b, "%.4g", v);
}

static void json_line(const struct figure *f)
{
	struct buf b = { 0 };

	buf_z(&b, "{\"name\":");
	jout_str(&b, str_of(f->name));
	buf_z(&b, ",\"value\":");
	number(&b, f->value);
	buf_z(&b, ",\"unit\":");
	jout_str(&b, str_of(f->unit));
	buf_z(&b, ",\"baseline\":");
	number(&b, f->baseline > 0 ? f->baseline : NAN);
	buf_z(&b, ",\"ratio\":");
	number(&b, f->baseline > 0 ? f->ratio : NAN);
	buf_z(&b, "}\n");
	fwrite(b.p, 1, b.n, stdout);
	buf_done(&b);
}

static void table_line(const struct figure *f)
{
	struct buf b = { 0 };

	buf_fmt(&b, "%-34s ", f->name);
	if (fabs(f->value) >= 1000)
		buf_fmt(&b, "%10.0f ", f->value);
	else
		buf_fmt(&b, "%10.4g ", f->value);
	buf_fmt(&b, "%-7s", f->unit);
	if (f->baseline > 0)
		buf_fmt(&b, " / %9.5g = %5.2f", f->baseline, f->ratio);
	if (f->high > 0)
		buf_fmt(&b, " [%.3g..%.3g]", f->low, f->high);
	if (f->target > 0)
		buf_fmt(&b, "  target >= %g%s", f->target,
			missed(f) ? " MISSED" : "");
	else if (f->target < 0)
		buf_fmt(&b, "  target <= %g%s", -f->target,
			missed(f) ? " MISSED" : "");
	if (f->note)
		buf_fmt(&b, "  %s", f->note);
	buf_ch(&b, '\n');
	fwrite(b.p, 1, b.n, stdout);
	buf_done(&b);
}

void report(struct run *r, const struct figure *f)
{
	missed_any = missed(f) || missed_any;
	if (r->json)
		json_line(f);
	else
		table_line(f);
	fflush(stdout);
}

bool report_missed(void)
{
	return missed_any;
}
