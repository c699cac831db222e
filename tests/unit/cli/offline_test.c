/* The verbs that need no server, run as the program runs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli_world.h"
#include "engine/audit/chain.h"
#include "engine/audit/receipt.h"
#include "engine/audit/signer.h"

static const char gift[] =
	"::Q1::Which is a fruit? { =apple#Yes. ~stone#No. }\n\n"
	"::Q2::How many legs has a cat? {#4}\n\n"
	"::Q3::Say why. {}\n";

static const char *gift_file(struct world *w)
{
	return world_file(w, "pets.gift", gift);
}

static char *imported(struct world *w)
{
	char *out = world_path(w, "pets.json");

	assert_int_equal(world_run(w, "import", gift_file(w), "--course", "c",
				   "-o", out, NULL),
			 CLI_FINE);
	return out;
}

/* The id that the importer gave to the n-th item. */
static const char *item_id(struct world *w, size_t n)
{
	struct str text = world_read(w, imported(w));
	struct jdoc *doc;
	struct jval items, v, id;
	struct str name;
	uint32_t it = 0;

	assert_int_equal(jdoc_parse(&w->cx, text, &doc), OK);
	assert_true(jval_get(jdoc_root(doc), "items", &items));
	for (size_t i = 0; i <= n; i++)
		assert_true(jval_next(items, &it, &name, &v));
	assert_true(jval_get(v, "id", &id));
	return str_z(w->cx.arena, jval_str(&w->cx, id));
}

static void a_response_is_scored(void **state)
{
	struct world *w = *state;
	const char *id = item_id(w, 0);

	assert_int_equal(world_run(w, "item", "score",
				   world_path(w, "pets.json"), "--item", id,
				   "--response", "{\"choice\":\"1\"}", NULL),
			 CLI_FINE);
	assert_has(w->out, "\"state\":\"right\",\"score\":1,\"max_score\":1,"
			   "\"scaled\":1");
	assert_has(w->out, "\"feedback\":\"Yes.\"");
	assert_int_equal(world_run(w, "item", "score", gift_file(w), "--item",
				   id, "--response", "{\"choice\":\"2\"}",
				   NULL),
			 CLI_FINE);
	assert_has(w->out, "\"state\":\"wrong\",\"score\":0");
}

static void what_a_person_must_mark_has_no_score(void **state)
{
	struct world *w = *state;
	const char *id = item_id(w, 2);

	assert_int_equal(world_run(w, "item", "score", gift_file(w), "--item",
				   id, "--response", "{\"text\":\"so\"}", NULL),
			 CLI_FINE);
	assert_has(w->out, "\"state\":\"needs_person\"");
	assert_lacks(w->out, "\"score\":");
}

static void a_wrong_item_or_response_is_refused(void **state)
{
	struct world *w = *state;
	const char *id = item_id(w, 0);

	assert_int_equal(world_run(w, "item", "score", gift_file(w), "--item",
				   "none", "--response", "{}", NULL),
			 CLI_REFUSED);
	assert_int_equal(world_run(w, "item", "score", gift_file(w), "--item",
				   id, "--response", "{\"choice\":\"9\"}",
				   NULL),
			 CLI_REFUSED);
	assert_has(w->err, "/choice");
	assert_int_equal(world_run(w, "item", "score", gift_file(w), NULL),
			 CLI_USAGE);
	assert_has(w->err, "--item");
	assert_int_equal(world_run(w, "item", "score", world_path(w, "absent"),
				   "--item", "x", "--response", "{}", NULL),
			 CLI_REFUSED);
}

static void an_import_can_be_checked_and_reported(void **state)
{
	struct world *w = *state;
	char *out = imported(w);

	assert_int_equal(world_run(w, "check", out, NULL), CLI_FINE);
	assert_has(w->out, "0 errors, 0 warnings, 3 items");
	assert_int_equal(world_run(w, "import", gift_file(w), "--report", NULL),
			 CLI_FINE);
	assert_has(w->out, "Questions: 3");
	assert_lacks(w->out, "\"assay\":");
	assert_int_equal(world_run(w, "import", gift_file(w), NULL), CLI_FINE);
	assert_has(w->out, "\"slug\":\"pets\"");
}

