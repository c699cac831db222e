/*
 * Which user ids runs are given.
 *
 * The machine's own root takes ids that nobody has (BOX_UID_FIRST). Root of a
 * container takes the upper end of what it was given. An ordinary user who has
 * an entry in /etc/subuid and /etc/subgid becomes root of a user namespace of
 * its own, into which newuidmap and newgidmap put those ids; from there on all
 * is as for root, without any right outside of it. Anybody else has one id,
 * for init and program both.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

#define LOCK_FOLDER "/run/assay-box"

enum { PAIR = 2, NOBODY = 65534, MAPS_TEXT = 4096, FILE_TEXT = 65536 };

static const char *const helpers[] = { "newuidmap", "newgidmap" };
static const char *const files[] = { "/etc/subuid", "/etc/subgid" };
static const char *const own_maps[] = { "/proc/self/uid_map",
					"/proc/self/gid_map" };

struct ids {
	int64_t first, n;
};

static struct str text_of(const char *path, char *room, size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && done < n - 1) {
		got = read(fd, room + done, n - 1 - done);
		done += got > 0 ? (size_t)got : 0;
	}
	box_close(&fd);
	room[done] = '\0';
	return (struct str){ room, done };
}

/* -- what is mapped here -- */

static int extents(const char *path, struct ids *out, int most)
{
	char room[MAPS_TEXT];
	struct str rest = text_of(path, room, sizeof(room)), line;
	int n = 0;

	while (n < most && str_split(&rest, '\n', &line)) {
		long long inside, outside, count;

		if (line.n && sscanf(line.p, "%lld %lld %lld", &inside,
				     &outside, &count) == 3)
			out[n++] = (struct ids){ inside, count };
	}
	return n;
}

static bool within(const struct ids *e, int n, struct ids want)
{
	for (int i = 0; i < n; i++)
		if (want.first >= e[i].first &&
		    want.first + want.n <= e[i].first + e[i].n)
			return true;
	return false;
}

bool box_ids_of_machine(void)
{
	struct ids one;

	return geteuid() == 0 && extents(own_maps[0], &one, 1) == 1 &&
	       one.first == 0 && one.n >= UINT32_MAX;
}

/* The upper end of the longest: there are the fewest users of a container. */
static struct ids upper_end(const struct ids *e, int n)
{
	struct ids longest = { 0 };
	int64_t end, take;

	for (int i = 0; i < n; i++)
		if (e[i].n > longest.n)
			longest = e[i];
	end = longest.first + longest.n;
	if (longest.first <= NOBODY && end > NOBODY)
		end = NOBODY;
	if (longest.first == 0)
		longest.first = 1;
	take = (end - longest.first) / PAIR * PAIR;
	if (take > PAIR * BOX_NUMBERS)
		take = PAIR * BOX_NUMBERS;
	return (struct ids){ end - take, take };
}

enum { EXTENTS = 340 }; /* as many as a map may have */

/* As root of wherever we are: user and group ids are the same numbers. */
static bool choose(struct box_host *h, int64_t uid_first)
{
	struct ids users[EXTENTS], groups[EXTENTS];
	int n = extents(own_maps[0], users, EXTENTS);
	int m = extents(own_maps[1], groups, EXTENTS);
	struct ids want = { uid_first, PAIR * (int64_t)BOX_NUMBERS };

	if (!within(users, n, want) || !within(groups, m, want))
		want = upper_end(users, n);
	if (want.n < PAIR || !within(groups, m, want))
		return false;
	h->uid_first = want.first;
	h->numbers = (int)(want.n / PAIR);
	if (h->slots > h->numbers)
		h->slots = h->numbers;
	return true;
}

/* -- an ordinary user's own root -- */

/* A line "name:first:count" or "1000:first:count". */
static bool line_of(struct str line, const char *name, long long id,
		    struct ids *out)
{
	struct str who, first, count;
	char number[24];
	int64_t n;

	snprintf(number, sizeof(number), "%lld", id);
	if (!str_split(&line, ':', &who) || !str_split(&line, ':', &first) ||
	    !str_split(&line, ':', &count) ||
	    (!str_is(who, number) && !(name && str_is(who, name))) ||
	    !str_int(first, &out->first) || !str_int(count, &n) ||
	    out->first <= 0 || n < PAIR)
		return false;
	out->n = n > PAIR * BOX_NUMBERS ? PAIR * BOX_NUMBERS : n;
	return true;
}

