"""`multiprocessing.pool.ThreadPool` and `ThreadPoolExecutor`."""

import itertools
import threading

from .. import probe
from ..futures import by_apply, by_submit, hand_in_what_comes, settle, settle_found
from ..order import source_of
from ..parent_memory import read_parent_memory
from ..protocol import RunError, TimedOut, describe
from ..tasks import the_task
from ..topology import IterationState, ReplyTaker


class PoolThreads:
    """What the threads of a pool run. Each prepares itself when it starts, and is known by its thread-local runner."""

    def __init__(self, run):
        self.run, self.order = run, run.order
        self.source, self.task = source_of(self.order), the_task(self.order)
        self.numbers, self.local = itertools.count(), threading.local()
        self.meeting = threading.Barrier(self.order.workers)
        self.together = ReplyTaker(run, self.source)
        self.state = IterationState(self.order, self.source, self.task) if self.order.parts else None

    def begin(self):
        self.local.runner = self.run.runner(self.task, next(self.numbers))
        self.local.runner.touch_global()
        read_parent_memory(self.order)

    def meet(self, _):
        """Waits until every thread is here, so that each warms up once."""
        self.meeting.wait()
        self.local.runner.warm_up(self.source.fresh(range(min(self.order.chunk, self.order.items))))

    def item(self, pair):
        self.local.runner.work(*pair)

    def part(self, number):
        self.state.play(self.local.runner, number)

    def chunk(self, pairs):
        """Runs a chunk; gives what items that hang together say."""
        told = []
        for item, request in pairs:
            reply = self.local.runner.work(item, request)
            if self.together:
                told.append((self.local.runner.worker, item, reply, self.local.runner.found))
        return told

    def take(self, told):
        """Takes what a chunk said; gives items that are new."""
        return [pair for one in told for pair in self.together.take(*one)]

    def measure_start(self):
        self.run.weigh()
        self.run.edge()

    def measure_work(self):
        self.run.edge()
        self.run.weigh()


def in_thread_pool(threads):
    """`ThreadPool` with `map`. What comes at a rate is handed in by `apply_async`, one by one."""
    from multiprocessing.pool import ThreadPool

    run, order = threads.run, threads.order
    pool = ThreadPool(order.workers, initializer=threads.begin)
    if order.warm:
        pool.map(threads.meet, range(order.workers), 1)
    threads.measure_start()
    try:
        if threads.state:
            for _ in range(threads.state.iterations):
                pool.map(threads.part, range(threads.state.parts), 1)
                threads.state.finish_iteration()
        elif order.plain:
            run.keep(pool.map(threads.task.call, threads.source.objects, order.chunk))
        elif not run.arrivals:
            pool.map(threads.item, threads.source.pairs(range(order.items)), order.chunk)
    except BaseException as error:
        # Whatever was done, whoever called `map` has nothing of it.
        run.runners.clear()
        if isinstance(error, TimedOut):
            raise
        raise RunError("failed", "Pool.map gave nothing but %s" % describe(error)) from error
    if run.arrivals:
        hand_in_what_comes(run, threads.source, by_apply(pool, threads.item), lambda _: None)
    threads.measure_work()
    pool.close()
    pool.join()


def by_map(pool, call, objects, order):
    """`executor.map`, which makes a future for each item whatever `chunksize` says: where chunks are asked for, each is one."""
    try:
        if order.chunk == 1:
            return list(pool.map(call, objects))
        chunks = [objects[items.start : items.stop] for items in order.chunks()]
        return [value for chunk in pool.map(lambda chunk: [call(item) for item in chunk], chunks) for value in chunk]
    except Exception as error:
        raise RunError("failed", "executor.map gave nothing but %s" % describe(error)) from error


def in_thread_pool_executor(threads):
    """`ThreadPoolExecutor` with a future for each chunk, or for each item that comes at a rate."""
    from concurrent.futures import ThreadPoolExecutor

    run, order, state = threads.run, threads.order, threads.state
    pool = ThreadPoolExecutor(order.workers, initializer=threads.begin)
    if order.warm:
        list(pool.map(threads.meet, range(order.workers)))
    threads.measure_start()
    if run.arrivals:
        hand_in_what_comes(run, threads.source, by_submit(pool, threads.item), lambda _: None)
    elif order.plain:
        run.keep(by_map(pool, threads.task.call, threads.source.objects, order))
    elif order.finds:
        settle_found(run, lambda pairs: pool.submit(threads.chunk, pairs), threads.source, threads.take)
    elif state:
        while state.round < state.iterations and not run.trouble:
            settle(run, [pool.submit(threads.part, number) for number in range(state.parts)], lambda _: None)
            if not run.trouble:
                state.finish_iteration()
    else:
        futures = [pool.submit(threads.chunk, threads.source.pairs(items)) for items in order.chunks()]
        settle(run, futures, threads.take)
        threads.together.finish()
    threads.measure_work()
    pool.shutdown()


def in_threads_of_a_pool(run):
    """One trial."""
    threads = PoolThreads(run)
    run.begin()
    (in_thread_pool if run.order.api == "pool" else in_thread_pool_executor)(threads)
    run.edge()
    if run.order.task == "globals":
        run.seen += [{"worker": runner.worker, "before": runner.before, "after": probe.GLOBAL} for runner in run.runners]
