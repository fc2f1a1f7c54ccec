"""`threading.Thread`, each claiming items from a shared counter."""

import itertools
import sys
import threading
from collections import deque

from .. import probe
from ..order import RequestSource
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


def threads(run):
    """`threading.Thread`, each claiming items from a shared counter. One that ends by an exception ends alone."""
    order = run.order
    source, task = RequestSource(order), the_task(order)
    claims = Claims(order)
    ready, go, finished, leave = threading.Semaphore(0), threading.Event(), threading.Semaphore(0), threading.Event()
    written = threading.Barrier(order.workers)
    found, listener = WorkQueue(run, source) if order.finds else None, Listener(order) if order.gathers else None
    board = IterationState(order, source, task) if order.parts else None
    # Where all wait for the last between iterations; one that ended alone leaves nobody waiting.
    gate = threading.Barrier(order.workers, board and board.finish_iteration)
    ended = []

    def prepare(runner):
        read_parent_memory(order)
        runner.warm_up(source.pairs(range(min(order.chunk, order.items))))

    def claim_all(runner):
        runner.touch_global()
        if order.task == "globals":
            written.wait()
        work = runner.work_on_time if run.arrivals else runner.work
        while True:
            items = claims.next()
            if not items:
                return
            if listener is None:
                for item in items:
                    work(item, source.get(item))
            elif not all(listener.put(runner.worker, item, runner.work(item, source.get(item))) for item in items):
                return

    def find_and_claim(runner):
        """The same where items find others. What a thread leaves undone must not be waited for."""
        mine = deque()
        try:
            while True:
                mine.extend(source.pairs(claims.next()) or found.next())
                if not mine:
                    return
                while mine:
                    runner.work(*mine[0])
                    mine.popleft()
                    found.done(runner.found)
        except BaseException:
            found.lose(len(mine))
            raise

    def play_all(runner):
        """The same where items come in iterations: a thread has the same parts in all of them."""
        try:
            for iteration in range(board.iterations):
                for part in order.parts_of(runner.worker):
                    board.play(runner, part)
                done = now()
                gate.wait()
                if order.clocked and iteration + 1 < board.iterations:
                    runner.waited += now() - done
        except threading.BrokenBarrierError:
            # Another has ended, and there is no next iteration.
            pass
        except BaseException:
            gate.abort()
            raise

    def body(runner, life):
        life["ready"] = now() - run.zero
        try:
            if order.warm:
                try:
                    prepare(runner)
                finally:
                    life["ready"] = now() - run.zero
                    ready.release()
                go.wait()
            else:
                read_parent_memory(order)
            (find_and_claim if found else play_all if board else claim_all)(runner)
        except BaseException as error:
            ended.append(describe(error))
            life["died"] = True
            run.event(runner.worker + 1, "crash", now() - run.zero, now() - run.zero)
            raise
        finally:
            finished.release()
            if order.weighs:
                leave.wait()

    run.begin()
    members = []
    for worker in range(order.workers):
        life = run.life(worker)
        thread = threading.Thread(target=body, args=(run.runner(task, worker), life))
        members.append((thread, life, worker))
        thread.start()
    if order.warm:
        for _ in members:
            ready.acquire()
    run.weigh()
    run.edge()
    run.let_come()
    go.set()
    for _ in members:
        finished.acquire()
    if listener:
        listener.finish()
    run.edge()
    run.weigh()
    leave.set()
    told = now()
    for thread, life, worker in members:
        thread.join()
        life["end"] = now() - run.zero
        run.event(worker + 1, "join", told - run.zero, now() - run.zero)
    run.edge()
    if order.task == "globals":
        run.seen += [{"worker": runner.worker, "before": runner.before, "after": probe.GLOBAL} for runner in run.runners]
    if ended:
        run.trouble = ("failed", "a thread ended alone by an exception that nothing caught: %s" % ended[0])
    if listener and listener.trouble:
        raise listener.trouble
