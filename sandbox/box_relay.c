/*
 * Who passes bytes on for a run with a peer (relay.h): a child of the
 * supervisor, in the host's network, with the user id of the run's init and
 * nothing else to hold. It ends with the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"
#include "sandbox/relay.h"

static bool hold_nothing(const struct box *b)
{
	static const __rlimit_resource_t none[] = { RLIMIT_FSIZE, RLIMIT_CORE,
						    RLIMIT_MEMLOCK };
	const struct rlimit zero = { 0, 0 };
	uid_t id = (uid_t)box_uid(b->host, b->slot, false);

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (setrlimit(none[i], &zero))
			return false;
	if (b->host->root && (syscall(SYS_setgroups, 0, NULL) ||
			      syscall(SYS_setresgid, id, id, id) ||
			      syscall(SYS_setresuid, id, id, id)))
		return false;
	return !setrlimit(RLIMIT_NPROC, &zero) &&
	       !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static _Noreturn void child(const struct box *b, int control,
			    const struct sockaddr_storage *to, socklen_t n)
{
	if (dup2(control, 0) || syscall(SYS_close_range, 1, ~0u, 0) ||
	    !hold_nothing(b))
		_exit(1);
	prctl(PR_SET_NAME, "box-relay");
	relay_serve(0, to, n);
}

int box_relay_start(struct box *b, struct str peer)
{
	struct sockaddr_storage to;
	socklen_t n = relay_peer(peer, &to);
	int pair[2];

	CHECK(b->relay < 0);
	errno = EINVAL;
	if (!n || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	b->relay = fork();
	if (b->relay == 0)
		child(b, pair[0], &to, n);
	close(pair[0]);
	if (b->relay < 0)
		box_close(&pair[1]);
	return pair[1];
}

void box_relay_end(struct box *b)
{
	if (b->relay < 0)
		return;
	kill(b->relay, SIGKILL);
	while (waitpid(b->relay, NULL, 0) < 0 && errno == EINTR)
		;
	b->relay = -1;
}
