/*
 * A child writes, packs and forgets until it is killed in the middle of a call
 * to the disk, or by its parent at no place in particular. It tells each
 * submission through a pipe once it is acknowledged. Whoever reads the folder
 * afterwards must find all of them, and a repository that git has no complaint
 * about.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "tests/unit/sandbox/subs_world.h"

#include "tests/unit/sandbox/subs_disk.h"

enum { REPOS = 2, REFS = 5, TOLD_MOST = 20000, ROUNDS = 60, BATCH = 6 };

struct told {
	struct oid commit;
	uint32_t repo, ref;
	uint64_t number;
	bool forget; /* of ref: begins; done says that it ended */
	bool done;
};

struct crash {
	struct subs_world *w;
	struct rng_seeded rng;
	struct bad_disk disk;
	struct told told[TOLD_MOST];
	size_t n;
	uint64_t number;
	int pipe[2];
};

static const char *repo_of(uint32_t i)
{
	static const char *const names[REPOS] = { "c1", "c2" };

	return names[i];
}

static const char *ref_of(uint32_t i)
{
	static const char *const names[REFS] = {
		"refs/subs/a/1", "refs/subs/a/2", "refs/subs/b/1",
		"refs/subs/b/2", "refs/subs/c/1"
	};

	return names[i];
}

static void tell(struct crash *c, const struct told *t)
{
	if (write(c->pipe[1], t, sizeof(*t)) != sizeof(*t))
		_exit(9);
}

static void put_some(struct crash *c)
{
	struct told t[BATCH];
	size_t n = 1 + rng_below(&c->rng.rng, BATCH);
	struct subs_world *w = c->w;

	for (size_t i = 0; i < n; i++) {
		struct subs_done d;

		t[i] = (struct told){
			.repo = (uint32_t)rng_below(&c->rng.rng, REPOS),
			.ref = (uint32_t)rng_below(&c->rng.rng, REFS),
			.number = ++c->number
		};
		d = world_put(w, repo_of(t[i].repo), ref_of(t[i].ref), "try",
			      t[i].number);
		t[i].commit = d.commit;
	}
	if (subs_flush(w->s, &w->cx))
		_exit(8);
	subs_committed(w->s, &w->cx);
	for (size_t i = 0; i < n; i++)
		tell(c, &t[i]);
	arena_reset(w->cx.arena);
}

static void forget_one(struct crash *c)
{
	struct told t = { .ref = (uint32_t)rng_below(&c->rng.rng, REFS),
			  .repo = (uint32_t)rng_below(&c->rng.rng, REPOS),
			  .forget = true };

	tell(c, &t);
	if (subs_forget(&c->w->cx, c->w->s, str_of(repo_of(t.repo)),
			str_of(ref_of(t.ref))))
		_exit(7);
	t.done = true;
	tell(c, &t);
}

static void live(struct crash *c)
{
	struct subs_packed p;

	c->w->opts.disk = &c->disk.disk;
	c->w->opts.segment_bytes = 4000;
	if (subs_open(&c->w->cx, &c->w->opts, &c->w->s))
		_exit(6);
	for (int i = 0; i < 400; i++) {
		put_some(c);
		if (rng_below(&c->rng.rng, 3) == 0 &&
		    subs_pack_step(&c->w->cx, c->w->s, &p))
			_exit(5);
		if (rng_below(&c->rng.rng, 40) == 0)
			forget_one(c);
	}
	_exit(0);
}

static void *pack_for_ever(void *arg)
{
	struct crash *c = arg;
	struct arena *a = arena_new(0);
	struct ctx cx = { .arena = a };
	struct subs_packed p;

	for (;;) {
		arena_reset(a);
		if (subs_pack_step(&cx, c->w->s, &p))
			_exit(5);
	}
	return NULL;
}

static void live_with_a_packer(struct crash *c)
{
	pthread_t packer;

	c->w->opts.segment_bytes = 4000;
	if (subs_open(&c->w->cx, &c->w->opts, &c->w->s) ||
	    pthread_create(&packer, NULL, pack_for_ever, c))
		_exit(6);
	for (;;)
		put_some(c);
}

/* Reads what the child says; kills it after so many if not 0. */
static void listen_to(struct crash *c, pid_t child, size_t kill_after)
{
	struct told t;
	size_t heard = 0;
	int status;

	while (read(c->pipe[0], &t, sizeof(t)) == sizeof(t)) {
		assert_true(c->n < TOLD_MOST);
		c->told[c->n++] = t;
		c->number = t.number > c->number ? t.number : c->number;
		if (++heard == kill_after)
			kill(child, SIGKILL);
	}
	close(c->pipe[0]);
	assert_true(waitpid(child, &status, 0) == child);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		fail_msg("the child ended with %d", WEXITSTATUS(status));
}