static void questions_are_written_for_other_systems(void **state)
{
	static const char *const forms[] = { "gift", "moodle_xml" };
	struct world *w = *state;
	char *there = world_path(w, "there"), *back = world_path(w, "back");

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(world_run(w, "import", imported(w), "--as",
					   forms[i], "-o", there, NULL),
				 CLI_FINE);
		assert_int_equal(world_run(w, "import", there, "--course", "c",
					   "--slug", "pets", "-o", back, NULL),
				 CLI_FINE);
		assert_int_equal(world_run(w, "check", back, NULL), CLI_FINE);
		assert_has(w->out, "0 errors, 0 warnings, 3 items");
	}
	assert_int_equal(
		world_run(w, "import", gift_file(w), "--as", "qti", NULL),
		CLI_USAGE);
	assert_int_equal(
		world_run(w, "import", world_file(w, "bad", "{\"a"), NULL),
		CLI_REFUSED);
}

static void several_files_go_into_a_folder(void **state)
{
	struct world *w = *state;
	char *a = world_file(w, "a.gift", gift);
	char *b = world_file(w, "b.gift", gift);
	char *folder = world_path(w, "out");

	assert_int_equal(world_run(w, "import", a, b, NULL), CLI_USAGE);
	assert_int_equal(world_run(w, "import", a, b, "-o", folder, NULL),
			 CLI_FINE);
	assert_int_equal(access(world_path(w, "out/a.json"), F_OK), 0);
	assert_int_equal(access(world_path(w, "out/b.json"), F_OK), 0);
	assert_int_equal(world_run(w, "import", a, world_path(w, "absent"),
				   "-o", folder, NULL),
			 CLI_REFUSED);
}

static void errors_of_a_file_are_listed_whole(void **state)
{
	struct world *w = *state;
	char *bad = world_file(
		w, "bad.json",
		"{\"assay\":1,\"course\":\"c\",\"slug\":\"s\",\"title\":\"t\","
		"\"items\":[{\"id\":\"x\",\"type\":\"short\",\"stem\":\"?\","
		"\"answers\":[{\"text\":\"a\",\"fraction\":1}]},{\"id\":\"x\","
		"\"type\":\"short\",\"stem\":\"?\",\"answers\":[{\"text\":"
		"\"a\",\"fraction\":1}]}]}");

	assert_int_equal(world_run(w, "check", bad, NULL), CLI_REFUSED);
	assert_has(w->out, "error /items/1/id: ");
	assert_has(w->out, "duplicate_id");
	assert_int_equal(world_run(w, "check", bad, "--json", NULL),
			 CLI_REFUSED);
	assert_has(w->out, "\"code\":\"duplicate_id\"");
	bad = world_file(w, "worse.json", "{\"assay\":1,\"items\":");
	assert_int_equal(world_run(w, "check", bad, NULL), CLI_REFUSED);
	assert_has(w->out, "1 errors");
	bad = world_file(
		w, "peer.json",
		"{\"assay\":1,\"course\":\"c\",\"slug\":\"s\",\"title\":\"t\","
		"\"peer\":{\"rubric\":{\"criteria\":[{\"id\":\"a\",\"title\":\"A\","
		"\"points\":5,\"step\":2}]}}}");
	assert_int_equal(world_run(w, "check", bad, NULL), CLI_REFUSED);
	assert_has(w->out, "error /peer/rubric/criteria/0/step: ");
	bad = world_file(
		w, "peer.json",
		"{\"assay\":1,\"course\":\"c\",\"slug\":\"s\",\"title\":\"t\","
		"\"peer\":{\"rubric\":{\"criteria\":[{\"id\":\"a\",\"title\":\"A\","
		"\"points\":5}]}}}");
	assert_int_equal(world_run(w, "check", bad, NULL), CLI_FINE);
	assert_has(w->out, "warning /peer: gold: there is none");
}

