/*
 * Files that `assay peer` takes, as the program reads them: an allocation to
 * check ('a' first), anchors beside scores ('e'), pairs that may not meet
 * ('c'). Any bytes give one of its exit codes, and a sentence when it is not 0.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "cli/cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char scores[] = "artifact,reviewer,score\n"
			     "a,x,1\na,y,2\nb,x,3\nb,y,3\nc,y,4\nc,z,5\n";

static const char *env(const char *name)
{
	(void)name;
	return NULL;
}

/* A path under which the bytes are read. */
static int file_of(const void *bytes, size_t n, char *path, size_t room)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	snprintf(path, room, "/proc/self/fd/%d", fd);
	return fd;
}

static void run(char **argv, int argc)
{
	static const struct rpc_method *const none[] = { NULL };
	static const struct rpc_table methods = { none };
	struct rng_seeded rng;
	char *said = NULL;
	size_t n = 0;
	struct ctx cx = { .arena = arena_new(65536),
			  .clock = &clock_system,
			  .rng = &rng.rng };
	struct cli c = { .cx = &cx,
			 .in = stdin,
			 .out = fopen("/dev/null", "w"),
			 .err = open_memstream(&said, &n),
			 .columns = 80,
			 .methods = &methods,
			 .env = env };
	int code;

	rng_seeded_from(&rng, 1);
	code = cli_main(&c, argc, argv);
	fclose(c.out);
	fclose(c.err);
	CHECK(code >= CLI_FINE && code <= CLI_REFUSED);
	CHECK(code == CLI_FINE || n > 0);
	free(said);
	arena_free(cx.arena);
}

/* argv may be written to: words are copied. */
static void words(const char *const *word)
{
	char text[16][64], *argv[17] = { 0 };
	int n = 0;

	for (; word[n]; n++) {
		snprintf(text[n], sizeof(text[n]), "%s", word[n]);
		argv[n] = text[n];
	}
	run(argv, n);
}
#define RUN(...) words((const char *[]){ __VA_ARGS__, NULL })

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[40], table[40];
	int fd, other;

	if (!size)
		return 0;
	fd = file_of(data + 1, size - 1, path, sizeof(path));
	other = file_of(scores, sizeof(scores) - 1, table, sizeof(table));
	if (data[0] == 'a')
		RUN("peer", "allocate", "--check", path);
	else if (data[0] == 'e')
		RUN("peer", "estimate", table, "--anchors", path);
	else
		RUN("peer", "allocate", "--reviewers", "9", "--per", "2",
		    "--seed", "1", "--conflicts", path);
	close(fd);
	close(other);
	return 0;
}
