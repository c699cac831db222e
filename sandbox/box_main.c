/*
 * assay-box: the sandbox as a process of its own. Started by box_client.h with
 * its socket as descriptor 3; not for people (they have `assay box run`).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/box_serve.h"

static int usage(FILE *to, int code)
{
	fputs("usage: assay-box serve WIDTH UID_FIRST LEVEL NET_NAMESPACE\n"
	      "Runs programs for the process that started it, over descriptor "
	      "3.\nTo run one yourself: assay box run -- CMD\n",
	      to);
	return code;
}

int main(int argc, char **argv)
{
	struct box_opts opts = { 0 };
	int type = 0, width;
	socklen_t n = sizeof(type);

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return usage(stdout, 0);
	if (argc != 6 || strcmp(argv[1], "serve"))
		return usage(stderr, 2);
	width = atoi(argv[2]);
	opts.uid_first = atoll(argv[3]);
	opts.level_most = atoi(argv[4]);
	opts.net_namespace = atoi(argv[5]);
	if (width < 1 || width > BOX_SLOTS || opts.uid_first < 0 ||
	    opts.level_most < 0 || opts.level_most > RUN_FULL)
		return usage(stderr, 2);
	if (getsockopt(SERVE_FD, SOL_SOCKET, SO_TYPE, &type, &n) ||
	    type != SOCK_SEQPACKET)
		return usage(stderr, 2);
	signal(SIGPIPE, SIG_IGN);
	/* Ends by the end of its socket, in order: not by ^C at a terminal. */
	signal(SIGINT, SIG_IGN);
	box_urgent();
	return box_serve(SERVE_FD, &opts, width);
}
