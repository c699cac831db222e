#include <stdint.h>

#include "graders/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const struct yaml_node *n, int depth)
{
	size_t sum = 1;

	CHECK(depth <= YAML_DEPTH + 2);
	for (n = n->first; n; n = n->next)
		sum += count(n, depth + 1);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct yaml_node *root;

	if (yaml_read(&cx, (struct str){ (const char *)data, size }, &root) ==
	    OK)
		CHECK(count(root, 0) <= YAML_NODES + 1);
	arena_free(cx.arena);
	return 0;
}
