/*
 * gate: runs of all hands beside each other, or one of them alone. A run that
 * is repeated near a limit counts by its time, so nothing that another job runs
 * may take any of it.
 *
 * First come, first served: who wants to be alone waits for the runs that are
 * under way, and no other begins before it; those who came meanwhile are let in
 * before the next one who wants to be alone. Nobody who has runs under way may
 * wait here for others (gate_wanted): two who did would wait for each other.
 *
 * A wait is as long as the runs under way and those of all who came before and
 * want to be alone, one after the other. Labs go past: they have room
 * of their own (worker_admit), and a lab that sleeps for minutes must not keep
 * what counts waiting. Thread-safe.
 */
#pragma once

#include "engine/worker/worker.h"

struct gate;

struct gate *gate_new(void);
void gate_free(struct gate *g);

/*
 * In, by one who is not; waits for it. false: *gone became true before.
 * gate_wake looks again who is gone.
 */
bool gate_enter(struct gate *g, bool alone, const struct worker_gone *gone);
/* Somebody waits: who is in, and not alone, lets his runs end before the
   next. */
bool gate_wanted(struct gate *g);
void gate_leave(struct gate *g);
void gate_wake(struct gate *g);
int gate_waiting(struct gate *g); /* for tests */