static void a_private_key_is_for_its_owner_and_never_replaced(void **state)
{
	struct world *w = *state;
	char *key = world_path(w, "k.jwk");
	struct stat st;

	assert_int_equal(
		world_run(w, "key", "new", "-o", key, "--kid", "k1", NULL),
		CLI_FINE);
	assert_lacks(w->out, "\"d\"");
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(world_run(w, "key", "new", "-o", key, NULL),
			 CLI_REFUSED);
	assert_int_equal(world_run(w, "key", "jwks", key, NULL), CLI_FINE);
	assert_has(w->out, "{\"keys\":[{");
	assert_has(w->out, "\"kid\":\"k1\"");
	assert_lacks(w->out, "\"d\":");
	assert_int_equal(world_run(w, "key", "new", "-o", world_path(w, "x"),
				   "--alg", "none", NULL),
			 CLI_USAGE);
}

static void a_token_is_signed_for_somebody(void **state)
{
	struct world *w = *state;
	char *key = world_path(w, "t.jwk");
	int dots = 0;

	assert_int_equal(world_run(w, "key", "new", "-o", key, NULL), CLI_FINE);
	assert_int_equal(world_run(w, "token", key, "--issuer", "i",
				   "--audience", "a", "--subject", "s",
				   "--lives", "10m", NULL),
			 CLI_FINE);
	for (char *p = w->out; *p; p++)
		dots += *p == '.';
	assert_int_equal(dots, 2);
	assert_int_equal(world_run(w, "token", key, "--issuer", "i",
				   "--audience", "a", "--subject", "s",
				   "--roles", "king", NULL),
			 CLI_USAGE);
	assert_int_equal(world_run(w, "token", key, "--issuer", "i", NULL),
			 CLI_USAGE);
	assert_int_equal(world_run(w, "token", gift_file(w), "--issuer", "i",
				   "--audience", "a", "--subject", "s", NULL),
			 CLI_REFUSED);
}

/* ---- verify ---- */

static void put_hash(FILE *f, const char *name, const uint8_t *p)
{
	fprintf(f, "\"%s\":\"", name);
	for (int i = 0; i < HASH_BYTES; i++)
		fprintf(f, "%02x", p[i]);
	fputc('"', f);
}

/* Records that an auditor may not see, then a signed checkpoint. */
static char *bundle(struct world *w, bool forged)
{
	uint8_t seed[32] = { 7 }, digest[HASH_BYTES] = { 1 };
	uint8_t zero[HASH_BYTES] = { 0 }, hash[HASH_BYTES], sig[SIGN_BYTES];
	uint8_t key[SIGN_KEY_BYTES];
	struct signer *s = signer_from(seed);
	char *path = world_path(w, "b.jsonl");
	struct checkpoint p = { .node = 1, .seq = 1, .at_ms = WORLD_MS };
	struct buf m = { 0 }, b = { 0 };
	FILE *f = fopen(path, "w");

	record_link(zero, digest, hash);
	buf_fmt(&m, "assay-checkpoint-1\n1\n1\n%lld\n", (long long)WORLD_MS);
	buf_hex(&m, hash, sizeof(hash));
	signer_sign(s, buf_view(&m), sig);
	signer_public(s, key);
	p.hash = (struct str){ (char *)hash, sizeof(hash) };
	p.key = (struct str){ (char *)key, sizeof(key) };
	p.sig = (struct str){ (char *)sig, sizeof(sig) };
	field_encode(&b, &checkpoint_shape, &p);
	fputs("{\"assay_audit\":1,\"node\":1,\"after\":0,", f);
	put_hash(f, "hash", zero);
	fputs("}\n{\"seq\":1,", f);
	digest[3] = forged;
	put_hash(f, "digest", digest);
	fprintf(f, "}\n{\"checkpoint\":%.*s}\n", STR_FMT(buf_view(&b)));
	fclose(f);
	buf_done(&m);
	buf_done(&b);
	signer_free(s);
	return path;
}

static void a_bundle_is_intact_until_it_is_changed(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, "verify", bundle(w, false), NULL),
			 CLI_FINE);
	assert_has(w->out, "The chain is intact.");
	assert_int_equal(
		world_run(w, "verify", bundle(w, false), "--key", "00", NULL),
		CLI_REFUSED);
	assert_int_equal(
		world_run(w, "verify", bundle(w, true), "--json", NULL),
		CLI_REFUSED);
	assert_has(w->out, "\"intact\":false");
	assert_int_equal(world_run(w, "verify", gift_file(w), NULL),
			 CLI_REFUSED);
	assert_int_equal(world_run(w, "verify", w->folder, NULL), CLI_USAGE);
}

