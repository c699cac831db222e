/*
 * assay-worker: reads the settings, starts the worker, waits for a signal or
 * for the end of whoever started it, stops.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "engine/rpc/version.h"
#include "engine/worker/worker.h"
#include "engine/worker/worker_boxes.h"
#include "engine/worker/worker_config.h"
#include "engine/worker/worker_host.h"
#include "engine/worker/worker_languages.h"
#include "engine/worker/worker_server.h"

extern char **environ;

enum { EXIT_FINE = 0, EXIT_UNCLEAN = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };
enum { TOKEN_MOST = 8192, LAST_RESORT_S = 10, JOBS_OF_A_CORE = 4 };

struct args {
	struct worker_config config;
	int parent; /* descriptor: the token, a line break, and its end when
		       the parent ends; -1: none */
	bool only_print;
};

/* What the parts of the worker are made of; lives as long as the process. */
struct place {
	struct worker_address to;
	struct worker_boxes boxes;
};

static void usage(FILE *f)
{
	struct buf b = { 0 };

	fputs("usage: assay-worker [--config FILE] [--SETTING VALUE]…\n"
	      "       assay-worker --print-config | --print-options | "
	      "--version\n\n"
	      "Does the jobs of an Assay server: runs programs in boxes, "
	      "judges them, hands\nin results. Settings:\n\n",
	      f);
	setting_help(&worker_settings, &b);
	fwrite(b.p, 1, b.n, f);
	buf_done(&b);
}

static bool take_word(struct args *a, const char *word)
{
	struct buf b = { 0 };

	if (strcmp(word, "--help") == 0)
		usage(stdout);
	else if (strcmp(word, "--version") == 0)
		puts("assay-worker " ASSAY_VERSION);
	else if (strcmp(word, "--print-config") == 0)
		setting_example(&worker_settings, &b);
	else if (strcmp(word, "--print-options") == 0)
		setting_manual(&worker_settings, &b);
	else
		return false;
	if (b.n)
		fwrite(b.p, 1, b.n, stdout);
	buf_done(&b);
	a->only_print = true;
	return true;
}

static enum err take_pair(struct ctx *cx, struct args *a, const char *name,
			  const char *value)
{
	int64_t fd;

	if (strcmp(name, "--config") == 0)
		return OK; /* read before */
	if (strcmp(name, "--parent-fd") != 0)
		return setting_flag(cx, &worker_settings, &a->config, name,
				    value);
	if (!str_int(str_of(value), &fd) || fd < 3 || fd > 1000)
		return err_set(cx, ERR_INVALID,
			       "--parent-fd needs the number of a descriptor");
	a->parent = (int)fd;
	return OK;
}

/* File, then environment, then flags. */
static enum err read_args(struct ctx *cx, int argc, char **argv, struct args *a)
{
	enum err e = OK;

	a->parent = -1;
	setting_defaults(&worker_settings, &a->config);
	for (int i = 1; i + 1 < argc && !e; i++)
		if (strcmp(argv[i], "--config") == 0)
			e = worker_config_file(cx, &a->config, argv[i + 1]);
	if (!e)
		e = setting_env(cx, &worker_settings, &a->config,
				(const char *const *)environ);
	for (int i = 1; i < argc && !e && !a->only_print; i++) {
		if (take_word(a, argv[i]))
			continue;
		if (i + 1 == argc)
			return err_set(cx, ERR_INVALID, "%s needs a value",
				       argv[i]);
		e = take_pair(cx, a, argv[i], argv[i + 1]);
		i++;
	}
	return e;
}

/* ---- the token ---- */

static enum err token_of_parent(struct ctx *cx, int fd, struct str *out)
{
	char *text = arena_alloc(cx->arena, TOKEN_MOST);
	size_t n = 0;

	while (n < TOKEN_MOST && read(fd, text + n, 1) == 1) {
		if (text[n] == '\n') {
			*out = (struct str){ text, n };
			return OK;
		}
		n++;
	}
	return err_set(cx, ERR_INVALID, "--parent-fd gives no token");
}

static enum err read_token(struct ctx *cx, const struct args *a,
			   struct str *out)
{
	enum err e;

	if (a->parent >= 0)
		return token_of_parent(cx, a->parent, out);
	e = worker_read_file(cx, "token_file",
			     str_z(cx->arena, a->config.token_file), out);
	if (!e && (!out->n || out->n > TOKEN_MOST))
		e = err_field(cx, ERR_INVALID, "token_file",
			      "the file of setting token_file holds no token");
	return e;
}

/* ---- the worker's options ---- */

static enum err connect_to(struct ctx *cx, void *arg, int64_t timeout_ms,
			   struct worker_server *out)
{
	return worker_connect(cx, &((struct place *)arg)->to, timeout_ms, out);
}

static enum err open_boxes(struct ctx *cx, void *arg, struct worker_runs *out)
{
	return worker_boxes_open(cx, &((struct place *)arg)->boxes, out);
}

static struct str host_name(struct ctx *cx)
{
	char name[64] = "worker";

	if (gethostname(name, sizeof(name)))
		snprintf(name, sizeof(name), "worker");
	name[sizeof(name) - 1] = 0;
	return str_copy(cx->arena, str_of(name));
}

static bool is_kind(struct str name)
{
	for (size_t i = 0; worker_kinds[i]; i++)
		if (str_is(name, worker_kinds[i]->name))
			return true;
	return false;
}

static bool in_list(struct str list, const char *name)
{
	struct str one;

	while (str_split(&list, ',', &one))
		if (str_is(str_trim(one), name))
			return true;
	return false;
}

