#include "engine/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rpc/front.h"

#define AT(m) offsetof(struct config, m)

static const struct setting config_keys[] = {
	{ "listen", SETTING_TEXT, AT(listen), "", 0, 2000, "URLs",
	  "Where to listen, separated by commas: ipc://PATH, tcp://HOST:PORT "
	  "(loopback only), tls+tcp://, ws://HOST:PORT/rpc (loopback only), "
	  "wss://. Empty: an ipc socket in the data folder and "
	  "ws://127.0.0.1:8140/rpc." },
	{ "feed", SETTING_TEXT, AT(feed), "", 0, 2000, "URLs",
	  "Where the live event feed is published. Empty: an ipc socket in "
	  "the data folder; none: no feed." },
	{ "data", SETTING_TEXT, AT(data), "assay-data", 1, 1000, "folder",
	  "Holds the database, the blobs, the node's key and the sockets." },
	{ "repos", SETTING_TEXT, AT(repos), "", 0, 1000, "folder",
	  "Holds what was handed in to code items, in git, in a folder for "
	  "each server; the same one for all servers that share one database, "
	  "or each judges only what it has taken itself. Empty: repos in the "
	  "data folder." },
	{ "blobs", SETTING_TEXT, AT(blobs), "", 0, 1000, "folder",
	  "Holds uploaded files; the same for all servers that share one "
	  "database. Empty: blobs in the data folder." },
	{ "master_key", SETTING_TEXT, AT(master_key), "", 0, 1000, "file",
	  "Key over all learners' keys, made at the first start; a copy of "
	  "the same one for all servers that share one database. Empty: "
	  "master.key in the data folder." },
	{ "store", SETTING_TEXT, AT(store), "", 0, 2000, "URL",
	  "sqlite:PATH or postgresql://USER@HOST/DB. Empty: sqlite in the "
	  "data folder." },
	{ "node", SETTING_NUMBER, AT(node), "1", 1, 1023, "",
	  "The number of this server among those that share one database." },
	{ "readers", SETTING_NUMBER, AT(readers), "6", 1, 64, "connections",
	  "Database connections for queries." },
	{ "workers", SETTING_NUMBER, AT(workers), "2", 1, 64, "threads",
	  "Threads for slow queries such as exports." },
	{ "loops", SETTING_NUMBER, AT(loops), "2", 0, 16, "threads",
	  "Threads that serve ipc and tcp; 0: nng serves them as it does the "
	  "others." },
	{ "contexts", SETTING_NUMBER, AT(contexts), "1024", 8, 8192, "requests",
	  "Requests in flight; more wait in their sockets." },
	{ "queue", SETTING_NUMBER, AT(queue), "4096", 8, 100000, "commands",
	  "Commands waiting for a commit; more are answered \"busy\"." },
	{ "batch", SETTING_NUMBER, AT(batch), "512", 1, 512, "commands",
	  "Commands in one commit." },
	{ "pipe_requests", SETTING_NUMBER, AT(pipe_requests), "64", 1, 8192,
	  "requests",
	  "Requests in flight of one connection; more are answered \"busy\"." },
	{ "send_timeout", SETTING_SPAN, AT(send_timeout_ms), "1s", 10, 60000,
	  "span", "A client that takes a reply slower than this is dropped." },
	{ "open_files", SETTING_NUMBER, AT(open_files), "65536", 64, 10000000,
	  "descriptors",
	  "Descriptors asked of the system; above nine tenths of what was "
	  "given the server refuses new connections, and restarts." },
	{ "rate", SETTING_NUMBER, AT(rate), "20000", 0, 10000000, "requests/s",
	  "Requests a second of one API key or person; 0: any number." },
	{ "burst", SETTING_NUMBER, AT(burst), "20000", 1, 10000000, "requests",
	  "Requests at once above the rate." },
	{ "message_bytes", SETTING_NUMBER, AT(message_bytes), "17825792", 65536,
	  17825792, "bytes", "The largest message, JSON and bytes together." },
	{ "drain", SETTING_SPAN, AT(drain_ms), "5s", 100, 60000, "span",
	  "Time to finish what was begun at a stop." },
	{ "live_attempts", SETTING_NUMBER, AT(live_attempts), "20000", 16,
	  10000000, "attempts", "Open attempts kept in memory." },
	{ "submission_bytes", SETTING_NUMBER, AT(submission_bytes), "536870912",
	  0, INT64_MAX, "bytes",
	  "Files that one learner may send in one course, all versions "
	  "together; 0: no end." },
	{ "jwt_skew", SETTING_SPAN, AT(jwt_skew_ms), "60s", 0, 600000, "span",
	  "Difference of clocks allowed when a token's times are checked." },
	{ "jwt_max", SETTING_SPAN, AT(jwt_max_ms), "24h", 60000, 2592000000,
	  "span", "The longest life of a token, from its iat to its exp." },
	{ "checkpoint_records", SETTING_NUMBER, AT(checkpoint_records), "10000",
	  1, 10000000, "records",
	  "A signed checkpoint of the audit chain each so many records." },
	{ "checkpoint", SETTING_SPAN, AT(checkpoint_ms), "60s", 100, 86400000,
	  "span", "And at the latest so long after the last record." },
	{ "tls_cert", SETTING_TEXT, AT(tls_cert), "", 0, 1000, "file",
	  "PEM file with the certificate chain and the key, for tls+tcp and "
	  "wss." },
	{ "origins", SETTING_TEXT, AT(origins), "", 0, 4000, "origins",
	  "Web origins whose pages may connect by ws or wss, separated by "
	  "commas. A client that sends no Origin is no browser." },
	{ "worker", SETTING_TEXT, AT(worker), "local", 1, 10, "",
	  "local: a worker comes up with the server, if it listens on ipc; "
	  "none: jobs wait for workers from elsewhere." },
	{ "box_level", SETTING_TEXT, AT(box_level), "sampled", 1, 10, "level",
	  "The local worker refuses graded runs below it: weak, sampled or "
	  "full." },
	{ "content_schemes", SETTING_TEXT, AT(content_schemes), "https", 0, 100,
	  "words",
	  "How content.sync may fetch, separated by commas: https, http, "
	  "git." },
	{ "content_hosts", SETTING_TEXT, AT(content_hosts), "", 0, 4000,
	  "hosts",
	  "Hosts that content may come from, separated by commas; *.NAME "
	  "stands for all below a name. Empty: any with a public address." },
	{ "content_private_hosts", SETTING_TEXT, AT(content_private_hosts), "",
	  0, 4000, "hosts",
	  "Hosts that content may come from although their addresses are "
	  "private." },
	{ "content_roots", SETTING_TEXT, AT(content_roots), "", 0, 4000,
	  "folders",
	  "Folders that content may come from, with all below them, on the "
	  "machines of the workers. Empty: none." },
	{ "log_level", SETTING_TEXT, AT(log_level), "info", 1, 10, "level",
	  "debug, info, warn or error." },
	{ 0 },
};

