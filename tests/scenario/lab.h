/*
 * lab: a small lab for scenarios, and a worker that does what a test says.
 * Include after cmocka.h.
 */
#pragma once

#include "tests/scenario/story.h"

#define LAB_REF "'course':'c','slug':'l'"
#define LAB_CHECK                                                              \
	"'check':{'kind':'io','languages':['python'],'tests':[{'name':'one',"  \
	"'input':{'text':'1'},'answer':{'text':'2'}}]}"
#define LAB_FILE(slug, starter, more)                                          \
	"{'definition':{'assay_lab':1,'course':'c','slug':'" slug              \
	"','title':'A lab','starter':[" starter "]" more "}}"
#define LAB_STARTER                                                            \
	"{'name':'main.py','text':'print(1)\\n'},"                             \
	"{'name':'data/in.txt','text':'one\\ntwo\\nthree\\n'}"
#define LAB_ONE                                                                \
	LAB_FILE("l", LAB_STARTER,                                             \
		 ",'language':'python',"                                       \
		 "'run':['python3','main.py']," LAB_CHECK)

/* Opens ann's lab; the session's id. */
static inline const char *lab_session(struct world *w, struct story_vars *v)
{
	static const struct story rows[] = {
		{ "author", "lab.publish", LAB_ONE, OK, "l=id" },
		{ "learner:ann", "lab.open", "{" LAB_REF "}", OK, "s=session" },
	};

	STORY(w, v, rows);
	return v->value['s'];
}

static inline struct reply lab_call(struct world *w, struct story_vars *v,
				    const char *who, const char *method,
				    const char *params, struct str bytes)
{
	return world_call_bytes(w, who, method, story_params(w, v, params),
				bytes);
}

static inline struct reply lab_ok(struct world *w, struct story_vars *v,
				  const char *who, const char *method,
				  const char *params, struct str bytes)
{
	struct reply r = lab_call(w, v, who, method, params, bytes);

	if (r.e)
		fail_msg("%s: %.*s", method, STR_FMT(r.json));
	return r;
}

/* Leases a job of this kind: $j its id, $f its fence; and its input. */
static inline struct reply lab_lease(struct world *w, struct story_vars *v,
				     const char *kind)
{
	struct reply r = world_ok(w, "worker", "job.lease",
				  "{\"kinds\":[\"%s\"],\"worker\":\"w\","
				  "\"limit\":1,\"lease_ms\":60000}",
				  kind);

	assert_int_equal(reply_count(w, &r, "jobs"), 1);
	v->value['j'] = reply_text(w, &r, "jobs/0/id");
	v->value['f'] = reply_text(w, &r, "jobs/0/fence");
	return lab_ok(w, v, "worker", "job.input", "{'job':'$j','fence':$f}",
		      (struct str){ 0 });
}

/* Of n files (a name and what is in it, each), as a worker writes them. */
static inline struct str lab_frames(struct world *w, int n, ...)
{
	struct buf b = { 0 };
	uint32_t zero = 0;
	struct str s;
	va_list ap;

	va_start(ap, n);
	buf_z(&b, "ASSAYTREE1\n");
	while (n-- > 0) {
		const char *name = va_arg(ap, const char *);
		const char *data = va_arg(ap, const char *);
		uint32_t sizes[2] = { (uint32_t)strlen(name),
				      (uint32_t)strlen(data) };

		buf_ch(&b, 'F');
		buf_add(&b, (const char *)sizes, sizeof(sizes));
		buf_z(&b, name);
		buf_z(&b, data);
	}
	va_end(ap);
	buf_ch(&b, 'Z');
	buf_add(&b, (const char *)&zero, 4);
	buf_add(&b, (const char *)&zero, 4);
	s = buf_copy(&b, w->cx.arena);
	buf_done(&b);
	return s;
}

#define NO_BYTES ((struct str){ 0 })
/* In a request of a worker: the lease of lab_lease, of ann's session. */
#define S "'session':'$s'"
#define HOST "'job':'$j','fence':$f," S
