/* lab.run, lab.check, lab.result: on the work as it was saved last. */
#include "base/fair.h"
#include "base/limits.h"
#include "engine/app.h"
#include "engine/lab/lab_rpc.h"
#include "engine/lab/lab_run.h"
#include "engine/lab/lab_sql.h"
#include "graders/code.h"
#include "sandbox/tree_name.h"

/* ---- lab.run and lab.check ---- */

struct run_params {
	struct id session;
	struct list command;
	struct str input, language;
};
static const struct field run_fields[] = {
	FIELD(struct run_params, session, KIND_ID, "of lab.open"),
	FIELD_OPT(struct run_params, command, KIND_LIST,
		  "what is run; absent: what the lab says", .of = KIND_STR,
		  .min = 1, .max = LAB_WORDS),
	FIELD_OPT(struct run_params, input, KIND_STR, "its standard input"),
	FIELD_END,
};
static const struct shape run_shape = { "lab_run", sizeof(struct run_params),
					run_fields };
static const struct field check_fields[] = {
	FIELD(struct run_params, session, KIND_ID, "of lab.open"),
	FIELD_OPT(struct run_params, language, KIND_STR,
		  "one that the check takes; absent: the lab's", .min = 1,
		  .max = 40),
	FIELD_END,
};
static const struct shape check_shape = { "lab_check",
					  sizeof(struct run_params),
					  check_fields };

struct run_begun {
	struct id run;
	struct str commit;
};
static const struct field begun_fields[] = {
	FIELD(struct run_begun, run, KIND_ID, "for lab.result"),
	FIELD(struct run_begun, commit, KIND_STR, "the work that it is about"),
	FIELD_END,
};
static const struct shape begun_shape = { "lab_run_begun",
					  sizeof(struct run_begun),
					  begun_fields };

static enum err begin(struct ctx *cx, struct lab_session *s,
		      const struct job_kind *kind, enum lab_run_kind what,
		      struct str language, struct str body, struct list needs,
		      struct run_begun *out)
{
	struct work_place at = lab_place(cx, s);
	struct job_wish wish = { .org = s->org, .body = body, .needs = needs };
	struct oid tip;
	enum err e = subs_tip(cx, cx->app->subs, at.repo, at.ref, &tip);

	out->run = id_new(cx->clock, cx->rng);
	wish.ref = out->run;
	if (!e)
		e = store_exec(cx, &lab_sql[LAB_SESSION_RATES],
			       VALS(v_id(&s->org), v_id(&s->id),
				    v_int(s->check_at), v_int(s->run_at)),
			       NULL);
	if (!e)
		e = store_exec(cx, &lab_sql[LAB_RUN_INSERT],
			       VALS(v_id(&s->org), v_id(&out->run),
				    v_id(&s->id),
				    v_bytes(lab_oid_bytes(cx->arena, &tip)),
				    v_int(what), v_int(clock_ms(cx->clock)),
				    v_text(language.p ? language : STR(""))),
			       NULL);
	if (!e)
		e = store_exec(
			cx, &lab_sql[LAB_RUN_PRUNE],
			VALS(v_id(&s->org), v_id(&s->id), v_int(LAB_RUNS_KEPT)),
			NULL);
	if (!e)
		e = job_queue(cx, kind->name, &wish, NULL);
	if (!e)
		out->commit = lab_oid_hex(cx->arena, &tip);
	return e;
}

static enum err load(struct ctx *cx, const struct id *session,
		     struct lab_session *s, struct lab_def *def)
{
	enum err e = lab_session_own(cx, session, s);

	return e ? e : lab_def_of(cx, &s->org, &s->version, def);
}

/* The one whose programs its box sees. */
static struct list run_needs(struct ctx *cx, const struct lab_def *def)
{
	struct str *one = ARENA_NEW(cx->arena, struct str);

	*one = lab_def_toolchain(def);
	return (struct list){ one, one->n ? 1 : 0 };
}

static enum err run(struct ctx *cx, const void *params, void *result)
{
	const struct run_params *p = params;
	struct lab_run_input in = { .argv = p->command, .input = p->input };
	struct lab_session s;
	struct lab_def def;
	enum err e = load(cx, &p->session, &s, &def);

	if (e)
		return e;
	in.limits = def.limits;
	if (!in.argv.n)
		in.argv = def.run;
	if (!in.argv.n)
		return err_field(cx, ERR_PRECONDITION, "/command",
				 "this lab names no command of its own: say "
				 "which is to be run");
	e = fair_use(cx, &s.run_at, def.rates.runs_per_minute, "runs");
	return e ? e
		 : begin(cx, &s, &lab_run_job, LAB_RUN, (struct str){ 0 },
			 field_text(cx->arena, &lab_run_input_shape, &in),
			 run_needs(cx, &def), result);
}

