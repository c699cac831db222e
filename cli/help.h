/* help: what there is, printed from the tables. */
#pragma once

#include "cli/cli.h"
#include "cli/verb.h"

void help_all(struct cli *c, FILE *f);
/* false: there is no such noun. */
bool help_noun(struct cli *c, FILE *f, struct str noun);
void help_verb(struct cli *c, FILE *f, const struct verb *v);
void help_usage(struct cli *c, FILE *f, const struct verb *v);
void help_method(struct cli *c, FILE *f, const struct rpc_method *m);

/*
 * All nouns, each once: verbs' first, then the methods' in table order. NULL
 * behind the last. Names that stand alone ("import") are not among them.
 */
const char *help_nth_noun(struct cli *c, size_t i);
/* Is the noun's verb an own one or a method; names in order; NULL at the end.
 */
const char *help_nth_verb(struct cli *c, struct str noun, size_t i);
/* "learner, platform"; in the arena */
struct str help_roles(struct cli *c, uint32_t roles);
