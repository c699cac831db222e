/* org_rpc: organization.*, key.*, issuer.*, learner.* */
#pragma once

#include "engine/rpc/rpc.h"

extern const struct rpc_method org_methods[];
