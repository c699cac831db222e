/*
 * leftovers: what runs could leave behind on a host, counted before and after:
 * processes, mounts, cgroups, IPC objects, descriptors, files.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct leftovers {
	int64_t processes;    /* below us, but assay-box and its inits */
	int64_t box_inits;    /* those made ready, waiting */
	int64_t mounts;	      /* of our namespace */
	int64_t cgroups;      /* folders of runs, in all trees */
	int64_t cgroup_tasks; /* tasks in them, but inits */
	int64_t sysv;	      /* shared memory, semaphores, queues */
	int64_t queues;	      /* POSIX: files in /dev/mqueue, if it is there */
	int64_t shm;	      /* files in /dev/shm, named by attacks */
	int64_t our_fds;
	int64_t box_fds; /* of assay-box */
	int64_t keys;	 /* of the user ids of runs */
};

void leftovers_count(struct leftovers *l);
/* The same when assay-box has come to rest: 3 s at most. */
void leftovers_settled(struct leftovers *l);
/*
 * Counts until nothing is more than before, 1 s at most; prints what is.
 * with_fds: descriptors, too (a first run may open some that stay).
 */
bool leftovers_gone(const struct leftovers *before, bool with_fds);
/* The process of that name below us; 0: none. */
pid_t leftovers_child(const char *name);
