/* content_kind: content.sync, as a worker does it. */
#pragma once

#include "engine/worker/worker.h"

extern const struct worker_kind content_kind;
