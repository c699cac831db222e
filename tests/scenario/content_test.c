/*
 * Content out of repositories, with a worker that is played by the test: it
 * leases the job, hands in what it found, and finishes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/code.h"
#include "tests/scenario/story.h"

#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SOURCE "https://example.org/course.git"

/* One sync, as its worker holds it. */
struct held {
	const char *sync, *job;
	int64_t fence;
};

static struct held begin(struct world *w, const char *more)
{
	struct reply r = world_ok(
		w, "author", "content.sync",
		"{\"course\":\"c\",\"source\":\"" SOURCE "\"%s}", more);
	struct held h = { .sync = reply_text(w, &r, "id"),
			  .job = reply_text(w, &r, "job") };

	assert_string_equal(reply_text(w, &r, "state"), "queued");
	world_pass(w, 10);
	r = world_ok(w, "worker", "job.lease",
		     "{\"kinds\":[\"content.sync\"],\"worker\":\"w\","
		     "\"limit\":1,\"lease_ms\":60000}");
	assert_string_equal(reply_text(w, &r, "jobs/0/id"), h.job);
	h.fence = reply_int(w, &r, "jobs/0/fence");
	return h;
}

static struct reply deliver(struct world *w, const struct held *h,
			    const char *commit, const char *path,
			    const char *text)
{
	char org[ID_TEXT + 1];

	id_text(&w->org, org);
	return world_call_bytes(
		w, "worker", "content.deliver",
		str_fmt(w->cx.arena,
			"{\"job\":\"%s\",\"organization\":\"%s\","
			"\"fence\":%" PRId64 ",\"commit\":\"%s\","
			"\"path\":\"%s\"}",
			h->job, org, h->fence, commit, path),
		str_of(text));
}

static struct reply finish(struct world *w, const struct held *h,
			   const char *commit)
{
	char org[ID_TEXT + 1];

	id_text(&w->org, org);
	return world_call(w, "worker", "job.finish",
			  "{\"job\":\"%s\",\"organization\":\"%s\","
			  "\"fence\":%" PRId64 ",\"result\":{\"commit\":\"%s\","
			  "\"files\":7,\"bytes\":1234,\"refused\":["
			  "{\"name\":\"x/link\",\"why\":\"is a symbolic "
			  "link\"}],\"refused_more\":3}}",
			  h->job, org, h->fence, commit);
}

static struct reply get(struct world *w, const struct held *h)
{
	return world_ok(w, "author", "content.get", "{\"sync\":\"%s\"}",
			h->sync);
}

#define assert_outcome(w, r, want)                                             \
	assert_string_equal(                                                   \
		(r).e ? (r).json.p : reply_text(w, &(r), "outcome"), want)

/* ---- tests ---- */

static void what_is_new_is_published_and_pinned(void **state)
{
	struct world *w = *state;
	struct held h = begin(w, ",\"ref\":\"main\"");
	struct reply r = deliver(w, &h, COMMIT_A, "week1/q.assessment.json",
				 quiz_json(w, "q", ""));
	const char *id;

	assert_outcome(w, r, "published");
	id = reply_text(w, &r, "version_id");
	r = deliver(w, &h, COMMIT_A, "week2/assessment.json",
		    "{\"assay\":1,\"course\":\"other\",\"slug\":\"week2\","
		    "\"title\":\"Two\",\"items\":[" QUIZ_ITEMS "]}");
	assert_outcome(w, r, "published");
	assert_string_equal(reply_text(w, &r, "slug"), "week2");
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);

	r = get(w, &h);
	assert_string_equal(reply_text(w, &r, "sync/state"), "done");
	assert_string_equal(reply_text(w, &r, "sync/commit_id"), COMMIT_A);
	assert_int_equal(reply_int(w, &r, "sync/files"), 7);
	assert_string_equal(reply_text(w, &r, "sync/refused/0/name"), "x/link");
	assert_int_equal(reply_int(w, &r, "sync/refused_more"), 3);
	assert_int_equal(reply_count(w, &r, "files"), 2);

	r = world_ok(w, "author", "assessment.get", "{\"assessment\":\"%s\"}",
		     id);
	assert_string_equal(reply_text(w, &r, "assessment/source"), SOURCE);
	assert_string_equal(reply_text(w, &r, "assessment/source_commit"),
			    COMMIT_A);
	r = world_ok(w, "author", "content.list", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(w, &r, "syncs/0/id"), h.sync);
}

