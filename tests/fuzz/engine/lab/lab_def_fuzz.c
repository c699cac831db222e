/* A lab file as an author sends it: refused, or whole with its defaults. */
#include <stdint.h>

#include "engine/lab/lab_def.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };
	struct str text = { (const char *)data, size };
	struct lab_def def;
	struct list files;

	if (lab_def_read(&cx, text, &def) == OK) {
		if (!def.terminal.shell.n || def.terminal.idle_minutes < 1 ||
		    def.terminal.limits.wall_ms < 1)
			__builtin_trap();
		if (lab_def_files(&cx, &def, &files) != OK)
			err_clear(&cx);
		lab_def_toolchain(&def);
		lab_def_language(&def, (struct str){ 0 });
	}
	arena_free(cx.arena);
	return 0;
}
