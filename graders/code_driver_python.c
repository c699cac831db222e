#include "graders/code_impl.h"

/*
 * Keeps the way of its replies to itself, so that what a function prints does
 * no harm; that is a kindness, not a fence. A value that is not plain data is
 * told by its type's name, and equals nothing.
 */
static const char text[] =
	"import importlib.util\n"
	"import json\n"
	"import math\n"
	"import os\n"
	"import sys\n"
	"\n"
	"\n"
	"def plain(v, depth=0):\n"
	"    if depth > 40:\n"
	"        return {'$type': 'too deep'}\n"
	"    t = type(v)\n"
	"    if v is None or t is bool or t is int or t is str:\n"
	"        return v\n"
	"    if t is float:\n"
	"        if math.isnan(v):\n"
	"            return {'$float': 'nan'}\n"
	"        if math.isinf(v):\n"
	"            return {'$float': 'inf' if v > 0 else '-inf'}\n"
	"        return v\n"
	"    if t is list or t is tuple:\n"
	"        return [plain(x, depth + 1) for x in v]\n"
	"    if t is set or t is frozenset:\n"
	"        return {'$set': sorted((plain(x, depth + 1) for x in v),\n"
	"                               key=json.dumps)}\n"
	"    if t is bytes or t is bytearray:\n"
	"        return {'$bytes': bytes(v).hex()}\n"
	"    if t is dict and all(type(k) is str for k in v):\n"
	"        return {k: plain(x, depth + 1) for k, x in v.items()}\n"
	"    return {'$type': t.__name__}\n"
	"\n"
	"\n"
	"def main():\n"
	"    replies = os.fdopen(os.dup(1), 'wb', 0)\n"
	"    requests = sys.stdin.buffer.read().splitlines()\n"
	"    leave = os._exit\n"
	"    null = os.open(os.devnull, os.O_RDWR)\n"
	"    os.dup2(null, 0)\n"
	"    os.dup2(null, 1)\n"
	"\n"
	"    def reply(n, **what):\n"
	"        try:\n"
	"            text = json.dumps({'id': n, **what}, allow_nan=False)\n"
	"        except (ValueError, TypeError, RecursionError):\n"
	"            text = json.dumps({'id': n, 'value': {'$type': 'no "
	"data'}})\n"
	"        replies.write(text.encode() + b'\\n')\n"
	"\n"
	"    sys.path.insert(0, os.getcwd())\n"
	"    path = sys.argv[1]\n"
	"    name = os.path.basename(path)[:-3]\n"
	"    module, broken = None, None\n"
	"    try:\n"
	"        spec = importlib.util.spec_from_file_location(name, path)\n"
	"        module = importlib.util.module_from_spec(spec)\n"
	"        sys.modules[name] = module\n"
	"        spec.loader.exec_module(module)\n"
	"    except BaseException as e:\n"
	"        broken = 'the module cannot be loaded: ' + type(e).__name__\n"
	"    for line in requests:\n"
	"        ask = json.loads(line)\n"
	"        n = ask['id']\n"
	"        f = getattr(module, ask['call'], None)\n"
	"        if broken or not callable(f):\n"
	"            reply(n, broken=broken or 'there is no function ' +\n"
	"                  ask['call'])\n"
	"            continue\n"
	"        try:\n"
	"            value = f(*ask['args'])\n"
	"            place = GIVES.get(ask['call'], 0)\n"
	"            if place:\n"
	"                value = ask['args'][place - 1]\n"
	"            value = plain(value)\n"
	"        except Exception as e:\n"
	"            reply(n, raised=type(e).__name__)\n"
	"            continue\n"
	"        reply(n, value=value)\n"
	"    # Not by what was left behind: threads, handlers of the end.\n"
	"    leave(0)\n"
	"\n"
	"\n";

/* Which of its parameters a function gives, then the driver itself. */
void code_driver_python(struct buf *b, const struct code_spec *s)
{
	const struct code_function *f = s->functions.at;

	buf_z(b, text);
	buf_z(b, "GIVES = {");
	for (size_t i = 0; i < s->functions.n; i++)
		if (f[i].gives)
			buf_fmt(b, "'%.*s': %lld, ", STR_FMT(f[i].name),
				(long long)f[i].gives);
	buf_z(b, "}\nmain()\n");
}
