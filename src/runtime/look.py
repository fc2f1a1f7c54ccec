"""Asked of a user's function by `runner try`: is it there, is it a coroutine function, how long does it take? See look.rs."""

import asyncio, importlib, inspect, json, os, sys, time
protocol = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
path, call, item = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
sys.path.insert(0, path)
answer = {}
try:
    module, _, name = call.partition(":")
    function = getattr(importlib.import_module(module), name)
    answer["coroutine"] = inspect.iscoroutinefunction(function)
    run = (lambda: asyncio.run(function(item))) if answer["coroutine"] else (lambda: function(item))
    run()
    begun = time.perf_counter()
    run()
    answer["seconds"] = time.perf_counter() - begun
except BaseException as error:
    answer["error"] = type(error).__name__ + (": " + str(error) if str(error) else "")
print(json.dumps(answer), file=protocol, flush=True)
os._exit(0)
