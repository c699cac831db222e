#include "base/run.h"

#define MIB(n) ((int64_t)(n) << 20)

const char *const run_verdict_words[] = {
#define X(code, word, doc) word,
	RUN_VERDICTS(X)
#undef X
		NULL
};
const char *const run_cause_words[] = {
#define X(code, word, doc) word,
	RUN_CAUSES(X)
#undef X
		NULL
};
const char *const run_level_words[] = {
#define X(code, word, doc) word,
	RUN_LEVELS(X)
#undef X
		NULL
};
const char *const run_got_words[] = {
#define X(code, word) word,
	RUN_GOTS(X)
#undef X
		NULL
};

/* X(member, default, most, doc) */
#define LIMITS(X)                                                              \
	X(cpu_ms, 2000, 3600000, "CPU time of all its processes")              \
	X(wall_ms, 4000, 14400000, "time until it is killed")                  \
	X(memory_bytes, MIB(128), MIB(8192), "memory of all its processes")    \
	X(tasks, 64, 4096, "processes and threads at once")                    \
	X(open_files, 64, 4096, "descriptors of one process")                  \
	X(stdout_bytes, MIB(1), MIB(64), "standard output")                    \
	X(stderr_bytes, 65536, MIB(16), "standard error")                      \
	X(file_bytes, MIB(8), MIB(1024), "one file")                           \
	X(disk_bytes, MIB(32), MIB(2048), "all files together")                \
	X(inodes, 4096, 1000000, "files and folders")                          \
	X(stack_bytes, MIB(64), MIB(8192), "stack of one process")

const struct run_limits run_limits_default = {
#define X(m, normal, most, doc) .m = (normal),
	LIMITS(X)
#undef X
};
const struct run_limits run_limits_most = {
#define X(m, normal, most, doc) .m = (most),
	LIMITS(X)
#undef X
};

static const struct field limits_fields[] = {
#define X(m, normal, most, says)                                               \
	FIELD_OPT(struct run_limits, m, KIND_INT, says, .min = 1,              \
		  .max = (most)),
	LIMITS(X)
#undef X
		FIELD_END,
};
const struct shape run_limits_shape = SHAPE(struct run_limits, limits_fields);

void run_limits_fill(struct run_limits *l)
{
#define X(m, normal, most, doc)                                                \
	if (!l->m)                                                             \
		l->m = (normal);
	LIMITS(X)
#undef X
}

enum { PAGE = 4096 }; /* a file takes whole ones */

void run_files_need(struct list files, struct run_limits *out)
{
	const struct run_file *f = files.at;

	out->disk_bytes = out->inodes = 0;
	for (size_t i = 0; i < files.n; i++) {
		out->disk_bytes +=
			((int64_t)f[i].data.n + PAGE - 1) / PAGE * PAGE;
		out->inodes++;
		for (size_t k = 0; k < f[i].name.n; k++)
			out->inodes += f[i].name.p[k] == '/';
	}
}

struct run_told run_told_copy(struct arena *a, const struct run_told *told)
{
	struct run_told out = *told;
	struct run_got *got = ARENA_ARRAY(a, struct run_got, told->got.n);

	for (size_t i = 0; i < told->got.n; i++) {
		got[i] = ((const struct run_got *)told->got.at)[i];
		got[i].name = str_copy(a, got[i].name);
		got[i].data = str_copy(a, got[i].data);
	}
	out.got.at = got;
	out.out = str_copy(a, told->out);
	out.err = str_copy(a, told->err);
	out.why = str_copy(a, told->why);
	return out;
}

enum err runner_run(struct ctx *cx, const struct runner *r,
		    const struct run_ask *ask, struct run_told *out)
{
	int64_t asked, ended;
	enum err e = r->start(cx, r->arg, ask, &asked);

	if (e)
		return e;
	e = r->wait(cx, r->arg, &ended, out);
	CHECK(e || ended == asked);
	return e;
}
