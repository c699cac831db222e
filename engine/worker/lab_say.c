#include "engine/worker/lab_impl.h"

#include <string.h>

#include "engine/worker/worker_say.h"

#define T struct lab_told
static const struct field told_fields[] = {
	FIELD(T, news, KIND_INT, "to be shown as seen"),
	FIELD(T, taken, KIND_INT, "bytes of the output"),
	FIELD(T, room, KIND_INT, "that may be sent"),
	FIELD(T, pause_ms, KIND_INT, "before that"),
	FIELD(T, rows, KIND_INT, "as they should be"),
	FIELD(T, cols, KIND_INT, "likewise"),
	FIELD(T, attached, KIND_BOOL, "somebody reads"),
	FIELD(T, want_screen, KIND_BOOL, "draw it"),
	FIELD(T, close, KIND_STR, "why it should end"),
	FIELD(T, input_at, KIND_INT, "place of the input"),
	FIELD_OPT(T, work, KIND_INT, "another: changed otherwise"),
	FIELD_END,
};
#undef T
static const struct shape told_shape = SHAPE(struct lab_told, told_fields);

static void held(struct buf *b, const struct worker_job *job,
		 const struct lab_ask *ask)
{
	buf_z(b, "{\"job\":");
	jout_id(b, &job->id);
	buf_z(b, ",\"organization\":");
	jout_id(b, &job->org);
	buf_fmt(b, ",\"fence\":%lld,\"session\":", (long long)job->fence);
	jout_id(b, &ask->session);
}

static void number(struct buf *b, const char *name, int64_t n)
{
	buf_fmt(b, ",\"%s\":%lld", name, (long long)n);
}

static void oid_text_copy(char *to, struct str oid)
{
	memcpy(to, oid.p, OID_TEXT);
	to[OID_TEXT] = '\0';
}

enum err lab_say(struct ctx *cx, struct worker_server *s,
		 const struct worker_job *job, const struct lab_ask *ask,
		 const struct lab_push *push, struct lab_told *told,
		 struct str *input)
{
	struct client_reply reply;
	struct buf b = { 0 };
	enum err e;

	held(&b, job, ask);
	number(&b, "seen", push->seen);
	number(&b, "at", push->at);
	number(&b, "input_at", push->input_at);
	number(&b, "rows", push->rows);
	number(&b, "cols", push->cols);
	number(&b, "wait_ms", push->wait_ms);
	if (push->screen)
		buf_z(&b, ",\"screen\":true");
	if (push->ended)
		buf_fmt(&b, ",\"ended\":\"%s\"", push->ended);
	buf_ch(&b, '}');
	e = say(cx, s, "lab.host", buf_view(&b), push->bytes, &reply);
	buf_done(&b);
	if (!e)
		e = field_decode_text(cx, reply.result, &told_shape, told);
	if (!e && input)
		*input = str_copy(cx->arena, reply.bytes);
	return e;
}

struct save_told {
	struct str commit, tree;
	bool same, current;
	struct list left_out; /* struct tree_refused */
	int64_t left_out_more;
};
#define S struct save_told
static const struct field save_fields[] = {
	FIELD(S, commit, KIND_STR, "of what was saved", .min = OID_TEXT,
	      .max = OID_TEXT),
	FIELD(S, tree, KIND_STR, ""),
	FIELD(S, same, KIND_BOOL, ""),
	FIELD(S, current, KIND_BOOL, "base was the newest"),
	FIELD(S, left_out, KIND_LIST, "", .of = KIND_OBJECT,
	      .shape = &tree_refused_shape),
	FIELD(S, left_out_more, KIND_INT, ""),
	FIELD_END,
};
#undef S
static const struct shape save_shape = SHAPE(struct save_told, save_fields);

enum err lab_say_save(struct ctx *cx, struct worker_server *s,
		      const struct worker_job *job, const struct lab_ask *ask,
		      char *base, const struct tree_list *changed,
		      const struct list *removed, bool *behind)
{
	struct save_told saved;
	const struct tree_told told = { .list = *changed };
	const struct str *gone = removed->at;
	struct client_reply reply;
	struct buf b = { 0 }, frames = { .limit = TREE_FRAMES_BYTES };
	enum err e;

	held(&b, job, ask);
	buf_z(&b, ",\"removed\":[");
	for (size_t i = 0; i < removed->n; i++) {
		if (i)
			buf_ch(&b, ',');
		jout_str(&b, gone[i]);
	}
	buf_ch(&b, ']');
	if (*base)
		buf_fmt(&b, ",\"base\":\"%s\"", base);
	buf_ch(&b, '}');
	tree_frames_write(&frames, &told);
	e = frames.failed ? err_set(cx, ERR_TOO_LARGE, "the work is too large")
			  : say(cx, s, "lab.host_save", buf_view(&b),
				buf_view(&frames), &reply);
	buf_done(&frames);
	buf_done(&b);
	if (!e)
		e = field_decode_text(cx, reply.result, &save_shape, &saved);
	if (e)
		return e;
	if (saved.current)
		oid_text_copy(base, saved.commit);
	else
		*behind = true;
	return OK;
}

struct files_told {
	struct str commit;
};
static const struct field files_fields[] = {
	FIELD(struct files_told, commit, KIND_STR, "what they are of",
	      .min = OID_TEXT, .max = OID_TEXT),
	FIELD_END,
};
static const struct shape files_shape = SHAPE(struct files_told, files_fields);

enum err lab_say_files(struct ctx *cx, struct worker_server *s,
		       const struct worker_job *job, const struct lab_ask *ask,
		       struct list *files, char *commit)
{
	struct client_reply reply;
	struct files_told told;
	struct tree_told tree = { 0 };
	struct buf b = { 0 };
	enum err e;

	held(&b, job, ask);
	buf_ch(&b, '}');
	e = say(cx, s, "lab.host_files", buf_view(&b), (struct str){ 0 },
		&reply);
	buf_done(&b);
	if (!e)
		e = field_decode_text(cx, reply.result, &files_shape, &told);
	if (!e)
		e = tree_frames_read(cx, reply.bytes, &tree);
	if (e)
		return e;
	*files = tree.list.files;
	oid_text_copy(commit, told.commit);
	return OK;
}
