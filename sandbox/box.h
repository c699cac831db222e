/*
 * box: one program that somebody else wrote, run behind a fence, and a verdict
 * by what the fence itself saw.
 *
 * A host is what this machine allows, found out once. A run is armed (an init
 * in namespaces of its own, its mounts made, waiting at a gate), goes, is
 * watched to its end, and is collected when nothing of it lives any more.
 * Nothing of one run is used by the next but the slot: a number that stands
 * for a pair of user ids and for cgroups, which no other process has at the
 * same time.
 *
 * Single-threaded: a host belongs to one thread of a process that has no
 * others. From bigger processes use box_client.h, which has a process for it.
 */
#pragma once

#include "base/ctx.h"
#include "base/run.h"

struct box_host;

enum {
	BOX_SLOTS = 64,	    /* of one host */
	BOX_NUMBERS = 4096, /* of all processes of a machine */
	BOX_UID_FIRST = 0x5A000000,
};

struct box_opts {
	int slots;	     /* runs at once: 1 to BOX_SLOTS; 0: 8 */
	int64_t uid_first;   /* as root: of 2 * BOX_NUMBERS unused user ids;
				0: BOX_UID_FIRST */
	int level_most;	     /* enum run_level: use no more than this gives
				(tests, comparison); 0: all that there is */
	bool net_namespace;  /* one of its own for each run, though the filter
				alone keeps it off the network */
	int64_t patience_ms; /* of assay-box with a client that does not read
				what it is told, before all is ended; 0: 60 s */
};

/*
 * Finds out what can be had and gets ready; *out until box_host_close.
 * ERR_UNAVAILABLE, with what is missing, when there is no fence at all.
 */
MUST enum err box_host_open(struct ctx *cx, const struct box_opts *opts,
			    struct box_host **out);
/*
 * On a busy machine limits are kept by whoever gets the processor: this
 * process comes before others from now on, its children do not. Where that is
 * not allowed nothing happens.
 */
void box_urgent(void);
void box_host_close(struct box_host *h);      /* NULL is allowed */
int box_host_level(const struct box_host *h); /* enum run_level */

/*
 * What may be wanted of a run besides files by their names: "." alone is every
 * file below the working folder, max_bytes together, 4000 files, 32 levels of
 * folders, 16000 names. Each is told by its path; a last one named "." is told
 * as too_large if there was more than that.
 */

/*
 * One run from start to end, in this thread. out's strings live in cx->arena.
 * ERR_INVALID: an ask that can never be run, with the field; all else that goes
 * wrong is told as IE.
 */
MUST enum err box_run(struct ctx *cx, struct box_host *h,
		      const struct run_ask *ask, struct run_told *out);

/*
 * Makes up to n runs of a toolchain's kind ready in advance; the next ones take
 * them. How many are ready now.
 */
int box_arm_ahead(struct ctx *cx, struct box_host *h, struct str toolchain,
		  int n);

/* What one layer of the fence was found to be, by trying it. */
struct box_layer {
	struct str name; /* "user_namespace" */
	bool works;
	struct str what;	  /* one phrase */
	struct str not_contained; /* what gets through without it, if it is
				     not there */
};
struct box_selftest {
	int level; /* enum run_level */
	int64_t took_us;
	struct list layers; /* struct box_layer */
};
extern const struct shape box_selftest_shape;
/* Tries each layer for real, in under 200 ms. */
MUST enum err box_selftest(struct ctx *cx, struct box_host *h,
			   struct box_selftest *out);
