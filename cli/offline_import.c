/* assay import, assay check: files of questions. */
#include <errno.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "cli/file.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/source.h"
#include "cli/verb.h"
#include "cli/wrap.h"
#include "graders/import_report.h"

const struct flag import_flags[] = {
	{ .name = "report",
	  .doc = "print what became of every part of the source" },
	{ .name = "course",
	  .value = "TEXT",
	  .doc = "the platform's course id [course]" },
	{ .name = "slug",
	  .value = "TEXT",
	  .doc = "names it within the course [from the file's name]" },
	{ .name = "out",
	  .letter = 'o',
	  .value = "OUT",
	  .doc = "file, or a folder for several [standard output]" },
	{ .name = "as",
	  .value = "WORD",
	  .doc = "write an assessment file (assay, the default), or its "
		 "questions as gift or moodle_xml" },
	{ .name = "json", .doc = "the report as JSON" },
	{ 0 },
};

const struct flag check_flags[] = {
	{ .name = "json", .doc = "the list as JSON" },
	{ 0 },
};

/* What a source may be written as. */
static const struct form {
	const char *word, *ending;
	void (*write)(struct buf *b, const struct bank *bank);
} forms[] = {
	{ "assay", "json", NULL },
	{ "gift", "gift", gift_write },
	{ "moodle_xml", "xml", moodle_xml_write },
};

static const struct form *form_of(struct str word)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (str_is(word, forms[i].word))
			return &forms[i];
	return word.n ? NULL : &forms[0];
}

struct import {
	struct cli *c;
	const struct form *form;
	const struct args *args;
	struct str out;
	bool into_folder;
};

static void put_report(struct cli *c, const struct source *src, bool json)
{
	struct buf raw = { 0 }, b = { 0 };

	if (json) {
		field_encode(&b, &bank_shape, &src->bank);
		buf_ch(&b, '\n');
	} else {
		import_report(&raw, &src->bank);
		wrap_clean(&b, buf_view(&raw));
	}
	cli_put(c->out, buf_view(&b));
	buf_done(&raw);
	buf_done(&b);
}

/* One line where a report was not asked for, but would have something. */
static void hint(struct cli *c, const struct source *src)
{
	const struct bank *b = &src->bank;

	if (b->refused || b->opaque)
		cli_say(c, 0,
			"%.*s: %zu questions read; of its parts %lld were "
			"refused and %lld kept without a way to score them "
			"(--report lists them)",
			STR_FMT(src->path), b->items.n, (long long)b->refused,
			(long long)b->opaque);
	for (size_t i = 0; i < src->problems.list.n && i < 3; i++) {
		const struct problem *p =
			(struct problem *)src->problems.list.at + i;

		if (p->level == PROBLEM_ERROR)
			cli_say(c, 0, "%.*s: %.*s: %.*s", STR_FMT(src->path),
				STR_FMT(p->at), STR_FMT(p->text));
	}
}

static struct str place_of(struct import *im, const struct source *src)
{
	if (!im->into_folder)
		return im->out;
	return str_fmt(im->c->cx->arena, "%.*s/%.*s.%s", STR_FMT(im->out),
		       STR_FMT(file_name(src->path, true)), im->form->ending);
}

static enum err write_out(struct import *im, const struct source *src)
{
	struct buf b = { 0 };
	struct str out = place_of(im, src);
	enum err e = OK;

	if (im->form->write) {
		im->form->write(&b, &(struct bank){ .items = src->def.items });
	} else {
		assessment_write(&b, &src->def);
		buf_ch(&b, '\n');
	}
	if (out.p)
		e = file_write(im->c, out, buf_view(&b), false);
	else
		cli_put(im->c->out, buf_view(&b));
	buf_done(&b);
	return e;
}

static enum err import_one(struct import *im, struct str path)
{
	bool report = args_on(im->args, "report");
	struct source src;
	enum err e = source_read_as(im->c, path, args_get(im->args, "course"),
				    args_get(im->args, "slug"), &src);

