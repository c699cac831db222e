/*
 * config: every setting of the server, one row each. A value comes from the
 * default, the file (key = value lines, # comments), the environment
 * (ASSAY_<KEY>, upper case) and the flags (--key value), later ones winning.
 * The manual page and --help print the same rows.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "base/setting.h"

enum { CONFIG_LISTEN_MAX = 16 };

struct config {
	struct str listen;	 /* comma-separated nng URLs */
	struct str feed;	 /* nng URLs of the live event feed, or empty */
	struct str data;	 /* folder: database, blobs, keys, sockets */
	struct str repos;	 /* folder; empty: in the data folder */
	struct str blobs;	 /* folder; empty: in the data folder */
	struct str master_key;	 /* file; empty: in the data folder */
	struct str store;	 /* URL; empty: sqlite in the data folder */
	int64_t node;		 /* number of this server in a cluster */
	int64_t readers;	 /* database connections for queries */
	int64_t workers;	 /* threads for slow queries */
	int64_t loops;		 /* threads for ipc and tcp; 0: nng */
	int64_t contexts;	 /* requests in flight */
	int64_t queue;		 /* commands waiting */
	int64_t batch;		 /* commands in one commit */
	int64_t pipe_requests;	 /* requests in flight of one connection */
	int64_t send_timeout_ms; /* a reader slower than this is dropped */
	int64_t open_files;	 /* descriptors: restart above nine tenths */
	int64_t rate;  /* requests a second of one caller; 0: any number */
	int64_t burst; /* requests at once above the rate */
	int64_t message_bytes;	    /* largest message, JSON and bytes */
	int64_t drain_ms;	    /* time to finish at a stop */
	int64_t live_attempts;	    /* open attempts kept in memory */
	int64_t submission_bytes;   /* of a learner in a course; 0: no end */
	int64_t jwt_skew_ms;	    /* clock difference allowed in tokens */
	int64_t jwt_max_ms;	    /* longest life of a token */
	int64_t checkpoint_records; /* a signed checkpoint each so many */
	int64_t checkpoint_ms;	    /* and at the latest after so long */
	struct str tls_cert;	    /* PEM: certificate chain and key */
	struct str origins;   /* comma-separated web origins; empty: none */
	struct str worker;    /* local or none */
	struct str box_level; /* graded runs are refused below it */
	struct str content_schemes, content_hosts, content_private_hosts,
		content_roots; /* struct content_rules */
	struct str log_level;
};

/* The table: read by base/setting.h. */
extern const struct settings config_settings;

void config_defaults(struct config *c);
/* ERR_INVALID names the line. */
MUST enum err config_file(struct ctx *cx, struct config *c, const char *path);

/*
 * An environment entry ASSAY_NAME=… that is no setting's, nor known as another
 * program's: likely misspelt. nearest: the setting that was meant, or NULL.
 */
bool config_stray(const char *entry, const char **nearest);
/* Puts in what an empty listen, feed and store stand for. */
void config_settle(struct config *c, struct arena *a);
/*
 * All that the start would refuse of the settings by themselves: addresses,
 * certificate, origins, store. Touches nothing, reads tls_cert.
 */
MUST enum err config_check(struct ctx *cx, const struct config *c);
/* The data folder, which is there: is it one, and closed to others? */
MUST enum err config_check_data(struct ctx *cx, const char *path);
