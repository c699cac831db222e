/* Verbs, help, manual and completion come from the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/connect.h"
#include "cli/help.h"
#include "cli/online.h"
#include "cli/params.h"
#include "cli_world.h"
#include "engine/rpc/version.h"

struct thing {
	bool on;
	int64_t n, wait_ms, at;
	struct dec d;
	struct str text, any, bytes;
	struct id id;
	int word;
	uint32_t set;
	struct list names;
};
static const char *const words[] = { "red", "green", NULL };
#define T struct thing
static const struct field thing_fields[] = {
	FIELD(T, id, KIND_ID, "which"),
	FIELD_OPT(T, on, KIND_BOOL, ""),
	FIELD_OPT(T, n, KIND_INT, ""),
	FIELD_OPT(T, wait_ms, KIND_INT, ""),
	FIELD_OPT(T, at, KIND_TIME, ""),
	FIELD_OPT(T, d, KIND_DEC, ""),
	FIELD_OPT(T, text, KIND_STR, ""),
	FIELD_OPT(T, any, KIND_RAW, ""),
	FIELD_OPT(T, bytes, KIND_BYTES, ""),
	FIELD_OPT(T, word, KIND_ENUM, "", .words = words),
	FIELD_OPT(T, set, KIND_FLAGS, "", .words = words),
	FIELD_OPT(T, names, KIND_LIST, "", .of = KIND_STR),
	FIELD_END,
};
#undef T
static const struct shape thing_shape = SHAPE(struct thing, thing_fields);
#define AN_ID "0198f3a0-0000-7000-8000-000000000001"

/* The params of these words; "" if they are refused. */
static const char *build(struct world *w, ...)
{
	const struct flag *tables[] = { params_flags(&w->cx, &thing_shape),
					NULL };
	char *argv[40];
	struct thing out;
	struct args a;
	struct str json;
	int argc = 0;
	va_list ap;

	va_start(ap, w);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	if (args_read(&w->cx, tables, argc, argv, &a) ||
	    params_build(&w->c, &thing_shape, &a, &json))
		return "";
	/* What is built, the server takes. */
	assert_int_equal(field_decode_text(&w->cx, json, &thing_shape, &out),
			 OK);
	return str_z(w->cx.arena, json);
}

#define BUILD(want, ...)                                                       \
	assert_string_equal(build(*state, AN_ID, __VA_ARGS__, NULL),           \
			    "{\"id\":\"" AN_ID "\"," want "}")
#define REFUSED(...)                                                           \
	assert_string_equal(build(*state, AN_ID, __VA_ARGS__, NULL), "")

static void each_kind_has_its_flag(void **state)
{
	BUILD("\"on\":true", "--on");
	BUILD("\"on\":false", "--no-on");
	BUILD("\"n\":-5", "--n", "-5");
	BUILD("\"wait_ms\":5400000", "--wait-ms", "90m");
	BUILD("\"d\":0.5", "--d", "0.50");
	BUILD("\"text\":\"a\\\"b,c\"", "--text", "a\"b,c");
	BUILD("\"any\":{\"x\": 1}", "--any", "{\"x\": 1}");
	BUILD("\"word\":\"green\"", "--word", "green");
	BUILD("\"set\":[\"red\",\"green\"]", "--set", "red,green");
	BUILD("\"names\":[\"a\",\"b\",\"c\"]", "--names", "a,b", "--names",
	      "c");
	BUILD("\"names\":[\"a,b\"]", "--names", "[\"a,b\"]");
}

static void times_are_absolute_local_or_from_now(void **state)
{
	BUILD("\"at\":\"2026-01-02T03:04:05.000Z\"", "--at",
	      "2026-01-02T03:04:05Z");
	BUILD("\"at\":\"2026-01-02T03:04:00.000Z\"", "--at",
	      "2026-01-02 03:04");
	BUILD("\"at\":\"2026-01-02T17:04:05.000Z\"", "--at", "+2h");
	BUILD("\"at\":\"2026-01-01T15:04:05.000Z\"", "--at", "-1d");
}

