#include "engine/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/assessment/assessment.h"
#include "engine/attempt/attempt.h"
#include "engine/attempt/repos.h"
#include "engine/audit/checkpoint.h"
#include "engine/auth/org.h"
#include "engine/blob/blob.h"
#include "engine/content/content.h"
#include "engine/erasure/erasure.h"
#include "engine/gradebook/gradebook.h"
#include "engine/housekeeping.h"
#include "engine/lab/lab.h"
#include "engine/peer/peer.h"
#include "engine/methods.h"
#include "engine/rpc/core.h"
#include "engine/rpc/feed.h"
#include "engine/rpc/front.h"
#include "engine/rpc/metrics.h"
#include "engine/rpc/table.h"
#include "engine/store/lease.h"
#include "sandbox/toolchain.h"

enum {
	CATALOG_MOST = 2000,
	AUTH_CACHE = 65536,
	IDLE_MS = 10000,
	WORKER_QUEUE = 256,
	BUSY_MS = 5000
};

struct server {
	struct server_opts o;
	struct config config;
	struct app app;
	struct core *core;
	struct front *front;
	struct content_rules content_rules;
	struct tx_part parts[6];
	struct housekeeping *housekeeping;
	struct lease *lease; /* NULL: the database is ours by lock_store */
	struct tx_timer timers[8];
	size_t timers_n;
	struct front_page pages[4];
	struct arena *arena; /* texts that live as long as the server */
	int lock;	     /* descriptor of the data folder's lock */
	int store_lock;	     /* of the SQLite file's, or -1 */
	bool stopped;
	_Atomic bool node_lost;
};

static const char *in_data(struct server *s, const char *name)
{
	return str_fmt(s->arena, "%.*s/%s", STR_FMT(s->config.data), name).p;
}

static enum err make_data(struct ctx *cx, struct server *s)
{
	const char *path = str_z(s->arena, s->config.data);

	if (mkdir(path, 0700) && errno != EEXIST)
		return err_set(cx, ERR_INVALID,
			       "cannot make the data folder %s (%m)", path);
	return config_check_data(cx, path);
}

/*
 * Two servers on one folder would write the same chain. The lock goes with the
 * process, however it ends.
 */
