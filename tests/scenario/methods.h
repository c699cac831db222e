/*
 * methods: words that the stories of all methods share, and those stories that
 * stand in files of their own. They are one program: its last test looks at
 * what happened in all of them. Include after cmocka.h.
 */
#pragma once

#include "tests/scenario/code.h"
#include "tests/scenario/story.h"

#define ADMIN "admin"
#define ANN "learner:ann"
#define BOB "learner:bob"
#define PLAT "platform"
#define STAFF "moderator"
#define AUTHOR "author"
#define FOREIGN "foreign"
#define BOUND "bound:elsewhere"
#define NOBODY "018f0000-0000-7000-8000-000000000001"
#define REF "{'course':'c','slug':'q'}"
#define REF_OF(slug, more) "{'course':'c','slug':'" slug "'" more "}"
#define THE(x, more) "{'attempt':'$" x "'" more "}"
#define WHY ",'reason':'r'"
#define QUIZ(slug, policy)                                                     \
	"{'definition':{'assay':1,'course':'c','slug':'" slug                  \
	"','title':'t','policy':{" policy "},'items':[" QUIZ_ITEMS "]}}"
#define JWKS                                                                   \
	"{'keys':[{'kty':'EC','crv':'P-256','kid':'k1',"                       \
	"'x':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',"                   \
	"'y':'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'}]}"

void conditions_and_reserving(void **state);
void starting(void **state);
void answering(void **state);
void trying_again(void **state);
void after_the_hand_in(void **state);
void files_and_forgetting(void **state);
void jobs_for_workers(void **state);
void code_items(void **state);
void labs_and_their_work(void **state);
void work_that_another_server_keeps(void **state);
void terminals_of_labs(void **state);
void content_of_repositories(void **state);
void works_for_peers(void **state);
void reviews_by_peers(void **state);
void reviews_that_nobody_rates(void **state);
void moderators_and_appeals(void **state);
void runs_as_a_whole(void **state);

/* n bytes of JSON: [0,0,…]; n letters. */
const char *many_tokens(struct world *w, size_t n);
struct str letters(struct world *w, size_t n);
