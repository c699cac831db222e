#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include "base/str.h"
#include "tests/support/check.h"

enum { MOST = 4096 }; /* bytes of a line */

struct fixture {
	struct clock_manual clock;
	struct log *log;
	int fd;
	char text[1 << 20];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	clock_manual_init(&f->clock, 1000);
	f->fd = memfd_create("log", 0);
	assert_true(f->fd >= 0);
	/* A memfd, unlike a file, has no lock on its position. */
	assert_int_equal(fcntl(f->fd, F_SETFL, O_APPEND), 0);
	f->log = log_new(f->fd, LOG_INFO, &f->clock.clock);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	log_free(f->log);
	close(f->fd);
	free(f);
	return 0;
}

/* All that was logged so far. */
static struct str logged(struct fixture *f)
{
	ssize_t n = pread(f->fd, f->text, sizeof(f->text) - 1, 0);

	assert_true(n >= 0);
	f->text[n] = 0;
	return (struct str){ f->text, (size_t)n };
}

static void an_event_is_one_line_of_json(void **state)
{
	struct fixture *f = *state;

	log_event(f->log, LOG_INFO, "server_ready", LINT("pid", -12),
		  LZ("url", "ipc:///x"), LBOOL("tls", false),
		  LSTR("who", STR("ab")), LZ("gone", NULL));
	log_event(f->log, LOG_ERROR, "bare");
	logged(f);
	assert_string_equal(
		f->text,
		"{\"t\":\"1970-01-01T00:00:01.000Z\",\"level\":\"info\","
		"\"event\":\"server_ready\",\"pid\":-12,\"url\":\"ipc:///x\","
		"\"tls\":false,\"who\":\"ab\",\"gone\":null}\n"
		"{\"t\":\"1970-01-01T00:00:01.000Z\",\"level\":\"error\","
		"\"event\":\"bare\"}\n");
}

static void events_below_the_level_are_not_written(void **state)
{
	struct fixture *f = *state;

	log_event(f->log, LOG_DEBUG, "quiet");
	assert_int_equal(logged(f).n, 0);
	log_event(f->log, LOG_WARN, "loud");
	assert_true(logged(f).n > 0);
}

static void no_log_is_a_quiet_log(void **state)
{
	(void)state;
	log_event(NULL, LOG_ERROR, "nobody_hears", LINT("x", 1));
	log_free(NULL);
}

static void no_string_can_break_its_line(void **state)
{
	struct fixture *f = *state;

	log_event(f->log, LOG_INFO, "e",
		  LSTR("s", STR("a\"b\\c\n\x01\0\x7f\xc3\xa9")));
	assert_true(str_find(logged(f),
			     STR("\"s\":\"a\\\"b\\\\c\\u000a\\u0001\\u0000"
				 "\x7f\xc3\xa9\"}\n"),
			     0) != SIZE_MAX);
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	struct fixture *f = *state;

	log_event(f->log, LOG_INFO, "e", LSTR("s", STR("\xff\xc3(\xe2\x82")));
	assert_true(str_find(logged(f),
			     STR("\"s\":\"\\ufffd\\ufffd(\\ufffd\\ufffd\"}"),
			     0) != SIZE_MAX);
}

static void a_long_string_keeps_its_beginning_and_says_so(void **state)
{
	struct fixture *f = *state;
	static char text[3 * MOST];
	struct str all;

	memset(text, 'x', sizeof(text));
	log_event(f->log, LOG_INFO, "e",
		  LSTR("s", ((struct str){ text, sizeof(text) })),
		  LINT("after", 1));
	all = logged(f);
	assert_int_equal(all.n, MOST);
	assert_true(str_ends(all, "xxx\",\"cut\":true}\n"));
}

/* Every place for the end of the room: in names, in escapes, in numbers. */
static void a_line_of_any_length_is_whole_and_within_4_kib(void **state)
{
	struct fixture *f = *state;
	static char text[MOST];

	memset(text, 'x', sizeof(text));
	for (size_t n = MOST - 250; n < MOST; n++) {
		struct str all, s = { text, n };
		bool cut;

		assert_int_equal(ftruncate(f->fd, 0), 0);
		assert_int_equal(lseek(f->fd, 0, SEEK_SET), 0);
		log_event(f->log, LOG_INFO, "e", LSTR("a", s),
			  LINT("number", INT64_MIN),
			  LZ("odd", "\n\"\xc3\xa9\xff"), LBOOL("b", true));
		all = logged(f);
		assert_true(all.n <= MOST);
		assert_true(str_utf8_ok(all));
		cut = str_ends(all, "\",\"cut\":true}\n") ||
		      str_ends(all, ":-9223372036854775808,\"cut\":true}\n");
		assert_true(cut != str_ends(all, ",\"b\":true}\n"));
	}
}

static void logging_leaves_errno_alone(void **state)
{
	struct fixture *f = *state;
	struct log *broken = log_new(-1, LOG_INFO, &f->clock.clock);

	errno = ENOENT;
	log_event(broken, LOG_INFO, "lost");
	assert_int_equal(errno, ENOENT);
	log_free(broken);
}

enum { THREADS = 4, LINES = 100 };

static void *log_much(void *arg)
{
	struct fixture *f = arg;
	static const char text[500] = "";

	for (int i = 0; i < LINES; i++)
		log_event(f->log, LOG_INFO, "e", LINT("i", i),
			  LSTR("s", ((struct str){ text, 300 })));
	return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[THREADS];
	struct str rest, line;
	int lines = 0;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_much, f),
				 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	rest = logged(f);
	while (str_split(&rest, '\n', &line) && line.n > 0) {
		assert_true(str_starts(line, "{\"t\":\""));
		assert_true(str_ends(line, "\\u0000\"}"));
		lines++;
	}
	assert_int_equal(lines, THREADS * LINES);
}

static void levels_are_read_by_their_words(void **state)
{
	enum log_level level = LOG_DEBUG;

	(void)state;
	assert_true(log_level_parse(STR("warn"), &level));
	assert_int_equal(level, LOG_WARN);
	assert_true(log_level_parse(STR("debug"), &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_false(log_level_parse(STR("WARN"), &level));
	assert_false(log_level_parse(STR(""), &level));
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOG(an_event_is_one_line_of_json),
		WITH_LOG(events_below_the_level_are_not_written),
		cmocka_unit_test(no_log_is_a_quiet_log),
		WITH_LOG(no_string_can_break_its_line),
		WITH_LOG(bytes_that_are_not_utf8_are_replaced),
		WITH_LOG(a_long_string_keeps_its_beginning_and_says_so),
		WITH_LOG(a_line_of_any_length_is_whole_and_within_4_kib),
		WITH_LOG(logging_leaves_errno_alone),
		WITH_LOG(lines_of_several_threads_do_not_mix),
		cmocka_unit_test(levels_are_read_by_their_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