static enum err choose_kinds(struct ctx *cx, struct str list,
			     const struct worker_kind *const **out)
{
	const struct worker_kind **k;
	struct str rest = list, one;
	size_t n = 0, all = 0;

	while (rest.n && str_split(&rest, ',', &one))
		if (!is_kind(str_trim(one)))
			return err_field(cx, ERR_INVALID, "kinds",
					 "setting kinds: there is no kind %.*s",
					 STR_FMT(str_trim(one)));
	while (worker_kinds[all])
		all++;
	k = ARENA_ARRAY(cx->arena, const struct worker_kind *, all + 1);
	for (size_t i = 0; i < all; i++)
		if (!list.n || in_list(list, worker_kinds[i]->name))
			k[n++] = worker_kinds[i];
	*out = k;
	return OK;
}

static void installed(struct ctx *cx, struct worker_opts *o)
{
	const struct code_languages all = worker_languages(cx->arena);
	struct str *name = ARENA_ARRAY(cx->arena, struct str, all.n);

	o->has_languages = true;
	o->languages.at = name;
	for (size_t i = 0; i < all.n; i++)
		if (all.at[i].installed)
			name[o->languages.n++] = str_of(all.at[i].name);
}

static enum err make_opts(struct ctx *cx, const struct args *a,
			  struct place *place, struct worker_opts *o)
{
	const struct worker_config *c = &a->config;
	struct worker_weight host = worker_host(cx, "");
	enum err e;

	place->boxes.program = c->box.n ? str_z(cx->arena, c->box) : NULL;
	place->boxes.width = (int)c->width;
	place->to.url = c->server;
	place->to.ca_file = c->ca.n ? c->ca : (struct str){ 0 };
	*o = (struct worker_opts){
		.name = c->name.n ? c->name : host_name(cx),
		.room = { .cpu = c->cpus ? c->cpus * 1000 : host.cpu,
			  .memory_bytes = c->memory_mib ? c->memory_mib << 20
							: host.memory_bytes },
		.content_roots = c->content_roots,
		.hands = (int)c->jobs,
		.lease_ms = c->lease_ms,
		.poll_ms = c->poll_ms,
		.drain_ms = c->drain_ms,
		.arg = place,
		.connect = connect_to,
		.runs_open = open_boxes,
		.runs_close = worker_boxes_close,
	};
	if (!o->hands)
		o->hands = (int)(o->room.cpu * JOBS_OF_A_CORE / 1000);
	if (o->hands < JOBS_OF_A_CORE)
		o->hands = c->jobs ? o->hands : JOBS_OF_A_CORE;
	if (o->hands > WORKER_HANDS)
		o->hands = WORKER_HANDS;
	installed(cx, o);
	e = choose_kinds(cx, c->kinds, &o->kinds);
	return e ? e : read_token(cx, a, &place->to.token);
}

/* ---- running ---- */

struct running {
	struct worker *worker;
	_Atomic bool clean;
	int done; /* eventfd-like: the writing end of a pipe */
};

static void *run(void *arg)
{
	struct running *r = arg;

	r->clean = worker_run(r->worker);
	close(r->done);
	return NULL;
}

/* A signal, or the end of the parent: true if it was that. */
static bool wait_for_end(int signals, int parent)
{
	struct pollfd p[] = { { .fd = signals, .events = POLLIN },
			      { .fd = parent, .events = POLLIN } };

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return !p[0].revents;
}

static int serve(struct ctx *cx, const struct worker_opts *o, int signals,
		 int parent)
{
	struct running r = { 0 };
	struct pollfd done = { .events = POLLIN };
	pthread_t thread;
	int ends[2];

	if (worker_new(cx, o, &r.worker)) {
		fprintf(stderr, "assay-worker: %s\n", cx->error.text);
		return EXIT_FAILED;
	}
	CHECK(pipe(ends) == 0);
	r.done = ends[1];
	done.fd = ends[0];
	CHECK(pthread_create(&thread, NULL, run, &r) == 0);
	if (wait_for_end(signals, parent)) {
		/* Nobody is left who would take a result. */
		log_event(cx->log, LOG_WARN, "parent_gone", LINT("fd", parent));
		return EXIT_UNCLEAN;
	}
	worker_stop(r.worker);
	alarm((unsigned)(o->drain_ms / 1000) + LAST_RESORT_S);
	while (poll(&done, 1, -1) < 0 && errno == EINTR)
		;
	return r.clean ? EXIT_FINE : EXIT_UNCLEAN;
}

/* Before any thread, so that all of them have it. */
static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int start(struct ctx *cx, const struct args *a, int signals)
{
	struct place place = { 0 };
	struct worker_opts o;
	enum log_level least;
	int level;
	enum err e = worker_config_check(cx, &a->config, a->parent >= 0, &level,
					 &least);

	if (!e)
		e = make_opts(cx, a, &place, &o);
	if (e) {
		fprintf(stderr, "assay-worker: %s\n", cx->error.text);
		return EXIT_USAGE;
	}
	o.level = level;
	cx->log = log_new(STDERR_FILENO, least, cx->clock);
	return serve(cx, &o, signals, a->parent);
}

int main(int argc, char **argv)
{
	struct ctx cx = { .arena = arena_new(16384),
			  .clock = &clock_system,
			  .rng = rng_system() };
	struct args a = { 0 };
	int code = EXIT_USAGE, signals = block_signals();

	if (sodium_init() < 0)
		return EXIT_FAILED;
	if (read_args(&cx, argc, argv, &a))
		fprintf(stderr, "assay-worker: %s\n", cx.error.text);
	else
		code = a.only_print ? EXIT_FINE : start(&cx, &a, signals);
	/* What a process had ends with it, its boxes too. */
	fflush(NULL);
	_exit(code);
}
