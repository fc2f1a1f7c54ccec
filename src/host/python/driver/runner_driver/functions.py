"""A function of the user's own: finding it, what kind it is, and how it is called."""

import functools
import inspect
import os
import sys

from .protocol import RunError, describe

# What calling a function gives, beside a result: something to wait for, or something to consume.
PLAIN, COROUTINE, GENERATOR, ASYNC_GENERATOR = "plain", "coroutine", "generator", "async_generator"


class UsersFunction:
    """`call: module:function`, or `code` that defines `run`. `kind` is what calling it gives, as far as that is seen without
    calling it; `call` gives the result of an item, whatever the kind."""

    def __init__(self, settings, folder, kind=None):
        if settings["code"]:
            look_in(folder)
            self.module, self.name = "users_code", "run"
        else:
            look_in(settings["path"])
            self.module, _, self.name = settings["call"].partition(":")
        self.function = find(import_users(self.module), self.module, self.name)
        if not callable(self.function):
            kind = type(self.function).__name__
            raise RunError("failed", "%s:%s is a %s, not a function" % (self.module, self.name, kind))
        self.kind = self.call = None
        self.become(kind or kind_of(self.function))

    def become(self, kind):
        """Says what calling it gives."""
        self.kind, self.call = kind, caller(self.function, kind)


def look_in(folder):
    """Has modules be looked for in a folder first."""
    place = os.path.abspath(folder)
    if place not in sys.path:
        sys.path.insert(0, place)


def import_users(module):
    """Imports a module of the user's. What it raises says that it was the import."""
    import importlib

    try:
        return importlib.import_module(module)
    except Exception as error:
        raise RunError("failed", "importing %s raised %s" % (module, describe(error))) from error


def find(module, name, path):
    """What a module has under a name with points."""
    found, seen = module, []
    for part in path.split("."):
        if not hasattr(found, part):
            near = nearest(part, [known for known in dir(found) if not known.startswith("_")])
            hint = "; there is %s" % ".".join(seen + [near]) if near else ""
            raise RunError("failed", "%s has no %s%s" % (".".join([name] + seen), part, hint))
        found = getattr(found, part)
        seen.append(part)
    return found


def nearest(name, known):
    import difflib

    return next(iter(difflib.get_close_matches(name, known, 1)), None)


def kind_of(function):
    """What calling a function gives, as far as its code says: partials, methods, decorators that say whom they wrap, and
    objects with `__call__` are looked through."""
    for layer in layers(function):
        if inspect.iscoroutinefunction(layer):
            return COROUTINE
        if inspect.isasyncgenfunction(layer):
            return ASYNC_GENERATOR
        if inspect.isgeneratorfunction(layer):
            return GENERATOR
    return PLAIN


def layers(function):
    """A function, and what it stands for, from the outside in."""
    for _ in range(32):
        yield function
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif hasattr(function, "__func__"):
            function = function.__func__
        elif not inspect.isfunction(function) and not inspect.isclass(function) and callable(function):
            call = type(function).__call__
            if not inspect.isfunction(call):
                return
            function = call
        else:
            return


def kind_of_value(value):
    """What a call gave, where its code did not say."""
    if inspect.isasyncgen(value):
        return ASYNC_GENERATOR
    if inspect.isawaitable(value):
        return COROUTINE
    return GENERATOR if inspect.isgenerator(value) else PLAIN


def caller(function, kind):
    """The function that runs an item in a thread or a process. A plain one is called as it is, with nothing in between."""
    if kind == PLAIN:
        return function
    if kind == COROUTINE:
        return functools.partial(run_coroutine, function)
    if kind == GENERATOR:
        return functools.partial(consume, function)
    raise RunError("failed", "an asynchronous generator gives no result: return a list, made with `[x async for x in …]`")


def run_coroutine(function, item):
    """Runs a coroutine function in an event loop of its own. What it gives may be any object that can be awaited."""
    return wait_for(function(item))


def wait_for(awaitable):
    """Runs an event loop until something that can be awaited has its result."""
    import asyncio

    async def main():
        return await awaitable

    return asyncio.run(main())


def consume(function, item):
    """Takes all that a generator yields."""
    return list(function(item))