static enum err lock_data(struct ctx *cx, struct server *s)
{
	int fd = open(in_data(s, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	s->lock = fd;
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	if (fd >= 0 && errno == EWOULDBLOCK)
		return err_set(cx, ERR_UNAVAILABLE,
			       "another assayd runs on the data folder %.*s; "
			       "stop it first, or give this one a folder of "
			       "its own (setting data)",
			       STR_FMT(s->config.data));
	return err_set(cx, ERR_INVALID, "cannot lock the data folder %.*s (%m)",
		       STR_FMT(s->config.data));
}

/* The file's own name, however it was called; also before it is there. */
static const char *real_path(struct server *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder =
		!slash ? "."
		: slash == path
			? "/"
			: str_fmt(s->arena, "%.*s", (int)(slash - path), path)
				  .p;
	char *real = realpath(path, NULL);
	const char *out = path;

	if (real) {
		out = str_copy(s->arena, str_of(real)).p;
	} else if ((real = realpath(folder, NULL))) {
		out = str_fmt(s->arena, "%s/%s", real, slash ? slash + 1 : path)
			      .p;
	}
	free(real);
	return out;
}

/*
 * The same for an SQLite file, which may stand outside of the data folder.
 * Beside it: closing a descriptor of the file itself would take SQLite's own
 * locks away.
 */
static enum err lock_store(struct ctx *cx, struct server *s)
{
	const char *path;
	int fd;

	s->store_lock = -1;
	if (!str_starts(s->config.store, "sqlite:"))
		return OK;
	path = str_z(s->arena, str_cut(s->config.store, strlen("sqlite:"),
				       s->config.store.n));
	path = real_path(s, path);
	fd = open(str_fmt(s->arena, "%s.lock", path).p,
		  O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT)
		return OK; /* no such folder: opening will tell */
	s->store_lock = fd;
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	if (fd >= 0 && errno == EWOULDBLOCK)
		return err_set(cx, ERR_UNAVAILABLE,
			       "another assayd runs on the database %s; stop "
			       "it first, or give this one a database of its "
			       "own (setting store)",
			       path);
	return err_set(cx, ERR_INVALID, "cannot lock the database %s (%m)",
		       path);
}

static enum err open_store(struct ctx *cx, struct server *s)
{
	const struct store_opts o = {
		.url = s->config.store,
		.sets = all_stmts,
		.migrations = all_migrations,
		.clock = s->o.clock,
		.log = s->o.log,
		.readers = (int)s->config.readers,
		.create = true,
		.busy_ms = BUSY_MS,
	};

	return store_open(cx, &o, &s->app.store);
}

static enum err open_blobs(struct ctx *cx, struct server *s)
{
	const struct config *c = &s->config;
	const struct blob_opts o = {
		.folder = c->blobs.n ? str_z(s->arena, c->blobs)
				     : in_data(s, "blobs"),
		.master_key = c->master_key.n ? str_z(s->arena, c->master_key)
					      : in_data(s, "master.key"),
		.node = c->node,
	};

	return blob_store_open(cx, &o, &s->app.blobs);
}

static enum err open_repos(struct ctx *cx, struct server *s)
{
	const struct config *c = &s->config;
	const struct repos_opts o = {
		.folder = c->repos.n ? str_z(s->arena, c->repos)
				     : in_data(s, "repos"),
		.node = c->node,
		.shared = strcmp(store_kind(s->app.store), "sqlite") != 0,
		.threaded = s->o.threaded,
		.clock = s->o.clock,
		.log = s->o.log,
		.disk = s->o.disk,
		.learner_bytes = c->submission_bytes,
	};
	return repos_open(cx, &o, &s->app.repos);
}

static enum err open_feed(struct ctx *cx, struct server *s)
{
	uint8_t secret[FEED_SECRET];
	struct feed_opts feed = { .urls = s->config.feed,
				  .secret = secret,
				  .rng = s->o.rng,
				  .log = s->o.log,
				  .tls_cert = s->config.tls_cert,
				  .origins = s->config.origins };

	signer_derive(s->app.signer, "feed", secret);
	return feed_new(cx, &feed, &s->app.feed);
}

/* Another server runs as this node now: nothing more may be written. */
static void node_lost(void *arg)
{
	struct server *s = arg;

	s->node_lost = true;
	core_drain(s->core);
	if (s->o.exhausted)
		s->o.exhausted(s->o.arg);
}

/* Many servers may share it: is the node's number ours? */
static enum err lease_node(struct ctx *cx, struct server *s)
{
	const struct lease_opts o = { .node = s->config.node,
				      .owner = str_of(signer_id(s->app.signer)),
				      .lost = node_lost,
				      .arg = s };

	if (strcmp(store_kind(s->app.store), "sqlite") == 0)
		return OK; /* lock_store was enough */
	return lease_take(cx, store_writer(s->app.store), &o, &s->lease);
}

static void make_parts(struct server *s)
{
	const struct config *c = &s->config;

	s->app.journal =
		journal_new(&(struct journal_opts){ .node = c->node,
						    .clock = s->o.clock,
						    .log = s->o.log,
						    .published = feed_published,
						    .arg = s->app.feed });
	s->app.auth =
		auth_new(&(struct auth_opts){ .store = s->app.store,
					      .clock = s->o.clock,
					      .log = s->o.log,
					      .jwt_skew_ms = c->jwt_skew_ms,
					      .jwt_max_ms = c->jwt_max_ms,
					      .rate = c->rate,
					      .burst = c->burst,
					      .cache_entries = AUTH_CACHE });
	s->app.catalog = catalog_new(CATALOG_MOST);
	s->content_rules =
		(struct content_rules){ .schemes = c->content_schemes,
					.hosts = c->content_hosts,
					.private_hosts =
						c->content_private_hosts,
					.roots = c->content_roots };
	s->app.content_rules = &s->content_rules;
	s->app.jobs = jobs_new(
		&(struct jobs_opts){ .kinds = s->o.jobs ? s->o.jobs : all_jobs,
				     .log = s->o.log,
				     .store = s->app.store,
				     .clock = s->o.clock });
	s->app.attempts = attempts_new(&(struct attempts_opts){
		.app = &s->app,
		.clock = s->o.clock,
		.log = s->o.log,
		.live_most = (size_t)c->live_attempts });
	s->app.subs = repos_subs(s->app.repos);
	s->app.labs = labs_new(&(struct labs_opts){
		.app = &s->app, .clock = s->o.clock, .log = s->o.log });
	s->app.peers = peers_new(&(struct peers_opts){
		.app = &s->app, .clock = s->o.clock, .log = s->o.log });
	s->app.checkpointer = checkpointer_new(&(struct checkpointer_opts){
		.journal = s->app.journal,
		.signer = s->app.signer,
		.clock = s->o.clock,
		.node = c->node,
		.every_records = c->checkpoint_records,
		.every_ms = c->checkpoint_ms });
}

/* Reads what memory must know before the first command. */
static enum err boot(struct ctx *cx, struct server *s)
{
	enum err e;

	cx->db = store_reader(s->app.store, BUSY_MS);
	if (!cx->db)
		return err_set(cx, ERR_UNAVAILABLE,
			       "the database does not answer");
	e = journal_load(s->app.journal, cx);
	if (!e)
		e = checkpointer_load(s->app.checkpointer, cx);
	if (!e)
		e = attempts_boot(s->app.attempts, cx);
	if (!e)
		e = peers_boot(s->app.peers, cx);
	if (!e)
		e = blob_store_check(s->app.blobs, cx);
	store_reader_done(s->app.store, cx->db);
	cx->db = NULL;
	return e;
}

static void make_executor(struct server *s)
{
	/* Files are durable before the records that name them. */
	s->parts[0] = repos_part(s->app.repos);
	s->parts[1] = journal_part(s->app.journal);
	s->parts[2] = attempts_part(s->app.attempts);
	s->parts[3] = labs_part(s->app.labs);
	s->parts[4] = jobs_part(s->app.jobs);
	s->parts[5] = peers_part(s->app.peers);
	s->timers[0] = attempts_timer(s->app.attempts);
	s->timers[1] = checkpointer_timer(s->app.checkpointer);
	s->timers[2] = jobs_timer(s->app.jobs);
	s->housekeeping = housekeeping_new(s->o.clock);
	s->timers[3] = housekeeping_timer(s->housekeeping);
	s->timers[4] = repos_timer(s->app.repos);
	s->timers[5] = labs_timer(s->app.labs);
	s->timers[6] = peers_timer(s->app.peers);
	s->timers_n = 7;
	if (s->lease)
		s->timers[s->timers_n++] = lease_timer(s->lease);
	executor_new(
		&(struct executor_opts){ .store = s->app.store,
					 .clock = s->o.clock,
					 .log = s->o.log,
					 .rng = s->o.rng,
					 .app = &s->app,
					 .self = &s->app.executor,
					 .parts = s->parts,
					 .parts_n = 6,
					 .timers = s->timers,
					 .timers_n = s->timers_n,
					 .queue_max = (size_t)s->config.queue,
					 .batch_max = (size_t)s->config.batch,
					 .threaded = s->o.threaded });
}

static void clock_source(void *arg, struct buf *b)
{
	metrics_gauge(b, "assay_clock_off_milliseconds",
		      "How far the system's clock is ahead of the one that "
		      "counts.",
		      clock_steady_off_ms(arg));
}

static void repos_source(void *arg, struct buf *b)
{
	struct subs_stats s;

	repos_stats(arg, &s);
	metrics_counter(b, "assay_submissions_stored_total",
			"Sets of files put into git since the start.", s.puts);
	metrics_counter(b, "assay_submissions_bytes_total",
			"Bytes written for them before they were packed.",
			s.bytes);
	metrics_gauge(b, "assay_submissions_unpacked_bytes",
		      "Bytes that wait to be packed.", s.waiting_bytes);
	metrics_gauge(b, "assay_submissions_packed_bytes",
		      "Bytes of the packs of this server.", s.packed_bytes);
	metrics_gauge(b, "assay_submissions_disk_full",
		      "1: the last write failed for want of space.",
		      s.read_only);
}

static int page_metrics(void *arg, struct buf *body)
{
	struct server *s = arg;

	metrics_page(s->app.metrics, body);
	return 200;
}

static int page_health(void *arg, struct buf *body)
{
	(void)arg;
	buf_z(body, "ok\n");
	return 200;
}

/* Ready: takes commands, and the database answers. */
static int page_ready(void *arg, struct buf *body)
{
	struct server *s = arg;
	struct executor_stats x;

	executor_stats(s->app.executor, &x);
	if (core_draining(s->core)) {
		buf_z(body, "draining\n");
		return 503;
	}
	if (x.read_only || store_ping(s->app.store)) {
		buf_z(body, x.read_only ? "read only: the disk is full\n"
					: "the database does not answer\n");
		return 503;
	}
	buf_z(body, "ready\n");
	return 200;
}

static void make_core(struct server *s)
{
	s->app.methods = &all_methods;
	s->app.config = &s->config;
	s->app.assessment_hooks = &all_assessment_hooks;
	s->app.gradebook_hooks = &all_gradebook_hooks;
	s->app.erasure_hooks = all_erasure_hooks;
	s->app.chain_checks = all_checks;
	s->app.language_nth = toolchain_nth;
	s->app.node = s->config.node;
	s->app.metrics = metrics_new(&all_methods);
	metrics_source(s->app.metrics, jobs_metrics, s->app.jobs);
	metrics_source(s->app.metrics, repos_source, s->app.repos);
	if (s->o.steady)
		metrics_source(s->app.metrics, clock_source,
			       (void *)s->o.steady);
	s->core = core_new(&(struct core_opts){
		.table = &all_methods,
		.app = &s->app,
		.auth = { auth_principal, auth_rate, auth_forget },
		.clock = s->o.clock,
		.rng = s->o.rng,
		.log = s->o.log,
		.metrics = s->app.metrics,
		.workers = s->o.threaded ? (int)s->config.workers : 0,
		.worker_queue = WORKER_QUEUE });
	s->pages[0] = (struct front_page){ .path = "/metrics",
					   .type = "text/plain; version=0.0.4",
					   .get = page_metrics,
					   .arg = s };
	s->pages[1] = (struct front_page){ .path = "/healthz",
					   .type = "text/plain",
					   .get = page_health,
					   .arg = s };
	s->pages[2] = (struct front_page){ .path = "/readyz",
					   .type = "text/plain",
					   .get = page_ready,
					   .arg = s };
}

enum err server_open(struct ctx *cx, const struct server_opts *o,
		     struct server **out)
{
	struct server *s = calloc(1, sizeof(*s)); /* allowed: process */
	enum err e;

	CHECK(s);
	s->o = *o;
	s->config = *o->config;
	s->arena = arena_new(4096);
	e = config_check(cx, &s->config);
	config_settle(&s->config, s->arena);
	if (!e)
		e = make_data(cx, s);
	if (!e)
		e = lock_data(cx, s);
	if (!e)
		e = lock_store(cx, s);
	if (!e)
		e = open_store(cx, s);
	if (!e)
		e = signer_open(cx, in_data(s, "node.key"), &s->app.signer);
	if (!e)
		e = lease_node(cx, s);
	if (!e)
		e = open_feed(cx, s);
	if (!e)
		e = open_blobs(cx, s);
	if (!e)
		e = open_repos(cx, s);
	if (!e) {
		make_parts(s);
		cx->app = &s->app;
		e = boot(cx, s);
	}
	if (e)		  /* the process ends */
		return e; /* NOLINT(clang-analyzer-unix.Malloc) */
	make_core(s);
	make_executor(s);
	*out = s;
	return OK;
}

/* Asks for as many descriptors as configured; takes what it gets. */
static int raise_files(const struct server *s)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return 0;
	r.rlim_cur = (rlim_t)s->config.open_files;
	if (r.rlim_max != RLIM_INFINITY && r.rlim_cur > r.rlim_max) {
		struct rlimit more = { r.rlim_cur, r.rlim_cur };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return (int)more.rlim_cur;
		r.rlim_cur = r.rlim_max;
	}
	setrlimit(RLIMIT_NOFILE, &r);
	return (int)r.rlim_cur;
}

enum err server_listen(struct ctx *cx, struct server *s)
{
	const struct config *c = &s->config;
	const struct front_opts o = {
		.core = s->core,
		.metrics = s->app.metrics,
		.clock = s->o.clock,
		.log = s->o.log,
		.listen = c->listen,
		.tls_cert = c->tls_cert,
		.origins = c->origins,
		.pages = s->pages,
		.loops = (int)c->loops,
		.contexts = (int)c->contexts,
		.pipe_requests = (int)c->pipe_requests,
		.send_timeout_ms = c->send_timeout_ms,
		.idle_ms = IDLE_MS,
		.message_bytes = (size_t)c->message_bytes,
		.max_files = raise_files(s),
		.exhausted = s->o.exhausted,
		.arg = s->o.arg,
	};