static void the_same_again_publishes_nothing(void **state)
{
	struct world *w = *state;
	const char *one = quiz_json(w, "q", "");
	const char *two = quiz_json(w, "q", "\"attempts\":3");
	struct held h = begin(w, "");
	struct reply r = deliver(w, &h, COMMIT_A, "q.assessment.json", one);
	const char *first = reply_text(w, &r, "version_id");

	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);
	h = begin(w, "");
	r = deliver(w, &h, COMMIT_A, "q.assessment.json", one);
	assert_outcome(w, r, "unchanged");
	assert_string_equal(reply_text(w, &r, "version_id"), first);
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);

	/* Also when it was retired by hand. */
	world_ok(w, "author", "assessment.retire", "{\"assessment\":\"%s\"}",
		 first);
	h = begin(w, "");
	r = deliver(w, &h, COMMIT_A, "q.assessment.json", one);
	assert_outcome(w, r, "unchanged");
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);

	/* A change is a version, and so is going back. */
	h = begin(w, "");
	r = deliver(w, &h, COMMIT_B, "q.assessment.json", two);
	assert_outcome(w, r, "published");
	assert_int_equal(reply_int(w, &r, "version"), 2);
	assert_int_equal(finish(w, &h, COMMIT_B).e, OK);
	h = begin(w, "");
	r = deliver(w, &h, COMMIT_A, "q.assessment.json", one);
	assert_outcome(w, r, "published");
	assert_int_equal(reply_int(w, &r, "version"), 3);
}

static void a_broken_file_is_told_and_the_others_go_on(void **state)
{
	struct world *w = *state;
	struct held h = begin(w, "");
	struct reply r = deliver(w, &h, COMMIT_A, "bad.assessment.json", "{");
	char org[ID_TEXT + 1];

	assert_outcome(w, r, "refused");
	r = deliver(w, &h, COMMIT_A, "worse.assessment.json",
		    "{\"assay\":1,\"slug\":\"w\",\"title\":\"t\",\"items\":["
		    "{\"id\":\"i\",\"type\":\"choice\",\"choices\":[]}]}");
	assert_outcome(w, r, "refused");
	assert_true(reply_count(w, &r, "problems/list") > 0);
	/* Put together by nobody: the worker says why. */
	id_text(&w->org, org);
	r = world_call(w, "worker", "content.deliver",
		       "{\"job\":\"%s\",\"organization\":\"%s\",\"fence\":"
		       "%" PRId64 ",\"commit\":\"" COMMIT_A
		       "\",\"path\":\"m.assessment.json\",\"problems\":"
		       "{\"list\":[{\"level\":\"error\",\"at\":\"/a\",\"code\":"
		       "\"missing_file\",\"text\":\"no\"}],\"errors\":1,"
		       "\"warnings\":0}}",
		       h.job, org, h.fence);
	assert_outcome(w, r, "refused");
	r = deliver(w, &h, COMMIT_A, "lab.json", "{}");
	assert_outcome(w, r, "refused");
	r = deliver(w, &h, COMMIT_A, "good.assessment.json",
		    quiz_json(w, "q", ""));
	assert_outcome(w, r, "published");
	/* Its twin by slug would replace it for ever. */
	r = deliver(w, &h, COMMIT_A, "other.assessment.json",
		    quiz_json(w, "q", "\"attempts\":2"));
	assert_outcome(w, r, "refused");
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);
	r = get(w, &h);
	assert_int_equal(reply_count(w, &r, "files"), 6);
	assert_string_equal(reply_text(w, &r, "sync/state"), "done");
	r = world_ok(w, "author", "assessment.list", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "assessments"), 1);
}

/* What peers review is looked at like the rest. */
static void a_peer_review_comes_from_a_repository_as_well(void **state)
{
#define ESSAY(weight)                                                                 \
	"{\"assay\":1,\"course\":\"c\",\"slug\":\"e\",\"title\":\"Essay\",\"peer\":{" \
	"\"rubric\":{\"criteria\":[{\"id\":\"a\",\"title\":\"A\",\"points\":5,"       \
	"\"weight\":" weight "}]}}}"
	struct world *w = *state;
	struct held h = begin(w, "");
	struct reply r =
		deliver(w, &h, COMMIT_A, "e.assessment.json", ESSAY("0"));

	assert_outcome(w, r, "refused");
	assert_string_equal(reply_text(w, &r, "problems/list/0/at"),
			    "/peer/rubric/criteria");
	r = deliver(w, &h, COMMIT_A, "f.assessment.json", ESSAY("1"));
	assert_outcome(w, r, "published");
	/* No gold: a warning. */
	assert_int_equal(reply_int(w, &r, "problems/warnings"), 1);
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);
}

