#include "engine/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/tm.h"
#include "engine/rpc/front.h"

#define AT(m) offsetof(struct config, m)

const struct config_key config_keys[] = {
	{ "listen", CONFIG_TEXT, AT(listen), "", 0, 2000, "URLs",
	  "Where to listen, separated by commas: ipc://PATH, tcp://HOST:PORT "
	  "(loopback only), tls+tcp://, ws://HOST:PORT/rpc (loopback only), "
	  "wss://. Empty: an ipc socket in the data folder and "
	  "ws://127.0.0.1:8140/rpc." },
	{ "feed", CONFIG_TEXT, AT(feed), "", 0, 2000, "URLs",
	  "Where the live event feed is published. Empty: an ipc socket in "
	  "the data folder; none: no feed." },
	{ "data", CONFIG_TEXT, AT(data), "assay-data", 1, 1000, "folder",
	  "Holds the database, the blobs, the node's key and the sockets." },
	{ "blobs", CONFIG_TEXT, AT(blobs), "", 0, 1000, "folder",
	  "Holds uploaded files; the same for all servers that share one "
	  "database. Empty: blobs in the data folder." },
	{ "master_key", CONFIG_TEXT, AT(master_key), "", 0, 1000, "file",
	  "Key over all learners' keys, made at the first start; a copy of "
	  "the same one for all servers that share one database. Empty: "
	  "master.key in the data folder." },
	{ "store", CONFIG_TEXT, AT(store), "", 0, 2000, "URL",
	  "sqlite:PATH or postgresql://USER@HOST/DB. Empty: sqlite in the "
	  "data folder." },
	{ "node", CONFIG_NUMBER, AT(node), "1", 1, 1023, "",
	  "The number of this server among those that share one database." },
	{ "readers", CONFIG_NUMBER, AT(readers), "6", 1, 64, "connections",
	  "Database connections for queries." },
	{ "workers", CONFIG_NUMBER, AT(workers), "2", 1, 64, "threads",
	  "Threads for slow queries such as exports." },
	{ "loops", CONFIG_NUMBER, AT(loops), "2", 0, 16, "threads",
	  "Threads that serve ipc and tcp; 0: nng serves them as it does the "
	  "others." },
	{ "contexts", CONFIG_NUMBER, AT(contexts), "1024", 8, 8192, "requests",
	  "Requests in flight; more wait in their sockets." },
	{ "queue", CONFIG_NUMBER, AT(queue), "4096", 8, 100000, "commands",
	  "Commands waiting for a commit; more are answered \"busy\"." },
	{ "batch", CONFIG_NUMBER, AT(batch), "512", 1, 512, "commands",
	  "Commands in one commit." },
	{ "pipe_requests", CONFIG_NUMBER, AT(pipe_requests), "64", 1, 8192,
	  "requests",
	  "Requests in flight of one connection; more are answered \"busy\"." },
	{ "send_timeout", CONFIG_SPAN, AT(send_timeout_ms), "1s", 10, 60000,
	  "span", "A client that takes a reply slower than this is dropped." },
	{ "open_files", CONFIG_NUMBER, AT(open_files), "65536", 64, 10000000,
	  "descriptors",
	  "Descriptors asked of the system; above nine tenths of what was "
	  "given the server refuses new connections, and restarts." },
	{ "rate", CONFIG_NUMBER, AT(rate), "20000", 0, 10000000, "requests/s",
	  "Requests a second of one API key or person; 0: any number." },
	{ "burst", CONFIG_NUMBER, AT(burst), "20000", 1, 10000000, "requests",
	  "Requests at once above the rate." },
	{ "message_bytes", CONFIG_NUMBER, AT(message_bytes), "17825792", 65536,
	  17825792, "bytes", "The largest message, JSON and bytes together." },
	{ "drain", CONFIG_SPAN, AT(drain_ms), "5s", 100, 60000, "span",
	  "Time to finish what was begun at a stop." },
	{ "live_attempts", CONFIG_NUMBER, AT(live_attempts), "20000", 16,
	  10000000, "attempts", "Open attempts kept in memory." },
	{ "jwt_skew", CONFIG_SPAN, AT(jwt_skew_ms), "60s", 0, 600000, "span",
	  "Difference of clocks allowed when a token's times are checked." },
	{ "jwt_max", CONFIG_SPAN, AT(jwt_max_ms), "24h", 60000, 2592000000,
	  "span", "The longest life of a token, from its iat to its exp." },
	{ "checkpoint_records", CONFIG_NUMBER, AT(checkpoint_records), "10000",
	  1, 10000000, "records",
	  "A signed checkpoint of the audit chain each so many records." },
	{ "checkpoint", CONFIG_SPAN, AT(checkpoint_ms), "60s", 100, 86400000,
	  "span", "And at the latest so long after the last record." },
	{ "tls_cert", CONFIG_TEXT, AT(tls_cert), "", 0, 1000, "file",
	  "PEM file with the certificate chain and the key, for tls+tcp and "
	  "wss." },
	{ "origins", CONFIG_TEXT, AT(origins), "", 0, 4000, "origins",
	  "Web origins whose pages may connect by ws or wss, separated by "
	  "commas. A client that sends no Origin is no browser." },
	{ "log_level", CONFIG_TEXT, AT(log_level), "info", 1, 10, "level",
	  "debug, info, warn or error." },
	{ 0 },
};

