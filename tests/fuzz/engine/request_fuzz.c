/* The whole core, from bytes to a reply, without a database. */
#include "tests/support/rpc_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rw w;
	static struct rw_front f;
	static bool ready;
	struct ctx cx = { 0 };
	struct jdoc *doc;
	const char *nul;
	struct str reply;

	if (!ready) {
		const struct rw_opts o = { 0 };

		rw_open(&w, &o);
		rw_remove(w.folder);
		rw_front_open(&f, w.core);
		ready = true;
	}
	reply = rw_ask(&w, &f, (struct str){ (const char *)data, size });
	/* Whatever came, one reply goes out and it is JSON. */
	nul = memchr(reply.p, 0, reply.n);
	if (nul)
		reply.n = (size_t)(nul - reply.p);
	cx.arena = arena_new(4096);
	CHECK(jdoc_parse(&cx, reply, &doc) == OK);
	CHECK(core_busy(w.core) == 0);
	arena_free(cx.arena);
	return 0;
}
