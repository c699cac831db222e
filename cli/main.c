/* assay: the command line. Everything is in cli_main and the verbs' files. */
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "engine/methods.h"
#include "engine/worker/worker_boxes.h"

enum { COLUMNS = 80, COLUMNS_MOST = 120 };

static const char *env(const char *name)
{
	const char *z = getenv(name);

	return z && *z ? z : NULL;
}

static void wait_for(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) != 0)
		;
}

static enum err runs_open(struct ctx *cx, struct worker_runs *out)
{
	return worker_boxes_open(
		cx, &(struct worker_boxes){ .program = env("ASSAY_BOX") }, out);
}

/* Long lines are hard to read, so a wide terminal is not filled. */
static int columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return COLUMNS;
	return size.ws_col < COLUMNS_MOST ? size.ws_col : COLUMNS_MOST;
}

int main(int argc, char **argv)
{
	struct ctx cx = { .arena = arena_new(65536),
			  .clock = &clock_system,
			  .rng = rng_system() };
	struct cli c = { .cx = &cx,
			 .in = stdin,
			 .out = stdout,
			 .err = stderr,
			 .in_is_terminal = isatty(STDIN_FILENO),
			 .out_is_terminal = isatty(STDOUT_FILENO),
			 .err_is_terminal = isatty(STDERR_FILENO),
			 .columns = columns(),
			 .methods = &all_methods,
			 .env = env,
			 .wait = wait_for,
			 .runs_open = runs_open,
			 .runs_close = worker_boxes_close,
			 .stmts = all_stmts,
			 .migrations = all_migrations,
			 .checks = all_checks };
	int code;

	if (sodium_init() < 0)
		return CLI_FAILED;
	setlocale(LC_CTYPE, "C.UTF-8"); /* widths of characters; see wrap.h */
	signal(SIGPIPE, SIG_IGN);
	code = cli_main(&c, argc - 1, argv + 1);
	/* nng's threads may still be there, and its close may hang. */
	fflush(NULL);
	_exit(code);
}