static void a_dry_run_publishes_nothing(void **state)
{
	struct world *w = *state;
	struct held h = begin(w, ",\"dry_run\":true");
	struct reply r = deliver(w, &h, COMMIT_A, "q.assessment.json",
				 quiz_json(w, "q", ""));

	assert_outcome(w, r, "would_publish");
	r = deliver(w, &h, COMMIT_A, "bad.assessment.json", "{");
	assert_outcome(w, r, "refused");
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);
	r = world_ok(w, "author", "assessment.list", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "assessments"), 0);
	/* It does not count as published before. */
	h = begin(w, "");
	r = deliver(w, &h, COMMIT_A, "q.assessment.json",
		    quiz_json(w, "q", ""));
	assert_outcome(w, r, "published");
}

static void a_second_try_goes_on_with_the_same_commit(void **state)
{
	struct world *w = *state;
	struct held h = begin(w, ",\"ref\":\"main\"");
	struct reply r = deliver(w, &h, COMMIT_A, "q.assessment.json",
				 quiz_json(w, "q", ""));
	char org[ID_TEXT + 1];
	struct held old = h;

	id_text(&w->org, org);
	assert_outcome(w, r, "published");
	world_pass(w, 61000); /* the worker died */
	r = world_ok(w, "worker", "job.lease",
		     "{\"kinds\":[\"content.sync\"],\"worker\":\"v\","
		     "\"limit\":1,\"lease_ms\":60000}");
	h.fence = reply_int(w, &r, "jobs/0/fence");
	r = world_ok(w, "worker", "job.input",
		     "{\"job\":\"%s\",\"organization\":\"%s\",\"fence\":"
		     "%" PRId64 "}",
		     h.job, org, h.fence);
	assert_string_equal(reply_text(w, &r, "input/ref"), COMMIT_A);
	/* The old one is not heard, nor is another commit. */
	r = deliver(w, &old, COMMIT_A, "r.assessment.json",
		    quiz_json(w, "r", ""));
	assert_int_equal(r.e, ERR_CONFLICT);
	r = deliver(w, &h, COMMIT_B, "q.assessment.json",
		    quiz_json(w, "q", ""));
	assert_int_equal(r.e, ERR_CONFLICT);
	assert_int_equal(finish(w, &h, COMMIT_B).e, ERR_CONFLICT);
	/* The same file once more is the row that is there. */
	r = deliver(w, &h, COMMIT_A, "q.assessment.json",
		    quiz_json(w, "q", ""));
	assert_outcome(w, r, "published");
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);
	r = world_ok(w, "author", "assessment.list", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "assessments"), 1);
}

static void code_is_tried_before_it_is_published(void **state)
{
	struct world *w = *state;
	const char *json = code_json(w, "", CODE_ITEM("s", ""));
	struct held h = begin(w, "");
	struct reply r = deliver(w, &h, COMMIT_A, "q.assessment.json", json);

	assert_outcome(w, r, "testing");
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);
	assert_int_equal(
		code_finish(w, code_lease(w, "code.selftest"), SELFTEST_OK).e,
		OK);
	h = begin(w, "");
	r = deliver(w, &h, COMMIT_A, "q.assessment.json", json);
	assert_outcome(w, r, "published");
}

static void a_lab_is_published_like_an_assessment(void **state)
{
	struct world *w = *state;
	const char *json = "{\"assay_lab\":1,\"course\":\"other\","
			   "\"slug\":\"l\",\"title\":\"L\",\"starter\":["
			   "{\"name\":\"a.txt\",\"text\":\"1\"}]}";
	struct held h = begin(w, ",\"dry_run\":true");
	struct reply r = deliver(w, &h, COMMIT_A, "l.lab.json", json);

	assert_outcome(w, r, "would_publish");
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);
	h = begin(w, "");
	r = deliver(w, &h, COMMIT_A, "l.lab.json", json);
	assert_outcome(w, r, "published");
	assert_int_equal(finish(w, &h, COMMIT_A).e, OK);
	h = begin(w, "");
	r = deliver(w, &h, COMMIT_A, "l.lab.json", json);
	assert_outcome(w, r, "unchanged");
	r = deliver(w, &h, COMMIT_A, "m.lab.json", "{\"assay_lab\":2}");
	assert_outcome(w, r, "refused");
	r = world_ok(w, "author", "lab.list", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "labs"), 1);
}

