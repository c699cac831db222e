/*
 * A person at a terminal: the program in a pseudo terminal against a server in
 * a process of its own. The person's lines are sent when what they answer to
 * has appeared; nothing waits for the clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "cli_world.h"
#include "engine/auth/sign.h"
#include "engine/server.h"

enum { PATIENCE_MS = 30000, SCREEN = 1 << 20 };

struct stage {
	struct world *w;
	pid_t server, person;
	int terminal;
	char *screen;	/* all that was shown */
	size_t n, seen; /* seen: what a test has dealt with */
	char url[128], *admin, *token;
};

/* ---- the server ---- */

static void open_server(struct stage *s, struct ctx *cx, struct server **out)
{
	static struct config config;
	const struct server_opts o = { .config = &config,
				       .clock = &clock_system,
				       .rng = rng_system(),
				       .threaded = true };

	*cx = (struct ctx){ .arena = arena_new(65536),
			    .clock = &clock_system,
			    .rng = rng_system() };
	config_defaults(&config);
	config.data = str_fmt(cx->arena, "%s/data", s->w->folder);
	config.listen = str_of(s->url);
	config.feed = STR("none");
	if (server_open(cx, &o, out)) {
		fprintf(stderr, "%s\n", cx->error.text);
		_exit(1);
	}
}

/* In a process of its own: the first organization and its key. */
static void init(struct stage *s)
{
	struct server_init made = { .organization = STR("Test") };
	struct server *server;
	struct ctx cx;
	FILE *f;

	open_server(s, &cx, &server);
	f = fopen(s->admin, "w");
	if (!f || server_init(&cx, server, &made))
		_exit(1);
	fprintf(f, "%.*s\n", STR_FMT(made.key));
	fclose(f);
	_exit(0);
}

static void serve(struct stage *s, int ready)
{
	struct server *server;
	struct ctx cx;

	open_server(s, &cx, &server);
	if (server_listen(&cx, server) || write(ready, "r", 1) != 1) {
		fprintf(stderr, "%s\n", cx.error.text);
		_exit(1);
	}
	for (;;)
		pause();
}

static void server_init_once(struct stage *s)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		init(s);
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

