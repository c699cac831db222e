/*
 * The filter of system calls. libseccomp writes the program once for each
 * host; a run loads it raw (building it in each child costs 0.3 ms).
 *
 * It denies: what a program for a course never needs and what has been a way
 * out, or a way to see or disturb a neighbour, elsewhere. All else is allowed,
 * so that it does not age with libc; calls newer than this list do not exist
 * (ENOSYS), and libraries fall back.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

enum {
	CALLS_END = 463,      /* the first number that we do not know */
	X32_BIT = 0x40000000, /* left to libseccomp's own test */
	LEASE = 1024,
	NOTIFY = 1026, /* fcntl, of all architectures */
	CMD_GETLK = 5,
	CMD_SETLK = 6,
	CMD_SETLKW = 7,
	OFD_GETLK = 36,
	OFD_SETLK = 37,
	OFD_SETLKW = 38,
	IOC_SCTTY = 0x540E,
	IOC_STI = 0x5412,
	IOC_LINUX = 0x541C,
	IOC_CONS = 0x541D,
	IOC_SETD = 0x5423,
	HUGE_MEMFD = 4,
	HUGE_SHM = 04000,
};

struct denied {
	int error;
	const char *calls; /* by name, blanks between them */
};
/* A name that this libseccomp does not know is one of another architecture or
 * beyond CALLS_END. */
static const struct denied denied[] = {
	{ EPERM, "mount umount umount2 pivot_root chroot open_tree move_mount "
		 "fsopen fsconfig fsmount fspick mount_setattr" },
	{ EPERM, "setns" }, /* unshare: see deny_args */
	{ EPERM, "ptrace process_vm_readv process_vm_writev process_madvise "
		 "process_mrelease pidfd_getfd kcmp" },
	{ EPERM, "bpf perf_event_open userfaultfd memfd_secret" },
	{ EPERM, "add_key request_key keyctl" },
	{ EPERM, "open_by_handle_at name_to_handle_at quotactl quotactl_fd" },
	{ EPERM, "syslog acct swapon swapoff reboot kexec_load "
		 "kexec_file_load init_module finit_module delete_module "
		 "create_module query_module get_kernel_syms" },
	{ EPERM, "iopl ioperm modify_ldt vm86 vm86old lookup_dcookie vhangup "
		 "nfsservctl sysfs _sysctl uselib ustat" },
	{ EPERM, "settimeofday clock_settime clock_settime64 clock_adjtime "
		 "clock_adjtime64 adjtimex stime" },
	{ EPERM, "sethostname setdomainname personality" },
	/* A watch on a file of the toolchain sees the neighbour's use of it. */
	{ EPERM, "fanotify_init fanotify_mark inotify_init inotify_init1 "
		 "inotify_add_watch" },
	/* io_setup: its requests are counted for the machine as a whole. */
	{ ENOSYS, "io_uring_setup io_uring_enter io_uring_register clone3 "
		  "io_setup" },
	/* Access lists are memory of the kernel that nobody is charged for. */
	{ ENOTSUP, "setxattr lsetxattr fsetxattr" },
	{ EPERM, "migrate_pages move_pages mbind set_mempolicy "
		 "set_mempolicy_home_node ioprio_set" },
	/* Seen by the neighbour on files that all runs share. */
	{ ENOLCK, "flock" },
};
/* By number, where Debian's libseccomp is older than the call. */
static const int denied_numbers[] = {
	451,	       /* cachestat: who has read which shared file */
	457,	       /* statmount */
	458,	       /* listmount */
	459, 460, 461, /* lsm_* */
};
static const int denied_commands[] = { CMD_GETLK, CMD_SETLK, CMD_SETLKW,
				       OFD_GETLK, OFD_SETLK, OFD_SETLKW,
				       LEASE,	  NOTIFY };
static const int denied_ioctls[] = { IOC_SCTTY, IOC_STI, IOC_LINUX, IOC_CONS,
				     IOC_SETD };
