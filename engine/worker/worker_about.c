/* What a worker tells of itself with each lease (job.lease's about). */
#include "engine/worker/worker_impl.h"
#include "engine/worker/worker_say.h"

static void kinds(struct ctx *cx, const struct worker *w, bool refused,
		  struct buf *b)
{
	struct str *name = ARENA_ARRAY(cx->arena, struct str, w->kinds_n);
	size_t n = 0;

	for (size_t i = 0; i < w->kinds_n; i++)
		if (w->refused[i] == refused)
			name[n++] = str_of(w->o.kinds[i]->name);
	say_words(b, &(struct list){ name, n });
}

void about_make(struct ctx *cx, struct worker *w, int level)
{
	struct buf *b = &w->about;

	buf_z(b, "{\"kinds\":");
	kinds(cx, w, false, b);
	buf_z(b, ",\"refuses\":");
	kinds(cx, w, true, b);
	buf_fmt(b, ",\"level\":\"%s\",\"box_level\":\"%s\"",
		run_level_words[level], run_level_words[w->o.level]);
	if (w->o.has_languages) {
		say_words(&w->languages, &w->o.languages);
		buf_z(b, ",\"languages\":");
		buf_str(b, buf_view(&w->languages));
	}
	buf_ch(b, '}');
}

struct str about_said(const struct worker *w, const struct buf *what)
{
	return w->plain || !what->n ? (struct str){ 0 } : buf_view(what);
}
