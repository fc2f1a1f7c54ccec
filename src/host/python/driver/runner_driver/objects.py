"""Items and results of a user's function: Python objects, made before the clock and compared after it."""

import json
import pickle

from . import results
from .faults import inject, inject_async
from .functions import (
    COROUTINE,
    GENERATOR,
    PLAIN,
    UsersFunction,
    find,
    import_users,
    kind_of_value,
    look_in,
    wait_for,
)
from .items import ItemRunner
from .order import RequestSource
from .protocol import RunError, describe, now


class ObjectSource:
    """Items as objects, made by code (`items_from`, `items_expr`) or decoded from what the host has written."""

    def __init__(self, order):
        self.weights = {}
        made = made_by_code(order.settings)
        # How many items code has made.
        self.made = made and len(made)
        if made is None:
            self.texts = RequestSource(order).payloads
            self.objects = [json.loads(text) for text in self.texts]
        else:
            self.texts = None
            self.objects = [made[item % len(made)] for item in range(order.items)]

    def get(self, item):
        return self.objects[item]

    def pairs(self, items):
        return [(item, self.objects[item]) for item in items]

    def fresh(self, items):
        """The same to warm up with: a function may change what it is given, and the clock has not begun."""
        if self.texts is None:
            return self.pairs(items)
        return [(item, json.loads(self.texts[item])) for item in items]

    def weight(self, item, _):
        """About how many bytes an item has on its way to a process."""
        if self.texts is not None:
            return len(self.texts[item])
        if item not in self.weights:
            self.weights[item] = len(pickle.dumps(self.objects[item], 4))
        return self.weights[item]


def made_by_code(settings):
    """The items that code makes, in a list; `None` where they come from a file, or are numbers."""
    place, expression = settings.get("items_from"), settings.get("items_expr")
    try:
        if place:
            look_in(settings["path"])
            module, _, name = place.partition(":")
            made = find(import_users(module), module, name)
            made = list(made() if callable(made) else made)
        elif expression:
            made = list(eval(expression, {"__builtins__": __builtins__}))
        else:
            return None
    except RunError as error:
        raise RunError("failed", "the items: %s" % error) from error
    except Exception as error:
        raise RunError("failed", "the items: %s raised %s" % (place or expression, describe(error))) from error
    if not made:
        raise RunError("failed", "the items: %s gave none" % (place or expression))
    return made


def users_function(order):
    """The function of an order. What the serial run found it to be is known to all that follow."""
    return UsersFunction(order.settings, order.folder, results.known_kind(order))


class ObjectRunner(ItemRunner):
    """Runs items of a user's function one by one, where each is timed, comes at a rate, or one of them is to go wrong. What it
    has of results waits, by item, for the clock to stop."""

    def __init__(self, order, function, worker=None):
        super().__init__(order, function and function.call, worker)
        self.users, self.results = function, {}

    def warm_up(self, pairs):
        start = now()
        for _, item in pairs:
            began = now()
            value = self.run(item)
            self.first_item = self.first_item or now() - began
            check_kind(self.users, value)
        self.warm_time = now() - start

    async def warm_up_async(self, request):
        began = now()
        await self.result_of(request)
        self.first_item = self.warm_time = now() - began

    async def result_of(self, request):
        """The result of an item within an event loop, which a function that waits for nothing blocks."""
        if self.users.kind != COROUTINE:
            return self.run(request)
        return await self.users.function(request)

    def serve(self, item, request):
        if item == self.order.faulty:
            inject(self.order.fault, item)
        return 0, self.run(request)

    def work(self, item, request):
        began = self.clock_in() if self.order.clocked else 0
        self.results[item] = reply = self.serve(item, request)[1]
        self.done += 1
        if began:
            self.clock_out(began)
        return reply

    async def work_async(self, item, request):
        began = now() if self.order.clocked else 0
        if item == self.order.faulty:
            await inject_async(self.order.fault, item)
        self.results[item] = await self.result_of(request)
        self.done += 1
        if began:
            self.spans.append((began, now()))
        return ()

    def keep(self, items, values):
        """Takes the results of a run of items, where nothing stood between the function and whoever called it."""
        self.results.update(zip(items, values))
        self.done += len(items)


def check_kind(function, value):
    """A call gave something that is no result, and its code did not say so."""
    kind = kind_of_value(value)
    if function.kind == PLAIN and kind != PLAIN:
        raise RunError("failed", "the function returned %s, which its code does not show" % kind.replace("_", " "))


def settle_kind(order, function, item):
    """Calls the function once before the serial run that all others are compared with, to see what its code may not show. Gives
    the result."""
    value = function.function(item)
    kind = kind_of_value(value) if function.kind == PLAIN else function.kind
    function.become(kind)
    results.keep_kind(order, kind)
    return finish(value, kind)


def finish(value, kind):
    """The result that a call leads to."""
    if kind == COROUTINE:
        return wait_for(value)
    return list(value) if kind == GENERATOR else value
