/*
 * num: whatever is typed, reading ends soon and within its bounds; what is
 * read is written as a number that reads as the same one.
 *
 * The first byte picks the rules, the rest is the text.
 */
#include "graders/num.h"

static const char *const tags[] = { "en", "de", "fr", "de-CH" };

static void check_number(struct arena *a, const struct num_text *t)
{
	struct num_range around = { .kind = TOL_ABSOLUTE, .answer = t->value };
	struct buf b = { 0 };
	struct num again;

	CHECK(t->value.digits.n <= NUM_DIGITS);
	CHECK(num_within(&t->value, NULL, &around));
	(void)num_figures(t);
	num_write(&b, &t->value);
	if (t->value.over.p == NULL) {
		CHECK(num_plain(a, buf_view(&b), &again));
		CHECK(num_cmp(&again, &t->value) == 0);
	}
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct num_rules rules = { 0 };
	struct num_range range;
	struct answer answer;
	struct num_text t;
	struct num zero = { 0 };
	uint8_t how;

	if (size == 0)
		goto out;
	how = data[0];
	rules.locale = num_locale_find(str_of(tags[how & 3]));
	rules.unit_before = how & 4;
	rules.strict = how & 8;
	rules.fractions = how & 16;
	answer = (struct answer){ .text = { (const char *)data + 1, size - 1 },
				  .tolerance = STR("10%") };
	if (num_read(a, answer.text, &rules, &t) == NUM_OK)
		check_number(a, &t);
	if (num_range_read(a, &answer, &range))
		(void)num_within(&zero, NULL, &range);
out:
	arena_free(a);
	return 0;
}
