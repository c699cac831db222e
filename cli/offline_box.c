/* assay box run: one command behind the fence. assay box selftest: the fence.
 */
#include "cli/file.h"
#include "cli/verb.h"
#include "sandbox/box.h"
#include "sandbox/toolchain.h"

#include <errno.h>
#include <sys/stat.h>

enum { PUT_BYTES = 256 << 20, GET_BYTES = 64 << 20 };

#define LIMIT(member, what)                                                    \
	{                                                                      \
		.name = #member, .value = "N", .doc = what                     \
	}

const struct flag box_run_flags[] = {
	LIMIT(cpu_ms, "CPU time of all its processes; 2000"),
	LIMIT(wall_ms, "time until it is killed; 4000"),
	LIMIT(memory_bytes, "memory of all its processes; 128 MiB"),
	LIMIT(tasks, "processes and threads at once; 64"),
	LIMIT(open_files, "descriptors of one process; 64"),
	LIMIT(stdout_bytes, "standard output; 1 MiB"),
	LIMIT(stderr_bytes, "standard error; 64 KiB"),
	LIMIT(file_bytes, "one file; 8 MiB"),
	LIMIT(disk_bytes, "all files together; 32 MiB"),
	LIMIT(inodes, "files and folders; 4096"),
	LIMIT(stack_bytes, "stack of one process; 64 MiB"),
	{ .name = "put",
	  .value = "HOSTFILE[:NAME]",
	  .doc = "put a file into the working folder",
	  .many = true },
	{ .name = "get",
	  .value = "NAME:HOSTFILE",
	  .doc = "take a file from it, when all is over",
	  .many = true },
	{ .name = "stdin", .value = "FILE", .doc = "its standard input" },
	{ .name = "stdout",
	  .value = "FILE",
	  .doc = "where its standard output goes; without, it is counted" },
	{ .name = "stderr",
	  .value = "FILE",
	  .doc = "where its standard error goes; without, it is counted" },
	{ .name = "toolchain",
	  .value = "NAME",
	  .doc = "with the files of a language: c, c++, python, …" },
	{ .name = "level",
	  .value = "WORD",
	  .doc = "a weaker fence, to compare: weak, sampled or full" },
	{ .name = "json", .doc = "as it is always printed" },
	{ 0 },
};
const struct flag box_selftest_flags[] = {
	{ .name = "json", .doc = "as it is always printed" },
	{ 0 },
};

struct ran {
	int verdict, cause;
	int64_t exit, signal, cpu_ms, wall_ms, cpu_us, wall_us;
	int64_t memory_peak_bytes, stdout_bytes, stderr_bytes, tasks_peak;
	int64_t throttled_us, steal_us;
	int level;
	struct list files; /* struct ran_file */
	struct str why;
};
struct ran_file {
	struct str name;
	int state;
	int64_t bytes;
};
static const struct field ran_file_fields[] = {
	FIELD(struct ran_file, name, KIND_STR, "as wanted"),
	FIELD(struct ran_file, state, KIND_ENUM, "whether it was taken",
	      .words = run_got_words),
	FIELD(struct ran_file, bytes, KIND_INT, "how much was taken"),
	FIELD_END,
};
static const struct shape ran_file_shape =
	SHAPE(struct ran_file, ran_file_fields);
