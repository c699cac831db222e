#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "engine/audit/chain.h"
#include "engine/auth/sign.h"
#include "examples/demo/demo.h"

/* ---- the platform's part ---- */

static void import_and_publish(struct demo *d, const char *file)
{
	struct ctx *cx = d->cx;
	struct str source = read_all(cx, file), made, result;
	struct buf b = { 0 };
	struct jval report;

	result = must(cx, d->staff, "assessment.import",
		      STR("{\"course\":\"net-101\",\"slug\":\"final\"}"),
		      source, &made);
	report = follow(cx, parsed(cx, result), "report");
	say("imported  %s: %lld nodes, %lld carried over, %lld kept as they "
	    "are,\n          %lld listed as without meaning here, %lld refused",
	    file, (long long)number_at(cx, report, "nodes"),
	    (long long)number_at(cx, report, "mapped"),
	    (long long)number_at(cx, report, "opaque"),
	    (long long)number_at(cx, report, "ignored"),
	    (long long)number_at(cx, report, "refused"));
	if (assessment_read(cx, made, &d->def, NULL))
		stop("the imported file is not an assessment: %s",
		     cx->error.text);
	d->def.title = STR("Networks, final exam");
	d->def.policy.attempts = 2;
	d->def.policy.time_limit_ms = 30 * 60 * 1000;
	d->def.policy.counts = COUNT_HIGHEST;
	dec_parse(STR("0.6"), &d->def.policy.pass_mark);
	d->def.policy.shuffle_choices = d->def.policy.shuffle_items = true;
	d->def.policy.pledge = STR("This is my own work.");
	assessment_write(&b, &d->def);
	result = must(cx, d->staff, "assessment.publish", (struct str){ 0 },
		      buf_view(&b), NULL);
	buf_done(&b);
	say("published \"%.*s\": %zu questions, 2 attempts, 30 minutes, the "
	    "best counts,\n          pass mark 60 %%",
	    STR_FMT(d->def.title), d->def.items.n);
}

static void register_issuer(struct demo *d)
{
	struct ctx *cx = d->cx;
	struct str jwks, reply;

	if (sign_key_new(cx, STR("ES256"), STR("demo-1"), &d->jwk) ||
	    sign_jwks(cx, d->jwk, &jwks))
		stop("%s", cx->error.text);
	reply = must(cx, d->staff, "issuer.register",
		     str_fmt(cx->arena,
			     "{\"issuer\":\"https://lms.example\","
			     "\"jwks\":%.*s}",
			     STR_FMT(jwks)),
		     (struct str){ 0 }, NULL);
	d->audience = jval_str(cx, follow(cx, parsed(cx, reply), "audience"));
	say("registered the platform's ES256 key; learners come with tokens "
	    "that it signs");
}

struct client *connect_learner(struct demo *d, const char *name,
			       const char *course)
{
	struct token_wish w = { .issuer = STR("https://lms.example"),
				.audience = d->audience,
				.subject = str_of(name),
				.courses = str_of(course),
				.lives_ms = 3600000 };
	struct str token;

	if (sign_for(d->cx, d->jwk, &w, &token))
		stop("%s", d->cx->error.text);
	return connect_as(d->cx, &d->host, token);
}

static void connect_learners(struct demo *d)
{
	for (int i = 0; i < LEARNERS; i++) {
		struct learner *l = &d->learners[i];
		snprintf(l->name, sizeof(l->name), "learner%03d", i + 1);
		l->skill = 350 + (unsigned)rng_below(&d->rng.rng, 600);
		l->client = connect_learner(d, l->name, "net-101");
		progress("connecting", i + 1, LEARNERS);
	}
	say("connected %d learners over %s", LEARNERS, d->host.url);
}

/* ---- the learners' part ---- */

static void start(struct demo *d, struct learner *l)
{
	struct str r = must(d->cx, l->client, "attempt.start",
			    STR("{\"course\":\"net-101\",\"slug\":\"final\","
				"\"accept_pledge\":true}"),
			    (struct str){ 0 }, NULL);
	struct jval v = parsed(d->cx, r), id = follow(d->cx, v, "attempt");
	struct str text = jval_str(d->cx, id);

	snprintf(l->attempt, sizeof(l->attempt), "%.*s", STR_FMT(text));
	l->slots = number_at(d->cx, v, "slots");
}

