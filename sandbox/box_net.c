/*
 * The network that a run does not have. The filter keeps it off sockets other
 * than local ones, yet /proc tells of the network namespace one is in: the
 * host's would show its ports, its sockets' paths, its neighbours. A new one
 * for each run costs half a millisecond and more on a busy machine; so as root
 * each slot has one, empty, which the runs of that slot are in one after the
 * other. They own nothing of it: nothing of it can be changed by them.
 */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

#define OWN_NET "/proc/thread-self/ns/net"

bool box_net_ready(struct box_host *h, int slot)
{
	struct box_slot *s = &h->slot[slot];

	if (s->net >= 0)
		return true;
	if (h->own_net < 0)
		h->own_net = open(OWN_NET, O_RDONLY | O_CLOEXEC);
	if (h->own_net < 0 || unshare(CLONE_NEWNET))
		return false;
	s->net = open(OWN_NET, O_RDONLY | O_CLOEXEC);
	box_net_leave(h);
	return s->net >= 0;
}

bool box_net_enter(const struct box_host *h, int slot)
{
	return !setns(h->slot[slot].net, CLONE_NEWNET);
}

void box_net_leave(const struct box_host *h)
{
	CHECK(!setns(h->own_net, CLONE_NEWNET));
}
