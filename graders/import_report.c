#include "graders/import_report.h"

static void write_types(struct buf *b, const struct bank *bank)
{
	const struct item *it = bank->items.at;
	int64_t counts[ITEM_TYPE_COUNT] = { 0 };
	bool any = false;

	for (size_t i = 0; i < bank->items.n; i++)
		counts[it[i].type]++;
	for (int t = 0; t < ITEM_TYPE_COUNT; t++) {
		if (counts[t] == 0)
			continue;
		buf_z(b, any ? ", " : " (");
		buf_fmt(b, "%lld %s", (long long)counts[t], item_type_words[t]);
		any = true;
	}
	if (any)
		buf_ch(b, ')');
	buf_ch(b, '\n');
}

static void write_counts(struct buf *b, const struct bank *bank)
{
	buf_fmt(b, "Format: %.*s\n", STR_FMT(bank->format));
	if (bank->title.n > 0)
		buf_fmt(b, "Title: %.*s\n", STR_FMT(bank->title));
	buf_fmt(b, "Questions: %zu", bank->items.n);
	write_types(b, bank);
	buf_fmt(b,
		"Nodes of the source: %lld = %lld mapped + %lld kept as they "
		"are + %lld ignored + %lld refused\n",
		(long long)bank->nodes, (long long)bank->mapped,
		(long long)bank->opaque, (long long)bank->ignored,
		(long long)bank->refused);
}

static void write_note(struct buf *b, const struct bank_note *n)
{
	buf_fmt(b, "  %-8s", fate_words[n->fate]);
	if (n->line > 0)
		buf_fmt(b, " line %lld,", (long long)n->line);
	buf_fmt(b, " %.*s: %.*s", STR_FMT(n->path), STR_FMT(n->detail));
	if (n->count > 1)
		buf_fmt(b, " (%lld nodes)", (long long)n->count);
	buf_ch(b, '\n');
}

void import_report(struct buf *b, const struct bank *bank)
{
	const struct bank_note *n = bank->notes.at;

	write_counts(b, bank);
	if (bank->notes.n == 0) {
		buf_z(b, "Everything was carried over.\n");
		return;
	}
	buf_z(b, "Not carried over as it was:\n");
	for (size_t i = 0; i < bank->notes.n; i++)
		write_note(b, &n[i]);
}
