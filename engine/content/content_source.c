/*
 * Which sources are allowed. A server that fetches what callers name is a way
 * into networks that they cannot reach; so schemes and hosts are settings, a
 * private address is refused unless its host is listed for that, and folders
 * are those below the roots that the operator has named. Names are looked up
 * by the worker, which judges the addresses again and connects to nothing else.
 */
#include <arpa/inet.h>

#include "engine/app.h"
#include "engine/content/content.h"
#include "sandbox/source_url.h"
#include "sandbox/tree.h"
#include "sandbox/tree_name.h"

static enum err denied(struct ctx *cx, const char *setting, const char *what)
{
	return err_field(cx, ERR_DENIED, "/source",
			 "%s; the operator can allow it by the setting %s",
			 what, setting);
}

/* The next folder of the list; absent: none. */
static struct str next_root(struct str *rest)
{
	struct str part;

	while (str_split(rest, ',', &part)) {
		part = str_trim(part);
		while (part.n > 1 && part.p[part.n - 1] == '/')
			part.n--;
		if (part.n && part.p[0] == '/')
			return part;
	}
	return (struct str){ 0 };
}

static enum err place_folder(struct ctx *cx, struct content_place *out)
{
	struct str rest = cx->app->content_rules->roots, root, below;
	struct str path = out->source;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	for (root = next_root(&rest); root.p; root = next_root(&rest)) {
		if (path.n < root.n || !str_eq(str_cut(path, 0, root.n), root))
			continue;
		below = str_cut(path, root.n, path.n);
		if (below.n && below.p[0] != '/')
			continue; /* "/srv/ab" is not below "/srv/a" */
		below = str_cut(below, 1, below.n);
		if (below.n && tree_name_wrong(below, TREE_DEPTH))
			break;
		out->root = root;
		out->folder = below.n ? below : STR("");
		return OK;
	}
	return denied(cx, "content_roots",
		      "this folder is not among those that content may come "
		      "from");
}

/* An address that stands in the URL itself. */
static bool is_private(struct str host)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	char z[64];

	if (host.n >= sizeof(z))
		return false;
	memcpy(z, host.p, host.n);
	z[host.n] = 0;
	if (inet_pton(AF_INET, z, &four.sin_addr) == 1)
		return source_private((struct sockaddr *)&four);
	if (inet_pton(AF_INET6, z, &six.sin6_addr) == 1)
		return source_private((struct sockaddr *)&six);
	return str_eq_nocase(host, STR("localhost")) ||
	       str_ends(host, ".localhost");
}

static enum err place_url(struct ctx *cx, struct content_place *out)
{
	const struct content_rules *r = cx->app->content_rules;
	struct source_url url;
	enum err e = source_url_read(cx, "/source", out->source, &url);

	if (e)
		return e;
	if (!source_listed(r->schemes, str_of(source_scheme_words[url.scheme])))
		return denied(cx, "content_schemes",
			      "content does not come this way");
	out->private_ok = source_listed(r->private_hosts, url.host);
	if (r->hosts.n && !out->private_ok &&
	    !source_listed(r->hosts, url.host))
		return denied(cx, "content_hosts",
			      "content does not come from this host");
	if (!out->private_ok && is_private(url.host))
		return denied(cx, "content_private_hosts",
			      "this is a private address");
	return OK;
}

enum err content_place_of(struct ctx *cx, struct str source,
			  struct content_place *out)
{
	*out = (struct content_place){ .source = source };
	return str_starts(source, "/") ? place_folder(cx, out)
				       : place_url(cx, out);
}
