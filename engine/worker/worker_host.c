#include "engine/worker/worker_host.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MOST = 65536, CPU = 1000 };

/* Absent if it cannot be read. */
static struct str slurp(struct ctx *cx, const char *root, const char *path)
{
	FILE *f = fopen(str_fmt(cx->arena, "%s%s", root, path).p, "re");
	char *text;
	size_t n;

	if (!f)
		return (struct str){ 0 };
	text = arena_alloc(cx->arena, FILE_MOST);
	n = fread(text, 1, FILE_MOST, f);
	fclose(f);
	return str_trim((struct str){ text, n });
}

static bool number(struct ctx *cx, const char *root, struct str path,
		   int64_t *out)
{
	return str_int(slurp(cx, root, str_z(cx->arena, path)), out) &&
	       *out > 0;
}

static void least(int64_t *v, int64_t other)
{
	if (other > 0 && other < *v)
		*v = other;
}

/* ---- the machine ---- */

static int64_t cores(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set);
}

static int64_t available(struct ctx *cx, const char *root)
{
	struct str all = slurp(cx, root, "/proc/meminfo"), line;
	int64_t kib = 0;

	while (str_split(&all, '\n', &line)) {
		if (!str_starts(line, "MemAvailable:"))
			continue;
		line = str_trim(str_cut(line, 13, line.n));
		if (str_ends(line, " kB") &&
		    str_int(str_cut(line, 0, line.n - 3), &kib))
			break;
	}
	return kib > 0 ? kib * 1024 : INT64_C(512) << 20;
}

/* ---- the cgroup ---- */

/* Limits stand at our own group and at all above it. */
static struct str parent_of(struct str path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	return path.n ? str_cut(path, 0, path.n - 1) : path;
}

static void limit_v2(struct ctx *cx, const char *root, struct str at,
		     struct worker_weight *w)
{
	struct str max = slurp(
			   cx, root,
			   str_fmt(cx->arena, "%.*s/cpu.max", STR_FMT(at)).p),
		   quota;
	int64_t most = 0, used = 0, q, period;

	if (str_split(&max, ' ', &quota) && str_int(quota, &q) &&
	    str_int(max, &period) && period > 0)
		least(&w->cpu, q * CPU / period);
	if (!number(cx, root,
		    str_fmt(cx->arena, "%.*s/memory.max", STR_FMT(at)), &most))
		return;
	number(cx, root, str_fmt(cx->arena, "%.*s/memory.current", STR_FMT(at)),
	       &used);
	least(&w->memory_bytes, most > used ? most - used : 1);
}

static void limit_v1_cpu(struct ctx *cx, const char *root, struct str at,
			 struct worker_weight *w)
{
	int64_t q, period;

	if (number(cx, root,
		   str_fmt(cx->arena, "%.*s/cpu.cfs_quota_us", STR_FMT(at)),
		   &q) &&
	    number(cx, root,
		   str_fmt(cx->arena, "%.*s/cpu.cfs_period_us", STR_FMT(at)),
		   &period))
		least(&w->cpu, q * CPU / period);
}

static void limit_v1_memory(struct ctx *cx, const char *root, struct str at,
			    struct worker_weight *w)
{
	int64_t most, used = 0;

	if (!number(cx, root,
		    str_fmt(cx->arena, "%.*s/memory.limit_in_bytes",
			    STR_FMT(at)),
		    &most))
		return;
	number(cx, root,
	       str_fmt(cx->arena, "%.*s/memory.usage_in_bytes", STR_FMT(at)),
	       &used);
	least(&w->memory_bytes, most > used ? most - used : 1);
}

static void climb(struct ctx *cx, const char *root, const char *mount,
		  struct str path, struct worker_weight *w,
		  void (*limit)(struct ctx *cx, const char *root, struct str at,
				struct worker_weight *w))
{
	for (;; path = parent_of(path)) {
		while (path.n && path.p[path.n - 1] == '/')
			path.n--;
		limit(cx, root,
		      str_fmt(cx->arena, "%s%.*s", mount, STR_FMT(path)), w);
		if (!path.n)
			return;
	}
}

static bool has_word(struct str list, const char *word)
{
	struct str one;

	while (str_split(&list, ',', &one))
		if (str_is(one, word))
			return true;
	return false;
}

/* A line of /proc/self/cgroup: "0::/a/b", "4:cpu,cpuacct:/a". */
static void by_line(struct ctx *cx, const char *root, struct str line,
		    struct worker_weight *w)
{
	struct str id, controllers;

	if (!str_split(&line, ':', &id) || !str_split(&line, ':', &controllers))
		return;
	if (!controllers.n && str_is(id, "0"))
		climb(cx, root, "/sys/fs/cgroup", line, w, limit_v2);
	if (has_word(controllers, "cpu"))
		climb(cx, root, "/sys/fs/cgroup/cpu", line, w, limit_v1_cpu);
	if (has_word(controllers, "memory"))
		climb(cx, root, "/sys/fs/cgroup/memory", line, w,
		      limit_v1_memory);
}

struct worker_weight worker_host(struct ctx *cx, const char *root)
{
	struct worker_weight w = { cores() * CPU, available(cx, root) };
	struct str groups = slurp(cx, root, "/proc/self/cgroup"), line;

	while (str_split(&groups, '\n', &line))
		by_line(cx, root, line, &w);
	w.memory_bytes = w.memory_bytes / 4 * 3;
	if (w.memory_bytes < 1)
		w.memory_bytes = 1;
	if (w.cpu < 1)
		w.cpu = 1;
	return w;
}