/* What may be handed in at all: names, sizes, the files that must be there. */
static enum err acceptable(struct ctx *cx, const struct lab_session *s,
			   const struct lab_def *def, struct str language)
{
	struct work_place at = lab_place(cx, s);
	struct subs_commit tip;
	struct code_file *to;
	const struct run_file *f;
	struct list files;
	enum err e = work_load(cx, cx->app->subs, &at, &tip, &files);

	if (e)
		return e;
	f = files.at;
	to = ARENA_ARRAY(cx->arena, struct code_file, files.n + 1);
	for (size_t i = 0; i < files.n; i++)
		to[i] = (struct code_file){ .name = f[i].name,
					    .base64 = f[i].data.p ? f[i].data
								  : STR(""),
					    .executable = f[i].executable };
	return code_accepts(cx, &def->check, language,
			    &(struct list){ to, files.n }, "");
}

static enum err check(struct ctx *cx, const void *params, void *result)
{
	const struct run_params *p = params;
	struct lab_session s;
	struct lab_def def;
	struct str language;
	enum err e = load(cx, &p->session, &s, &def);

	if (e)
		return e;
	if (!def.has_check)
		return err_set(cx, ERR_PRECONDITION, "this lab has no check");
	language = lab_def_language(&def, p->language);
	e = acceptable(cx, &s, &def, language);
	if (!e)
		e = fair_use(cx, &s.check_at, def.rates.checks_per_minute,
			     "checks");
	return e ? e
		 : begin(cx, &s, &lab_check_job, LAB_CHECK, language, STR("{}"),
			 code_needs(cx->arena, &def.check, language), result);
}

/* ---- lab.unpack ---- */

struct unpack_params {
	struct id session;
	struct str name;
};
static const struct field unpack_fields[] = {
	FIELD(struct unpack_params, session, KIND_ID, "of lab.open"),
	FIELD(struct unpack_params, name, KIND_STR,
	      "a zip or tar among the work's files", .min = 1,
	      .max = TREE_NAME_BYTES),
	FIELD_END,
};
static const struct shape unpack_shape = { "lab_unpack",
					   sizeof(struct unpack_params),
					   unpack_fields };

static enum err unpack(struct ctx *cx, const void *params, void *result)
{
	const struct unpack_params *p = params;
	struct lab_unpack_input in = { .session = p->session,
				       .name = p->name,
				       .commit = STR("") };
	struct subs_commit tip;
	struct lab_session s;
	struct lab_def def;
	struct work_place at;
	struct list files;
	enum err e = load(cx, &p->session, &s, &def);

	if (e)
		return e;
	at = lab_place(cx, &s);
	e = work_load(cx, cx->app->subs, &at, &tip, &files);
	if (!e && !tree_find(&files, p->name))
		e = err_field(cx, ERR_NOT_FOUND, "/name",
			      "there is no such file; lab.files lists them");
	if (!e)
		e = fair_use(cx, &s.run_at, def.rates.runs_per_minute, "runs");
	return e ? e
		 : begin(cx, &s, &lab_unpack_job, LAB_UNPACK, (struct str){ 0 },
			 field_text(cx->arena, &lab_unpack_input_shape, &in),
			 (struct list){ 0 }, result);
}

/* ---- lab.result ---- */

struct result_params {
	struct id run;
	int64_t wait_ms;
};
static const struct field result_params_fields[] = {
	FIELD(struct result_params, run, KIND_ID,
	      "of lab.run, lab.check or lab.unpack"),
	FIELD_OPT(struct result_params, wait_ms, KIND_INT,
		  "for the end of it; 0: not at all", .min = 0,
		  .max = LAB_WAIT_MS),
	FIELD_END,
};
static const struct shape result_params_shape = { "lab_result",
						  sizeof(struct result_params),
						  result_params_fields };

struct lab_told {
	struct id run;
	int kind, state;
	struct str commit;
	int64_t created_at, ended_at;
	struct str result, check;
	bool has_score;
	struct dec score, max_score, scaled;
	bool has_standing;
	int standing;
	struct str reason;
};
static const char *const run_kind_words[] = {
#define X(code, word) word,
	LAB_RUN_KINDS(X)
#undef X
		NULL
};
static const char *const run_state_words[] = {
#define X(code, word) word,
	LAB_RUN_STATES(X)
#undef X
		NULL
};
#define T struct lab_told
static const struct field told_fields[] = {
	FIELD(T, run, KIND_ID, "the run"),
	FIELD(T, kind, KIND_ENUM, "which of them", .words = run_kind_words),
	FIELD(T, state, KIND_ENUM, "failed: ours, ask once more",
	      .words = run_state_words),
	FIELD(T, commit, KIND_STR, "the work that it was about"),
	FIELD(T, created_at, KIND_TIME, "asked for"),
	FIELD_OPT(T, ended_at, KIND_TIME, "when it was done"),
	FIELD_OPT(T, result, KIND_RAW,
		  "of a run: verdict, output, …; of unpacking: commit, files, "
		  "left_out, left_out_more, or reason"),
	FIELD_OPT(T, check, KIND_RAW,
		  "of a check: what a code item's report is to a learner"),
	FIELD_MAYBE(T, score, has_score, KIND_DEC,
		    "of a check: points; advice, never a grade"),
	FIELD_MAYBE(T, max_score, has_score, KIND_DEC, "of so many"),
	FIELD_MAYBE(T, scaled, has_score, KIND_DEC, "as a fraction"),
	FIELD_MAYBE(T, standing, has_standing, KIND_ENUM,
		    "while it waits: " JOB_STANDING_DOC,
		    .words = job_standing_words),
	FIELD_OPT(T, reason, KIND_STR, "staff: why no worker can take it"),
	FIELD_END,
};
#undef T
static const struct shape told_shape = { "lab_run_told",
					 sizeof(struct lab_told), told_fields };

