/* ATTACK 103 leaves notes for the next run wherever one may write, looks for
 * those of a former one.
 * HARNESS two, one after the other; and two at once.
 * EXPECT  CONTAINED: no note is found. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const places[] = {
	".",	       "/tmp",	   "/var/tmp", "/dev/shm", "/run",
	"/run/lock",   "/var/run", "/dev",     "/etc",	   "/usr/lib",
	"/dev/mqueue", "/",	   "..",       "/var/lib", "/var/spool",
	"/home",       "/root",	   "/mnt",     NULL
};

static int found;

static void seen(const char *what)
{
	found++;
	printf("found %s\n", what);
}

int main(void)
{
	char name[100];
	mqd_t q;
	sem_t *s;
	int fd;

	for (int i = 0; places[i]; i++) {
		snprintf(name, sizeof(name), "%s/assay-note", places[i]);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0666);
		if (fd < 0 && errno == EEXIST)
			seen(name);
		else if (fd >= 0)
			close(fd);
	}
	if (shmget(0x41535359, 4096, 0) >= 0)
		seen("shared memory");
	shmget(0x41535359, 4096, IPC_CREAT | 0666);
	if (semget(0x41535359, 1, 0) >= 0)
		seen("semaphores");
	semget(0x41535359, 1, IPC_CREAT | 0666);
	if (msgget(0x41535359, 0) >= 0)
		seen("message queue");
	msgget(0x41535359, IPC_CREAT | 0666);
	q = mq_open("/assay-note", O_RDWR);
	if (q != (mqd_t)-1)
		seen("POSIX queue");
	mq_open("/assay-note", O_RDWR | O_CREAT, 0666, NULL);
	s = sem_open("/assay-note", 0);
	if (s != SEM_FAILED)
		seen("named semaphore");
	sem_open("/assay-note", O_CREAT, 0666, 1);
	fd = shm_open("/assay-shm", O_RDWR, 0666);
	if (fd >= 0)
		seen("POSIX shared memory");
	shm_open("/assay-shm", O_RDWR | O_CREAT, 0666);
	for (int ring = -5; ring < 0; ring++) {
		if (syscall(SYS_keyctl, 10, ring, "user", "assay-note", 0) > 0)
			seen("key");
		syscall(SYS_add_key, "user", "assay-note", "x", 1, ring);
	}
	printf("RESULT %s notes %d\n", found ? "ESCAPED" : "CONTAINED", found);
	return 0;
}
