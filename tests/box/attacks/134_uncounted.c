/* ATTACK 134 takes what no limit of a run counts: huge pages, requests of
 * asynchronous input, filters of sockets (there is room for so many on the
 * whole machine), access lists in the kernel's own memory.
 * EXPECT  CONTAINED. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ENTRIES 8000

/* 64 KB of the kernel's for one folder: as many lists as there are inodes. */
static int access_list(void)
{
	static struct {
		unsigned version;
		struct {
			unsigned short tag, mode;
			unsigned id;
		} e[ENTRIES];
	} list = { .version = 2 };
	static const unsigned short last[] = { 0x04, 0x10, 0x20 };
	int n = ENTRIES - 3;

	for (int i = 0; i < n; i++) {
		list.e[i].tag = i ? 0x02 : 0x01;
		list.e[i].mode = 7;
		list.e[i].id = i ? getuid() : (unsigned)-1;
	}
	for (int i = 0; i < 3; i++) {
		list.e[n + i].tag = last[i];
		list.e[n + i].mode = 7;
		list.e[n + i].id = (unsigned)-1;
	}
	mkdir("folder", 0700);
	return setxattr("folder", "system.posix_acl_access", &list,
			sizeof(list), 0) == 0 ||
	       setxattr("folder", "system.posix_acl_default", &list,
			sizeof(list), 0) == 0 ||
	       setxattr("folder", "user.note", &list, 1000, 0) == 0;
}

static int filter_of_socket(void)
{
	struct sock_filter one = { 0x06, 0, 0, 0 };
	struct sock_fprog program = { 1, &one };
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	return setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) == 0 ||
	       setsockopt(s, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			  sizeof(program)) == 0;
}

int main(void)
{
	unsigned long context = 0;
	int bad = 0;

	if (mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1,
		 0) != MAP_FAILED)
		bad += printf("huge pages\n") > 0;
	if (memfd_create("huge", MFD_HUGETLB) >= 0)
		bad += printf("a huge file\n") > 0;
	if (shmget(IPC_PRIVATE, 2 << 20,
		   IPC_CREAT | SHM_HUGETLB | SHM_NORESERVE | 0600) >= 0)
		bad += printf("a huge segment\n") > 0;
	if (syscall(SYS_io_setup, 1000, &context) == 0)
		bad += printf("asynchronous input\n") > 0;
	if (filter_of_socket())
		bad += printf("a filter of a socket\n") > 0;
	if (access_list())
		bad += printf("access lists\n") > 0;
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
