/* A line of settings: "key = value", as file, environment or flag give it. */
#include <stdint.h>

#include "engine/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };
	struct str text = { (const char *)data, size }, line;
	struct config c;

	config_defaults(&c);
	while (str_split(&text, '\n', &line)) {
		size_t eq = str_find(line, STR("="), 0);
		enum err e = ERR_INVALID;

		if (eq != SIZE_MAX)
			e = setting_set(&cx, &config_settings, &c,
					str_cut(line, 0, eq),
					str_cut(line, eq + 1, line.n));
		(void)e;
	}
	if (config_check(&cx, &c) == OK && c.node < 1)
		__builtin_trap();
	arena_free(cx.arena);
	return 0;
}