	if (e)
		return e;
	if (report && src.imported)
		put_report(im->c, &src, args_on(im->args, "json"));
	else if (src.imported)
		hint(im->c, &src);
	if (report && !im->out.p)
		return OK;
	return write_out(im, &src);
}

/* Several files go into a folder, each under its own name. */
static enum err check_out(struct import *im, size_t files)
{
	struct ctx *cx = im->c->cx;

	im->into_folder = im->out.p && file_is_folder(im->c, im->out);
	if (files < 2 || im->into_folder)
		return OK;
	if (!im->out.p && args_on(im->args, "report"))
		return OK;
	if (!im->out.p || file_exists(im->c, im->out))
		return err_set(cx, ERR_INVALID,
			       "several files need a folder: -o FOLDER");
	if (mkdir(str_z(cx->arena, im->out), 0777) != 0)
		return err_set(cx, ERR_UNAVAILABLE, "cannot make %.*s: %s",
			       STR_FMT(im->out), strerror(errno));
	im->into_folder = true;
	return OK;
}

int import_run(struct cli *c, const struct args *a)
{
	struct import im = { .c = c,
			     .args = a,
			     .form = form_of(args_get(a, "as")),
			     .out = args_get(a, "out") };
	struct arena *own = c->cx->arena;
	struct progress bar;
	int code = CLI_FINE;
	enum err e;

	if (!im.form)
		return cli_say(c, CLI_USAGE,
			       "--as wants assay, gift or moodle_xml");
	e = check_out(&im, a->rest.n);
	if (e)
		return e == ERR_INVALID ? cli_usage(c) : cli_error(c, e);
	progress_start(&bar, c, "importing");
	for (size_t i = 0; i < a->rest.n; i++) {
		if (a->rest.n > 1)
			progress_set(&bar, (int64_t)i, (int64_t)a->rest.n);
		/* A file's memory goes with the file. */
		c->cx->arena = arena_new(65536);
		e = import_one(&im, args_rest(a, i));
		if (e) {
			progress_end(&bar);
			fprintf(c->err, "%.*s:\n", STR_FMT(args_rest(a, i)));
			code = cli_error(c, e);
		}
		arena_free(c->cx->arena);
		c->cx->arena = own;
		err_clear(c->cx);
	}
	progress_end(&bar);
	return code;
}

/* ---- check ---- */

static void put_problem(struct cli *c, const struct problem *p)
{
	struct buf b = { 0 };
	const struct output o = { &b, c->out_is_terminal ? c->columns : 0, 0 };
	struct str at = p->at.n ? p->at : STR("/");

	output_line(&o, problem_level_words[p->level],
		    str_fmt(c->cx->arena, "%.*s: %.*s (%.*s)", STR_FMT(at),
			    STR_FMT(p->text), STR_FMT(p->code)));
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
}

int check_run(struct cli *c, const struct args *a)
{
	struct source src;
	struct buf b = { 0 };
	enum err e = source_check(c, args_rest(a, 0), &src);
	const struct problems *ps = &src.problems;

	if (e)
		return cli_error(c, e);
	if (args_on(a, "json")) {
		field_encode(&b, &problems_shape, ps);
		buf_ch(&b, '\n');
		cli_put(c->out, buf_view(&b));
		buf_done(&b);
	} else {
		for (size_t i = 0; i < ps->list.n; i++)
			put_problem(c, (struct problem *)ps->list.at + i);
		fprintf(c->out, "%lld errors, %lld warnings, ",
			(long long)ps->errors, (long long)ps->warnings);
		if (src.def.peer.p)
			fprintf(c->out, "for peers to review\n");
		else
			fprintf(c->out, "%zu items\n", src.def.items.n);
	}
	return ps->errors || (src.imported && src.bank.refused) ? CLI_REFUSED
								: CLI_FINE;
}
