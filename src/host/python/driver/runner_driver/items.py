"""Runs items as one worker does."""

import sys

from . import probe
from .checksums import checksum, item_checksum
from .faults import inject, inject_async
from .protocol import RunError, now
from .topology import PartContext
from .usage import ThreadClock


class ItemRunner:
    """Runs items as one worker does, and keeps what it has of them until somebody adds it up."""

    def __init__(self, order, run, worker=None):
        self.order, self.run, self.worker = order, run, worker
        # How an item is run; where items find others, what the last one found; and in iterations the part's turn.
        self.execute = self.find if order.finds else self.play if order.parts else run
        self.found, self.turn = (), None
        self.done = self.sum = self.first_item = self.warm_time = 0
        # Begin and end of each item, where items are clocked; and how long its thread was blocked or had no core meanwhile.
        self.spans, self.thread = [], None
        # Nanoseconds of waits for others, each of which ended with an item, where items are clocked.
        self.waited = 0
        # When items come, where they have a rate.
        self.arrivals = None
        # What the task `globals` saw first.
        self.before = None

    def warm_up(self, pairs):
        # What leaves something behind does it apart from what counts.
        run, start = getattr(self.run, "warm_up", self.run), now()
        for _, request in pairs:
            began = now()
            checksum(request)
            checksum(run(request, PartContext(run.first, warming=True)) if self.order.parts else run(request))
            self.first_item = self.first_item or now() - began
        self.warm_time = now() - start

    async def warm_up_async(self, request):
        """The same within an event loop."""
        run = getattr(self.run, "warm_up_async", getattr(self.run, "as_coroutine", None))
        began = now()
        checksum(await run(request)) if run else checksum(self.run(request))
        self.first_item = self.warm_time = now() - began

    def find(self, request):
        reply, self.found = self.run(request)
        return reply

    def play(self, request):
        return self.run(request, self.turn)

    def serve(self, item, request):
        """Runs one item as whoever receives it must; gives the checksum of its request, and its reply."""
        if item == self.order.faulty:
            inject(self.order.fault, item)
        seen = checksum(request)
        return seen, self.execute(request)

    def answer(self, item, request):
        """The same for another process: everything that it is told, what was found last."""
        if self.order.clocked:
            began = now()
            seen, reply = self.serve(item, request)
            told = item, seen, reply, began, now()
        else:
            told = (item,) + self.serve(item, request)
        return told + (self.found,) if self.order.finds else told

    def work(self, item, request):
        """Runs one item and adds it to the sums. Gives its reply."""
        began = self.clock_in() if self.order.clocked else 0
        seen, reply = self.serve(item, request)
        self.sum += item_checksum(item, seen, checksum(reply))
        self.done += 1
        if began:
            self.clock_out(began)
        return reply

    def clock_in(self):
        """An item of this thread begins."""
        if self.thread is None:
            self.thread = ThreadClock()
        return self.thread.begin()

    def clock_out(self, began):
        """It ends."""
        self.spans.append((began, self.thread.end(began)))

    def work_on_time(self, item, request):
        """Waits until an item comes, runs it, and notes how late its reply is."""
        self.arrivals.wait(item)
        self.work(item, request)
        self.arrivals.note(item)

    async def work_async(self, item, request):
        """The same within an event loop. Gives what was found."""
        began = now() if self.order.clocked else 0
        if item == self.order.faulty:
            await inject_async(self.order.fault, item)
        seen = checksum(request)
        coroutine = getattr(self.run, "as_coroutine", None)
        reply, found = await coroutine(request) if coroutine else self.run(request), ()
        if self.order.finds:
            reply, found = reply
        self.sum += item_checksum(item, seen, checksum(reply))
        self.done += 1
        if began:
            self.spans.append((began, now()))
        return found

    def touch_global(self):
        """A worker's first look at the variable of the task `globals`, and then a value of its own, before its first item."""
        if self.order.task == "globals" and self.before is None:
            self.before = probe.GLOBAL
            probe.GLOBAL = 100 + self.worker


def check_gil(order):
    """The lock is as it is to be, in this worker too: importing a module that needs it may have enabled it."""
    enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
    if order.gil and enabled != (order.gil == "enabled"):
        raise RunError("failed", "the GIL is %s here, and was to be %s" % ("enabled" if enabled else "disabled", order.gil))


def runner_of(order, task, worker=None):
    """Who runs items as one worker does."""
    check_gil(order)
    if order.objects:
        from .objects import ObjectRunner

        return ObjectRunner(order, task, worker)
    return ItemRunner(order, task, worker)
