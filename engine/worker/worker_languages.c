#include "engine/worker/worker_languages.h"

#include "sandbox/toolchain.h"

struct code_languages worker_languages(struct arena *a)
{
	struct code_language *l;
	size_t n = 0;

	while (toolchains[n].name)
		n++;
	l = ARENA_ARRAY(a, struct code_language, n);
	for (size_t i = 0; i < n; i++) {
		const struct toolchain *t = &toolchains[i];

		l[i] = (struct code_language){
			.name = t->name,
			.title = t->title,
			.toolchain = t->name,
			.suffixes = t->suffixes,
			.main = t->main,
			.compile = t->compile,
			.run = t->run,
			.made = t->made,
			.env = t->env,
			.compile_limits = t->compile_limits,
			.least = t->least,
			.installed = toolchain_present(t),
		};
	}
	return (struct code_languages){ l, n };
}