static enum err show_check(struct ctx *cx, const struct lab_session *s,
			   struct str report_text, struct lab_told *out)
{
	struct code_report report;
	struct code_result score;
	struct lab_def def;
	struct buf b = { 0 };
	bool staff = principal_has(cx->who, ROLE_STAFF);
	enum err e = lab_def_of(cx, &s->org, &s->version, &def);

	if (!e)
		e = code_report_read(cx, &def.check, report_text, &report);
	if (e)
		return e;
	code_score(cx, &def.check, &report, &score);
	code_view(cx, &def.check, &report,
		  staff ? CODE_FOR_AUTHOR : CODE_FOR_LEARNER, &b);
	out->check = buf_copy(&b, cx->arena);
	buf_done(&b);
	out->has_score = true;
	out->score = score.points;
	out->max_score = score.max_points;
	out->scaled = score.fraction;
	return OK;
}

/* Of its job: the one that is about it. */
static enum err tell_standing(struct ctx *cx, const struct lab_run_row *r,
			      struct lab_told *out)
{
	struct job_workers workers = { 0 };
	struct str why = { 0 };
	struct job j;
	enum err e = job_behind(cx, &cx->who->org, &r->id, &j);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	out->has_standing = !e && j.due_at;
	if (out->has_standing)
		e = job_standing(cx, &workers, &j, &out->standing, &why);
	if (!e && principal_has(cx->who, ROLE_STAFF))
		out->reason = why;
	return e;
}

static enum err tell(struct ctx *cx, const struct lab_run_row *r,
		     const struct lab_session *s, struct lab_told *out)
{
	struct oid commit = lab_oid(r->git_commit);

	*out = (struct lab_told){
		.run = r->id,
		.kind = (int)r->kind,
		.state = (int)r->state,
		.commit = lab_oid_hex(cx->arena, &commit),
		.created_at = r->created_at,
		.ended_at = r->ended_at,
	};
	if (r->state == LAB_RUN_WAITS)
		return tell_standing(cx, r, out);
	if (r->state != LAB_RUN_DONE)
		return OK;
	if (r->kind == LAB_CHECK)
		return show_check(cx, s, r->result, out);
	out->result = r->result;
	return OK;
}

static enum err result(struct ctx *cx, const void *params, void *result)
{
	const struct result_params *p = params;
	uint64_t key = lab_key(&p->run, 3);
	uint64_t seen = parking_seen(cx->app->parking, key);
	struct lab_run_row row;
	struct lab_session s;
	enum err e = store_one(cx, &lab_sql[LAB_RUN_BY_ID],
			       VALS(v_id(&cx->who->org), v_id(&p->run)), &row);

	if (!e)
		e = lab_session_load(cx, &row.session, &s);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, e,
			       "there is no such run, or it was long "
			       "ago");
	if (e)
		return e;
	if (row.state == LAB_RUN_WAITS && p->wait_ms && !cx->io->park_over) {
		cx->io->park = (struct rpc_park){ key, seen, p->wait_ms };
		return OK;
	}
	return tell(cx, &row, &s, result);
}

const struct rpc_method lab_run_methods[] = {
	{ .name = "lab.run",
	  .does = "Run a command on the work in a box; lab.result tells what "
		  "came of it.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .budget_ms = 500,
	  .params = &run_shape,
	  .result = &begun_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION),
	  .run = run },
	{ .name = "lab.check",
	  .does = "Check the work by the lab's tests: advice, never a grade.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .budget_ms = 500,
	  .params = &check_shape,
	  .result = &begun_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION),
	  .run = check },
	{ .name = "lab.unpack",
	  .does = "Put the files of an archive that is in the work in its "
		  "place; lab.result tells which were left out.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .budget_ms = 500,
	  .params = &unpack_shape,
	  .result = &begun_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = unpack },
	{ .name = "lab.result",
	  .does = "Tell what came of a run or check; wait for it if wanted.",
	  .roles = ROLE_LEARNER | ROLE_STAFF,
	  .params = &result_params_shape,
	  .result = &told_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = result },
	{ 0 },
};
