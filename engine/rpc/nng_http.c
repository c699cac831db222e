/*
 * Pages on the ws port. Each path is a handler of its own, compared exactly:
 * nng's directory handler follows "..", so there is none. A request's body is
 * not taken.
 */
#include "engine/rpc/nng_impl.h"

static void respond(nng_aio *aio, nng_http_res *res, int rv)
{
	if (rv != 0) {
		nng_http_res_free(res);
		nng_aio_finish(aio, rv);
		return;
	}
	nng_aio_set_output(aio, 0, res);
	nng_aio_finish(aio, 0);
}

static int headers(nng_http_res *res, const struct front_page *p)
{
	const char *policy = p->policy;
	int rv;

	if (!policy)
		policy = "default-src 'none'; frame-ancestors 'none'";
	rv = nng_http_res_set_header(res, "Content-Type", p->type);
	if (!rv)
		rv = nng_http_res_set_header(res, "Content-Security-Policy",
					     policy);
	if (!rv)
		rv = nng_http_res_set_header(res, "X-Content-Type-Options",
					     "nosniff");
	if (!rv)
		rv = nng_http_res_set_header(res, "Referrer-Policy",
					     "no-referrer");
	if (!rv)
		rv = nng_http_res_set_header(res, "Cache-Control",
					     p->get ? "no-store" : "no-cache");
	return rv;
}

static void page_get(nng_aio *aio)
{
	nng_http_handler *h = nng_aio_get_input(aio, 1);
	const struct front_page *p = nng_http_handler_get_data(h);
	nng_http_res *res = NULL;
	struct buf body = { 0 };
	struct str text = p->fixed;
	int rv = nng_http_res_alloc(&res);
	int status = 200;

	if (rv == 0)
		rv = headers(res, p);
	if (rv == 0 && p->get) {
		status = p->get(p->arg, &body);
		text = buf_view(&body);
	}
	if (rv == 0)
		rv = nng_http_res_set_status(res, (uint16_t)status);
	if (rv == 0)
		rv = nng_http_res_copy_data(res, text.p ? text.p : "", text.n);
	buf_done(&body);
	respond(aio, res, rv);
}

enum err pages_add(struct ctx *cx, nng_http_server *s,
		   const struct front_page *pages)
{
	for (const struct front_page *p = pages; p && p->path; p++) {
		nng_http_handler *h;
		int rv = nng_http_handler_alloc(&h, p->path, page_get);

		if (rv == 0)
			rv = nng_http_handler_set_data(h, (void *)p, NULL);
		if (rv == 0)
			rv = nng_http_server_add_handler(s, h);
		if (rv != 0)
			return err_set(cx, ERR_INVALID, "page %s: %s", p->path,
				       nng_strerror(rv));
	}
	return OK;
}
