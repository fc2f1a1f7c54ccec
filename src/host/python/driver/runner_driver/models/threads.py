"""`threading.Thread`, each claiming items from a shared counter."""

import itertools
import sys
import threading
from collections import deque

from .. import probe
from ..order import source_of
from ..parent_memory import read_parent_memory
from ..protocol import describe, now
from ..tasks import the_task
from ..topology import IterationState, Listener, WorkQueue


class Claims:
    """The counter that all threads claim from. A step of `count` is one step of the interpreter, where it has its lock."""

    def __init__(self, order):
        self.order, self.counter = order, itertools.count(0, order.chunk)
        self.lock = None if getattr(sys, "_is_gil_enabled", lambda: True)() else threading.Lock()

    def next(self):
        """The next run of items; empty at the end."""
        if self.lock is None:
            at = next(self.counter)
        else:
            with self.lock:
                at = next(self.counter)
        return range(at, min(at + self.order.chunk, self.order.items))


class Threads:
    """The threads of one trial, and what they share. One that ends by an exception ends alone."""

    def __init__(self, run):
        self.run, self.order = run, run.order
        order = self.order
        self.source, self.task = source_of(order), the_task(order)
        self.claims = Claims(order)
        self.ready, self.finished = threading.Semaphore(0), threading.Semaphore(0)
        self.go, self.leave = threading.Event(), threading.Event()
        # Where the task `globals` wants every write before the last look.
        self.written = threading.Barrier(order.workers)
        self.found = WorkQueue(run, self.source) if order.finds else None
        self.listener = Listener(order) if order.gathers else None
        self.state = IterationState(order, self.source, self.task) if order.parts else None
        # Where all wait for the last between iterations; one that ended alone leaves nobody waiting.
        self.gate = threading.Barrier(order.workers, self.state and self.state.finish_iteration)
        self.work = self.find_and_claim if self.found else self.play_all if self.state else self.claim_all
        if order.plain:
            self.work = self.call_all
        # The words of those that ended alone.
        self.ended = []
        self.members = []

    def start(self):
        for worker in range(self.order.workers):
            life = self.run.life(worker)
            thread = threading.Thread(target=self.body, args=(self.run.runner(self.task, worker), life))
            self.members.append((thread, life, worker))
            thread.start()
        if self.order.warm:
            for _ in self.members:
                self.ready.acquire()

    def body(self, runner, life):
        """The life of a thread."""
        life["ready"] = now() - self.run.zero
        try:
            if self.order.warm:
                self.prepare(runner, life)
            else:
                read_parent_memory(self.order)
            self.work(runner)
        except BaseException as error:
            self.ended.append(describe(error))
            life["died"] = True
            self.run.event(runner.worker + 1, "crash", now() - self.run.zero, now() - self.run.zero)
            raise
        finally:
            self.finished.release()
            if self.order.weighs:
                self.leave.wait()

    def prepare(self, runner, life):
        """Warms up, and waits until all have."""
        try:
            read_parent_memory(self.order)
            runner.warm_up(self.source.fresh(range(min(self.order.chunk, self.order.items))))
        finally:
            life["ready"] = now() - self.run.zero
            self.ready.release()
        self.go.wait()

    def call_all(self, runner):
        """Calls a user's function as a program does."""
        call, objects = self.task.call, self.source.objects
        while True:
            items = self.claims.next()
            if not items:
                return
            runner.keep(items, [call(item) for item in objects[items.start : items.stop]])

    def claim_all(self, runner):
        runner.touch_global()
        if self.order.task == "globals":
            self.written.wait()
        work, get, listener = runner.work_on_time if self.run.arrivals else runner.work, self.source.get, self.listener
        while True:
            items = self.claims.next()
            if not items:
                return
            if listener is None:
                for item in items:
                    work(item, get(item))
            elif not all(listener.put(runner.worker, item, runner.work(item, get(item))) for item in items):
                return

    def find_and_claim(self, runner):
        """Items that find others. What a thread leaves undone must not be waited for."""
        mine = deque()
        try:
            while True:
                mine.extend(self.source.pairs(self.claims.next()) or self.found.next())
                if not mine:
                    return
                while mine:
                    runner.work(*mine[0])
                    mine.popleft()
                    self.found.done(runner.found)
        except BaseException:
            self.found.lose(len(mine))
            raise

    def play_all(self, runner):
        """Items in iterations: a thread has the same parts in all of them."""
        try:
            for iteration in range(self.state.iterations):
                for part in self.order.parts_of(runner.worker):
                    self.state.play(runner, part)
                done = now()
                self.gate.wait()
                if self.order.clocked and iteration + 1 < self.state.iterations:
                    runner.waited += now() - done
        except threading.BrokenBarrierError:
            # Another has ended, and there is no next iteration.
            pass
        except BaseException:
            self.gate.abort()
            raise

    def finish(self):
        """Waits until all items are done and taken."""
        for _ in self.members:
            self.finished.acquire()
        if self.listener:
            self.listener.finish()

    def join(self):
        self.leave.set()
        told = now()
        for thread, life, worker in self.members:
            thread.join()
            life["end"] = now() - self.run.zero
            self.run.event(worker + 1, "join", told - self.run.zero, now() - self.run.zero)


def threads(run):
    """One trial."""
    team = Threads(run)
    run.begin()
    team.start()
    run.weigh()
    run.edge()
    run.let_come()
    team.go.set()
    team.finish()
    run.edge()
    run.weigh()
    team.join()
    run.edge()
    if run.order.task == "globals":
        run.seen += [{"worker": runner.worker, "before": runner.before, "after": probe.GLOBAL} for runner in run.runners]
    if team.ended:
        run.trouble = ("failed", "a thread ended alone by an exception that nothing caught: %s" % team.ended[0])
    if team.listener and team.listener.trouble:
        raise team.listener.trouble
