/*
 * lab_host: the jobs of labs. lab.terminal holds a shell in a box for as long
 * as it lives: its output goes to the server (method lab.host), what is typed
 * comes from there, and the files that it changes are saved (lab.host_save).
 * lab.run runs one command, lab.check judges as grade.code does, lab.unpack
 * opens an archive.
 */
#pragma once

#include "engine/worker/worker.h"

extern const struct worker_kind worker_lab_terminal, worker_lab_run,
	worker_lab_check, worker_lab_unpack;