static const struct field ran_fields[] = {
	FIELD(struct ran, verdict, KIND_ENUM, "AC: it ended with 0",
	      .words = run_verdict_words),
	FIELD(struct ran, cause, KIND_ENUM, "why it ended",
	      .words = run_cause_words),
	FIELD(struct ran, exit, KIND_INT, "its status, if it ended itself"),
	FIELD(struct ran, signal, KIND_INT, "what ended it, or 0"),
	FIELD(struct ran, cpu_ms, KIND_INT, "user and system time"),
	FIELD(struct ran, wall_ms, KIND_INT, "from its start to its end"),
	FIELD(struct ran, cpu_us, KIND_INT, "the same, finer"),
	FIELD(struct ran, wall_us, KIND_INT, "the same, finer"),
	FIELD(struct ran, memory_peak_bytes, KIND_INT, "of all together"),
	FIELD(struct ran, stdout_bytes, KIND_INT, "written, up to the limit"),
	FIELD(struct ran, stderr_bytes, KIND_INT, "written, up to the limit"),
	FIELD(struct ran, tasks_peak, KIND_INT, "at once; 0: not known"),
	FIELD(struct ran, throttled_us, KIND_INT,
	      "a quota of processor time held it back; 0: not known"),
	FIELD(struct ran, steal_us, KIND_INT,
	      "the host of this virtual machine took; 0: not known"),
	FIELD(struct ran, level, KIND_ENUM, "how well it was fenced in",
	      .words = run_level_words),
	FIELD_OPT(struct ran, files, KIND_LIST, "what --get asked for",
		  .of = KIND_OBJECT, .shape = &ran_file_shape),
	FIELD_OPT(struct ran, why, KIND_STR, "IE: what went wrong"),
	FIELD_END,
};
static const struct shape ran_shape = SHAPE(struct ran, ran_fields);

static enum err read_limits(struct cli *c, const struct args *a,
			    struct run_limits *l)
{
	for (const struct field *f = run_limits_shape.fields; f->kind; f++) {
		struct str text = args_get(a, f->name);
		int64_t v = 0;

		if (!text.p)
			continue;
		if (!str_int(text, &v) || v < f->min || v > f->max)
			return err_set(c->cx, ERR_INVALID,
				       "%.*s must be a number from %lld to "
				       "%lld",
				       STR_FMT(args_spell(c->cx, f->name)),
				       (long long)f->min, (long long)f->max);
		memcpy((char *)l + f->offset, &v, sizeof(v));
	}
	return OK;
}

/* "HOSTFILE:NAME" at its last colon; without one, the file's own name. */
static enum err read_put(struct cli *c, struct str word, struct run_file *f)
{
	struct stat st;
	struct str path = word;

	f->name = file_name(word, false);
	for (size_t i = word.n; i-- > 0;)
		if (word.p[i] == ':') {
			path = str_cut(word, 0, i);
			f->name = str_cut(word, i + 1, word.n);
			break;
		}
	f->fixed = true;
	f->executable =
		!stat(str_z(c->cx->arena, path), &st) && (st.st_mode & 0111);
	return file_read(c, path, PUT_BYTES, &f->data);
}

static size_t how_often(const struct args *a, const char *name)
{
	size_t n = 0;

	while (args_nth(a, name, n).p)
		n++;
	return n;
}

static enum err read_files(struct cli *c, const struct args *a,
			   struct run_ask *ask)
{
	size_t puts = how_often(a, "put"), gets = how_often(a, "get");
	struct run_file *f = ARENA_ARRAY(c->cx->arena, struct run_file, puts);
	struct run_want *w = ARENA_ARRAY(c->cx->arena, struct run_want, gets);
	enum err e = OK;

	for (size_t i = 0; !e && i < puts; i++)
		e = read_put(c, args_nth(a, "put", i), &f[i]);
	for (size_t i = 0; !e && i < gets; i++) {
		struct str word = args_nth(a, "get", i);
		size_t at = str_find(word, STR(":"), 0);

		if (at == SIZE_MAX)
			e = err_set(c->cx, ERR_INVALID,
				    "--get needs NAME:HOSTFILE");
		w[i] = (struct run_want){ str_cut(word, 0, at), GET_BYTES };
	}
	ask->put = (struct list){ f, puts };
	ask->want = (struct list){ w, gets };
	return e;
}

static enum err read_ask(struct cli *c, const struct args *a,
			 struct run_ask *ask)
{
	struct str in = args_get(a, "stdin");
	enum err e;

	*ask = (struct run_ask){ .argv = a->rest,
				 .toolchain = args_get(a, "toolchain") };
	e = read_limits(c, a, &ask->limits);
	if (!e)
		e = read_files(c, a, ask);
	if (!e && in.p)
		e = file_read(c, in, PUT_BYTES, &ask->input);
	return e;
}

static enum err read_level(struct cli *c, const struct args *a,
			   struct box_opts *opts)
{
	struct str word = args_get(a, "level");

