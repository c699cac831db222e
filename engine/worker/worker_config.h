/*
 * config: every setting of assay-worker, one row each (base/setting.h). From
 * the file (--config), the environment (ASSAY_WORKER_<KEY>) and the flags.
 */
#pragma once

#include "base/setting.h"

struct worker_config {
	struct str server;	  /* URL */
	struct str token_file;	  /* holds the API key */
	struct str ca;		  /* PEM file, or empty */
	struct str name;	  /* empty: the host's */
	struct str kinds;	  /* comma-separated; empty: all */
	struct str box_level;	  /* a word of run_level_words */
	struct str content_roots; /* folders, or empty */
	struct str box;		  /* path of assay-box, or empty */
	int64_t cpus;		  /* 0: the host's */
	int64_t memory_mib;	  /* 0: the host's */
	int64_t jobs;		  /* at once; 0: by cpus */
	int64_t width;		  /* runs at once of one job */
	int64_t lease_ms, poll_ms, drain_ms;
	struct str log_level;
};

extern const struct settings worker_settings;

MUST enum err worker_config_file(struct ctx *cx, struct worker_config *c,
				 const char *path);
/* What no row can say by itself. *level: box_level. */
MUST enum err worker_config_check(struct ctx *cx, const struct worker_config *c,
				  bool has_token, int *level,
				  enum log_level *log);
/* A text file of up to 64 KiB, without white space at its ends. */
MUST enum err worker_read_file(struct ctx *cx, const char *setting,
			       const char *path, struct str *out);
