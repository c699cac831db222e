/* evidence_rpc: audit.*: what proves afterwards what happened. */
#pragma once

#include "engine/rpc/rpc.h"

extern const struct rpc_method evidence_methods[];
