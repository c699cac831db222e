/*
 * assayd: reads the settings, opens the server, waits for a signal, stops.
 */
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "engine/local_worker.h"
#include "engine/methods.h"
#include "engine/notify.h"
#include "engine/rpc/version.h"
#include "engine/server.h"

extern char **environ;

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_SERVER = 3, LAST_RESORT_S = 30 };

enum verb {
	VERB_RUN,
	VERB_INIT,
	VERB_CHECK,
	VERB_CONFIG,
	VERB_MANUAL,
	VERB_OPTIONS
};

struct args {
	struct config config;
	enum verb verb;
	struct str organization;
	const char *key_file;
};

static void usage(FILE *f)
{
	struct buf b = { 0 };

	fputs("usage: assayd [--config FILE] [--SETTING VALUE]…\n"
	      "       assayd init --organization NAME [--key-file FILE] "
	      "[--SETTING VALUE]…\n"
	      "       assayd --check-config | --print-config | "
	      "--print-manual | --version\n\n"
	      "The server of Assay. init makes the first organization and "
	      "prints its\nadministrator's API key, once. Settings:\n\n",
	      f);
	setting_help(&config_settings, &b);
	fwrite(b.p, 1, b.n, f);
	buf_done(&b);
}

static void print(void (*fill)(struct buf *b))
{
	struct buf b = { 0 };

	fill(&b);
	fwrite(b.p, 1, b.n, stdout);
	buf_done(&b);
}

static void print_example(struct buf *b)
{
	setting_example(&config_settings, b);
}

static void print_options(struct buf *b)
{
	setting_manual(&config_settings, b);
}

static void print_methods(struct buf *b)
{
	rpc_manual(b, &all_methods);
}

/* A word that stands alone; true if it was one. */
static bool take_word(struct args *a, const char *word)
{
	static const struct {
		const char *word;
		enum verb verb;
	} words[] = {
		{ "init", VERB_INIT },
		{ "--check-config", VERB_CHECK },
		{ "--print-config", VERB_CONFIG },
		{ "--print-manual", VERB_MANUAL },
		{ "--print-options", VERB_OPTIONS },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0) {
			a->verb = words[i].verb;
			return true;
		}
	if (strcmp(word, "--help") == 0) {
		usage(stdout);
		exit(0);
	}
	if (strcmp(word, "--version") == 0) {
		puts("assayd " ASSAY_VERSION);
		exit(0);
	}
	return false;
}

static enum err take_pair(struct ctx *cx, struct args *a, const char *name,
			  const char *value)
{
	if (strcmp(name, "--organization") == 0) {
		a->organization = str_of(value);
		return OK;
	}
	if (strcmp(name, "--key-file") == 0) {
		a->key_file = value;
		return OK;
	}
	if (strcmp(name, "--config") == 0)
		return OK; /* read before */
	return setting_flag(cx, &config_settings, &a->config, name, value);
}

static bool is_print(enum verb v)
{
	return v == VERB_CONFIG || v == VERB_MANUAL || v == VERB_OPTIONS;
}

/* File, then environment, then flags. */
static enum err read_args(struct ctx *cx, int argc, char **argv, struct args *a)
{
	enum err e = OK;

	config_defaults(&a->config);
	for (int i = 1; i + 1 < argc && !e; i++)
		if (strcmp(argv[i], "--config") == 0)
			e = config_file(cx, &a->config, argv[i + 1]);
	if (!e)
		e = setting_env(cx, &config_settings, &a->config,
				(const char *const *)environ);
	for (int i = 1; i < argc && !e; i++) {
		if (take_word(a, argv[i]))
			continue;
		if (argv[i][0] != '-')
			return err_set(cx, ERR_INVALID,
				       "%s is no command; assayd --help lists "
				       "them",
				       argv[i]);
		if (i + 1 == argc)
			return err_set(cx, ERR_INVALID, "%s needs a value",
				       argv[i]);
		e = take_pair(cx, a, argv[i], argv[i + 1]);
		i++;
	}
	return e || is_print(a->verb) ? e : config_check(cx, &a->config);
}

