/* Code items: files as a response, the wait for a verdict, what it says. */
#include "base/limits.h"
#include "cli/file.h"
#include "cli/packed.h"
#include "cli/take.h"
#include "cli/wrap.h"
#include "sandbox/hostdir.h"
#include "sandbox/toolchain.h"

enum { LOOK_MS = 300, NAME_MOST = 30, KIB = 1024 };

bool take_is_code(struct take *t, const struct question *q)
{
	return str_is(take_type(t->c, q->item), "code");
}

static bool next(struct jval list, uint32_t *it, struct jval *out)
{
	struct str name;

	return list.doc && jval_type(list) == J_ARRAY &&
	       jval_next(list, it, &name, out);
}

/* ---- the task ---- */

static void put_words(struct take *t, const char *label, struct jval list,
		      const char *name)
{
	struct buf b = { 0 };
	struct jval v;
	uint32_t it = 0;
	bool first = true;

	while (next(list, &it, &v)) {
		buf_z(&b, first ? label : ", ");
		first = false;
		if (name)
			buf_str(&b, take_str(t->c, v, name));
		else if (jval_type(v) == J_STRING)
			buf_str(&b, jval_str(t->c->cx, v));
	}
	if (!first)
		take_say(t, 2, buf_view(&b));
	buf_done(&b);
}

void take_show_code(struct take *t, const struct question *q)
{
	struct jval code, v;

	if (!take_get(q->item, "code", &code))
		return;
	fputc('\n', t->c->out);
	if (take_get(code, "languages", &v))
		put_words(t, "Languages: ", v, NULL);
	if (take_get(code, "files", &v))
		put_words(t, "Files: ", v, "name");
	if (take_get(code, "starter", &v))
		put_words(t, "To begin with: ", v, "name");
	if (take_int(code, "submissions"))
		take_sayf(t, "  Submissions: at most %lld",
			  (long long)take_int(code, "submissions"));
}

/* ---- files as a response ---- */

static bool is_for(struct take *t, struct jval languages, struct str name)
{
	struct jval v;
	uint32_t it = 0;

	while (next(languages, &it, &v))
		if (jval_type(v) == J_STRING &&
		    str_eq(jval_str(t->c->cx, v), name))
			return true;
	return false;
}

static bool has_ending(const struct toolchain *l, const struct list *files)
{
	const struct run_file *f = files->at;

	for (size_t i = 0; i < files->n; i++)
		for (size_t k = 0; l->suffixes[k]; k++)
			if (str_ends(f[i].name, l->suffixes[k]))
				return true;
	return false;
}

/* The task's only one, or that of the files' endings. */
static enum err choose_language(struct take *t, const struct question *q,
				const struct list *files, struct str *out)
{
	struct jval code, languages = { 0 }, v;
	uint32_t it = 0;

	if (out->p)
		return OK;
	if (take_get(q->item, "code", &code) &&
	    take_get(code, "languages", &languages) &&
	    jval_count(languages) == 1 && next(languages, &it, &v)) {
		*out = jval_str(t->c->cx, v);
		return OK;
	}
	for (const struct toolchain *l = toolchains; l->name; l++)
		if (is_for(t, languages, str_of(l->name)) &&
		    has_ending(l, files)) {
			*out = str_of(l->name);
			return OK;
		}
	return err_set(t->c->cx, ERR_INVALID,
		       "no file's ending tells the language: put it in "
		       "front, such as c: FILE, or give --language");
}

/* One zip or tar, unless the task asks for a file of that name. */
static bool is_archive(struct take *t, const struct question *q,
		       const struct list *files)
{
	const struct run_file *f = files->at;
	struct jval code, names, v;
	uint32_t it = 0;

	if (files->n != 1 || !packed_is(f[0].data))
		return false;
	if (take_get(q->item, "code", &code) && take_get(code, "files", &names))
		while (next(names, &it, &v))
			if (str_eq(take_str(t->c, v, "name"), f[0].name))
				return false;
	return true;
}

static enum err read_paths(struct take *t, const struct list *paths,
			   struct list *out)
{
	const struct str *p = paths->at;
	struct run_file *f =
		ARENA_ARRAY(t->c->cx->arena, struct run_file, paths->n);
	struct tree_list tree;
	enum err e = OK;