static const struct config_key *key_find(struct str name)
{
	for (const struct config_key *k = config_keys; k->name; k++)
		if (str_is(name, k->name))
			return k;
	return NULL;
}

static void *key_at(struct config *c, const struct config_key *k)
{
	return (char *)c + k->offset;
}

void config_defaults(struct config *c)
{
	*c = (struct config){ 0 };
	for (const struct config_key *k = config_keys; k->name; k++) {
		struct str v = str_of(k->fallback);
		bool ok = true;

		if (k->type == CONFIG_TEXT)
			*(struct str *)key_at(c, k) = v;
		else if (k->type == CONFIG_NUMBER)
			ok = str_int(v, key_at(c, k));
		else
			ok = tm_parse_span(v, key_at(c, k));
		CHECK(ok);
	}
}

static enum err set_number(struct ctx *cx, struct config *c,
			   const struct config_key *k, struct str value)
{
	int64_t v;
	bool ok = k->type == CONFIG_NUMBER ? str_int(value, &v)
					   : tm_parse_span(value, &v);

	if (!ok || v < k->min || v > k->max)
		return err_field(
			cx, ERR_INVALID, k->name,
			"setting %s must be %s from %lld to %lld%s", k->name,
			k->type == CONFIG_NUMBER ? "a number"
						 : "a span such as 30s or 5m,",
			(long long)k->min, (long long)k->max,
			k->type == CONFIG_NUMBER ? "" : " ms");
	*(int64_t *)key_at(c, k) = v;
	return OK;
}

enum err config_set(struct ctx *cx, struct config *c, struct str key,
		    struct str value)
{
	const struct config_key *k = key_find(key);

	if (!k)
		return err_set(cx, ERR_INVALID,
			       "no setting is named %.*s; assayd "
			       "--print-config lists them",
			       STR_FMT(str_cut(key, 0, 60)));
	if (k->type != CONFIG_TEXT)
		return set_number(cx, c, k, value);
	if ((int64_t)value.n < k->min || (int64_t)value.n > k->max)
		return err_field(cx, ERR_INVALID, k->name,
				 "setting %s must have %lld to %lld bytes",
				 k->name, (long long)k->min, (long long)k->max);
	*(struct str *)key_at(c, k) = str_copy(cx->arena, value);
	return OK;
}

enum { KEYS_MOST = 64 };

/* The line of the file that has each setting; 0: none yet. */
struct lines {
	int of[KEYS_MOST];
};

static enum err once(struct ctx *cx, struct lines *seen, struct str key,
		     int number)
{
	const struct config_key *k = key_find(key);
	size_t i = k ? (size_t)(k - config_keys) : 0;

	if (!k)
		return OK; /* for config_set to refuse */
	CHECK(i < KEYS_MOST);
	if (seen->of[i])
		return err_field(cx, ERR_INVALID, k->name,
				 "setting %s is given twice, first in line %d",
				 k->name, seen->of[i]);
	seen->of[i] = number;
	return OK;
}