static int complain(const struct ctx *cx, int code)
{
	fprintf(stderr, "assayd: %s\n", cx->error.text);
	return code;
}

/* A setting's name as its variable has it. */
struct upper {
	char text[64];
};

static struct upper upper(const char *name)
{
	struct upper u = { "" };

	for (size_t i = 0; name[i] && i + 1 < sizeof(u.text); i++)
		u.text[i] = (char)toupper((unsigned char)name[i]);
	return u;
}

/* Misspelt settings of the environment: told, since they change nothing. */
static void tell_strays(struct log *log)
{
	const char *nearest;

	for (char **p = environ; *p; p++) {
		int n = (int)strcspn(*p, "=");

		if (!config_stray(*p, &nearest))
			continue;
		if (log)
			log_event(log, LOG_WARN, "setting_unknown",
				  LSTR("variable",
				       ((struct str){ *p, (size_t)n })),
				  LZ("nearest", nearest ? nearest : ""));
		else
			fprintf(stderr,
				"assayd: warning: %.*s is no setting's%s%s%s\n",
				n, *p, nearest ? "; was ASSAY_" : "",
				nearest ? upper(nearest).text : "",
				nearest ? " meant?" : "");
	}
}

static int check(struct ctx *cx, const struct args *a)
{
	const char *data = str_z(cx->arena, a->config.data);

	tell_strays(NULL);
	/* A folder that is not there will be made. */
	if (access(data, F_OK) == 0 && config_check_data(cx, data))
		return complain(cx, EXIT_USAGE);
	puts("the settings are fine");
	return 0;
}

static enum err keep_key(struct ctx *cx, const char *path, struct str key)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return err_set(cx, ERR_INVALID, "cannot make %s (%m)", path);
	good = write(fd, key.p, key.n) == (ssize_t)key.n &&
	       write(fd, "\n", 1) == 1;
	good = close(fd) == 0 && good;
	return good ? OK
		    : err_set(cx, ERR_INVALID, "cannot write %s (%m)", path);
}

static int run_init(struct ctx *cx, struct server *s, const struct args *a)
{
	struct server_init io = { .organization = a->organization };
	char id[ID_TEXT + 1];
	enum err e;

	if (!io.organization.n) {
		fputs("assayd: init needs --organization NAME\n", stderr);
		return EXIT_USAGE;
	}
	if (a->key_file && access(a->key_file, F_OK) == 0) {
		fprintf(stderr, "assayd: %s exists already\n", a->key_file);
		return EXIT_REFUSED;
	}
	e = server_init(cx, s, &io);
	if (!e && a->key_file)
		e = keep_key(cx, a->key_file, io.key);
	if (e)
		return complain(cx,
				e == ERR_CONFLICT ? EXIT_REFUSED : EXIT_SERVER);
	id_text(&io.id, id);
	printf("organization %s\n", id);
	if (a->key_file)
		printf("key          in %s (readable by you alone)\n",
		       a->key_file);
	else
		printf("key          %.*s\n             (shown this once; keep "
		       "it safe)\n",
		       STR_FMT(io.key));
	return 0;
}

/* Descriptors run out: as if told to stop, and somebody starts us again. */
static void exhausted(void *arg)
{
	(void)arg;
	kill(getpid(), SIGTERM);
}

/* NULL: none is wanted, or there is no socket for it. */
static struct local_worker *make_worker(struct ctx *cx, struct server *s,
					const struct config *c)
{
	struct str url = local_worker_url(server_urls(s));
	const struct local_worker_opts o = {
		.program = local_worker_program(cx->arena),
		.url = url,
		.content_roots = c->content_roots,
		.box_level = c->box_level,
		.log_level = c->log_level,
		.drain_ms = c->drain_ms / 2, /* the server needs the rest */
		.auth = server_app(s)->auth,
		.clock = cx->clock,
		.log = cx->log,
	};

	if (!str_is(c->worker, "local"))
		return NULL;
	if (!url.p || access(o.program, X_OK)) {
		log_event(cx->log, LOG_WARN, "local_worker_missing",
			  LZ("program", o.program),
			  LBOOL("has_ipc", url.p != NULL));
		return NULL;
	}
	return local_worker_new(&o);
}

