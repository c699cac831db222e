/* rules_rpc: override.*, accommodation.*, group.*: whose rules differ. */
#pragma once

#include "engine/rpc/rpc.h"

extern const struct rpc_method rules_methods[];