	if (paths->n == 1 && file_is_folder(t->c, p[0])) {
		e = hostdir_read(t->c->cx, str_z(t->c->cx->arena, p[0]),
				 STR(""), &tree);
		if (e)
			return e;
		packed_say_refused(t->c, &tree);
		*out = tree.files;
		return OK;
	}
	for (size_t i = 0; !e && i < paths->n; i++) {
		f[i] = (struct run_file){ .name = file_name(p[i], false) };
		e = file_read(t->c, p[i], LIMIT_MESSAGE_BYTES, &f[i].data);
	}
	if (!e)
		*out = (struct list){ f, paths->n };
	return e;
}

enum err take_files(struct take *t, const struct question *q,
		    const struct list *paths, struct str language,
		    struct str *response)
{
	struct buf b = { .limit = LIMIT_MESSAGE_BYTES };
	const struct run_file *f;
	struct list files;
	enum err e = read_paths(t, paths, &files);

	if (!e)
		e = choose_language(t, q, &files, &language);
	if (e)
		return e;
	f = files.at;
	buf_z(&b, "{\"language\":");
	jout_str(&b, language);
	if (is_archive(t, q, &files))
		buf_z(&b, ",\"archive\":true");
	buf_z(&b, ",\"files\":[");
	for (size_t i = 0; i < files.n; i++) {
		buf_z(&b, i ? ",{\"name\":" : "{\"name\":");
		jout_str(&b, f[i].name);
		buf_z(&b, ",\"base64\":");
		jout_base64(&b, f[i].data.p ? f[i].data : STR(""));
		buf_ch(&b, '}');
	}
	buf_z(&b, "]}");
	if (b.failed)
		e = err_set(t->c->cx, ERR_TOO_LARGE,
			    "the files are too large to be handed in");
	else
		*response = buf_copy(&b, t->c->cx->arena);
	buf_done(&b);
	return e;
}

enum err take_read_files(struct take *t, const struct question *q,
			 struct str line, struct str *response)
{
	struct str *paths =
		ARENA_ARRAY(t->c->cx->arena, struct str, line.n + 1);
	struct str language = { 0 }, word;
	size_t n = 0;

	line = str_trim(line);
	while (str_split(&line, ' ', &word)) {
		if (!word.n)
			continue;
		if (!n && word.p[word.n - 1] == ':')
			language = str_cut(word, 0, word.n - 1);
		else
			paths[n++] = word;
	}
	if (!n)
		return err_set(t->c->cx, ERR_INVALID, "name at least one file");
	return take_files(t, q, &(struct list){ paths, n }, language, response);
}

/* ---- the report ---- */

static void cell(struct buf *b, struct str s)
{
	struct buf clean = { 0 };
	int width;

	wrap_clean_line(&clean, str_cut(s, 0, NAME_MOST));
	width = wrap_width(buf_view(&clean));
	buf_str(b, buf_view(&clean));
	wrap_pad(b, width < NAME_MOST ? NAME_MOST - width : 0);
	buf_done(&clean);
}

static void put_test(struct take *t, struct buf *b, struct jval v)
{
	static const struct {
		const char *name, *label;
	} more[] = {
		{ "message", "" },	 { "hint", "hint: " },
		{ "input", "input:\n" }, { "wanted", "wanted: " },
		{ "got", "got:    " },
	};
	struct str verdict = take_str(t->c, v, "verdict"), s;
	bool passed = str_is(verdict, "AC") || str_is(verdict, "SK");

	buf_z(b, "  ");
	cell(b, take_str(t->c, v, "name"));
	buf_fmt(b, "  %-3.*s", STR_FMT(verdict));
	if (take_int(v, "wall_ms"))
		buf_fmt(b, "  %5lld ms  %6lld KiB",
			(long long)take_int(v, "cpu_ms"),
			(long long)take_int(v, "memory_bytes") / KIB);
	if (take_int(v, "signal"))
		buf_fmt(b, "  signal %lld", (long long)take_int(v, "signal"));
	else if (take_int(v, "exit"))
		buf_fmt(b, "  exit %lld", (long long)take_int(v, "exit"));
	buf_ch(b, '\n');
	for (size_t i = 0; !passed && i < sizeof(more) / sizeof(*more); i++) {
		s = str_trim(take_str(t->c, v, more[i].name));
		if (!s.n)
			continue;
		buf_fmt(b, "      %s", more[i].label);
		if (more[i].label[0] && str_ends(str_of(more[i].label), "\n"))
			wrap_pad(b, 8);
		wrap_text(b, str_cut(s, 0, 400), t->c->columns, 8, 14);
		buf_ch(b, '\n');
	}
}

