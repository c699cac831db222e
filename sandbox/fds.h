/* fds: descriptors over a local socket, beside a message of one byte. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

enum { FDS_MOST = 4 };
#define FDS_ROOM CMSG_SPACE(sizeof(int) * FDS_MOST)

/* With a message of one's own; room: FDS_ROOM bytes, zeroed. n: at least 1. */
void fds_attach(struct msghdr *m, char *room, const int *fds, int n);
bool fds_send(int sock, const int *fds, int n);
/* Waits for one; *fd is unchanged if none comes. */
void fds_receive(int sock, int *fd);
