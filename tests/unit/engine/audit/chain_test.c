#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/audit/chain.h"

enum { RECORDS = 40, START_MS = 1750000000 };

/*
 * A store with a chain of RECORDS records in two signed pieces. Tampering is
 * done as an intruder would: by SQL, past everything that guards the table.
 */
struct fixture {
	char folder[64], path[96];
	struct clock_manual clock;
	struct ctx cx;
	struct store *store;
	struct journal *journal;
	struct signer *signer;
	struct checkpointer *checkpointer;
	struct store_conn *writer;
	struct id org, other, learner;
};

enum {
	TAMPER_BODY,
	TAMPER_TIME,
	TAMPER_DELETE,
	TAMPER_DELETE_FROM,
	TAMPER_SWAP_AWAY,
	TAMPER_SWAP_MOVE,
	TAMPER_SWAP_BACK,
	TAMPER_PERSONAL,
	TAMPER_ERASE,
	TAMPER_HASH,
	TAMPER_PLACE,
	TAMPER_STRAY,
	TAMPER_SIG,
	TAMPER_STMTS
};
static const struct stmt tamper[TAMPER_STMTS] = {
	[TAMPER_BODY] = { "t_body", "UPDATE record SET body = '{\"mark\":10}'"
				    " WHERE seq = $1" },
	[TAMPER_TIME] = { "t_time",
			  "UPDATE record SET at_ms = at_ms - 1 WHERE seq = $1" },
	[TAMPER_DELETE] = { "t_delete", "DELETE FROM record WHERE seq = $1" },
	[TAMPER_DELETE_FROM] = { "t_delete_from",
				 "DELETE FROM record WHERE seq >= $1" },
	[TAMPER_SWAP_AWAY] = { "t_swap_away", "UPDATE record SET seq = 1000000"
					      " WHERE seq = $1" },
	[TAMPER_SWAP_MOVE] = { "t_swap_move",
			       "UPDATE record SET seq = $1 WHERE seq = $1 + 1" },
	[TAMPER_SWAP_BACK] = { "t_swap_back", "UPDATE record SET seq = $1 + 1"
					      " WHERE seq = 1000000" },
	[TAMPER_PERSONAL] = { "t_personal",
			      "UPDATE record SET personal = 'another answer'"
			      " WHERE seq = $1" },
	[TAMPER_ERASE] = { "t_erase", "UPDATE record SET personal = NULL,"
				      " personal_salt = NULL WHERE seq = $1" },
	[TAMPER_HASH] = { "t_hash",
			  "UPDATE record SET hash = $2 WHERE seq = $1" },
	[TAMPER_PLACE] = { "t_place",
			   "DELETE FROM record_place WHERE seq = $1" },
	[TAMPER_STRAY] = { "t_stray", "UPDATE record_place SET seq = seq + 1"
				      " WHERE seq = $1" },
	[TAMPER_SIG] = { "t_sig", "UPDATE checkpoint SET at_ms = at_ms + 1"
				  " WHERE seq = $1" },
};
static const struct stmt_set tamper_stmts = { "tamper", tamper, TAMPER_STMTS };
static const struct stmt_set *const sets[] = { &record_stmts, &checkpoint_stmts,
					       &tamper_stmts, NULL };
static const struct migration_set *const migrations[] = {
	&record_migrations, &checkpoint_migrations, NULL
};

static void begin(struct fixture *f)
{
	f->cx.db = f->writer;
	assert_int_equal(store_begin(f->writer, &f->cx), OK);
}

static void commit(struct fixture *f)
{
	assert_int_equal(store_commit(f->writer, &f->cx), OK);
}

static struct ctx context(struct fixture *f)
{
	return (struct ctx){ .arena = f->cx.arena,
			     .clock = &f->clock.clock,
			     .rng = rng_system() };
}

/* One record in a batch of its own, as the executor would do it. */
static void append(struct fixture *f, const struct id *org, struct record *r)
{
	struct tx_part part = journal_part(f->journal);
	struct record_list list = { 0 };

	begin(f);
	part.mark(part.arg);
	f->cx.records = &list;
	r->org = *org;
	record_stage(&f->cx, r);
	assert_int_equal(journal_append(f->journal, &f->cx, &list), OK);
	assert_int_equal(part.flush(part.arg, &f->cx), OK);
	f->cx.records = NULL;
	commit(f);
	part.committed(part.arg, &f->cx);
}

static void sign_head(struct fixture *f)
{
	begin(f);
	assert_int_equal(checkpointer_now(f->checkpointer, &f->cx), OK);
	commit(f);
}