static void values_may_stand_in_files(void **state)
{
	struct world *w = *state;
	char *path = world_file(w, "v.json", "{\"y\":2}\n");

	BUILD("\"any\":{\"y\":2}", "--any",
	      (char *)str_fmt(w->cx.arena, "@%s", path).p);
	BUILD("\"bytes\":\"eyJ5IjoyfQo=\"", "--bytes",
	      (char *)str_fmt(w->cx.arena, "@%s", path).p);
	REFUSED("--any", "@/nowhere/at/all");
}

static void what_does_not_fit_its_kind_is_refused_here(void **state)
{
	REFUSED("--n", "x");
	REFUSED("--wait-ms", "5 years");
	REFUSED("--d", "1,5");
	REFUSED("--any", "{");
	REFUSED("--word", "blue");
	REFUSED("--set", "red,blue");
	REFUSED("--at", "tomorrow");
	REFUSED("one word too many");
	assert_string_equal(build(*state, NULL), "");
	assert_string_equal(build(*state, "--id", "x", NULL), "");
}

/* ---- the tables ---- */

static bool in_table(const struct flag *t, const char *name)
{
	for (; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return true;
	return false;
}

static void no_params_hide_a_flag_of_the_connection(void **state)
{
	const struct rpc_method *m;
	size_t it = 0;

	(void)state;
	while ((m = rpc_each(&all_methods, &it)))
		for (const struct field *f = m->params ? m->params->fields
						       : NULL;
		     f && f->kind; f++)
			if (in_table(connect_flags, f->name) ||
			    in_table(online_flags, f->name) ||
			    in_table(common_flags, f->name))
				fail_msg("%s: --%s has two meanings", m->name,
					 f->name);
}

static void every_method_has_help(void **state)
{
	struct world *w = *state;
	const struct rpc_method *m;
	size_t it = 0;

	while ((m = rpc_each(&all_methods, &it))) {
		struct str noun = online_noun(m), verb = online_verb(m);

		assert_int_equal(world_run(w, "help", m->name, NULL), CLI_FINE);
		assert_has(w->out, "usage: assay ");
		assert_has(w->out, "for: ");
		assert_int_equal(world_run(w, str_z(w->cx.arena, noun),
					   str_z(w->cx.arena, verb), "--help",
					   NULL),
				 CLI_FINE);
		assert_has(w->out, verb_find(noun, verb) ? m->name : "for: ");
		assert_int_equal(w->err_n, 0);
	}
}

static void every_verb_has_help(void **state)
{
	struct world *w = *state;

	for (const struct verb *v = verbs; v->name; v++) {
		int code = v->noun[0] ? world_run(w, v->noun, v->name, "--help",
						  NULL)
				      : world_run(w, v->name, "--help", NULL);

		assert_int_equal(code, CLI_FINE);
		assert_has(w->out, v->name);
	}
	assert_int_equal(world_run(w, "help", "attempt", NULL), CLI_FINE);
	assert_has(w->out, "submit");
	assert_int_equal(world_run(w, "help", "attempt", "start", NULL),
			 CLI_FINE);
	assert_int_equal(world_run(w, "help", NULL), CLI_FINE);
	assert_int_equal(world_run(w, "help", "nothing", NULL), CLI_USAGE);
}

static void with_words_it_is_the_row_by_flags_alone_the_method(void **state)
{
	struct world *w = *state;
	static const char *const none = "ipc:///nonexistent/assay.sock";

	assert_int_equal(world_run(w, "lab", "check", "/nonexistent/d", NULL),
			 CLI_REFUSED);
	assert_has(w->err, "cannot open the folder /nonexistent/d");
	assert_int_equal(world_run(w, "lab", "check", "--language", "c",
				   "--merge", "/nonexistent/d", NULL),
			 CLI_REFUSED);
	assert_has(w->err, "cannot open the folder /nonexistent/d");
	assert_int_equal(world_run(w, "lab", "check", "--session", AN_ID,
				   "--url", none, NULL),
			 CLI_FAILED);
	assert_has(w->err, "no server answers");
	assert_int_equal(world_run(w, "lab", "check", NULL), CLI_USAGE);
	assert_has(w->err, "--session is missing");
	assert_int_equal(world_run(w, "lab", "check", "/d", "--merg", NULL),
			 CLI_USAGE);
	assert_has(w->err, "was --merge meant?");
	assert_int_equal(world_run(w, "lab", "check", "--sesion", "x", NULL),
			 CLI_USAGE);
	assert_has(w->err, "was --session meant?");
}

static void a_wrong_word_is_usage_with_a_hint(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, NULL), CLI_USAGE);
	assert_int_equal(world_run(w, "attemt", "start", NULL), CLI_USAGE);
	assert_has(w->err, "attempt, perhaps?");
	assert_int_equal(world_run(w, "attempt", "strat", NULL), CLI_USAGE);
	assert_has(w->err, "was start meant?");
	assert_int_equal(world_run(w, "attempt", NULL), CLI_USAGE);
	assert_int_equal(world_run(w, "attempt", "submit", NULL), CLI_USAGE);
	assert_has(w->err, "--attempt is missing");
	assert_int_equal(world_run(w, "call", "x.y", "--params", "[]", NULL),
			 CLI_USAGE);
}

