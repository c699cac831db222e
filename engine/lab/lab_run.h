/*
 * lab_run: what a worker is given for a run or a check, and what he gives.
 * Shared with engine/worker by its shapes' member names only: the worker knows
 * no slice.
 *
 *	lab.run    input {argv, toolchain, limits, input}, bytes: tree frames
 *	           result {verdict, cause, exit, signal, cpu_ms, wall_ms,
 *	           memory_peak_bytes, output, errors, …}
 *	lab.check  input {}, bytes: a code task; result: a code report
 *	lab.unpack input {session, name, commit}, bytes: the archive; its files
 *	           come by lab.host_save; result {commit, files, left_out,
 *	           left_out_more} or {…, reason}
 */
#pragma once

#include "engine/lab/lab.h"

enum {
	LAB_OUTPUT_BYTES = 64 << 10, /* of each stream that is shown */
	LAB_RUNS_KEPT = 20,	     /* of a session */
	LAB_WAIT_MS = 20000,
};

struct lab_run_input {
	struct list argv;
	struct str toolchain;
	struct run_limits limits;
	struct str input; /* standard input, text */
};
extern const struct shape lab_run_input_shape;

struct lab_unpack_input {
	struct id session;
	struct str name, commit;
};
extern const struct shape lab_unpack_input_shape;

struct lab_unpacked {
	struct str commit; /* absent: nothing was saved, reason says why */
	int64_t files, left_out_more;
	struct list left_out; /* struct tree_refused */
	struct str reason;
};
extern const struct shape lab_unpacked_shape;

struct lab_run_result {
	int verdict, cause, level;
	int64_t exit, signal, cpu_ms, wall_ms, memory_peak_bytes;
	struct str output, errors; /* as text; other bytes as \xNN */
	bool output_cut, errors_cut;
	struct str why; /* IE: for staff */
};
extern const struct shape lab_run_result_shape;
