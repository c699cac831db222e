#include "engine/worker/worker_config.h"

#include <stdio.h>

#include "base/run.h"

#define AT(m) offsetof(struct worker_config, m)

static const struct setting rows[] = {
	{ "server", SETTING_TEXT, AT(server), "ipc://assay-data/assay.sock", 1,
	  2000, "URL",
	  "The server: ipc://PATH, tcp://HOST:PORT, tls+tcp://, ws://, "
	  "wss://." },
	{ "token_file", SETTING_TEXT, AT(token_file), "", 0, 1000, "file",
	  "Holds the worker's API key: role worker, and operator for a worker "
	  "of all organizations." },
	{ "ca", SETTING_TEXT, AT(ca), "", 0, 1000, "file",
	  "PEM: who may sign the server's certificate." },
	{ "name", SETTING_TEXT, AT(name), "", 0, 60, "",
	  "What the worker calls itself, for people. Empty: the host's name." },
	{ "kinds", SETTING_TEXT, AT(kinds), "", 0, 1000, "kinds",
	  "Kinds of jobs that it does, separated by commas. Empty: all that it "
	  "can." },
	{ "content_roots", SETTING_TEXT, AT(content_roots), "", 0, 4000,
	  "folders",
	  "Folders of this machine that content.sync may read, with all below "
	  "them, separated by commas; the server's setting of this name must "
	  "have them, too. Empty: none." },
	{ "box_level", SETTING_TEXT, AT(box_level), "sampled", 1, 10, "level",
	  "Graded runs are refused below it: weak, sampled or full." },
	{ "box", SETTING_TEXT, AT(box), "", 0, 1000, "file",
	  "The program assay-box. Empty: beside this one, else in PATH." },
	{ "cpus", SETTING_NUMBER, AT(cpus), "0", 0, 4096, "cores",
	  "Cores for jobs; 0: those that it may run on, less if its cgroup has "
	  "a quota." },
	{ "memory", SETTING_NUMBER, AT(memory_mib), "0", 0, 16777216, "MiB",
	  "Memory for jobs; 0: three quarters of what is available at the "
	  "start." },
	{ "jobs", SETTING_NUMBER, AT(jobs), "0", 0, 128, "jobs",
	  "Jobs at once, if there is room for them; 0: four for each core." },
	{ "width", SETTING_NUMBER, AT(width), "2", 2, 64, "runs",
	  "Runs at once of one graded job, which has as many cores." },
	{ "lease", SETTING_SPAN, AT(lease_ms), "60s", 1000, 3600000, "span",
	  "For how long a job is taken; renewed at each third of it." },
	{ "poll", SETTING_SPAN, AT(poll_ms), "1s", 20, 60000, "span",
	  "How often an idle worker asks for jobs." },
	{ "drain", SETTING_SPAN, AT(drain_ms), "20s", 0, 600000, "span",
	  "Time to finish jobs at a stop; the others are handed back." },
	{ "log_level", SETTING_TEXT, AT(log_level), "info", 1, 10, "level",
	  "debug, info, warn or error." },
	{ 0 },
};
const struct settings worker_settings = { rows, "assay-worker",
					  "ASSAY_WORKER_" };

enum { FILE_MOST = 65536 };

enum err worker_read_file(struct ctx *cx, const char *setting, const char *path,
			  struct str *out)
{
	FILE *f = fopen(path, "re");
	char *text = arena_alloc(cx->arena, FILE_MOST);
	size_t n = f ? fread(text, 1, FILE_MOST, f) : 0;
	bool good = f && !ferror(f) && n < FILE_MOST;

	if (f)
		fclose(f);
	if (!good)
		return err_field(cx, ERR_INVALID, setting,
				 "cannot read %s (%m); setting %s names it",
				 path, setting);
	*out = str_trim((struct str){ text, n });
	return OK;
}

enum err worker_config_file(struct ctx *cx, struct worker_config *c,
			    const char *path)
{
	struct str text;
	enum err e = worker_read_file(cx, "config", path, &text);

	return e ? e : setting_lines(cx, &worker_settings, c, path, text);
}

static bool level_of(struct str word, int *out)
{
	for (int i = RUN_WEAK; i < RUN_LEVEL_COUNT; i++)
		if (str_is(word, run_level_words[i])) {
			*out = i;
			return true;
		}
	return false;
}

enum err worker_config_check(struct ctx *cx, const struct worker_config *c,
			     bool has_token, int *level, enum log_level *log)
{
	if (!level_of(c->box_level, level))
		return err_field(cx, ERR_INVALID, "box_level",
				 "setting box_level must be weak, sampled or "
				 "full");
	if (!log_level_parse(c->log_level, log))
		return err_field(
			cx, ERR_INVALID, "log_level",
			"setting log_level must be debug, info, warn or error");
	if (!has_token && !c->token_file.n)
		return err_field(cx, ERR_INVALID, "token_file",
				 "setting token_file must name a file that "
				 "holds an API key with role worker (assay key "
				 "create)");
	return OK;
}