static void nobody_there_is_a_failure_below(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, "server", "ping", "--url",
				   "ipc:///nonexistent/assay.sock", NULL),
			 CLI_FAILED);
	assert_has(w->err, "no server answers");
	assert_has(w->err, "--url or ASSAY_URL says where");
	assert_int_equal(world_run(w, "server", "ping", "--token-file",
				   "/nonexistent/token", NULL),
			 CLI_REFUSED);
	assert_has(w->err, "cannot open /nonexistent/token");
	assert_int_equal(world_run(w, "server", "ping", "--json", "--url",
				   "ipc:///nonexistent/assay.sock", NULL),
			 CLI_FAILED);
	assert_has(w->out, "{\"error\":{\"kind\":\"unavailable\"");
	assert_int_equal(
		world_run(w, "server", "ping", "--url", "gopher://x", NULL),
		CLI_USAGE);
}

static void a_token_is_never_printed(void **state)
{
	struct world *w = *state;

	world_run(w, "server", "ping", "--token", "assay_secret_word", "--url",
		  "ipc:///nonexistent/assay.sock", NULL);
	assert_has(w->err, "can be seen by others");
	assert_lacks(w->err, "assay_secret_word");
	assert_lacks(w->out, "assay_secret_word");
}

static void manual_and_completion_name_every_verb(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, "--print-man", NULL), CLI_FINE);
	assert_has(w->out, ".Dt ASSAY 1\n");
	for (const struct verb *v = verbs; v->name; v++)
		assert_has(w->out, v->does);
	assert_int_equal(world_run(w, "completion", "bash", NULL), CLI_FINE);
	assert_has(w->out, "'attempt start') words=");
	assert_has(w->out, "complete -o default -F _assay assay");
	assert_int_equal(world_run(w, "--version", NULL), CLI_FINE);
	assert_string_equal(w->out, "assay " ASSAY_VERSION "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_flag),
		cmocka_unit_test(times_are_absolute_local_or_from_now),
		cmocka_unit_test(values_may_stand_in_files),
		cmocka_unit_test(what_does_not_fit_its_kind_is_refused_here),
		cmocka_unit_test(no_params_hide_a_flag_of_the_connection),
		cmocka_unit_test(every_method_has_help),
		cmocka_unit_test(every_verb_has_help),
		cmocka_unit_test(
			with_words_it_is_the_row_by_flags_alone_the_method),
		cmocka_unit_test(a_wrong_word_is_usage_with_a_hint),
		cmocka_unit_test(nobody_there_is_a_failure_below),
		cmocka_unit_test(a_token_is_never_printed),
		cmocka_unit_test(manual_and_completion_name_every_verb),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