static const uint64_t denied_clones[] = {
	CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
	CLONE_NEWUSER, CLONE_NEWPID,	CLONE_NEWNET,
};

static int deny_name(scmp_filter_ctx s, int error, struct str name)
{
	char z[40] = "";
	int nr;

	CHECK(name.n < sizeof(z));
	memcpy(z, name.p, name.n);
	nr = seccomp_syscall_resolve_name(z);
	/* Below 0: not a call of this architecture. */
	return nr < 0 ? 0
		      : seccomp_rule_add(s, SCMP_ACT_ERRNO((uint32_t)error), nr,
					 0);
}

static int deny_names(scmp_filter_ctx s, const struct denied *d)
{
	struct str rest = str_of(d->calls), name;
	int r = 0;

	while (!r && str_split(&rest, ' ', &name))
		r = deny_name(s, d->error, name);
	return r;
}

static int deny_arg(scmp_filter_ctx s, int error, int nr,
		    struct scmp_arg_cmp arg)
{
	return seccomp_rule_add(s, SCMP_ACT_ERRNO((uint32_t)error), nr, 1, arg);
}

/* The kernel looks at 32 bits of these, so high bits must not hide them. */
#define LOW32(at, value)                                                       \
	SCMP_CMP64(at, SCMP_CMP_MASKED_EQ, 0xffffffffu, (uint32_t)(value))

/* One comparison is enough: the filter is loaded for each run. */
static int deny_families(scmp_filter_ctx s, int nr)
{
	return deny_arg(s, EAFNOSUPPORT, nr,
			SCMP_CMP64(0, SCMP_CMP_NE, AF_UNIX));
}

static int deny_args(scmp_filter_ctx s)
{
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(denied_commands) / sizeof(int); i++)
		r = deny_arg(s, ENOLCK, SCMP_SYS(fcntl),
			     LOW32(1, denied_commands[i]));
	for (size_t i = 0; !r && i < sizeof(denied_ioctls) / sizeof(int); i++)
		r = deny_arg(s, EPERM, SCMP_SYS(ioctl),
			     LOW32(1, denied_ioctls[i]));
	for (size_t i = 0; !r && i < sizeof(denied_clones) / sizeof(uint64_t);
	     i++)
		r = deny_arg(s, EPERM, SCMP_SYS(clone),
			     SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, denied_clones[i],
					denied_clones[i]));
	/* The last step of ours before the program takes the view of cgroups
	 * away; the program has no right to it, which the kernel says. */
	if (!r)
		r = deny_arg(s, EPERM, SCMP_SYS(unshare),
			     SCMP_CMP64(0, SCMP_CMP_NE, CLONE_NEWCGROUP));
	/* Where init has the program's user id, its limits could be set, too:
	 * with no CPU time left the kernel kills it. */
	if (!r)
		r = deny_arg(s, EPERM, SCMP_SYS(prlimit64),
			     SCMP_CMP64(0, SCMP_CMP_NE, 0));
	/* That of core files stays as it was set. */
	if (!r)
		r = deny_arg(s, EPERM, SCMP_SYS(setrlimit),
			     LOW32(0, RLIMIT_CORE));
	if (!r)
		r = seccomp_rule_add(
			s, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 2,
			LOW32(1, RLIMIT_CORE), SCMP_CMP64(2, SCMP_CMP_NE, 0));
	if (!r)
		r = deny_families(s, SCMP_SYS(socket));
	if (!r)
		r = deny_families(s, SCMP_SYS(socketpair));
	return r;
}

static int deny_options(scmp_filter_ctx s, const int *options, size_t n)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		r = seccomp_rule_add(
			s, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(setsockopt), 2,
			LOW32(1, SOL_SOCKET), LOW32(2, options[i]));
	return r;
}

/*
 * What no limit of a run counts: huge pages are the host's own store, and
 * filters of sockets use up the kernel's room for compiled programs, without
 * which nobody's filter can be loaded.
 */
