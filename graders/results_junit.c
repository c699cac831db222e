/*
 * JUnit XML, as Ant, Maven, pytest and most others write it: testsuites, or a
 * testsuite alone; testcase with failure, error, skipped.
 */
#include "graders/results.h"

#include "graders/code_impl.h"
#include "graders/xml_tree.h"

enum { NOTES = 20, NAME = 200 };

struct junit {
	struct ctx *cx;
	struct result_test *tests;
	size_t n;
	bool is_suite; /* the root is a testsuite itself */
	struct str *notes;
	size_t notes_n;
};

static enum err read_root(void *user, struct xml_node *root)
{
	struct junit *j = user;

	j->is_suite = str_is(root->name, "testsuite");
	if (!j->is_suite && !str_is(root->name, "testsuites"))
		return err_set(j->cx, ERR_INVALID,
			       "JUnit XML begins with testsuites or testsuite");
	return OK;
}

static struct str failure_text(struct junit *j, struct xml_node *n)
{
	struct str said = xml_take_attr(n, "message");

	return code_text(j->cx->arena, said.n ? said : str_trim(n->text),
			 RESULTS_TEXT);
}

static int state_of(struct junit *j, struct xml_node *n, struct str *output)
{
	for (struct xml_node *c = n->first; c; c = c->next) {
		if (c->kind != XML_ELEMENT)
			continue;
		if (str_is(c->name, "failure") || str_is(c->name, "error")) {
			*output = failure_text(j, c);
			return str_is(c->name, "error") ? RESULT_BROKEN
							: RESULT_FAILED;
		}
		if (str_is(c->name, "skipped") || str_is(c->name, "disabled"))
			return RESULT_SKIPPED;
	}
	return RESULT_PASSED;
}

static enum err read_case(struct junit *j, struct xml_node *n)
{
	struct str name = xml_take_attr(n, "name");
	struct str class = xml_take_attr(n, "classname");
	struct result_test *t;

	if (j->n == RESULTS_TESTS)
		return err_set(j->cx, ERR_TOO_LARGE,
			       "JUnit XML has more than 2000 tests");
	t = &j->tests[j->n++];
	if (class.n)
		name = str_fmt(j->cx->arena, "%.*s.%.*s", STR_FMT(class),
			       STR_FMT(name));
	t->name = code_text(j->cx->arena, name, NAME);
	t->line = n->line;
	t->state = state_of(j, n, &t->output);
	return OK;
}

static void note(struct junit *j, struct xml_node *n)
{
	static const char *const known[] = { "properties", "system-out",
					     "system-err", "testcase" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_is(n->name, known[i]))
			return;
	if (j->notes_n < NOTES)
		j->notes[j->notes_n++] = str_fmt(
			j->cx->arena, "line %d: element not known, left out",
			n->line);
}

/* Suites may hold suites; xml_tree bounds the depth. */
static enum err read_suite(struct junit *j, struct xml_node *n)
{
	enum err e = OK;

	for (struct xml_node *c = n->first; !e && c; c = c->next) {
		if (c->kind != XML_ELEMENT)
			continue;
		if (str_is(c->name, "testcase"))
			e = read_case(j, c);
		else if (str_is(c->name, "testsuite"))
			e = read_suite(j, c);
		else
			note(j, c);
	}
	return e;
}

static enum err read_child(void *user, struct xml_node *child)
{
	struct junit *j = user;

	if (child->kind != XML_ELEMENT)
		return OK;
	if (str_is(child->name, "testsuite"))
		return read_suite(j, child);
	if (j->is_suite && str_is(child->name, "testcase"))
		return read_case(j, child);
	note(j, child);
	return OK;
}

static void stray(void *user)
{
	(void)user; /* text between elements says nothing */
}

enum err results_junit_read(struct ctx *cx, struct str text,
			    struct results *out)
{
	struct junit j = { .cx = cx };
	const struct xml_reader reader = { read_root, read_child, stray, &j };
	int64_t line = 0;
	enum err e;

	if (text.n > RESULTS_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "JUnit XML is larger than 4 MiB");
	j.tests = ARENA_ARRAY(cx->arena, struct result_test, RESULTS_TESTS);
	j.notes = ARENA_ARRAY(cx->arena, struct str, NOTES);
	e = xml_tree_read(cx, text, &reader, &line);
	if (e)
		return e;
	*out = (struct results){ .format = STR("junit"),
				 .gradable = true,
				 .tests = { j.tests, j.n },
				 .notes = { j.notes, j.notes_n } };
	return OK;
}