#define SOME_ID "x'0102030405060708090a0b0c0d0e0f10'"

/* Of a grade that no command has made. */
static void a_data_folders_tables_are_compared_with_its_chain(void **state)
{
	static const struct stmt forged = {
		"forged", "INSERT INTO grade (org, course, learner, series,"
			  " slug, assessment, has_score, score, max_score,"
			  " scaled, passed, late, pending, attempts,"
			  " updated_at, released_at, overridden) VALUES"
			  " (" SOME_ID ", 'c', " SOME_ID ", " SOME_ID
			  ", 'q', " SOME_ID ", 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0)"
	};
	static const struct stmt_set own = { "forged", &forged, 1 };
	struct world *w = *state;
	const struct stmt_set *sets[64] = { &own };
	struct store_opts o = { .sets = sets,
				.migrations = all_migrations,
				.clock = w->cx.clock,
				.readers = 1,
				.create = true,
				.busy_ms = 1000 };
	struct store *s;

	for (size_t i = 0; all_stmts[i]; i++)
		sets[i + 1] = all_stmts[i];
	o.url = str_fmt(w->cx.arena, "sqlite:%s", world_path(w, "assay.db"));
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_open(&w->cx, &o, &s), OK);
		w->cx.db = store_writer(s);
		assert_int_equal(store_begin(w->cx.db, &w->cx), OK);
		if (round)
			assert_int_equal(
				store_exec(&w->cx, &forged, NULL, 0, NULL), OK);
		assert_int_equal(store_commit(w->cx.db, &w->cx), OK);
		w->cx.db = NULL;
		store_close(s);
		assert_int_equal(world_run(w, "verify", w->folder, NULL),
				 round ? CLI_REFUSED : CLI_FINE);
	}
	assert_has(w->out, "NOT intact");
	assert_has(w->out, "no record made it");
}

static char *receipt(struct world *w, const struct signer *s,
		     const char *number, bool wrapped)
{
	struct str head = str_fmt(w->cx.arena, "{\"number\":1,\"key\":\"%s\"",
				  signer_id(s));
	struct str shown = str_fmt(w->cx.arena, "{\"number\":%s,\"key\":\"%s\"",
				   number, signer_id(s));
	uint8_t sig[SIGN_BYTES];
	struct buf b = { 0 };
	char *path;

	signer_sign(s, str_fmt(w->cx.arena, "%.*s}", STR_FMT(head)), sig);
	if (wrapped)
		buf_z(&b, "{\"attempt\":\"x\",\"receipt\":");
	buf_str(&b, shown);
	buf_z(&b, ",\"signature\":");
	jout_base64(&b, (struct str){ (char *)sig, sizeof(sig) });
	buf_z(&b, wrapped ? "}}" : "}\n");
	path = world_file(w, "r.json", str_z(w->cx.arena, buf_view(&b)));
	buf_done(&b);
	return path;
}

static void a_receipt_is_genuine_only_as_it_was_signed(void **state)
{
	struct world *w = *state;
	uint8_t seed[32] = { 9 }, key[SIGN_KEY_BYTES];
	struct signer *s = signer_from(seed);
	struct buf hex = { 0 };
	const char *k;

	signer_public(s, key);
	buf_hex(&hex, key, sizeof(key));
	k = str_z(w->cx.arena, buf_view(&hex));
	assert_int_equal(world_run(w, "verify", receipt(w, s, "1", false),
				   "--key", k, NULL),
			 CLI_FINE);
	assert_int_equal(world_run(w, "verify", receipt(w, s, "1", true),
				   "--key", k, NULL),
			 CLI_FINE);
	assert_int_equal(world_run(w, "verify", receipt(w, s, "2", false),
				   "--key", k, NULL),
			 CLI_REFUSED);
	assert_int_equal(
		world_run(w, "verify", receipt(w, s, "1", false), NULL),
		CLI_USAGE);
	buf_done(&hex);
	signer_free(s);
}

