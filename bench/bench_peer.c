/* Knowledge of peer review, measured by models with fixed seeds. */
#include "bench/benches.h"
#include "bench/peer.h"

void bench_peer(struct run *r)
{
	peer_licence(r);
	peer_agreement(r);
	peer_estimate(r);
	peer_queue(r);
	peer_allocate(r);
	peer_simulate(r);
}
