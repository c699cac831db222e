/* The kinds, most wanted first; each stands with its code, in its own file. */
#include "engine/worker/content_kind.h"
#include "engine/worker/lab_host.h"
#include "engine/worker/worker.h"
#include "engine/worker/worker_code.h"

const struct worker_kind *const worker_kinds[] = {
	&worker_grade_code,   &worker_code_selftest,
	&worker_lab_terminal, &worker_lab_run,
	&worker_lab_check,    &worker_lab_unpack,
	&content_kind,	      NULL,
};