static void a_file_without_questions_is_refused(void **state)
{
	static const char *const files[][2] = {
		{ "none.xml", "<?xml version=\"1.0\"?><quiz/>" },
		{ "none.gift", "// nothing yet\n" },
		{ "empty.gift", "" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char *path = world_file(w, files[i][0], files[i][1]);

		assert_int_equal(world_run(w, "import", path, "--course", "c",
					   "--slug", "s", NULL),
				 CLI_REFUSED);
		assert_has(w->err, "holds no questions");
		assert_string_equal(w->out, "");
	}
}

/* What a server makes; late may be changed afterwards. */
static struct str whole_receipt(struct world *w, const struct signer *s,
				bool late)
{
	struct id one = id_new(w->cx.clock, w->cx.rng);
	struct receipt r = { .attempt = one,
			     .learner = one,
			     .assessment = one,
			     .digest = STR("digest"),
			     .number = 1,
			     .finished_at = WORLD_MS,
			     .records = 7,
			     .chain = { 1, 9, STR("hash") },
			     .answers = STR("answers"),
			     .key = str_of(signer_id(s)) };
	char *sig = arena_alloc(w->cx.arena, SIGN_BYTES);

	signer_sign(s, receipt_text(&w->cx, &r), (uint8_t *)sig);
	r.late = late;
	r.signature = (struct str){ sig, SIGN_BYTES };
	return receipt_text(&w->cx, &r);
}

/* As other programs write JSON: spaces, and the last member first. */
static char *written_anew(struct world *w, struct str text)
{
	size_t at = str_find(text, STR(",\"signature\""), 0);
	struct buf b = { 0 };
	char *path;

	buf_ch(&b, '{');
	buf_str(&b, str_cut(text, at + 1, text.n - 1));
	buf_z(&b, ",\n");
	for (size_t i = 1; i < at; i++) {
		buf_ch(&b, text.p[i]);
		if (text.p[i] == ',' ||
		    (text.p[i] == ':' && i > 0 && text.p[i - 1] == '"'))
			buf_ch(&b, ' ');
	}
	buf_z(&b, "}\n");
	path = world_file(w, "anew.json", str_z(w->cx.arena, buf_view(&b)));
	buf_done(&b);
	return path;
}

static void a_receipt_may_be_reformatted_but_not_changed(void **state)
{
	struct world *w = *state;
	uint8_t seed[32] = { 9 }, key[SIGN_KEY_BYTES];
	struct signer *s = signer_from(seed);
	struct buf hex = { 0 };
	const char *k;
	char *path;

	signer_public(s, key);
	buf_hex(&hex, key, sizeof(key));
	k = str_z(w->cx.arena, buf_view(&hex));
	path = world_file(w, "r.json",
			  str_z(w->cx.arena, whole_receipt(w, s, false)));
	assert_int_equal(world_run(w, "verify", path, "--key", k, NULL),
			 CLI_FINE);
	assert_lacks(w->out, "reformatted");
	path = written_anew(w, whole_receipt(w, s, false));
	assert_int_equal(world_run(w, "verify", path, "--key", k, NULL),
			 CLI_FINE);
	assert_has(w->out, "reformatted");
	assert_int_equal(
		world_run(w, "verify", path, "--key", k, "--json", NULL),
		CLI_FINE);
	assert_has(w->out, "\"reformatted\":true");
	path = written_anew(w, whole_receipt(w, s, true));
	assert_int_equal(world_run(w, "verify", path, "--key", k, NULL),
			 CLI_REFUSED);
	buf_done(&hex);
	signer_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response_is_scored),
		cmocka_unit_test(what_a_person_must_mark_has_no_score),
		cmocka_unit_test(a_wrong_item_or_response_is_refused),
		cmocka_unit_test(an_import_can_be_checked_and_reported),
		cmocka_unit_test(questions_are_written_for_other_systems),
		cmocka_unit_test(several_files_go_into_a_folder),
		cmocka_unit_test(errors_of_a_file_are_listed_whole),
		cmocka_unit_test(
			a_private_key_is_for_its_owner_and_never_replaced),
		cmocka_unit_test(a_token_is_signed_for_somebody),
		cmocka_unit_test(a_bundle_is_intact_until_it_is_changed),
		cmocka_unit_test(
			a_data_folders_tables_are_compared_with_its_chain),
		cmocka_unit_test(a_receipt_is_genuine_only_as_it_was_signed),
		cmocka_unit_test(a_receipt_may_be_reformatted_but_not_changed),
		cmocka_unit_test(a_file_without_questions_is_refused),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
