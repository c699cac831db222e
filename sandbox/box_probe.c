/*
 * What a program behind the fence could do, tried from where it would stand:
 * in the place of execve, with everything dropped and loaded. Each answer is
 * one bit of the share: held.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

#define TMPFS 0x01021994

static bool refused(int fd_or_result)
{
	if (fd_or_result < 0)
		return true;
	if (fd_or_result > 2)
		close(fd_or_result);
	return false;
}

static bool other_ns(const struct box_inside *in, const char *name, int which)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return !stat(path, &st) && st.st_ino != in->host->ns[which];
}

/* With one id for both it may signal init, which as process 1 of its own minds
 * no signal from inside; unless Landlock knows better. */
static bool pid_ns(const struct box_inside *in)
{
	return getpid() == 2 && (in->one_id || kill(1, 0) < 0);
}

static bool mount_ns(const struct box_inside *in)
{
	struct statfs s;

	(void)in;
	return !statfs("/", &s) && s.f_type == TMPFS &&
	       refused(open("/usr/.assay-probe", O_CREAT | O_WRONLY, 0600)) &&
	       refused(open("/.assay-probe", O_CREAT | O_WRONLY, 0600));
}

static bool ipc_ns(const struct box_inside *in)
{
	return other_ns(in, "ipc", BOX_NS_IPC);
}

static bool uts_ns(const struct box_inside *in)
{
	return other_ns(in, "uts", BOX_NS_UTS);
}

static bool proc_hidden(const struct box_inside *in)
{
	struct stat st;

	(void)in;
	return !stat("/proc/self/status", &st) && stat("/proc/sys", &st) &&
	       stat("/proc/1", &st);
}

static bool no_privileges(const struct box_inside *in)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
						 0 };
	struct __user_cap_data_struct has[2] = { { 0 } };

	(void)in;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       !syscall(SYS_capget, &head, has) && !has[0].effective &&
	       !has[0].permitted && !has[1].effective && !has[1].permitted &&
	       setresuid(0, 0, 0) < 0;
}

static bool filter(const struct box_inside *in)
{
	(void)in;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 &&
	       syscall(SYS_unshare, 0x10000000) < 0 &&
	       refused((int)syscall(SYS_io_uring_setup, 1, NULL)) &&
	       errno == ENOSYS && syscall(SYS_clone3, NULL, 0) < 0 &&
	       errno == ENOSYS && mount("x", "/box", "tmpfs", 0, NULL) < 0;
}

static bool locks(const struct box_inside *in)
{
	int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
	bool held = fd >= 0 && flock(fd, LOCK_SH) < 0;

	(void)in;
	if (fd >= 0)
		close(fd);
	return held;
}

static bool no_network(const struct box_inside *in)
{
	(void)in;
	return refused(socket(AF_INET, SOCK_STREAM, 0)) &&
	       refused(socket(AF_INET6, SOCK_DGRAM, 0)) &&
	       refused(socket(AF_NETLINK, SOCK_RAW, 0));
}

/* The supervisor listens at a name that belongs to no file. */
static bool abstract_sockets(const struct box_inside *in)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool held;

	memcpy(at.sun_path, in->host->probe, sizeof(in->host->probe));
	held = fd >= 0 && connect(fd, (struct sockaddr *)&at,
				  offsetof(struct sockaddr_un, sun_path) +
					  sizeof(in->host->probe)) < 0;
	if (fd >= 0)
		close(fd);
	return held;
}

/* What a process may write of itself, once it is no secret from itself; only
 * Landlock does not let it. */
static bool landlock(const struct box_inside *in)
{
	bool weak = in->host->mode == BOX_WEAKLY, held;

	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
		return false;
	held = refused(open(weak ? "/tmp" : "/proc/self/comm",
			    weak ? O_RDONLY | O_DIRECTORY : O_WRONLY)) &&
	       errno == EACCES;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return held;
}

static bool links(const struct box_inside *in)
{
	(void)in;
	return !symlink("/usr", "probe") &&
	       refused(open("probe/bin", O_RDONLY)) && errno == ELOOP;
}

static bool disk(const struct box_inside *in)
{
	struct statvfs s;

	return !statvfs("/box", &s) &&
	       (int64_t)(s.f_blocks * s.f_frsize) <= in->kind.disk_bytes &&
	       (int64_t)s.f_files <= in->kind.inodes + 8;
}

static bool (*const probes[BOX_PROBES])(const struct box_inside *in) = {
	[PROBE_PID_NS] = pid_ns,      [PROBE_MOUNT_NS] = mount_ns,
	[PROBE_IPC_NS] = ipc_ns,      [PROBE_UTS_NS] = uts_ns,
	[PROBE_PROC] = proc_hidden,   [PROBE_PRIVILEGES] = no_privileges,
	[PROBE_FILTER] = filter,      [PROBE_LOCKS] = locks,
	[PROBE_NETWORK] = no_network, [PROBE_ABSTRACT] = abstract_sockets,
	[PROBE_LANDLOCK] = landlock,  [PROBE_LINKS] = links,
	[PROBE_DISK] = disk,
};

void box_probe(struct box_inside *in)
{
	for (int i = 0; i < BOX_PROBES; i++)
		if (probes[i](in))
			in->share->held |= 1u << i;
	_exit(0);
}