/* Was it forgotten after it had been told, for certain or perhaps? */
static bool forgotten(const struct crash *c, size_t at)
{
	for (size_t i = at + 1; i < c->n; i++)
		if (c->told[i].forget && c->told[i].ref == c->told[at].ref &&
		    c->told[i].repo == c->told[at].repo)
			return true;
	return false;
}

static void all_is_there(struct crash *c)
{
	struct subs_world *w = c->w;

	for (size_t i = 0; i < c->n; i++) {
		const struct told *t = &c->told[i];

		if (t->forget || forgotten(c, i))
			continue;
		world_has(w, repo_of(t->repo), &t->commit, "try", t->number);
		if (i % 64 == 0)
			arena_reset(w->cx.arena);
	}
}

/* A ref stands where it was acknowledged last, or further on. */
static void refs_are_not_behind(struct crash *c)
{
	bool seen[REPOS][REFS] = { 0 };

	for (size_t i = c->n; i > 0; i--) {
		const struct told *t = &c->told[i - 1];
		const struct subs_commit *log;
		struct list l;
		struct oid tip;
		bool found = false;

		if (t->repo >= REPOS || seen[t->repo][t->ref])
			continue;
		seen[t->repo][t->ref] = true;
		if (t->forget)
			continue;
		assert_int_equal(subs_tip(&c->w->cx, c->w->s,
					  str_of(repo_of(t->repo)),
					  str_of(ref_of(t->ref)), &tip),
				 OK);
		assert_int_equal(subs_log(&c->w->cx, c->w->s,
					  str_of(repo_of(t->repo)), &tip,
					  BATCH + 1, &l),
				 OK);
		log = l.at;
		for (size_t k = 0; k < l.n; k++)
			found |= oid_eq(&log[k].id, &t->commit);
		assert_true(found);
	}
}

static void look(struct crash *c, bool pack)
{
	struct subs_world *w = c->w;

	w->opts.disk = NULL;
	if (subs_open(&w->cx, &w->opts, &w->s))
		fail_msg("%s", w->cx.error.text);
	all_is_there(c);
	refs_are_not_behind(c);
	if (pack) {
		world_pack(w);
		all_is_there(c);
		for (uint32_t i = 0; i < REPOS; i++)
			world_fsck(w, repo_of(i), false);
	}
	subs_close(w->s);
	w->s = NULL;
	arena_reset(w->cx.arena);
}

static struct crash *begin(void **state)
{
	struct crash *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->w = *state;
	subs_close(c->w->s);
	c->w->s = NULL;
	rng_property(&c->rng);
	return c;
}

static void round_of(struct crash *c, void (*fn)(struct crash *c),
		     size_t kill_after)
{
	uint64_t seed = rng_u64(&c->rng.rng);
	pid_t child;

	assert_int_equal(pipe(c->pipe), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		rng_seeded_from(&c->rng, seed);
		bad_init(&c->disk, &c->rng.rng);
		c->disk.at = 1 + (int64_t)rng_below(&c->rng.rng, 400);
		c->disk.power = rng_below(&c->rng.rng, 2);
		fn(c);
	}
	close(c->pipe[1]);
	listen_to(c, child, kill_after);
}

static void nothing_acknowledged_is_lost_by_a_kill_in_any_call(void **state)
{
	struct crash *c = begin(state);

	for (int i = 0; i < ROUNDS; i++) {
		round_of(c, live, 0);
		look(c, i % 8 == 7);
	}
	print_message("%zu acknowledged\n", c->n);
	free(c);
}

static void
nothing_acknowledged_is_lost_by_a_kill_beside_the_packer(void **state)
{
	struct crash *c = begin(state);

	for (int i = 0; i < 12; i++) {
		round_of(c, live_with_a_packer,
			 20 + rng_below(&c->rng.rng, 150));
		look(c, i % 4 == 3);
	}
	print_message("%zu acknowledged\n", c->n);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_acknowledged_is_lost_by_a_kill_in_any_call,
			world_up, world_down),
		cmocka_unit_test_setup_teardown(
			nothing_acknowledged_is_lost_by_a_kill_beside_the_packer,
			world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