	signal(SIGPIPE, SIG_IGN);
	return front_start(cx, &o, &s->front);
}

struct app *server_app(struct server *s)
{
	return &s->app;
}

struct core *server_core(struct server *s)
{
	return s->core;
}

struct str server_urls(const struct server *s)
{
	return s->front ? front_urls(s->front) : (struct str){ 0 };
}

/* A last checkpoint, so that the whole chain is signed while we are away. */
static enum err last_checkpoint(struct work *w)
{
	return checkpointer_now(w->cx->app->checkpointer, w->cx);
}

static void last_done(struct work *w, enum err e)
{
	(void)w;
	(void)e;
}

bool server_stop(struct server *s)
{
	struct arena *a = arena_new(4096);
	struct ctx cx = { .arena = a,
			  .clock = s->o.clock,
			  .rng = s->o.rng,
			  .log = s->o.log,
			  .app = &s->app };
	struct work w = { .cx = &cx,
			  .run = last_checkpoint,
			  .done = last_done };
	bool all = true;

	if (s->stopped)
		return true;
	s->stopped = true;
	core_drain(s->core);
	all = core_wait_idle(s->core, s->config.drain_ms);
	if (s->front)
		all = front_stop(s->front, s->config.drain_ms) && all;
	if (s->node_lost)
		all = false; /* the chain is another's now */
	else if (executor_submit(s->app.executor, &w))
		all = false;
	else if (!s->o.threaded)
		while (executor_step(s->app.executor))
			;
	executor_stop(s->app.executor);
	lease_leave(&cx, store_writer(s->app.store), s->lease);
	store_close(s->app.store);
	s->app.store = NULL;
	if (s->store_lock >= 0)
		close(s->store_lock);
	close(s->lock);
	arena_free(a);
	return all;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	server_stop(s);
	core_free(s->core);
	executor_free(s->app.executor);
	repos_free(s->app.repos);
	labs_free(s->app.labs);
	peers_free(s->app.peers);
	attempts_free(s->app.attempts);
	journal_free(s->app.journal);
	auth_free(s->app.auth);
	catalog_free(s->app.catalog);
	checkpointer_free(s->app.checkpointer);
	jobs_free(s->app.jobs);
	housekeeping_free(s->housekeeping);
	lease_free(s->lease);
	blob_store_free(s->app.blobs);
	signer_free(s->app.signer);
	feed_free(s->app.feed);
	metrics_free(s->app.metrics);
	arena_free(s->arena);
	free(s);
}

/* ---- the first organization ---- */

struct init_work {
	struct work work;
	struct server_init *io;
	struct record_list records;
	enum err result;
	int done; /* atomic */
};

static enum err init_run(struct work *w)
{
	struct init_work *i = (struct init_work *)w;
	struct ctx *cx = w->cx;
	struct organization o;
	struct api_key k = { .name = STR("first administrator"),
			     .roles = ROLE_ORG_ADMIN | ROLE_PLATFORM |
				      ROLE_OPERATOR | ROLE_AUDITOR };
	enum err e = org_any(cx);

