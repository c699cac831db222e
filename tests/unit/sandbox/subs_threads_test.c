/*
 * A writer, a packer, readers and an erasure at once.
 */
#include <pthread.h>

#include "tests/unit/sandbox/subs_world.h"

enum { GROUPS = 60, EACH = 5, PUTS = GROUPS * EACH, READERS = 2 };

struct all {
	struct subs *s;
	struct oid commits[PUTS];
	_Atomic int acked; /* of commits */
	_Atomic bool stop;
	_Atomic int64_t reads, packed;
	_Atomic int bad; /* a line */
};

#define SURE(a, cond)                                                          \
	do {                                                                   \
		if (!(cond)) {                                                 \
			(a)->bad = __LINE__;                                   \
			(a)->stop = true;                                      \
		}                                                              \
	} while (0)

static void *pack(void *arg)
{
	struct all *a = arg;
	struct arena *arena = arena_new(0);
	struct ctx cx = { .arena = arena };
	struct subs_packed p = { 0 };

	while (!a->stop) {
		arena_reset(arena);
		SURE(a, subs_pack_step(&cx, a->s, &p) == OK);
		a->packed += p.objects;
		if (!p.more)
			SURE(a, subs_rotate(&cx, a->s) == OK);
	}
	arena_free(arena);
	return NULL;
}

static void *look(void *arg)
{
	struct all *a = arg;
	struct arena *arena = arena_new(0);
	struct ctx cx = { .arena = arena };
	struct rng_seeded rng;

	rng_seeded_from(&rng, 1);
	while (!a->stop) {
		struct subs_stats st;
		struct list files;
		struct oid tip;
		int n = a->acked;

		if (!n)
			continue;
		arena_reset(arena);
		SURE(a, subs_load(&cx, a->s, STR("c1"),
				  &a->commits[rng_below(&rng.rng, (uint64_t)n)],
				  NULL, &files) == OK &&
				files.n == 3);
		SURE(a, subs_tip(&cx, a->s, STR("c1"), STR("refs/subs/a/1"),
				 &tip) == OK);
		subs_stats(a->s, &st);
		a->reads++;
	}
	arena_free(arena);
	return NULL;
}

static void *forget(void *arg)
{
	struct all *a = arg;
	struct arena *arena = arena_new(0);
	struct ctx cx = { .arena = arena };

	for (int i = 0; i < 5; i++) {
		arena_reset(arena);
		SURE(a, subs_forget(&cx, a->s, STR("c1"),
				    STR("refs/subs/gone/")) == OK);
	}
	arena_free(arena);
	return NULL;
}

static void readers_always_find_what_is_acknowledged(void **state)
{
	struct subs_world *w = *state;
	struct all *a = calloc(1, sizeof(*a));
	pthread_t t[READERS + 2];

	subs_close(w->s);
	w->opts.segment_bytes = 4000;
	world_start(w);
	a->s = w->s;
	assert_int_equal(pthread_create(&t[0], NULL, pack, a), 0);
	assert_int_equal(pthread_create(&t[1], NULL, forget, a), 0);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&t[2 + i], NULL, look, a), 0);
	for (int g = 0; g < GROUPS && !a->bad; g++) {
		for (int i = 0; i < EACH; i++)
			a->commits[g * EACH + i] =
				world_put(w, "c1", "refs/subs/a/1", "x",
					  (uint64_t)(g * EACH + i))
					.commit;
		world_put(w, "c1", "refs/subs/gone/1", "gone", (uint64_t)g);
		world_flush(w);
		a->acked = (g + 1) * EACH;
		arena_reset(w->cx.arena);
	}
	pthread_join(t[1], NULL);
	while (!a->bad && (a->reads < 50 || !a->packed))
		;
	a->stop = true;
	pthread_join(t[0], NULL);
	for (int i = 0; i < READERS; i++)
		pthread_join(t[2 + i], NULL);
	if (a->bad)
		fail_msg("line %d", a->bad);
	world_pack(w);
	for (int i = 0; i < PUTS; i++)
		world_has(w, "c1", &a->commits[i], "x", (uint64_t)i);
	assert_int_equal(
		subs_forget(&w->cx, w->s, STR("c1"), STR("refs/subs/gone/")),
		OK);
	world_fsck(w, "c1", true);
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			readers_always_find_what_is_acknowledged, world_up,
			world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
