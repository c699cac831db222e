/*
 * events: the names that platforms may see, in the live feed and in
 * event.list. A record whose event is not here stays inside. A slice adds its
 * names here, in order of the alphabet.
 *
 * X(name, one sentence)
 */
#pragma once

#define PUBLIC_EVENTS(X)                                                       \
	X("accommodation.removed",                                             \
	  "A learner is owed nothing special any more.")                       \
	X("accommodation.set", "A learner is owed other times from now on.")   \
	X("appeal.decided", "An appeal against a grade has its outcome.")      \
	X("appeal.filed", "A learner contests the grade of a work.")           \
	X("appeal.triaged", "An appeal is looked into, or rejected.")          \
	X("artifact.corrected", "A work was replaced before its reviews.")     \
	X("artifact.submitted", "A work was handed in for review by peers.")   \
	X("artifact.withdrawn", "A work was taken back.")                      \
	X("assessment.published", "A new version of an assessment is open.")   \
	X("assessment.retired", "An assessment takes no new attempts.")        \
	X("attempt.abandoned", "An attempt's time ran out and it was lost.")   \
	X("attempt.answered", "A response was stored.")                        \
	X("attempt.checked", "A response was checked during the attempt.")     \
	X("attempt.expired", "An attempt's time ran out; it was handed in.")   \
	X("attempt.extended", "An open attempt has other times.")              \
	X("attempt.graded", "An attempt has its score.")                       \
	X("attempt.marked", "A person marked a question.")                     \
	X("attempt.overtime",                                                  \
	  "An attempt's time ran out; it may be handed in.")                   \
	X("attempt.regraded", "An attempt has another score.")                 \
	X("attempt.released", "A learner may see an attempt's results.")       \
	X("attempt.reopened", "An attempt goes on.")                           \
	X("attempt.resumed", "A suspended attempt goes on.")                   \
	X("attempt.started", "A learner began an attempt.")                    \
	X("attempt.submitted", "A learner handed in an attempt.")              \
	X("attempt.suspended", "An attempt stands still.")                     \
	X("attempt.voided", "An attempt no longer counts.")                    \
	X("content.asked", "Content of a repository or folder is asked for.")  \
	X("content.failed", "Content could not be read.")                      \
	X("content.synced", "Content was read; what is new is published.")     \
	X("course.set", "A course has another title or pass mark.")            \
	X("grade.changed", "A learner's grade in a course changed.")           \
	X("grade.released", "Learners may see their grades.")                  \
	X("grade.set", "A person set a grade.")                                \
	X("group.set", "A group has other members.")                           \
	X("job.dead", "Background work failed as often as it may.")            \
	X("job.failed", "Background work failed for good.")                    \
	X("lab.checked", "A learner's lab was checked; never a grade.")        \
	X("lab.merged", "A lab's newer starter files were taken over.")        \
	X("lab.opened", "A learner opened a lab.")                             \
	X("lab.published", "A lab has a new version.")                         \
	X("lab.reset", "A learner began a lab anew.")                          \
	X("lab.restored", "A lab's work is what it was before.")               \
	X("lab.saved", "A learner saved a lab's work.")                        \
	X("lab.unpacked", "Files of an archive went into a lab's work.")       \
	X("learner.erased", "A learner's personal data is gone.")              \
	X("override.removed", "An override is gone.")                          \
	X("override.set", "A learner or group has other rules.")               \
	X("peer.allocated", "It was drawn who of a cohort reviews whom.")      \
	X("peer.extended", "A peer review has other dates.")                   \
	X("peer.released",                                                     \
	  "Grades of a peer review that were held are shown.")                 \
	X("review.none", "A learner has reviews to do and nothing to review.") \
	X("reviewer.licence_changed", "A reviewer may do more, or less.")      \
	X("submission.judged",                                                 \
	  "What was handed in to a code item has its verdict, or failed.")     \
	X("submission.received", "Files were handed in to a code item.")