	if (!word.p)
		return OK;
	for (int i = RUN_WEAK; run_level_words[i]; i++)
		if (str_is(word, run_level_words[i]))
			opts->level_most = i;
	return opts->level_most ? OK
				: err_set(c->cx, ERR_INVALID,
					  "--level must be weak, sampled or "
					  "full");
}

/* Not file_write: what can be made again by a run need not be on disk before
 * the verdict is told. */
static enum err put_out(struct cli *c, struct str path, struct str text)
{
	FILE *f = fopen(str_z(c->cx->arena, path), "wbe");
	bool good = f && (!text.n || fwrite(text.p, 1, text.n, f) == text.n);

	if (f && fclose(f))
		good = false;
	return good ? OK
		    : err_set(c->cx, ERR_UNAVAILABLE, "cannot write %.*s: %s",
			      STR_FMT(path), strerror(errno));
}

/* What came out, to where it was asked to go. */
static enum err write_out(struct cli *c, const struct args *a,
			  const struct run_told *t, struct list *files)
{
	const struct run_got *g = t->got.at;
	struct ran_file *f =
		ARENA_ARRAY(c->cx->arena, struct ran_file, t->got.n);
	struct str to = args_get(a, "stdout");
	enum err e = OK;

	if (to.p)
		e = put_out(c, to, t->out);
	to = args_get(a, "stderr");
	if (!e && to.p)
		e = put_out(c, to, t->err);
	for (size_t i = 0; !e && i < t->got.n; i++) {
		struct str word = args_nth(a, "get", i);

		f[i] = (struct ran_file){ g[i].name, g[i].state,
					  (int64_t)g[i].data.n };
		if (g[i].state == RUN_GOT)
			e = put_out(c, str_cut(word, g[i].name.n + 1, word.n),
				    g[i].data);
	}
	*files = (struct list){ f, t->got.n };
	return e;
}

static void print(struct cli *c, const struct run_told *t, struct list files)
{
	struct buf b = { 0 };
	struct ran r = {
		.verdict = t->verdict,
		.cause = t->cause,
		.exit = t->exit,
		.signal = t->signal,
		.cpu_ms = t->cpu_us / 1000,
		.wall_ms = t->wall_us / 1000,
		.cpu_us = t->cpu_us,
		.wall_us = t->wall_us,
		.memory_peak_bytes = t->memory_peak_bytes,
		.stdout_bytes = t->stdout_bytes,
		.stderr_bytes = t->stderr_bytes,
		.tasks_peak = t->tasks_peak,
		.throttled_us = t->throttled_us,
		.steal_us = t->steal_us,
		.level = t->level,
		.files = files,
		.why = t->why,
	};

	field_encode(&b, &ran_shape, &r);
	buf_ch(&b, '\n');
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
}

int box_run_verb(struct cli *c, const struct args *a)
{
	struct box_opts opts = { .slots = 1 };
	struct box_host *h = NULL;
	struct run_ask ask;
	struct run_told told;
	struct list files;
	enum err e = read_ask(c, a, &ask);

	if (!e)
		e = read_level(c, a, &opts);
	if (e)
		return cli_error(c, e);
	box_urgent();
	e = box_host_open(c->cx, &opts, &h);
	if (!e)
		e = box_run(c->cx, h, &ask, &told);
	if (!e)
		e = write_out(c, a, &told, &files);
	box_host_close(h);
	if (e)
		return cli_error(c, e);
	print(c, &told, files);
	return told.verdict == RUN_IE ? CLI_FAILED : CLI_FINE;
}

int box_selftest_verb(struct cli *c, const struct args *a)
{
	struct box_opts opts = { 0 }; /* several at once */
	struct box_host *h = NULL;
	struct box_selftest st;
	struct buf b = { 0 };
	enum err e = box_host_open(c->cx, &opts, &h);

	(void)a;
	if (!e)
		e = box_selftest(c->cx, h, &st);
	box_host_close(h);
	if (e)
		return cli_error(c, e);
	field_encode(&b, &box_selftest_shape, &st);
	buf_ch(&b, '\n');
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
	return CLI_FINE;
}