/* Answers the slots from..to of what the server delivers. */
static void answer(struct demo *d, struct learner *l, int64_t from, int64_t to)
{
	struct ctx *cx = d->cx;
	struct str r =
		must(cx, l->client, "attempt.get",
		     str_fmt(cx->arena, "{\"attempt\":\"%s\"}", l->attempt),
		     (struct str){ 0 }, NULL);
	struct jval slots = follow(cx, parsed(cx, r), "slots"), one, item;
	struct str unused, given;
	uint32_t at = 0;

	while (jval_next(slots, &at, &unused, &one)) {
		int64_t slot = number_at(cx, one, "slot");

		if (slot < from || slot > to || !jval_get(one, "item", &item))
			continue;
		if (str_is(jval_str(cx, follow(cx, item, "type")),
			   "description"))
			continue;
		given = answer_for(cx, &d->def, item, &d->rng.rng, l->skill);
		must(cx, l->client, "attempt.answer",
		     str_fmt(cx->arena,
			     "{\"attempt\":\"%s\",\"slot\":%lld,\"seq\":%lld,"
			     "\"response\":%.*s}",
			     l->attempt, (long long)slot,
			     (long long)number_at(cx, one, "seq") + 1,
			     STR_FMT(given)),
		     (struct str){ 0 }, NULL);
		d->acknowledged++;
	}
}

static void hand_in(struct demo *d, struct learner *l)
{
	must(d->cx, l->client, "attempt.submit",
	     str_fmt(d->cx->arena,
		     "{\"attempt\":\"%s\",\"idempotency_key\":\"%s\"}",
		     l->attempt, l->attempt),
	     (struct str){ 0 }, NULL);
}

typedef void (*each_fn)(struct demo *d, struct learner *l);

/* Each learner in turn; what a turn needs is freed after it. */
static void everyone(struct demo *d, const char *what, each_fn fn)
{
	struct arena *whole = d->cx->arena;

	for (int i = 0; i < LEARNERS; i++) {
		d->cx->arena = d->step;
		fn(d, &d->learners[i]);
		d->cx->arena = whole;
		arena_reset(d->step);
		progress(what, i + 1, LEARNERS);
	}
}

static void first_half(struct demo *d, struct learner *l)
{
	start(d, l);
	answer(d, l, 1, l->slots / 2);
}

static void second_half(struct demo *d, struct learner *l)
{
	answer(d, l, l->slots / 2 + 1, l->slots);
	hand_in(d, l);
}

/* Who is not content tries again, and has learned something. */
static void second_attempt(struct demo *d, struct learner *l)
{
	if (l->skill > 700)
		return;
	l->skill += 150;
	start(d, l);
	answer(d, l, 1, l->slots);
	hand_in(d, l);
}

static void crash(struct demo *d)
{
	say("killed    the server with SIGKILL after %lld acknowledged answers",
	    (long long)d->acknowledged);
	host_kill(&d->host);
	host_start(&d->host);
	say("restarted it; the learners go on where they were");
}

/* ---- the moderator's part ---- */

static int mark_attempt(struct demo *d, struct str id)
{
	struct ctx *cx = d->cx;
	struct str r =
		must(cx, d->staff, "attempt.review",
		     str_fmt(cx->arena, "{\"attempt\":\"%.*s\"}", STR_FMT(id)),
		     (struct str){ 0 }, NULL);
	struct jval slots = follow(cx, parsed(cx, r), "slots"), one;
	struct str unused;
	uint32_t at = 0;
	int marked = 0;

	while (jval_next(slots, &at, &unused, &one)) {
		struct str state = jval_str(cx, follow(cx, one, "state"));

		if (!str_is(state, "needs_grading"))
			continue;
		must(cx, d->staff, "attempt.mark",
		     str_fmt(cx->arena,
			     "{\"attempt\":\"%.*s\",\"slot\":%lld,\"mark\":%s,"
			     "\"comment\":\"Read by a person.\"}",
			     STR_FMT(id), (long long)number_at(cx, one, "slot"),
			     rng_below(&d->rng.rng, 3) ? "1" : "0.5"),
		     (struct str){ 0 }, NULL);
		marked++;
	}
	return marked;
}

