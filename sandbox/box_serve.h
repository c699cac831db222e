/*
 * box_serve: the words between a client and its assay-box, over one
 * SOCK_SEQPACKET socket. A message is a head and the bytes of an ask or a
 * telling (box_wire.h): behind it up to SERVE_INLINE, else in a sealed memfd
 * that comes along.
 */
#pragma once

#include "base/buf.h"
#include "sandbox/box.h"

enum { SERVE_FD = 3, SERVE_INLINE = 32768, SERVE_BUFFER = 1 << 20 };

enum serve_kind {
	/* client to assay-box */
	SERVE_START = 1,
	SERVE_PAIR_FIRST, /* waits for the other half */
	SERVE_PAIR_SECOND,
	SERVE_TERMINAL,
	SERVE_CANCEL,	  /* one ticket */
	SERVE_CANCEL_ALL, /* nothing of them is told */
	SERVE_TREE,	  /* of one that runs; answered by the same word */
	SERVE_PUT,	  /* files of an ask into it, its wants out; likewise */
	/* assay-box to client */
	SERVE_READY, /* ticket: the level; or the bytes say why not */
	SERVE_TOLD,
	SERVE_MASTER, /* the terminal's other end comes along */
};

struct serve_head {
	uint32_t kind;
	uint32_t bytes;
	uint32_t in_memfd;
	uint16_t rows, cols;
	int64_t ticket;
	int64_t max_bytes; /* SERVE_TREE */
};

/* One message. fd, if not -1, goes along and stays the caller's. false: it
 * cannot be sent now (EAGAIN) or ever. */
bool serve_send(int sock, struct serve_head head, struct str bytes, int fd,
		int flags);

/* What came: bytes in the arena, or mapped until serve_forget. */
struct serve_message {
	struct serve_head head;
	struct str bytes;
	void *mapped;
	size_t mapped_bytes;
	int fd; /* that came along, the receiver's; -1 */
};
/* 1; 0: the peer is gone or says what nobody understands; -1: nothing now. */
int serve_receive(struct arena *a, int sock, int flags,
		  struct serve_message *out);
void serve_forget(struct serve_message *m);

/* Serves the client at sock until it is gone. The exit code of the program. */
int box_serve(int sock, const struct box_opts *opts, int width);
