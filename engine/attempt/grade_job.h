/*
 * grade_job: the job "grade.code", one run of one submission.
 *
 *	body    {"attempt","slot","number","purpose","allow_lower"}
 *	input   bytes: code_task_shape as JSON (graders/code.h), with the files
 *	result  code_report_shape; a report whose verdict is IE is refused: the
 *		worker gives the job back instead (job.fail)
 *
 * ref is the submission: it has one open run at a time. A trial's result is
 * kept beside the facts that count (rejudge.h); that of a rejudging counts
 * unless it would be lower and may not be.
 */
#pragma once

#include "engine/attempt/submission.h"

struct str grade_job_body(struct ctx *cx, const struct submission_row *row,
			  int purpose, bool allow_lower);
