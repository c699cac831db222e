/*
 * events: the names that platforms may see, in the live feed and in
 * event.list. A record whose event is not here stays inside. A slice adds its
 * names here, in order of the alphabet.
 *
 * X(name, one sentence)
 */
#pragma once

#define PUBLIC_EVENTS(X)                                                    \
	X("assessment.published", "A new version of an assessment is open.") \
	X("assessment.retired", "An assessment takes no new attempts.")     \
	X("attempt.answered", "A response was stored.")                     \
	X("attempt.expired", "An attempt's time ran out.")                  \
	X("attempt.graded", "An attempt has its score.")                    \
	X("attempt.regraded", "An attempt has another score.")              \
	X("attempt.started", "A learner began an attempt.")                 \
	X("attempt.submitted", "A learner handed in an attempt.")           \
	X("attempt.voided", "An attempt no longer counts.")                 \
	X("blob.stored", "A file was uploaded.")                            \
	X("grade.changed", "A learner's grade in a course changed.")        \
	X("grade.released", "Learners may see their grades.")               \
	X("job.dead", "Background work failed as often as it may.")         \
	X("job.failed", "Background work failed for good.")                 \
	X("learner.erased", "A person was forgotten.")
