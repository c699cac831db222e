/* fetch_stream: libgit2's connections. For sandbox/fetch.c only. */
#pragma once

#include <git2.h>
#include <git2/sys/stream.h>

/* What git_stream_register wants: see fetch.h for where they go. */
int fetch_stream_new(git_stream **out, const char *host, const char *port);