static int deny_uncounted(scmp_filter_ctx s, bool memfd)
{
	static const int filters[] = { SO_ATTACH_FILTER, SO_ATTACH_BPF,
				       SO_ATTACH_REUSEPORT_CBPF,
				       SO_ATTACH_REUSEPORT_EBPF };
	int r = deny_arg(
		s, ENOMEM, SCMP_SYS(mmap),
		SCMP_CMP64(3, SCMP_CMP_MASKED_EQ, MAP_HUGETLB, MAP_HUGETLB));

	if (!r)
		r = deny_options(s, filters, sizeof(filters) / sizeof(int));
	if (!r && memfd)
		r = deny_arg(s, ENOMEM, SCMP_SYS(memfd_create),
			     SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, HUGE_MEMFD,
					HUGE_MEMFD));
	if (!r && memfd)
		r = deny_arg(
			s, ENOMEM, SCMP_SYS(shmget),
			SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, HUGE_SHM, HUGE_SHM));
	return r;
}

/* Memory that no process need have mapped. */
static int deny_unmapped(scmp_filter_ctx s)
{
	/* Sockets hold what the host's default lets them, and no more. */
	static const int sizes[] = { SO_SNDBUF, SO_RCVBUF };
	int r = deny_name(s, EPERM, STR("memfd_create"));

	if (!r)
		r = deny_names(
			s, &(struct denied){ ENOSYS, "shmget msgget semget" });
	return r ? r : deny_options(s, sizes, sizeof(sizes) / sizeof(int));
}

static int deny_all(scmp_filter_ctx s, unsigned bits)
{
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(denied) / sizeof(*denied); i++)
		r = deny_names(s, &denied[i]);
	for (size_t i = 0; !r && i < sizeof(denied_numbers) / sizeof(int); i++)
		r = seccomp_rule_add(s, SCMP_ACT_ERRNO(ENOSYS),
				     denied_numbers[i], 0);
	if (!r && (bits & FILTER_SAMPLED))
		r = deny_unmapped(s);
	if (!r)
		r = deny_uncounted(s, !(bits & FILTER_SAMPLED));
	return r ? r : deny_args(s);
}

/* Numbers from CALLS_END do not exist; those of x32 are libseccomp's. */
static const struct sock_filter front[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_END, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
};

static bool export(scmp_filter_ctx s, struct box_filter *out)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	off_t n;
	bool fine = false;

	if (fd < 0 || seccomp_export_bpf(s, fd))
		goto out;
	n = lseek(fd, 0, SEEK_END);
	if (n <= 0 || n % (off_t)sizeof(struct sock_filter))
		goto out;
	out->n = sizeof(front) / sizeof(*front) +
		 (size_t)n / sizeof(struct sock_filter);
	out->code = calloc(/* allowed: lives as long as the host */
			   out->n, sizeof(struct sock_filter));
	CHECK(out->code);
	memcpy(out->code, front, sizeof(front));
	fine = pread(fd, out->code + sizeof(front) / sizeof(*front), (size_t)n,
		     0) == n;
out:
	if (fd >= 0)
		close(fd);
	return fine;
}

enum err box_filter_make(struct ctx *cx, unsigned bits, struct box_filter *out)
{
	scmp_filter_ctx s = seccomp_init(SCMP_ACT_ALLOW);
	int r = s ? 0 : -ENOMEM;

	*out = (struct box_filter){ 0 };
	if (!r)
		r = seccomp_attr_set(s, SCMP_FLTATR_ACT_BADARCH,
				     SCMP_ACT_KILL_PROCESS);
	if (!r) /* a tree of comparisons: not all of the list for each call */
		r = seccomp_attr_set(s, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!r)
		r = deny_all(s, bits);
	if (!r && !export(s, out))
		r = -EIO;
	if (s)
		seccomp_release(s);
	if (!r)
		return OK;
	box_filter_done(out);
	return err_set(cx, ERR_UNAVAILABLE,
		       "the filter of system calls cannot be made: %s",
		       strerror(-r));
}

void box_filter_done(struct box_filter *f)
{
	free(f->code);
	*f = (struct box_filter){ 0 };
}
