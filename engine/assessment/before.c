#include "engine/assessment/before.h"

#include "engine/app.h"

enum { SEEN_MOST = 2000 }; /* assessments of one course that are looked at */

/* One that must be done before, and which one asked for it. */
struct step {
	struct str slug;
	size_t by; /* in steps; SELF: the assessment itself */
};

enum { SELF = SEEN_MOST };

struct walk {
	struct ctx *cx;
	const struct id *org;
	const struct assessment_def *def;
	struct problems *problems;
	struct step *steps;
	size_t n;
};

static void add(struct walk *w, struct str slug, size_t by)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->steps[i].slug, slug))
			return;
	if (w->n < SEEN_MOST)
		w->steps[w->n++] = (struct step){ slug, by };
}

/* Where in def's own list the way to step at begins. */
static size_t first_of(const struct walk *w, size_t at)
{
	const struct prerequisite *q = w->def->policy.prerequisites.at;
	size_t i = 0;

	while (w->steps[at].by != SELF)
		at = w->steps[at].by;
	while (!str_eq(q[i].assessment, w->steps[at].slug))
		i++;
	return i;
}

static void say(struct walk *w, int level, size_t at, const char *code,
		struct str text)
{
	problem_add(w->cx, w->problems, level,
		    str_fmt(w->cx->arena,
			    "/policy/prerequisites/%zu/assessment",
			    first_of(w, at)),
		    code, "%.*s", STR_FMT(text));
}

/* "a needs b, which needs a": read from its end, so written backwards. */
static void say_cycle(struct walk *w, size_t at)
{
	struct str text = w->def->slug;

	for (; at != SELF; at = w->steps[at].by) {
		text = str_fmt(w->cx->arena, "%.*s, which needs %.*s",
			       STR_FMT(w->steps[at].slug), STR_FMT(text));
		if (w->steps[at].by == SELF)
			break;
	}
	say(w, PROBLEM_ERROR, at, "needs_itself",
	    str_fmt(w->cx->arena,
		    "nobody could ever start: %.*s would need %.*s",
		    STR_FMT(w->def->slug), STR_FMT(text)));
}

/* The newest version's own prerequisites join the steps. */
static enum err look(struct walk *w, size_t at)
{
	struct str slug = w->steps[at].slug;
	const struct published *pub;
	const struct prerequisite *q;
	struct assessment a;
	enum err e =
		assessment_by_slug(w->cx, w->org, w->def->course, slug, &a);

	if (e == ERR_NOT_FOUND) {
		err_clear(w->cx);
		if (w->steps[at].by == SELF)
			say(w, PROBLEM_WARNING, at, "unknown_prerequisite",
			    str_fmt(w->cx->arena,
				    "no assessment of the course is named "
				    "%.*s: nobody can start until it is "
				    "published",
				    STR_FMT(slug)));
		return OK;
	}
	if (!e)
		e = catalog_get(w->cx->app->catalog, w->cx, &a.org, &a.id,
				&pub);
	if (e)
		return e;
	q = pub->def.policy.prerequisites.at;
	for (size_t i = 0; i < pub->def.policy.prerequisites.n; i++) {
		if (str_eq(q[i].assessment, w->def->slug)) {
			say_cycle(w, at);
			return OK;
		}
		add(w, q[i].assessment, at);
	}
	return OK;
}

enum err before_check(struct ctx *cx, const struct id *org,
		      const struct assessment_def *def,
		      struct problems *problems)
{
	const struct prerequisite *q = def->policy.prerequisites.at;
	struct walk w = {
		.cx = cx, .org = org, .def = def, .problems = problems
	};
	enum err e = OK;

	if (!def->policy.prerequisites.n)
		return OK;
	w.steps = ARENA_ARRAY(cx->arena, struct step, SEEN_MOST);
	for (size_t i = 0; i < def->policy.prerequisites.n; i++) {
		/* The slug may have been given beside the file. */
		if (str_eq(q[i].assessment, def->slug))
			problem_add(cx, problems, PROBLEM_ERROR,
				    str_fmt(cx->arena,
					    "/policy/prerequisites/%zu/"
					    "assessment",
					    i),
				    "needs_itself",
				    "an assessment cannot be its own "
				    "prerequisite");
		else
			add(&w, q[i].assessment, SELF);
	}
	for (size_t i = 0; !e && i < w.n; i++)
		e = look(&w, i);
	return e;
}
