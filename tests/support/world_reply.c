/* Members of replies by their path. */
#include "base/tm.h"
#include "tests/support/world.h"

static bool walk(struct world *w, struct str json, const char *path,
		 struct jval *v)
{
	struct str rest = str_of(path), part, name;
	struct jdoc *doc;
	int64_t index;

	if (!json.n || jdoc_parse(&w->cx, json, &doc))
		return false;
	*v = jdoc_root(doc);
	while (rest.n && str_split(&rest, '/', &part)) {
		uint32_t it = 0;
		struct jval one;
		bool found = false;

		if (jval_type(*v) == J_ARRAY && str_int(part, &index)) {
			for (int64_t i = 0; jval_next(*v, &it, &name, &one);
			     i++)
				if (i == index) {
					found = true;
					break;
				}
		} else if (jval_type(*v) == J_OBJECT) {
			found = jval_get(*v, str_z(w->cx.arena, part), &one);
		}
		if (!found)
			return false;
		*v = one;
	}
	return true;
}

struct str json_raw(struct world *w, struct str json, const char *path)
{
	struct jval v;

	return walk(w, json, path, &v) ? jval_text(v) : (struct str){ 0 };
}

const char *json_text(struct world *w, struct str json, const char *path)
{
	struct jval v;

	if (!walk(w, json, path, &v))
		return NULL;
	return str_z(w->cx.arena, jval_type(v) == J_STRING ? jval_str(&w->cx, v)
							   : jval_text(v));
}

bool reply_has(struct world *w, const struct reply *r, const char *path)
{
	return reply_raw(w, r, path).p != NULL;
}

struct str reply_raw(struct world *w, const struct reply *r, const char *path)
{
	return json_raw(w, r->result, path);
}

const char *reply_text(struct world *w, const struct reply *r, const char *path)
{
	return json_text(w, r->result, path);
}

int64_t reply_int(struct world *w, const struct reply *r, const char *path)
{
	int64_t v = 0;

	CHECK(str_int(reply_raw(w, r, path), &v));
	return v;
}

struct dec reply_dec(struct world *w, const struct reply *r, const char *path)
{
	struct dec v = DEC_ZERO;

	CHECK(dec_parse(reply_raw(w, r, path), &v));
	return v;
}

int64_t reply_time(struct world *w, const struct reply *r, const char *path)
{
	int64_t ms = 0;

	CHECK(tm_parse(str_of(reply_text(w, r, path)), &ms));
	return ms;
}

size_t reply_count(struct world *w, const struct reply *r, const char *path)
{
	struct jval v;

	return walk(w, r->result, path, &v) ? jval_count(v) : 0;
}
