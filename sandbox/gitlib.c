#include "sandbox/gitlib.h"

#include <git2.h>

enum {
	PACK_OBJECTS_MOST = 1000000,
	OBJECT_BYTES_MOST = 64 << 20,
	MAPPED_BYTES_MOST = 256 << 20,
	WINDOW_BYTES = 32 << 20
};

enum err gitlib_failed(struct ctx *cx, enum err code, const char *what)
{
	const git_error *e = git_error_last();

	return err_detail(cx, "%s: %s (as %s)", what,
			  e && e->message ? e->message : "no reason given",
			  err_kind(code));
}

static int set_options(void)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_PROGRAMDATA,
				      GIT_CONFIG_LEVEL_SYSTEM,
				      GIT_CONFIG_LEVEL_XDG,
				      GIT_CONFIG_LEVEL_GLOBAL };
	int bad = 0;

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		bad |= git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	bad |= git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, "");
	bad |= git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	bad |= git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	bad |= git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS,
				(size_t)PACK_OBJECTS_MOST);
	bad |= git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE,
				(size_t)OBJECT_BYTES_MOST);
	bad |= git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)WINDOW_BYTES);
	bad |= git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT,
				(size_t)MAPPED_BYTES_MOST);
	/* What is read here is read once. */
	bad |= git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	return bad;
}

enum err gitlib_start(struct ctx *cx)
{
	int n = git_libgit2_init();

	if (n > 1 || (n == 1 && set_options() == 0))
		return OK;
	err_set(cx, ERR_UNAVAILABLE, "git is not available here");
	gitlib_failed(cx, ERR_UNAVAILABLE, "start");
	if (n > 0)
		git_libgit2_shutdown();
	return ERR_UNAVAILABLE;
}

void gitlib_stop(void)
{
	git_libgit2_shutdown();
}