static void what_cannot_be_fetched_is_told(void **state)
{
	struct world *w = *state;
	struct held h = begin(w, "");
	char org[ID_TEXT + 1];
	struct reply r;

	id_text(&w->org, org);
	world_ok(w, "worker", "job.fail",
		 "{\"job\":\"%s\",\"organization\":\"%s\",\"fence\":%" PRId64
		 ",\"error\":\"there is no such repository\",\"retry\":false}",
		 h.job, org, h.fence);
	r = get(w, &h);
	assert_string_equal(reply_text(w, &r, "sync/state"), "failed");
	assert_string_equal(reply_text(w, &r, "sync/why"),
			    "there is no such repository");
}

struct place {
	const char *source;
	enum err want;
};

static void only_allowed_sources_are_taken(void **state)
{
	static const struct place places[] = {
		{ "https://example.org/x.git", OK },
		{ "https://git.test/x.git", OK },
		{ "/srv/content", OK },
		{ "/srv/content/bio/1", OK },
		{ "/srv/more/", OK },
		{ "http://example.org/x.git", ERR_DENIED },
		{ "git://example.org/x.git", ERR_DENIED },
		{ "ssh://example.org/x.git", ERR_UNSUPPORTED },
		{ "file:///etc", ERR_UNSUPPORTED },
		{ "git@example.org:x.git", ERR_INVALID },
		{ "https://me:secret@example.org/x.git", ERR_INVALID },
		{ "https://example.org/x.git?token=1", ERR_INVALID },
		{ "https:///x.git", ERR_INVALID },
		{ "https://127.0.0.1/x.git", ERR_DENIED },
		{ "https://localhost/x.git", ERR_DENIED },
		{ "https://10.1.2.3:8080/x.git", ERR_DENIED },
		{ "https://169.254.169.254/latest", ERR_DENIED },
		{ "https://[::1]/x.git", ERR_DENIED },
		{ "https://[::ffff:10.0.0.1]/x.git", ERR_DENIED },
		{ "/srv", ERR_DENIED },
		{ "/etc", ERR_DENIED },
		{ "/srv/contents", ERR_DENIED },
		{ "/srv/content/../secret", ERR_DENIED },
		{ "/srv/content/.git", ERR_DENIED },
		{ "srv/content", ERR_INVALID },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct reply r =
			world_call(w, "author", "content.sync",
				   "{\"course\":\"c\",\"source\":\"%s\"}",
				   places[i].source);

		if (r.e != places[i].want)
			fail_msg("%s: %.*s", places[i].source, STR_FMT(r.json));
		if (r.e)
			assert_true(str_is(r.field, "/source"));
	}
}

static void a_worker_cannot_deliver_what_no_folder_holds(void **state)
{
	struct world *w = *state;
	struct held h = begin(w, "");
	struct reply r = deliver(w, &h, COMMIT_A, "../q.assessment.json", "{}");

	assert_int_equal(r.e, ERR_INVALID);
	r = deliver(w, &h, COMMIT_A, "readme.md", "{}");
	assert_int_equal(r.e, ERR_INVALID);
	r = deliver(w, &h, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
		    "q.assessment.json", "{}");
	assert_int_equal(r.e, ERR_INVALID);
	r = deliver(w, &h, COMMIT_A, "q.assessment.json", "");
	assert_int_equal(r.e, ERR_INVALID);
	for (int i = 0; i < 200; i++) {
		r = deliver(w, &h, COMMIT_A,
			    str_fmt(w->cx.arena, "%d.assessment.json", i).p,
			    "{");
		assert_outcome(w, r, "refused");
	}
	r = deliver(w, &h, COMMIT_A, "x.assessment.json", "{");
	assert_int_equal(r.e, ERR_LIMIT_REACHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(what_is_new_is_published_and_pinned),
		quiz_test(the_same_again_publishes_nothing),
		quiz_test(a_broken_file_is_told_and_the_others_go_on),
		quiz_test(a_peer_review_comes_from_a_repository_as_well),
		quiz_test(a_dry_run_publishes_nothing),
		quiz_test(a_second_try_goes_on_with_the_same_commit),
		quiz_test(code_is_tried_before_it_is_published),
		quiz_test(a_lab_is_published_like_an_assessment),
		quiz_test(what_cannot_be_fetched_is_told),
		quiz_test(only_allowed_sources_are_taken),
		quiz_test(a_worker_cannot_deliver_what_no_folder_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