static enum err file_line(struct ctx *cx, struct config *c, const char *path,
			  struct lines *seen, int number, struct str line)
{
	size_t eq = str_find(line, STR("="), 0);
	struct str key = str_trim(str_cut(line, 0, eq));
	enum err e;

	if (eq == SIZE_MAX)
		return err_set(cx, ERR_INVALID,
			       "%s line %d: write it as key = value", path,
			       number);
	e = once(cx, seen, key, number);
	if (!e)
		e = config_set(cx, c, key,
			       str_trim(str_cut(line, eq + 1, line.n)));
	if (e) {
		char text[ERR_TEXT];

		snprintf(text, sizeof(text), "%s", cx->error.text);
		return err_set(cx, e, "%s line %d: %s", path, number, text);
	}
	return OK;
}

enum err config_file(struct ctx *cx, struct config *c, const char *path)
{
	FILE *f = fopen(path, "re");
	struct lines seen = { { 0 } };
	char line[4096];
	int number = 0;
	enum err e = OK;

	if (!f)
		return err_set(cx, ERR_INVALID,
			       "cannot read the configuration file %s (%m)",
			       path);
	while (!e && fgets(line, sizeof(line), f)) {
		struct str s = str_trim(str_of(line));

		number++;
		if (s.n == 0 || s.p[0] == '#')
			continue;
		e = file_line(cx, c, path, &seen, number, s);
	}
	fclose(f);
	return e;
}

enum { ENV_NAME = 64 };

/* The setting that an ASSAY_NAME=VALUE names, small; false: none of ours. */
static bool env_name(struct str s, char name[ENV_NAME], struct str *value)
{
	size_t eq = str_find(s, STR("="), 0);

	if (!str_starts(s, "ASSAY_") || eq == SIZE_MAX || eq - 6 >= ENV_NAME)
		return false;
	for (size_t i = 6; i < eq; i++)
		name[i - 6] = str_lower(s.p[i]);
	name[eq - 6] = 0;
	*value = str_cut(s, eq + 1, s.n);
	return true;
}

enum err config_env(struct ctx *cx, struct config *c,
		    const char *const *environ_list)
{
	for (; *environ_list; environ_list++) {
		char name[ENV_NAME];
		struct str value;
		enum err e;

		if (!env_name(str_of(*environ_list), name, &value) ||
		    !key_find(str_of(name)))
			continue; /* see config_stray */
		e = config_set(cx, c, str_of(name), value);
		if (e)
			return e;
	}
	return OK;
}

bool config_stray(const char *entry, const char **nearest)
{
	/* assay's, and what a developer's shell has. */
	static const char *const others[] = { "url",   "token",
					      "build", "token_file",
					      "root",  "test_store",
					      NULL };
	char name[ENV_NAME];
	size_t least = 3;
	struct str value;

	*nearest = NULL;
	if (!env_name(str_of(entry), name, &value) || key_find(str_of(name)))
		return false;
	for (size_t i = 0; others[i]; i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	for (const struct config_key *k = config_keys; k->name; k++) {
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

void config_example(struct buf *b)
{
	buf_z(b, "# assayd settings; those shown are the defaults\n");
	for (const struct config_key *k = config_keys; k->name; k++)
		buf_fmt(b, "\n# %s\n#%s = %s\n", k->doc, k->name, k->fallback);
}

void config_manual(struct buf *b)
{
	for (const struct config_key *k = config_keys; k->name; k++) {
		buf_fmt(b, ".It Cm %s Ar %s\n%s\n", k->name,
			k->unit[0] ? k->unit : "number", k->doc);
		if (k->type != CONFIG_TEXT)
			buf_fmt(b, "From %lld to %lld%s.\n", (long long)k->min,
				(long long)k->max,
				k->type == CONFIG_SPAN ? " ms" : "");
		if (k->fallback[0])
			buf_fmt(b, "Default: %s.\n", k->fallback);
	}
}
