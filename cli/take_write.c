/* Longer texts: several lines up to a dot, or an editor. */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/file.h"
#include "cli/take.h"

static struct str old_text(struct take *t, const struct question *q)
{
	return take_str(t->c, take_saved(t->c, q), "text");
}

static void type_text(struct take *t, struct str first, struct buf *b)
{
	struct str line;

	if (first.p) {
		buf_str(b, first);
		buf_ch(b, '\n');
	}
	while ((line = take_line(t, "| ")).p) {
		if (str_is(line, "."))
			return;
		buf_str(b, line);
		buf_ch(b, '\n');
	}
}

/* The person's own program on a file that only he can read. */
static bool run_editor(struct take *t, const char *editor, const char *path)
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "exec $0 \"$1\"", editor, path,
		      (char *)NULL);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	take_sayf(t, "%s did not end well; nothing was changed.", editor);
	return false;
}

static bool edit_text(struct take *t, const char *editor, struct str old,
		      struct buf *b)
{
	const char *folder = t->c->env("TMPDIR");
	struct str path = str_fmt(t->c->cx->arena, "%s/assay-answer.XXXXXX",
				  folder ? folder : "/tmp");
	struct str text;
	int fd = mkstemp((char *)path.p); /* mode 0600 */
	bool good;

	if (fd < 0 || write(fd, old.n ? old.p : "", old.n) != (ssize_t)old.n) {
		take_sayf(t, "cannot write %s: %s", path.p, strerror(errno));
		if (fd >= 0) {
			close(fd);
			unlink(path.p);
		}
		return false;
	}
	close(fd);
	good = run_editor(t, editor, path.p);
	if (good && file_read(t->c, path, LIMIT_TEXT_BYTES, &text)) {
		take_sayf(t, "%s", t->c->cx->error.text);
		good = false;
	}
	unlink(path.p);
	if (good)
		buf_str(b, text);
	return good;
}

bool take_write(struct take *t, const struct question *q, struct str first,
		struct str *response)
{
	const char *editor = t->c->env("VISUAL");
	struct buf text = { .limit = LIMIT_TEXT_BYTES }, b = { 0 };
	bool good = true;

	if (!editor)
		editor = t->c->env("EDITOR");
	if (!first.p && editor && t->c->in_is_terminal)
		good = edit_text(t, editor, old_text(t, q), &text);
	else
		type_text(t, first, &text);
	if (good && text.failed) {
		take_sayf(t, "The text has more than %d bytes.",
			  LIMIT_TEXT_BYTES);
		good = false;
	} else if (good && !str_utf8_ok(buf_view(&text))) {
		take_sayf(t, "That is not UTF-8 text.");
		good = false;
	}
	if (good) {
		buf_z(&b, "{\"text\":");
		jout_str(&b, text.n ? str_trim(buf_view(&text)) : STR(""));
		buf_z(&b, ",\"format\":\"plain\"}");
		*response = buf_copy(&b, t->c->cx->arena);
	}
	buf_done(&text);
	buf_done(&b);
	return good;
}