static void put_hidden(struct buf *b, struct jval report)
{
	struct jval v, n;

	if (!take_get(report, "hidden", &v))
		return;
	buf_fmt(b, "  hidden tests: %lld", (long long)take_int(v, "tests"));
	if (take_get(v, "passed", &n))
		buf_fmt(b, ", passed: %lld", (long long)take_int(v, "passed"));
	buf_ch(b, '\n');
}

static void put_points(struct buf *b, struct jval v)
{
	struct jval points, most;

	if (take_get(v, "points", &points) && take_get(v, "max_points", &most))
		buf_fmt(b, "  %.*s of %.*s points", STR_FMT(jval_text(points)),
			STR_FMT(jval_text(most)));
}

static void put_groups(struct take *t, struct buf *b, struct jval report)
{
	struct jval list, v;
	uint32_t it = 0;

	if (!take_get(report, "groups", &list) || !jval_count(list))
		return;
	buf_z(b, "groups:\n");
	while (next(list, &it, &v)) {
		buf_z(b, "  ");
		cell(b, take_str(t->c, v, "name"));
		buf_fmt(b, "  %-3.*s", STR_FMT(take_str(t->c, v, "verdict")));
		put_points(b, v);
		buf_ch(b, '\n');
	}
}

static void put_block(struct take *t, struct buf *b, const char *label,
		      struct str text)
{
	text = str_trim(text);
	if (!text.n)
		return;
	buf_fmt(b, "%s\n  ", label);
	wrap_text(b, text, t->c->columns, 2, 2);
	buf_ch(b, '\n');
}

void take_show_report(struct take *t, struct jval report)
{
	struct buf b = { 0 };
	struct jval v, list;
	uint32_t it = 0;

	put_block(t, &b, "Not judged:", take_str(t->c, report, "reason"));
	if (take_get(report, "compile", &v))
		put_block(t, &b,
			  "The compiler says:", take_str(t->c, v, "text"));
	if (take_get(report, "tests", &list) && jval_count(list)) {
		buf_z(&b, "tests:\n");
		while (next(list, &it, &v))
			put_test(t, &b, v);
	}
	if (take_get(report, "tests", &list) && jval_count(list))
		put_hidden(&b, report);
	put_groups(t, &b, report);
	buf_fmt(&b, "%.*s", STR_FMT(take_str(t->c, report, "verdict")));
	put_points(&b, report);
	if (!take_bool(report, "complete"))
		buf_z(&b, "  (hidden tests are not in this)");
	buf_ch(&b, '\n');
	cli_put(t->c->out, buf_view(&b));
	buf_done(&b);
}

/* ---- handing in, and the wait ---- */

/* The last submission's number and state, of the slot's view. */
static int64_t last_of(struct take *t, struct jval slot, struct str *state)
{
	struct jval code, list, v = { 0 };
	uint32_t it = 0;

	*state = (struct str){ 0 };
	if (!take_get(slot, "code", &code) ||
	    !take_get(code, "submissions", &list))
		return 0;
	while (next(list, &it, &v))
		;
	*state = take_str(t->c, v, "state");
	return take_int(v, "number");
}

static void say_queue(struct take *t, struct jval slot, struct str *said)
{
	struct jval code, queue, n;
	struct buf b = { 0 };

	if (!take_get(slot, "code", &code) || !take_get(code, "queue", &queue))
		return;
	if (str_is(take_str(t->c, queue, "standing"), "no_worker"))
		buf_z(&b,
		      "No worker can take it now: it is judged when one comes "
		      "that can. You need not wait for it here.");
	else if (take_int(queue, "before"))
		buf_fmt(&b, "Waiting: %lld before it",
			(long long)take_int(queue, "before"));
	else
		buf_z(&b, "It is being judged …");
	if (take_get(queue, "estimate_ms", &n) && take_int(queue, "before"))
		buf_fmt(&b, ", about %lld s",
			(long long)take_int(queue, "estimate_ms") / 1000 + 1);
	if (b.n && !str_eq(buf_view(&b), *said)) {
		*said = buf_copy(&b, t->c->cx->arena);
		take_say(t, 0, *said);
	}
	buf_done(&b);
}

