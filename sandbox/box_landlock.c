/*
 * Landlock: a second line on files, beside the mounts; from ABI 4 on also no
 * TCP, from ABI 6 on no abstract sockets and no signals to whoever is not of
 * this run. The header of Debian 12 is older than the ABIs, so what it lacks is
 * written here. By ABI: what the kernel does not know is left out.
 */
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_REFER (1ull << 13)	  /* ABI 2 */
#define FS_TRUNCATE (1ull << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ull << 15) /* ABI 5 */
#define FS_ALL_1 ((1ull << 13) - 1)
#define FS_DEVICES                                                             \
	(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define FS_WRITE                                                               \
	((FS_ALL_1 & ~FS_DEVICES) | FS_REFER | FS_TRUNCATE | FS_IOCTL_DEV)

enum { NET_TCP = 3, SCOPE_ABSTRACT_AND_SIGNAL = 3 };

/* struct landlock_ruleset_attr of ABI 6. */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

int box_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t handled(int abi)
{
	uint64_t fs = FS_ALL_1;

	if (abi >= 2)
		fs |= FS_REFER;
	if (abi >= 3)
		fs |= FS_TRUNCATE;
	if (abi >= 5)
		fs |= FS_IOCTL_DEV;
	return fs;
}

/* What is not there needs no rule. */
static bool allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr at = { .allowed_access = access };
	int fd = open(path, O_PATH | O_CLOEXEC);
	long r;

	if (fd < 0)
		return true;
	at.parent_fd = fd;
	r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &at, 0);
	close(fd);
	return r == 0;
}

struct place {
	const char *path;
	uint64_t access;
};

static const struct place in_box[] = {
	{ "/", FS_READ | LANDLOCK_ACCESS_FS_EXECUTE },
	{ "/box", FS_WRITE },
	{ "/dev", FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE |
			  FS_IOCTL_DEV },
	{ NULL, 0 },
};
/* Without namespaces: of the host's own tree. */
static const struct place on_host[] = {
	{ "/usr", FS_READ | LANDLOCK_ACCESS_FS_EXECUTE },
	{ "/bin", FS_READ | LANDLOCK_ACCESS_FS_EXECUTE },
	{ "/lib", FS_READ | LANDLOCK_ACCESS_FS_EXECUTE },
	{ "/lib64", FS_READ | LANDLOCK_ACCESS_FS_EXECUTE },
	{ "/etc/alternatives", FS_READ | LANDLOCK_ACCESS_FS_EXECUTE },
	{ "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE },
	{ "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE |
			       LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE },
	{ "/dev/zero", LANDLOCK_ACCESS_FS_READ_FILE },
	{ "/dev/full",
	  LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE },
	{ "/dev/random", LANDLOCK_ACCESS_FS_READ_FILE },
	{ "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE },
	{ ".", FS_WRITE },
	{ NULL, 0 },
};

int box_landlock_make(struct box_inside *in)
{
	int abi = in->host->landlock, fd;
	struct ruleset_attr attr = { .fs = handled(abi) };
	size_t size = sizeof(attr.fs);
	const struct place *p;

	if (!abi)
		return -1;
	if (abi >= 4) {
		attr.net = NET_TCP;
		size = 2 * sizeof(attr.fs);
	}
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_AND_SIGNAL;
		size = sizeof(attr);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		box_inside_fail(in, "landlock ruleset");
	p = in->host->mode == BOX_WEAKLY ? on_host : in_box;
	for (; p->path; p++)
		if (!allow(fd, p->path, p->access & attr.fs))
			box_inside_fail(in, "landlock rule");
	return fd;
}
