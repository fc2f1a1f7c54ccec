"""A function of the user's own."""

import json
import os
import sys


def users_function(order, constants):
    """A function of the user's own: `call: module:function`, or `code` that defines `run`. Items and replies are JSON."""
    import importlib
    import inspect

    settings = order.settings
    folder = os.path.abspath(settings["path"])
    if settings["code"]:
        folder, module, name = order.folder, "users_code", "run"
    else:
        module, _, name = settings["call"].partition(":")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    function = importlib.import_module(module)
    for part in (name or "run").split("."):
        function = getattr(function, part)

    def reply(value):
        try:
            return json.dumps(value, sort_keys=True).encode()
        except (TypeError, ValueError):
            return repr(value).encode()

    def run(request):
        return reply(function(json.loads(request)))

    if inspect.iscoroutinefunction(function):

        def run(request):
            import asyncio

            return reply(asyncio.run(function(json.loads(request))))

        async def run_async(request):
            return reply(await function(json.loads(request)))

        run.as_coroutine = run_async
    return run
