#include "engine/rpc/table.h"

/* One sentence each, for readers of the document and the manual. */
static const struct {
	uint32_t flag;
	const char *word;
} flag_words[] = {
	{ RPC_SINGLE, "single" },	    { RPC_SLOW, "slow" },
	{ RPC_TAKES_BYTES, "takes-bytes" }, { RPC_GIVES_BYTES, "gives-bytes" },
	{ RPC_NO_STORE, "no-store" },	    { RPC_QUIET, "quiet" },
};

static void list_str(struct buf *b, bool *first, const char *z)
{
	if (!*first)
		buf_ch(b, ',');
	*first = false;
	jout_str(b, str_of(z));
}

static void roles_list(struct buf *b, uint32_t set)
{
	bool first = true;

	buf_ch(b, '[');
	if (set & ROLE_ANYONE)
		list_str(b, &first, "anyone");
	for (int i = 0; role_words[i]; i++)
		if (set & (UINT32_C(1) << i))
			list_str(b, &first, role_words[i]);
	buf_ch(b, ']');
}

static void flags_list(struct buf *b, uint32_t flags)
{
	bool first = true;

	buf_ch(b, '[');
	for (size_t i = 0; i < sizeof(flag_words) / sizeof(*flag_words); i++)
		if (flags & flag_words[i].flag)
			list_str(b, &first, flag_words[i].word);
	buf_ch(b, ']');
}

/* A field's schema is the one property of a shape with only that field. */
static void field_own_schema(struct buf *b, const struct field *f)
{
	struct field one[2] = { *f, FIELD_END };
	const struct shape shape = { "one", 1, one };
	struct buf text = { 0 };
	struct str s, mark = STR("\"properties\":{");
	size_t at, depth = 0, end;
	bool quoted = false;

	field_schema(&text, &shape);
	s = buf_view(&text);
	at = str_find(s, mark, 0);
	CHECK(at != SIZE_MAX);
	at += mark.n + strlen(f->name) + 3; /* "name": */
	for (end = at; end < s.n; end++) {
		char c = s.p[end];

		if (quoted && c == '\\')
			end++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']') && --depth == 0)
			break;
	}
	buf_str(b, str_cut(s, at, end + 1));
	buf_done(&text);
}

static void param(struct buf *b, const struct field *f)
{
	buf_z(b, "{\"name\":");
	jout_str(b, str_of(f->name));
	buf_z(b, ",\"description\":");
	jout_str(b, str_of(f->doc ? f->doc : ""));
	buf_z(b, f->optional ? ",\"required\":false" : ",\"required\":true");
	buf_z(b, ",\"schema\":");
	field_own_schema(b, f);
	buf_ch(b, '}');
}

static void params_list(struct buf *b, const struct rpc_entry *e)
{
	buf_z(b, ",\"paramStructure\":\"by-name\",\"params\":[");
	for (const struct field *f = e->taken.fields; f->kind != KIND_END;
	     f++) {
		if (f != e->taken.fields)
			buf_ch(b, ',');
		param(b, f);
	}
	buf_ch(b, ']');
}

static void error_ref(struct buf *b, bool *first, enum err e)
{
	buf_fmt(b, "%s{\"$ref\":\"#/components/errors/%s\"}", *first ? "" : ",",
		err_kind(e));
	*first = false;
}

static void method(struct buf *b, const struct rpc_entry *e)
{
	const struct rpc_method *m = e->method;
	bool first = true;

	buf_z(b, "{\"name\":");
	jout_str(b, str_of(m->name));
	buf_z(b, ",\"summary\":");
	jout_str(b, str_of(m->does));
	params_list(b, e);
	buf_z(b, ",\"result\":{\"name\":");
	jout_str(b, str_of(m->result ? m->result->name : "nothing"));
	buf_z(b, ",\"schema\":");
	if (m->result)
		field_schema(b, m->result);
	else
		buf_z(b, "{\"type\":\"object\"}");
	buf_z(b, "},\"errors\":[");
	for (const enum err *f = m->fails; f && *f; f++)
		error_ref(b, &first, *f);
	buf_z(b, "],\"x-roles\":");
	roles_list(b, m->roles);
	buf_z(b, m->flags & RPC_WRITES ? ",\"x-kind\":\"command\""
				       : ",\"x-kind\":\"query\"");
	buf_z(b, ",\"x-flags\":");
	flags_list(b, m->flags);
	buf_fmt(b, ",\"x-budget-ms\":%lld}", (long long)m->budget_ms);
}

static void errors(struct buf *b)
{
	buf_z(b, "\"components\":{\"errors\":{");
	for (int i = 1; i < ERR_COUNT; i++) {
		enum err e = (enum err)i;

		buf_fmt(b,
			"%s\"%s\":{\"code\":%d,\"message\":\"%s\","
			"\"data\":{\"kind\":\"%s\",\"retry\":%s}}",
			i > 1 ? "," : "", err_kind(e), err_number(e),
			err_kind(e), err_kind(e),
			err_retry(e) ? "true" : "false");
	}
	buf_z(b, "}}");
}

void rpc_discover(struct buf *b, const struct rpc_table *t)
{
	struct rpc_index *x = rpc_index_new(t);

	buf_z(b, "{\"openrpc\":\"1.2.6\",\"info\":{\"title\":\"Assay\","
		 "\"description\":\"An assessment and proctoring engine. "
		 "JSON-RPC 2.0 in single messages; auth stands beside params; "
		 "bytes follow the JSON after one NUL.\","
		 "\"version\":\"1\"},\"methods\":[");
	for (size_t i = 0; i < rpc_index_count(x); i++) {
		if (i)
			buf_ch(b, ',');
		method(b, rpc_index_at(x, i));
	}
	buf_z(b, "],");
	errors(b);
	buf_ch(b, '}');
	rpc_index_free(x);
}