static void fill(struct fixture *f)
{
	for (int i = 1; i <= RECORDS; i++) {
		struct record r = {
			.stream = id_new(&f->clock.clock, rng_system()),
			.learner = f->learner,
			.event = STR("attempt.answered"),
			.body = str_fmt(f->cx.arena, "{\"slot\":%d}", i),
			.personal = STR("{\"text\":\"frog\"}")
		};

		append(f, i % 4 ? &f->org : &f->other, &r);
		if (i == RECORDS / 2 || i == RECORDS)
			sign_head(f);
	}
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_opts o = { .sets = sets,
				.migrations = migrations,
				.readers = 1,
				.create = true,
				.busy_ms = 100 };
	const uint8_t seed[32] = { 7 };

	clock_manual_init(&f->clock, START_MS * INT64_C(1000));
	o.clock = &f->clock.clock;
	f->cx.arena = arena_new(65536);
	f->cx = context(f);
	strcpy(f->folder, "/tmp/assay-chain-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	o.url = str_fmt(f->cx.arena, "sqlite:%s/a.db", f->folder);
	assert_int_equal(store_open(&f->cx, &o, &f->store), OK);
	f->writer = store_writer(f->store);
	f->org = id_new(&f->clock.clock, rng_system());
	f->other = id_new(&f->clock.clock, rng_system());
	f->learner = id_new(&f->clock.clock, rng_system());
	f->journal = journal_new(
		&(struct journal_opts){ .node = 1,
					.lag = 1, /* all places are written */
					.clock = &f->clock.clock });
	f->signer = signer_from(seed);
	f->checkpointer = checkpointer_new(
		&(struct checkpointer_opts){ .journal = f->journal,
					     .signer = f->signer,
					     .clock = &f->clock.clock,
					     .node = 1,
					     .every_records = 1000,
					     .every_ms = 1000 });
	fill(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	checkpointer_free(f->checkpointer);
	signer_free(f->signer);
	journal_free(f->journal);
	store_close(f->store);
	arena_free(f->cx.arena);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static struct chain_report verify(struct fixture *f)
{
	struct chain_report r;

	f->cx.db = f->writer;
	assert_int_equal(chain_verify(&f->cx, NULL, NULL, NULL, &r), OK);
	return r;
}

static void change(struct fixture *f, int what, int64_t seq)
{
	uint8_t junk[HASH_BYTES] = { 1 };
	int64_t changed;

	begin(f);
	assert_int_equal(what == TAMPER_HASH
				 ? store_exec(&f->cx, &tamper[what],
					      VALS(v_int(seq),
						   v_bytes((struct str){
							   (char *)junk, 32 })),
					      &changed)
				 : store_exec(&f->cx, &tamper[what],
					      VALS(v_int(seq)), &changed),
			 OK);
	assert_true(changed > 0);
	commit(f);
}

static void an_untouched_chain_is_intact(void **state)
{
	struct chain_report r = verify(*state);

	assert_true(r.intact);
	assert_int_equal(r.records, RECORDS);
	assert_int_equal(r.checkpoints, 2);
	assert_int_equal(r.nodes, 1);
}

static void a_change_of_any_one_record_is_found_where_it_is(void **state)
{
	struct fixture *f = *state;

	static const int ways[] = { TAMPER_BODY, TAMPER_TIME, TAMPER_PERSONAL,
				    TAMPER_HASH };
	for (size_t i = 0; i < 4; i++) {
		int64_t seq = 3 + 9 * (int64_t)i;
		struct chain_report r;

		change(f, ways[i], seq);
		r = verify(f);
		assert_false(r.intact);
		assert_true(r.findings >= (int64_t)i + 1);
	}
	assert_int_equal(((struct chain_finding *)verify(f).list.at)->seq, 3);
}

static const char *first_finding(struct fixture *f)
{
	struct chain_report r = verify(f);

	assert_false(r.intact);
	return ((struct chain_finding *)r.list.at)->text.p;
}

/* The record is there, but whoever folds its stream would not see it. */
static void a_record_that_its_stream_does_not_lead_to_is_found(void **state)
{
	change(*state, TAMPER_PLACE, 9);
	assert_non_null(strstr(first_finding(*state), "not in its stream"));
}

static void a_stream_that_leads_elsewhere_is_found(void **state)
{
	change(*state, TAMPER_STRAY, 9);
	assert_false(verify(*state).intact);
	assert_int_equal(verify(*state).findings, 2);
}

static void a_removed_record_is_found(void **state)
{
	change(*state, TAMPER_DELETE, 17);
	assert_false(verify(*state).intact);
}

static void two_records_in_another_order_are_found(void **state)
{
	change(*state, TAMPER_SWAP_AWAY, 8);
	change(*state, TAMPER_SWAP_MOVE, 8);
	change(*state, TAMPER_SWAP_BACK, 8);
	assert_false(verify(*state).intact);
}

static void a_cut_off_end_is_found_by_its_checkpoint(void **state)
{
	struct chain_report r;

	change(*state, TAMPER_DELETE_FROM, RECORDS);
	r = verify(*state);
	assert_false(r.intact);
	assert_int_equal(r.findings, 2);
	assert_non_null(strstr(((struct chain_finding *)r.list.at)[0].text.p,
			       "the end was cut off"));
}

static void a_changed_checkpoint_is_found(void **state)
{
	change(*state, TAMPER_SIG, RECORDS);
	assert_false(verify(*state).intact);
}

static void an_erasure_is_fine_only_when_a_command_did_it(void **state)
{
	struct fixture *f = *state;
	struct record r = { .stream = f->learner,
			    .learner = f->learner,
			    .event = STR("learner.erased"),
			    .body = STR("{}") };

	change(f, TAMPER_ERASE, 5);
	assert_false(verify(f).intact);
	append(f, &f->org, &r);
	assert_true(verify(f).intact);
	assert_int_equal(verify(f).erased, 1);
}

static struct str bundle(struct fixture *f, const struct id *org, int64_t after,
			 size_t limit, int64_t *last)
{
	struct bundle_want w = { .node = 1, .after = after, .limit = limit };
	struct buf b = { 0 };
	struct str s;

	if (org)
		w.org = *org;
	f->cx.db = f->writer;
	assert_int_equal(bundle_write(&f->cx, &w, &b, last), OK);
	s = buf_copy(&b, f->cx.arena);
	buf_done(&b);
	return s;
}

static void
a_tenants_bundle_verifies_without_showing_other_tenants(void **state)
{
	struct fixture *f = *state;
	struct chain_report r;
	char other[ID_TEXT + 1];
	int64_t last;
	struct str text = bundle(f, &f->org, 0, 1000, &last);

	assert_int_equal(last, RECORDS);
	id_text(&f->other, other);
	assert_true(str_find(text, str_of(other), 0) == SIZE_MAX);
	assert_true(str_find(text, STR("frog"), 0) == SIZE_MAX);
	assert_int_equal(bundle_verify(&f->cx, text, &r), OK);
	assert_true(r.intact);
	assert_int_equal(r.records, RECORDS);
	assert_int_equal(r.checkpoints, 2);
}

static void pages_of_a_bundle_may_be_put_together(void **state)
{
	struct fixture *f = *state;
	struct chain_report r;
	struct buf all = { 0 };
	int64_t last = 0;

	while (last < RECORDS) {
		struct str page = bundle(f, &f->org, last, 7, &last);

		buf_str(&all, page);
	}
	assert_int_equal(bundle_verify(&f->cx, buf_view(&all), &r), OK);
	assert_true(r.intact);
	assert_int_equal(r.records, RECORDS);
	buf_done(&all);
}

static void any_changed_byte_of_a_bundle_is_noticed(void **state)
{
	struct fixture *f = *state;
	int64_t last;
	struct str text = bundle(f, &f->org, 0, 1000, &last);
	char *bad = arena_alloc(f->cx.arena, text.n);
	int unnoticed = 0;

	for (size_t i = 0; i < text.n; i += 13) {
		struct chain_report r = { .intact = true };

		memcpy(bad, text.p, text.n);
		bad[i] = bad[i] == '7' ? '8' : '7';
		err_clear(&f->cx);
		if (bundle_verify(&f->cx, (struct str){ bad, text.n }, &r) ==
			    OK &&
		    r.intact)
			unnoticed++;
	}
	assert_int_equal(unnoticed, 0);
}

static void a_bundle_that_is_none_is_refused(void **state)
{
	struct fixture *f = *state;
	struct chain_report r;

	assert_int_equal(bundle_verify(&f->cx, STR("hello\n"), &r),
			 ERR_INVALID);
	assert_int_equal(bundle_verify(&f->cx, STR(""), &r), ERR_INVALID);
	assert_int_equal(bundle_verify(&f->cx, STR("{\"seq\":1}\n"), &r),
			 ERR_INVALID);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(an_untouched_chain_is_intact),
		T(a_change_of_any_one_record_is_found_where_it_is),
		T(a_record_that_its_stream_does_not_lead_to_is_found),
		T(a_stream_that_leads_elsewhere_is_found),
		T(a_removed_record_is_found),
		T(two_records_in_another_order_are_found),
		T(a_cut_off_end_is_found_by_its_checkpoint),
		T(a_changed_checkpoint_is_found),
		T(an_erasure_is_fine_only_when_a_command_did_it),
		T(a_tenants_bundle_verifies_without_showing_other_tenants),
		T(pages_of_a_bundle_may_be_put_together),
		T(any_changed_byte_of_a_bundle_is_noticed),
		T(a_bundle_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
