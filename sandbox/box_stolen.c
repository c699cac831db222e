/*
 * Time that others took while a program ran: what the host of a virtual machine
 * kept for itself (steal), and how long a quota of processor time held us back
 * (throttled). Both are of all that runs here, not of one program: a reason to
 * try again, never to take time off what was measured.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

enum { STAT_TEXT = 512, TICK_US = 10000, STEAL = 8 };

/* A quota of any group above holds all below it. */
static void add_quotas(struct box_stolen_from *f, const char *root,
		       const char *own)
{
	char at[BOX_PATH], path[BOX_PATH + 64];

	snprintf(at, sizeof(at), "%s", own);
	while (at[0] && f->quotas < BOX_QUOTAS) {
		char *last = strrchr(at, '/');

		snprintf(path, sizeof(path), "%s%s/cpu.stat", root, at);
		f->quota[f->quotas] = open(path, O_RDONLY | O_CLOEXEC);
		if (f->quota[f->quotas] >= 0)
			f->quotas++;
		if (!last)
			break;
		*last = '\0';
	}
}

void box_stolen_open(struct box_host *h)
{
	struct box_stolen_from *f = &h->stolen_from;
	char own[BOX_PATH / 2];

	f->quotas = 0;
	f->stat = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	if (box_cgroup_own("cpu", own, sizeof(own)))
		add_quotas(f, "/sys/fs/cgroup/cpu", own);
	else if (box_cgroup_own("", own, sizeof(own)))
		add_quotas(f, "/sys/fs/cgroup", own);
}

void box_stolen_close(struct box_host *h)
{
	struct box_stolen_from *f = &h->stolen_from;

	box_close(&f->stat);
	while (f->quotas)
		box_close(&f->quota[--f->quotas]);
}

static const char *text_of(int fd, char *room)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, room, STAT_TEXT - 1, 0);

	room[n > 0 ? n : 0] = '\0';
	return room;
}

/* The eighth number of the first line, of all processors; of one of them. */
static int64_t steal_us(const struct box_host *h, char *room)
{
	const char *p = text_of(h->stolen_from.stat, room);
	char *end;
	int64_t v = 0;

	if (strncmp(p, "cpu ", 4) != 0)
		return 0;
	p += 4;
	for (int i = 0; i < STEAL; i++) {
		v = strtoll(p, &end, 10);
		p = end;
	}
	return v * TICK_US / h->cpus;
}

static int64_t number_of(const char *text, const char *word)
{
	const char *p = strstr(text, word);

	return p ? strtoll(p + strlen(word), NULL, 10) : 0;
}

struct box_stolen box_stolen_now(const struct box_host *h)
{
	const struct box_stolen_from *f = &h->stolen_from;
	struct box_stolen now = { 0 };
	char room[STAT_TEXT];

	now.steal_us = steal_us(h, room);
	for (int i = 0; i < f->quotas; i++) {
		const char *t = text_of(f->quota[i], room);

		/* Version 2, or version 1 in nanoseconds. */
		now.throttled_us += number_of(t, "throttled_usec ") +
				    number_of(t, "throttled_time ") / 1000;
	}
	return now;
}