static bool subordinate(const char *path, struct ids *out)
{
	struct passwd *p = getpwuid(getuid());
	char room[FILE_TEXT];
	struct str rest = text_of(path, room, sizeof(room)), line;

	while (str_split(&rest, '\n', &line))
		if (line_of(line, p ? p->pw_name : NULL, getuid(), out))
			return true;
	return false;
}

static bool run_helper(const char *name, pid_t of, int64_t own,
		       const struct ids *s)
{
	char text[4][24], path[32];
	int status = -1;
	pid_t pid;

	snprintf(path, sizeof(path), "/usr/bin/%s", name);
	snprintf(text[0], sizeof(text[0]), "%d", (int)of);
	snprintf(text[1], sizeof(text[1]), "%lld", (long long)own);
	snprintf(text[2], sizeof(text[2]), "%lld", (long long)s->first);
	snprintf(text[3], sizeof(text[3]), "%lld", (long long)s->n);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		for (int i = 0; i < 3; i++)
			dup2(null, i);
		execl(path, name, text[0], "0", text[1], "1", "1", text[2],
		      text[3], (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && status == 0;
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool fine = fd >= 0 &&
		    write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	box_close(&fd);
	return fine;
}

/* From outside of the namespace, once it is there. */
static _Noreturn void map_from_outside(int told, pid_t of, uid_t uid, gid_t gid,
				       const struct ids *s)
{
	char go;

	if (read(told, &go, 1) != 1)
		_exit(1);
	_exit(!run_helper(helpers[0], of, uid, &s[0]) ||
	      !run_helper(helpers[1], of, gid, &s[1]));
}

/* No way back from a namespace: what the helpers refused, we do with the one
 * id that nobody has to allow. */
static void map_alone(uid_t uid, gid_t gid)
{
	char text[48];

	snprintf(text, sizeof(text), "0 %d 1\n", (int)uid);
	put(own_maps[0], text);
	put("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "0 %d 1\n", (int)gid);
	put(own_maps[1], text);
}

static void become_root_of_own(const struct ids *s)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t self = getpid(), pid;
	int pair[2], status = -1;
	bool there;

	if (pipe2(pair, O_CLOEXEC))
		return;
	pid = fork();
	if (pid == 0) {
		close(pair[1]);
		map_from_outside(pair[0], self, uid, gid, s);
	}
	close(pair[0]);
	there = pid > 0 && !unshare(CLONE_NEWUSER | CLONE_NEWNS);
	if (there && write(pair[1], "m", 1) != 1)
		there = false;
	close(pair[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (there && status)
		map_alone(uid, gid);
}

static bool helpers_there(void)
{
	return !access("/usr/bin/newuidmap", X_OK) &&
	       !access("/usr/bin/newgidmap", X_OK);
}

bool box_ids_find(struct box_host *h, int64_t uid_first, bool may_enter)
{
	struct ids s[2];

	if (geteuid() != 0 && may_enter && helpers_there() &&
	    subordinate(files[0], &s[0]) && subordinate(files[1], &s[1])) {
		/* One number for both. */
		s[0].n = s[1].n = s[0].n < s[1].n ? s[0].n : s[1].n;
		become_root_of_own(s);
	}
	return geteuid() == 0 && choose(h, uid_first);
}

/* -- one file of locks for all that share these ids -- */

static int open_own(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd >= 0 &&
	    (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid()))
		box_close(&fd);
	return fd;
}

int box_ids_lock(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	long long inside, outside = 0;
	char path[256], room[MAPS_TEXT];
	int fd = -1;

	if (!mkdir(LOCK_FOLDER, 0700) || errno == EEXIST)
		fd = open_own(LOCK_FOLDER "/slots");
	/* Not the machine's root. */
	if (fd < 0 && run && run[0] == '/') {
		snprintf(path, sizeof(path), "%s/assay-box.slots", run);
		fd = open_own(path);
	}
	if (fd < 0) {
		text_of(own_maps[0], room, sizeof(room));
		if (sscanf(room, "%lld %lld", &inside, &outside) != 2 ||
		    !outside)
			return -1;
		snprintf(path, sizeof(path), "/tmp/.assay-box-%lld.slots",
			 outside);
		fd = open_own(path);
	}
	return fd;
}
