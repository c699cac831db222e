#include "engine/worker/content_host.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

enum { PEM_BYTES = 4 << 20 };

static bool numeric(const struct sockaddr *a, char out[INET6_ADDRSTRLEN])
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (a->sa_family == AF_INET) {
		memcpy(&four, a, sizeof(four));
		return inet_ntop(AF_INET, &four.sin_addr, out,
				 INET6_ADDRSTRLEN) != NULL;
	}
	if (a->sa_family != AF_INET6)
		return false;
	memcpy(&six, a, sizeof(six));
	return inet_ntop(AF_INET6, &six.sin6_addr, out, INET6_ADDRSTRLEN) !=
	       NULL;
}

enum err content_host(struct ctx *cx, const struct source_url *url,
		      bool private_ok, struct str *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all = NULL;
	int code = getaddrinfo(str_z(cx->arena, url->host), NULL, &hints, &all);
	char text[INET6_ADDRSTRLEN];
	bool found = false;

	if (code == EAI_NONAME)
		return err_set(cx, ERR_NOT_FOUND, "there is no such host");
	if (code) {
		err_set(cx, ERR_UNAVAILABLE, "the host cannot be looked up");
		return err_detail(cx, "%s", gai_strerror(code));
	}
	for (struct addrinfo *a = all; a && !found; a = a->ai_next)
		if ((private_ok || !source_private(a->ai_addr)) &&
		    numeric(a->ai_addr, text)) {
			*address = str_copy(cx->arena, str_of(text));
			found = true;
		}
	freeaddrinfo(all);
	if (!found)
		return err_set(cx, ERR_DENIED,
			       "the host has a private address; the operator "
			       "can allow it by the setting "
			       "content_private_hosts");
	return OK;
}

enum err content_trusted(struct ctx *cx, struct str *pem)
{
	FILE *f = fopen("/etc/ssl/certs/ca-certificates.crt", "re");
	struct buf b = { .limit = PEM_BYTES };
	char piece[16384];
	size_t n;

	while (f && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&b, piece, n);
	if (f)
		fclose(f);
	if (b.n && !b.failed)
		*pem = buf_copy(&b, cx->arena);
	n = b.failed ? 0 : b.n;
	buf_done(&b);
	return n ? OK
		 : err_set(cx, ERR_UNAVAILABLE,
			   "this machine trusts nobody to certify hosts: "
			   "install ca-certificates");
}
