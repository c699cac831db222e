/* host: what a machine, or the cgroup that we are in, has for jobs. */
#pragma once

#include "engine/worker/worker.h"

/*
 * cpu: cores that we may run on, less if a cgroup (v2 or v1) has a quota.
 * memory_bytes: three quarters of what is available now, by the machine and by
 * the cgroup, since the worker and the system live there, too. root: "" or, in
 * tests, a folder that stands for /.
 */
struct worker_weight worker_host(struct ctx *cx, const char *root);
