/* file: files in and out, with limits. "-" is standard input or output. */
#pragma once

#include "cli/cli.h"

/*
 * A whole file, in the arena. ERR_NOT_FOUND, ERR_TOO_LARGE over most bytes,
 * ERR_UNAVAILABLE if it cannot be read.
 */
MUST enum err file_read(struct cli *c, struct str path, size_t most,
			struct str *out);
/*
 * Writes beside the place and renames: whoever reads sees the old file or the
 * whole new one. secret: mode 0600, and a file that exists is not replaced
 * (ERR_CONFLICT).
 */
MUST enum err file_write(struct cli *c, struct str path, struct str text,
			 bool secret);
bool file_is_folder(struct cli *c, struct str path);
bool file_exists(struct cli *c, struct str path);
/* Last part of a path; without its ending if bare. */
struct str file_name(struct str path, bool bare);
/*
 * A value of the command line that may stand in a file: "@PATH", or "-" for
 * standard input; else itself.
 */
MUST enum err file_value(struct cli *c, struct str value, size_t most,
			 struct str *out);