const struct settings config_settings = { config_keys, "assayd", "ASSAY_" };

void config_defaults(struct config *c)
{
	*c = (struct config){ 0 };
	setting_defaults(&config_settings, c);
}

enum err config_file(struct ctx *cx, struct config *c, const char *path)
{
	enum { FILE_MOST = 1 << 20 };
	FILE *f = fopen(path, "re");
	char *text = arena_alloc(cx->arena, FILE_MOST);
	struct str all = { text, 0 };
	bool good;

	if (f) {
		all.n = fread(text, 1, FILE_MOST, f);
		good = !ferror(f) && all.n < FILE_MOST;
		fclose(f);
		if (good)
			return setting_lines(cx, &config_settings, c, path,
					     all);
	}
	return err_set(cx, ERR_INVALID,
		       "cannot read the configuration file %s (%m)", path);
}

bool config_stray(const char *entry, const char **nearest)
{
	/* assay's, and what a developer's shell has. */
	static const char *const others[] = { "url",   "token",
					      "build", "token_file",
					      "root",  "test_store",
					      NULL };
	char name[SETTING_ENV_NAME];
	size_t least = 3;
	struct str value;

	*nearest = NULL;
	if (!setting_env_name(&config_settings, str_of(entry), name, &value) ||
	    setting_find(&config_settings, str_of(name)))
		return false;
	if (str_starts(str_of(name), "worker_"))
		return false; /* assay-worker's */
	for (size_t i = 0; others[i]; i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	for (const struct setting *k = config_keys; k->name; k++) {
		size_t d = str_distance(str_of(name), str_of(k->name));

		if (d < least && d < strlen(k->name)) {
			least = d;
			*nearest = k->name;
		}
	}
	return true;
}

void config_settle(struct config *c, struct arena *a)
{
	if (!c->store.n)
		c->store = str_fmt(a, "sqlite:%.*s/assay.db", STR_FMT(c->data));
	if (!c->listen.n)
		c->listen = str_fmt(a,
				    "ipc://%.*s/assay.sock,"
				    "ws://127.0.0.1:8140/rpc",
				    STR_FMT(c->data));
	if (!c->feed.n)
		c->feed = str_fmt(a, "ipc://%.*s/feed.sock", STR_FMT(c->data));
	if (str_is(c->feed, "none"))
		c->feed = (struct str){ 0 };
}

/* The setting that a check below it complained of. */
static enum err of_setting(struct ctx *cx, const char *name, enum err e)
{
	char text[ERR_TEXT];

	if (!e)
		return OK;
	snprintf(text, sizeof(text), "%s", cx->error.text);
	return err_field(cx, e, name, "setting %s: %s", name, text);
}

static enum err check_store(struct ctx *cx, struct str url)
{
	if (url.n == 0 || str_starts(url, "postgresql://") ||
	    str_starts(url, "postgres://") ||
	    (str_starts(url, "sqlite:") && url.n > strlen("sqlite:")))
		return OK;
	return err_field(cx, ERR_INVALID, "store",
			 "setting store must be sqlite:PATH or "
			 "postgresql://USER@HOST/DB");
}

static bool has_tls(struct str urls)
{
	struct str one;

	while (str_split(&urls, ',', &one)) {
		one = str_trim(one);
		if (str_starts(one, "tls+tcp://") || str_starts(one, "wss://"))
			return true;
	}
	return false;
}

static enum err check_cert(struct ctx *cx, const struct config *c)
{
	if (!has_tls(c->listen) && !has_tls(c->feed))
		return OK;
	if (c->tls_cert.n == 0)
		return err_field(cx, ERR_INVALID, "tls_cert",
				 "a tls+tcp or wss address needs the "
				 "setting tls_cert");
	if (access(str_copy(cx->arena, c->tls_cert).p, R_OK))
		return err_field(cx, ERR_INVALID, "tls_cert",
				 "setting tls_cert: cannot read %.*s (%m)",
				 STR_FMT(c->tls_cert));
	return front_check_cert(cx, c->tls_cert);
}

enum err config_check(struct ctx *cx, const struct config *given)
{
	struct config c = *given;
	enum log_level level;
	enum err e;

	config_settle(&c, cx->arena);
	if (!log_level_parse(c.log_level, &level))
		return err_field(
			cx, ERR_INVALID, "log_level",
			"setting log_level must be debug, info, warn or error");
	if (!str_is(c.worker, "local") && !str_is(c.worker, "none"))
		return err_field(cx, ERR_INVALID, "worker",
				 "setting worker must be local or none");
	if (!str_is(c.box_level, "weak") && !str_is(c.box_level, "sampled") &&
	    !str_is(c.box_level, "full"))
		return err_field(cx, ERR_INVALID, "box_level",
				 "setting box_level must be weak, sampled or "
				 "full");
	e = of_setting(cx, "listen", front_check_urls(cx, c.listen));
	if (!e && c.feed.n)
		e = of_setting(cx, "feed",
			       front_check_feed(cx, c.feed, c.listen));
	if (!e)
		e = of_setting(cx, "origins",
			       front_check_origins(cx, c.origins));
	if (!e)
		e = check_store(cx, c.store);
	return e ? e : check_cert(cx, &c);
}

enum err config_check_data(struct ctx *cx, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return err_field(cx, ERR_INVALID, "data",
				 "cannot use the data folder %s (%m)", path);
	if (!S_ISDIR(st.st_mode))
		return err_field(cx, ERR_INVALID, "data",
				 "the data folder %s is not a folder", path);
	if (st.st_mode & 007)
		return err_field(cx, ERR_INVALID, "data",
				 "the data folder %s is open to everyone; "
				 "chmod o-rwx it",
				 path);
	return OK;
}