static void mark_essays(struct demo *d)
{
	struct ctx *cx = d->cx;
	struct arena *whole = cx->arena;
	struct str r = must(cx, d->staff, "attempt.list",
			    STR("{\"course\":\"net-101\",\"limit\":1000}"),
			    (struct str){ 0 }, NULL);
	struct jval all = follow(cx, parsed(cx, r), "attempts"), one;
	struct str unused;
	uint32_t at = 0;
	int marked = 0, n = 0;

	while (jval_next(all, &at, &unused, &one)) {
		struct str id = jval_str(cx, follow(cx, one, "attempt"));

		cx->arena = d->step;
		marked += mark_attempt(d, id);
		cx->arena = whole;
		arena_reset(d->step);
		progress("marking", ++n, (int)jval_count(all));
	}
	say("marked    %d essay answers by hand, in %d attempts", marked, n);
}

/* ---- what remains ---- */

static void print_gradebook(struct demo *d)
{
	struct str csv, line;
	int n = 0;

	must(d->cx, d->staff, "gradebook.export",
	     STR("{\"course\":\"net-101\"}"), (struct str){ 0 }, &csv);
	say("\ngradebook.csv");
	while (str_split(&csv, '\n', &line)) {
		if (n < 14 || n > LEARNERS - 2)
			say("  %.*s", STR_FMT(str_trim(line)));
		else if (n == 14)
			say("  …");
		n++;
	}
}

static void verify(struct demo *d)
{
	struct ctx *cx = d->cx;
	struct chain_report report;
	struct str bundle;

	must(cx, d->staff, "audit.export", STR("{\"limit\":100000}"),
	     (struct str){ 0 }, &bundle);
	if (bundle_verify(cx, bundle, &report))
		stop("the exported audit chain cannot be read: %s",
		     cx->error.text);
	if (!report.intact)
		stop("the audit chain is broken: %lld findings",
		     (long long)report.findings);
	say("audit     chain of %lld records is intact (%lld answers were "
	    "acknowledged)",
	    (long long)report.records, (long long)d->acknowledged);
	bundle = must(cx, d->staff, "audit.verify", (struct str){ 0 },
		      (struct str){ 0 }, NULL);
	if (!jval_bool(follow(cx, parsed(cx, bundle), "intact")))
		stop("the server finds its own chain broken");
}

static void play(struct demo *d)
{
	const char *file =
		str_fmt(d->cx->arena, "%s/networks.gift", d->examples).p;

	import_and_publish(d, file);
	register_issuer(d);
	connect_learners(d);
	everyone(d, "first half of attempt 1", first_half);
	crash(d);
	begin_code(d);
	everyone(d, "second half of attempt 1", second_half);
	everyone(d, "second attempts", second_attempt);
	say("handed in all attempts; %lld answers acknowledged",
	    (long long)d->acknowledged);
	mark_essays(d);
	print_gradebook(d);
	play_code(d);
	play_lab(d);
	say("%s", "");
	verify(d);
}

int main(int argc, char **argv)
{
	struct ctx cx = { .arena = arena_new(1 << 20),
			  .clock = &clock_system,
			  .rng = rng_system() };
	struct demo *d = calloc(1, sizeof(*d)); /* allowed: the program's own */
	const char *bin = "build/bin";
	char path[256];
	int code;

	if (sodium_init() < 0 || !d)
		return 3;
	d->examples = "examples";
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--bin") == 0)
			bin = argv[i + 1];
		else if (strcmp(argv[i], "--examples") == 0)
			d->examples = argv[i + 1];
		else
			stop("usage: demo [--bin DIR] [--examples DIR]");
	}
	d->cx = &cx;
	d->step = arena_new(1 << 20);
	rng_seeded_from(&d->rng, 2026);
	host_make(&d->host, bin);
	snprintf(path, sizeof(path), "%s/admin.key", d->host.folder);
	if (host_init(&d->host, path))
		stop("assayd init failed; see %s/assayd.log", d->host.folder);
	host_start(&d->host);
	d->staff = connect_as(&cx, &d->host, str_trim(read_all(&cx, path)));
	play(d);
	code = host_stop(&d->host);
	say("stopped   the server: %s", code ? "NOT cleanly" : "cleanly");
	host_remove(&d->host);
	fflush(NULL);
	_exit(code);
}