static void server_up(struct stage *s)
{
	int ready[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	s->server = fork();
	assert_true(s->server >= 0);
	if (s->server == 0)
		serve(s, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
}

static void server_down(struct stage *s)
{
	if (s->server > 0) {
		kill(s->server, SIGKILL);
		waitpid(s->server, NULL, 0);
	}
	s->server = 0;
}

/* ---- the person ---- */

static void person_begins(struct stage *s, ...)
{
	struct winsize size = { 24, 80, 0, 0 };
	char *argv[40];
	int argc = 0;
	va_list ap;

	va_start(ap, s);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	fflush(NULL);
	s->n = s->seen = 0;
	s->screen[0] = 0;
	s->person = forkpty(&s->terminal, NULL, NULL, &size);
	assert_true(s->person >= 0);
	if (s->person == 0) {
		struct cli c = s->w->c;

		c.cx->clock = &clock_system;
		c.cx->rng = rng_system();
		c.in = stdin;
		c.out = stdout;
		c.err = stderr;
		c.in_is_terminal = c.out_is_terminal = true;
		_exit(cli_main(&c, argc, argv));
	}
}

/* Reads until text appears behind what was seen; false at the end. */
static bool wait_for(struct stage *s, const char *text)
{
	struct pollfd p = { .fd = s->terminal, .events = POLLIN };

	for (;;) {
		char *at = strstr(s->screen + s->seen, text);
		ssize_t n;

		if (at) {
			s->seen = (size_t)(at - s->screen) + strlen(text);
			return true;
		}
		if (s->n + 1 >= SCREEN || poll(&p, 1, PATIENCE_MS) != 1)
			return false;
		n = read(s->terminal, s->screen + s->n, SCREEN - s->n - 1);
		if (n <= 0)
			return false;
		s->n += (size_t)n;
		s->screen[s->n] = 0;
	}
}

#define SEE(text)                                                              \
	do {                                                                   \
		if (!wait_for(s, text))                                        \
			fail_msg("did not see \"%s\" in:\n%s", text,           \
				 s->screen);                                   \
	} while (0)

static void type(struct stage *s, const char *line)
{
	assert_int_equal(write(s->terminal, line, strlen(line)), strlen(line));
	assert_int_equal(write(s->terminal, "\n", 1), 1);
}

/* The prompt of question n. */
#define ASKED(n) SEE("[" n "/3")

static int person_ends(struct stage *s)
{
	int status = 0;

	while (wait_for(s, "\x01 never shown"))
		;
	assert_int_equal(waitpid(s->person, &status, 0), s->person);
	close(s->terminal);
	s->person = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- the world around ---- */

static const char quiz[] =
	"{\"assay\":1,\"course\":\"c\",\"slug\":\"%s\",\"title\":\"Quiz\","
	"\"policy\":{%s},\"items\":["
	"{\"id\":\"a\",\"type\":\"choice\",\"stem\":\"<p>First</p>\","
	"\"stem_format\":\"html\",\"mark\":1,\"choices\":[{\"text\":\"good\","
	"\"fraction\":1},{\"text\":\"bad\",\"fraction\":0}]},"
	"{\"id\":\"b\",\"type\":\"short\",\"stem\":\"Second\",\"mark\":1,"
	"\"answers\":[{\"text\":\"frog\",\"fraction\":1}]},"
	"{\"id\":\"c\",\"type\":\"essay\",\"stem\":\"Third\",\"mark\":2}]}";

/* As the administrator, from this process. */
static int admin(struct stage *s, const char *noun, const char *verb,
		 const char *flag, const char *value, const char *flag2,
		 const char *value2)
{
	return world_run(s->w, noun, verb, "--url", s->url, "--token-file",
			 s->admin, flag, value, flag2, value2, NULL);
}

static void publish(struct stage *s, const char *slug, const char *policy)
{
	struct str text;
	char *path;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	text = str_fmt(s->w->cx.arena, quiz, slug, policy);
#pragma GCC diagnostic pop
	path = world_file(s->w, "quiz.json", text.p);
	assert_int_equal(
		admin(s, "assessment", "publish", "--bytes", path, NULL, NULL),
		CLI_FINE);
}

static void make_token(struct stage *s)
{
	char *jwk = world_path(s->w, "k.jwk"), *jwks = world_path(s->w, "j");
	struct str at = str_fmt(s->w->cx.arena, "@%s", jwks);
	const char *audience, *end;

	assert_int_equal(world_run(s->w, "key", "new", "-o", jwk, NULL), 0);
	assert_int_equal(world_run(s->w, "key", "jwks", jwk, "-o", jwks, NULL),
			 0);
	assert_int_equal(world_run(s->w, "issuer", "register", "--url", s->url,
				   "--token-file", s->admin, "--issuer", "i",
				   "--jwks", at.p, "--json", NULL),
			 0);
	audience = strstr(s->w->out, "assay:"); /* made for the tenant */
	assert_non_null(audience);
	end = strchr(audience, '"');
	assert_non_null(end);
	audience =
		str_fmt(s->w->cx.arena, "%.*s", (int)(end - audience), audience)
			.p;
	s->w->cx.clock = &clock_system;
	assert_int_equal(world_run(s->w, "token", jwk, "--issuer", "i",
				   "--audience", audience, "--subject", "ann",
				   "-o", s->token, NULL),
			 0);
}

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	void *w;

	if (!s || world_setup(&w))
		return -1;
	signal(SIGPIPE, SIG_IGN);
	s->w = w;
	s->screen = calloc(1, SCREEN);
	snprintf(s->url, sizeof(s->url), "ipc://%s/s.sock", s->w->folder);
	s->admin = world_path(s->w, "admin.key");
	s->token = world_path(s->w, "token");
	server_init_once(s);
	server_up(s);
	make_token(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;
	void *w = s ? s->w : NULL;

	if (!s)
		return 0; /* the setup has failed */
	server_down(s);
	if (s->person > 0) {
		kill(s->person, SIGKILL);
		waitpid(s->person, NULL, 0);
	}
	free(s->screen);
	world_teardown(&w);
	free(s);
	return 0;
}

#define TAKE(slug, ...)                                                        \
	person_begins(s, "attempt", "take", "--url", s->url, "--token-file",   \
		      s->token, "--timeout", "5s", "--course", "c", "--slug",  \
		      slug, ##__VA_ARGS__, NULL)

/* ---- tests ---- */

static void a_person_takes_an_assessment_from_rules_to_receipt(void **state)
{
	struct stage *s = *state;
	char *receipt = world_path(s->w, "receipt.json");

	publish(s, "whole",
		"\"time_limit_ms\":600000,\"attempts\":1,\"pledge\":\"I work "
		"alone.\",\"password\":\"sesame\",\"pass_mark\":0.625,"
		"\"late\":[{\"until\":\"2099-01-01T00:00:00Z\","
		"\"credit\":80}],\"late_after\":25");
	TAKE("whole", "--receipt", receipt);
	SEE("To pass: 62.5 %");
	SEE("Time limit: 10 min");
	SEE("what you have saved is handed in for you");
	SEE(": 80 % of the grade");
	SEE("Handed in later: 25 % of the grade");
	SEE("I work alone.");
	type(s, "accept");
	SEE("Password: ");
	type(s, "sesame");
	SEE("Start now?");
	type(s, "yes");
	SEE("First");
	ASKED("1");
	type(s, "?");
	SEE("leave; the same command goes on later");
	ASKED("1");
	type(s, "a");
	SEE("Saved at");
	ASKED("2");
	type(s, "= list");
	SEE("Saved at");
	ASKED("3");
	type(s, "prev");
	SEE("Your answer:\r\n  list");
	ASKED("2");
	type(s, "frog");
	ASKED("3");
	type(s, "submit");
	SEE("1 of 3 are not answered.");
	SEE("Hand in now?");
	type(s, "no");
	ASKED("3");
	type(s, "It is");
	SEE("| ");
	type(s, "so.");
	type(s, ".");
	SEE("Saved at");
	SEE("All are answered.");
	ASKED("3");
	type(s, "submit");
	SEE("Hand in now?");
	type(s, "yes");
	SEE("The signed receipt is in");
	SEE("It is\r\n  so.");
	assert_int_equal(person_ends(s), CLI_FINE);
	assert_null(strstr(s->screen, "sesame")); /* not echoed */
	assert_int_equal(world_run(s->w, "audit", "head", "--url", s->url,
				   "--json", NULL),
			 0);
	char *key = strstr(s->w->out, "\"key\":\"") + 7;

	key[64] = 0;
	key = (char *)str_z(s->w->cx.arena, str_of(key));
	assert_int_equal(world_run(s->w, "verify", receipt, "--key", key, NULL),
			 0);
	/* The only attempt is used. */
	TAKE("whole");
	assert_int_equal(person_ends(s), CLI_REFUSED);
}

static void quitting_loses_nothing(void **state)
{
	struct stage *s = *state;

	publish(s, "pause", "\"attempts\":0");
	TAKE("pause", "--yes");
	ASKED("1");
	type(s, "b");
	ASKED("2");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
	TAKE("pause");
	SEE("You have begun; going on.");
	SEE("Second");
	ASKED("2");
	type(s, "go 1");
	SEE("*b)  bad");
	type(s, "\x04"); /* the end of input is no hand-in */
	person_ends(s);
	TAKE("pause");
	SEE("You have begun; going on.");
	ASKED("2");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void an_answer_survives_a_server_that_dies(void **state)
{
	struct stage *s = *state;

	publish(s, "crash", "\"attempts\":0");
	TAKE("crash", "--yes", "--tries", "1");
	ASKED("1");
	server_down(s);
	type(s, "a");
	SEE("Enter tries again");
	type(s, "");
	SEE("Enter tries again");
	server_up(s);
	type(s, "");
	SEE("Saved at");
	ASKED("2");
	type(s, "go 1");
	SEE("*a)  good");
	ASKED("1");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static const char *attempt_id(struct stage *s)
{
	const char *at;

	assert_int_equal(world_run(s->w, "attempt", "start", "--url", s->url,
				   "--token-file", s->token, "--course", "c",
				   "--slug", "tabs", "--json", NULL),
			 0);
	at = strstr(s->w->out, "\"attempt\":\"");
	assert_non_null(at);
	return str_z(s->w->cx.arena, (struct str){ at + 11, 36 });
}

static void
what_another_window_answered_is_not_overwritten_unasked(void **state)
{
	struct stage *s = *state;
	const char *id;

	publish(s, "tabs", "\"attempts\":0");
	TAKE("tabs", "--yes");
	ASKED("1");
	id = attempt_id(s);
	assert_int_equal(world_run(s->w, "attempt", "answer", "--url", s->url,
				   "--token-file", s->token, id, "1",
				   "--response", "{\"choice\":\"2\"}", NULL),
			 0);
	type(s, "a");
	SEE("answered elsewhere");
	SEE("b) bad");
	type(s, "no");
	ASKED("1");
	type(s, "show");
	SEE("*b)  bad");
	ASKED("1");
	type(s, "a");
	SEE("Saved at");
	ASKED("2");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void a_check_shows_feedback_at_once(void **state)
{
	struct stage *s = *state;

	publish(s, "checks",
		"\"attempts\":0,\"behaviour\":\"immediate_feedback\","
		"\"review\":{\"during\":[\"correctness\",\"marks\"]}");
	TAKE("checks", "--yes");
	ASKED("1");
	type(s, "b");
	SEE("`check` scores it now.");
	ASKED("1");
	type(s, "check");
	SEE("Wrong.");
	ASKED("1");
	type(s, "a");
	SEE("Not saved:");
	ASKED("1");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void when_time_is_up_the_server_says_so(void **state)
{
	struct stage *s = *state;

	publish(s, "short",
		"\"attempts\":0,\"time_limit_ms\":1500,\"network_grace_ms\":0");
	TAKE("short", "--yes");
	ASKED("1");
	type(s, "a");
	SEE("Saved at");
	/* The sweep hands it in: seen by the state, not by a sleep here. */
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(admin(s, "attempt", "list", "--course", "c",
				       "--json", "--slug=short"),
				 0);
		if (!strstr(s->w->out, "\"state\":\"active\""))
			break;
	}
	type(s, "frog");
	SEE("Handed in at");
	SEE("*a)  good");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void who_may_not_start_is_told_why(void **state)
{
	struct stage *s = *state;

	publish(s, "later", "\"opens_at\":\"2199-01-01T00:00:00Z\"");
	TAKE("later");
	SEE("Opens:");
	SEE("Again at:");
	assert_int_equal(person_ends(s), CLI_REFUSED);
	TAKE("absent");
	assert_int_equal(person_ends(s), CLI_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_person_takes_an_assessment_from_rules_to_receipt),
		cmocka_unit_test(quitting_loses_nothing),
		cmocka_unit_test(an_answer_survives_a_server_that_dies),
		cmocka_unit_test(
			what_another_window_answered_is_not_overwritten_unasked),
		cmocka_unit_test(a_check_shows_feedback_at_once),
		cmocka_unit_test(when_time_is_up_the_server_says_so),
		cmocka_unit_test(who_may_not_start_is_told_why),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
