#include "engine/rpc/request.h"

#include "engine/rpc/metrics.h"

/* A reply as large as the largest message that is taken. */
enum { REPLY_MAX = 17 << 20 };

/* For handlers that only returned a code. */
static const char *plain_text(enum err e)
{
	switch (e) {
	case OK:
		return "fine";
	case ERR_BAD_JSON:
		return "the message is not JSON";
	case ERR_BAD_REQUEST:
		return "the message is not a request";
	case ERR_UNKNOWN_METHOD:
		return "no such method; rpc.discover lists them";
	case ERR_INVALID:
		return "a parameter is wrong";
	case ERR_INTERNAL:
		return "the server failed; try again";
	case ERR_UNAUTHENTICATED:
		return "the token is not accepted";
	case ERR_DENIED:
		return "the caller may not do this";
	case ERR_NOT_FOUND:
		return "there is no such thing";
	case ERR_CONFLICT:
		return "somebody else was first: look again";
	case ERR_TOO_EARLY:
		return "it is too early for this";
	case ERR_TOO_LATE:
		return "it is too late for this";
	case ERR_LIMIT_REACHED:
		return "a limit has been reached";
	case ERR_TOO_LARGE:
		return "it is too large";
	case ERR_PRECONDITION:
		return "something has to be done before";
	case ERR_UNSUPPORTED:
		return "this is not supported";
	case ERR_OUT_OF_SEQUENCE:
		return "a step is missing before this one";
	case ERR_ERASED:
		return "it has been erased";
	case ERR_CORRUPT:
		return "stored data is damaged; the operator has to look";
	case ERR_BUSY:
		return "the server is busy; try again";
	case ERR_RATE_LIMITED:
		return "too many requests; wait";
	case ERR_UNAVAILABLE:
		return "not available now; try again";
	case ERR_DRAINING:
		return "the server is stopping; connect again";
	case ERR_READ_ONLY:
		return "the server cannot write now; try again later";
	case ERR_COUNT:
		break;
	}
	return "the call failed";
}

static void head(struct request *rq)
{
	buf_reset(&rq->out);
	rq->out.limit = REPLY_MAX;
	buf_z(&rq->out, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_str(&rq->out, rq->id);
}

enum err reply_encode(struct request *rq)
{
	const struct shape *shape = rq->entry->method->result;
	struct buf *b = &rq->out;

	head(rq);
	buf_z(b, ",\"result\":");
	rq->result_at = b->n;
	if (rq->io.replay.p)
		buf_str(b, rq->io.replay);
	else if (shape)
		field_encode(b, shape, rq->result);
	else
		buf_z(b, "{}");
	rq->result_end = b->n;
	buf_ch(b, '}');
	if (b->failed)
		return err_set(&rq->cx, ERR_TOO_LARGE,
			       "the result is too large: ask for less with "
			       "limit");
	return OK;
}

static void encode_error(struct request *rq, enum err e)
{
	const struct err_info *info = &rq->cx.error;
	struct buf *b = &rq->out;
	bool said = info->code == e && info->text[0];

	head(rq);
	buf_z(b, ",\"error\":{\"code\":");
	buf_int(b, err_number(e));
	buf_z(b, ",\"message\":");
	jout_str(b, str_of(said ? info->text : plain_text(e)));
	buf_z(b, ",\"data\":{\"kind\":");
	jout_str(b, str_of(err_kind(e)));
	buf_z(b, err_retry(e) ? ",\"retry\":true" : ",\"retry\":false");
	if (said && info->field[0]) {
		buf_z(b, ",\"field\":");
		jout_str(b, str_of(info->field));
	}
	if (info->retry_after_ms > 0) {
		buf_z(b, ",\"retry_after_ms\":");
		buf_int(b, info->retry_after_ms);
	}
	if (said && info->data.p) {
		buf_z(b, ",\"state\":");
		buf_str(b, info->data);
	}
	buf_z(b, "}}}");
}

/*
 * Our failures, and what carries a detail, go to the log: names and numbers of
 * the call, never what it said.
 */
static void log_failure(struct request *rq, enum err e, int64_t ns)
{
	const char *name = rq->entry ? rq->entry->method->name : "";
	const struct err_info *info = &rq->cx.error;
	bool detail = info->code == e && info->detail[0];
	/* Crowding and draining are said once, by who decides them. */
	bool ours = e == ERR_INTERNAL || e == ERR_CORRUPT ||
		    e == ERR_UNAVAILABLE || e == ERR_READ_ONLY;

	if (!detail && !ours)
		return;
	log_event(rq->cx.log, ours ? LOG_WARN : LOG_INFO, "call_failed",
		  LZ("method", name), LZ("kind", err_kind(e)),
		  LZ("detail", detail ? info->detail : ""),
		  LSTR("peer", rq->io.peer), LINT("conn", rq->conn),
		  LINT("us", ns / 1000));
}

static void account(struct request *rq, enum err e)
{
	struct core *c = rq->core;
	int64_t ns = clock_mono_ns(c->opts.clock) - rq->began_ns;
	const struct rpc_method *m;

	if (e)
		log_failure(rq, e, ns);
	if (!rq->entry) {
		metrics_refused(c->opts.metrics, e);
		return;
	}
	m = rq->entry->method;
	metrics_call(c->opts.metrics, rq->entry->number, e, ns);
	if (m->budget_ms > 0 && ns > m->budget_ms * 1000000)
		log_event(rq->cx.log, LOG_WARN, "slow_call",
			  LZ("method", m->name), LINT("us", ns / 1000),
			  LINT("budget_ms", m->budget_ms),
			  LSTR("peer", rq->io.peer));
}

void reply_send(struct request *rq, enum err e)
{
	struct core *c = rq->core;
	struct str bytes = { 0 };

	if (e)
		encode_error(rq, e);
	else if (rq->entry->method->flags & RPC_GIVES_BYTES)
		bytes = rq->io.bytes_out;
	account(rq, e);
	atomic_fetch_sub(&c->busy, 1);
	/* From here on the slot may carry the next message. */
	rq->slot->reply(rq->slot, buf_view(&rq->out), bytes);
}
