/* Each bench's function; the table is in bench_main.c. */
#pragma once

#include "bench/bench.h"

void bench_answer(struct run *r);
void bench_answer_pg(struct run *r);
void bench_read(struct run *r);
void bench_idle(struct run *r);
void bench_start(struct run *r);
void bench_memory(struct run *r);
void bench_crash(struct run *r);
void bench_timer(struct run *r);
void bench_import(struct run *r);
void bench_submit(struct run *r);
void bench_box(struct run *r);
void bench_lab(struct run *r);
void bench_peer(struct run *r);
void bench_hold(struct run *r);