	i->records.n = 0;
	cx->records = &i->records;
	if (e != ERR_NOT_FOUND)
		return e ? e
			 : err_set(cx, ERR_CONFLICT,
				   "this store has an organization already; "
				   "an operator's key makes more "
				   "(organization.create)");
	err_clear(cx);
	e = org_create(cx, i->io->organization, &o);
	k.org = o.id;
	if (!e)
		e = key_create(cx, &k, &i->io->key);
	if (e)
		return e;
	i->io->id = o.id;
	record_stage(cx, &(struct record){ .org = o.id,
					   .stream = o.id,
					   .event = STR("organization.created"),
					   .body = STR("{\"by\":\"init\"}") });
	return journal_append(cx->app->journal, cx, &i->records);
}

static void init_done(struct work *w, enum err e)
{
	struct init_work *i = (struct init_work *)w;

	i->result = e;
	__atomic_store_n(&i->done, 1, __ATOMIC_RELEASE);
}

enum err server_init(struct ctx *cx, struct server *s, struct server_init *io)
{
	struct init_work i = {
		.work = { .cx = cx, .run = init_run, .done = init_done },
		.io = io
	};
	enum err e = executor_submit(s->app.executor, &i.work);

	if (e)
		return e;
	/* Runs before anything listens, so stopping waits for just this. */
	if (!s->o.threaded)
		while (!__atomic_load_n(&i.done, __ATOMIC_ACQUIRE))
			executor_step(s->app.executor);
	else
		executor_stop(s->app.executor);
	if (s->o.threaded) /* the process ends now */
		lease_leave(cx, store_writer(s->app.store), s->lease);
	return i.result;
}