/* The slot as the server has it now. */
static int look(struct take *t, const struct question *q, struct jval *slot)
{
	struct client_reply r;
	struct jdoc *doc;
	struct jval slots;
	uint32_t it = 0;
	int code = take_call(t, "attempt.get",
			     str_fmt(t->c->cx->arena, "{\"attempt\":\"%.*s\"}",
				     STR_FMT(t->attempt)),
			     false, &r);

	if (code != TAKE_ON)
		return code;
	if (r.code)
		return take_refused(t, &r);
	if (jdoc_parse(t->c->cx, r.result, &doc) ||
	    !take_get(jdoc_root(doc), "slots", &slots))
		return cli_error(t->c, ERR_BAD_JSON);
	while (next(slots, &it, slot))
		if (take_int(*slot, "slot") == q->slot)
			return TAKE_ON;
	return cli_error(t->c, ERR_BAD_JSON);
}

/* Until the last submission is not judged any more. */
static int wait_for(struct take *t, const struct question *q, struct jval *slot,
		    struct str *state)
{
	struct str said = { 0 };
	int code;

	last_of(t, *slot, state);
	while (str_is(*state, "judging")) {
		say_queue(t, *slot, &said);
		fflush(t->c->out);
		t->c->wait(LOOK_MS);
		code = look(t, q, slot);
		if (code != TAKE_ON)
			return code;
		last_of(t, *slot, state);
	}
	return TAKE_ON;
}

static void say_refused(struct take *t, struct jval reply)
{
	struct jval list, v;
	uint32_t it = 0;

	if (!take_get(reply, "refused", &list))
		return;
	while (next(list, &it, &v))
		take_sayf(t, "Left out: %.*s %.*s",
			  STR_FMT(take_str(t->c, v, "name")),
			  STR_FMT(take_str(t->c, v, "why")));
}

static void say_received(struct take *t, struct jval reply, struct jval slot)
{
	struct str state;
	int64_t number = last_of(t, slot, &state);
	struct jval receipt;

	say_refused(t, reply);
	if (!take_bool(reply, "try_used"))
		take_sayf(t, "These files are submission %lld already.",
			  (long long)number);
	else
		take_sayf(t, "Handed in as submission %lld.",
			  (long long)number);
	if (take_get(reply, "receipt", &receipt))
		t->receipt = jval_text(receipt);
}

int take_hand_in(struct take *t, struct question *q, struct str response,
		 bool wait, bool *passed)
{
	struct client_reply r;
	struct jdoc *doc;
	struct jval slot, code_view, report;
	struct str state;
	bool taken;
	int code = take_send(t, "attempt.check", q, response, &r, &taken);

	*passed = false;
	if (code != TAKE_ON || !taken)
		return code == TAKE_ON ? CLI_REFUSED : code;
	if (jdoc_parse(t->c->cx, r.result, &doc) ||
	    !take_get(jdoc_root(doc), "slot", &slot))
		return cli_error(t->c, ERR_BAD_JSON);
	q->seq = take_int(slot, "seq");
	q->answered = true;
	if (take_get(slot, "response", &report))
		q->response = jval_text(report);
	say_received(t, jdoc_root(doc), slot);
	if (!wait)
		return TAKE_ON;
	code = wait_for(t, q, &slot, &state);
	if (code != TAKE_ON)
		return code;
	if (str_is(state, "failed")) {
		take_sayf(t, "It could not be judged, which is our failure: it "
			     "costs you nothing, and staff are told.");
		return TAKE_ON;
	}
	if (!take_get(slot, "code", &code_view) ||
	    !take_get(code_view, "report", &report)) {
		take_sayf(t, "It is judged; nothing more may be shown now.");
		*passed = true;
		return TAKE_ON;
	}
	take_show_report(t, report);
	if (str_is(state, "ungradable"))
		take_sayf(t, "It costs no submission.");
	*passed = str_is(take_str(t->c, report, "verdict"), "AC");
	return TAKE_ON;
}
