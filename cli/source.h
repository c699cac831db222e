/* source: a file of items, in whatever format it is. */
#pragma once

#include "cli/cli.h"
#include "graders/assessment_file.h"

struct source {
	struct str path, format; /* "assay", "gift", "moodle_xml",
				   "kattis" (a folder or archive) */
	struct assessment_def def;
	bool imported; /* bank says what became of the nodes */
	struct bank bank;
	struct problems problems; /* also of what was imported */
	enum err checked;	  /* what checking it gave: OK or ERR_INVALID */
};

/*
 * Reads a file; an assessment file with errors is an error here. For import:
 * course and slug may be absent, then they come from the file's name.
 */
MUST enum err source_read(struct cli *c, struct str path, struct source *out);
MUST enum err source_read_as(struct cli *c, struct str path, struct str course,
			     struct str slug, struct source *out);
/* The same, where errors are only listed in *out. */
MUST enum err source_check(struct cli *c, struct str path, struct source *out);
/*
 * What publishing says of member "peer", if there is one: errors and warnings
 * are added to *problems.
 */
MUST enum err source_peer(struct ctx *cx, const struct assessment_def *def,
			  struct problems *problems);
