/* code: jobs that judge code, and that try a code task before it is used. */
#pragma once

#include "engine/worker/worker.h"

extern const struct worker_kind worker_grade_code, worker_code_selftest;