/* Until a signal comes: its number. */
static int64_t look_after(struct local_worker *w, int signals)
{
	struct signalfd_siginfo got;

	for (;;) {
		struct pollfd p[] = { { .fd = signals, .events = POLLIN },
				      { .fd = -1, .events = POLLIN } };
		int pause = -1;

		if (w) {
			local_worker_tick(w);
			p[1].fd = local_worker_fd(w);
			pause = (int)local_worker_pause_ms(w);
		}
		if (poll(p, 2, pause) > 0 && p[0].revents &&
		    read(signals, &got, sizeof(got)) == sizeof(got))
			return got.ssi_signo;
	}
}

static int serve(struct ctx *cx, struct server *s, const struct config *c,
		 int signals)
{
	struct local_worker *worker;
	int64_t signal;
	struct str urls;
	bool clean;
	enum err e = server_listen(cx, s);

	if (e)
		return complain(cx, EXIT_SERVER);
	urls = server_urls(s);
	log_event(cx->log, LOG_INFO, "server_ready", LSTR("listen", urls),
		  LINT("pid", getpid()), LZ("version", ASSAY_VERSION));
	notify_state("READY=1");
	worker = make_worker(cx, s, c);
	signal = look_after(worker, signals);
	notify_state("STOPPING=1");
	log_event(cx->log, LOG_INFO, "server_stopping", LINT("signal", signal));
	alarm(LAST_RESORT_S);
	if (worker)
		local_worker_stop(worker);
	clean = server_stop(s);
	log_event(cx->log, LOG_INFO, "server_stopped", LBOOL("clean", clean));
	return clean ? 0 : EXIT_SERVER;
}

/*
 * Before any thread starts, so that all of them inherit it; checking a
 * certificate starts nng's.
 */
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

static int run(struct ctx *cx, const struct args *a, int signals)
{
	struct server_opts o = { .config = &a->config,
				 .clock = cx->clock,
				 .steady =
					 (const struct clock_steady *)cx->clock,
				 .rng = cx->rng,
				 .log = cx->log,
				 .threaded = true,
				 .exhausted = exhausted };
	struct config quiet = a->config;
	struct server *s;

	if (a->verb == VERB_INIT) { /* nobody listens to it */
		quiet.feed = STR("none");
		o.config = &quiet;
	}
	if (server_open(cx, &o, &s))
		return complain(cx, EXIT_SERVER);
	return a->verb == VERB_INIT ? run_init(cx, s, a)
				    : serve(cx, s, &a->config, signals);
}

static void clock_stepped(void *arg, int64_t by_ms)
{
	struct log *const *log = arg;

	log_event(*log, LOG_ERROR, "clock_stepped", LINT("by_ms", by_ms));
}

int main(int argc, char **argv)
{
	struct clock_steady steady;
	struct ctx cx = { .arena = arena_new(16384),
			  .clock = &clock_system,
			  .rng = rng_system() };
	struct args a = { 0 };
	enum log_level least = LOG_INFO;
	int code = 0, signals = block_signals();

	if (sodium_init() < 0)
		return EXIT_SERVER;
	if (read_args(&cx, argc, argv, &a)) {
		code = complain(&cx, EXIT_USAGE);
		fflush(NULL);
		_exit(code); /* as below: what a process had ends with it */
	}
	log_level_parse(a.config.log_level, &least);
	cx.log = log_new(STDERR_FILENO, least, cx.clock);
	clock_steady_init(&steady, &clock_boot, clock_stepped, &cx.log);
	cx.clock = &steady.clock;
	switch (a.verb) {
	case VERB_CHECK:
		code = check(&cx, &a);
		break;
	case VERB_CONFIG:
		print(print_example);
		break;
	case VERB_MANUAL:
		print(print_methods);
		break;
	case VERB_OPTIONS:
		print(print_options);
		break;
	case VERB_INIT:
	case VERB_RUN:
		tell_strays(cx.log);
		code = run(&cx, &a, signals);
		break;
	}
	/* nng's threads are still there and its close may hang: see front.h. */
	fflush(NULL);
	_exit(code);
}
