"""`multiprocessing.pool.ThreadPool` and `ThreadPoolExecutor`."""

import itertools
import threading

from .. import probe
from ..futures import by_apply, by_submit, hand_in_what_comes, settle, settle_found
from ..order import RequestSource
from ..parent_memory import read_parent_memory
from ..protocol import RunError, TimedOut, describe
from ..tasks import the_task
from ..topology import IterationState, ReplyTaker


def in_threads_of_a_pool(run):
    """`multiprocessing.pool.ThreadPool` with `map`, or `ThreadPoolExecutor` with a future for each chunk. What comes at a rate
    is handed in by `apply_async`, or with a future, one by one."""
    from multiprocessing.pool import ThreadPool

    order = run.order
    source, task = RequestSource(order), the_task(order)
    numbers, local, meeting = itertools.count(), threading.local(), threading.Barrier(order.workers)

    def begin():
        local.runner = run.runner(task, next(numbers))
        local.runner.touch_global()
        read_parent_memory(order)

    def meet(_):
        meeting.wait()
        local.runner.warm_up(source.pairs(range(min(order.chunk, order.items))))

    together = ReplyTaker(run, source)

    def chunk(pairs):
        told = []
        for item, request in pairs:
            reply = local.runner.work(item, request)
            if together:
                told.append((local.runner.worker, item, reply, local.runner.found))
        return told

    def take(told):
        return [pair for one in told for pair in together.take(*one)]

    def item(pair):
        local.runner.work(*pair)

    def part(number):
        board.play(local.runner, number)

    board = IterationState(order, source, task) if order.parts else None
    run.begin()
    if order.api == "pool":
        pool = ThreadPool(order.workers, initializer=begin)
        if order.warm:
            pool.map(meet, range(order.workers), 1)
        run.weigh()
        run.edge()
        try:
            if board:
                for _ in range(board.iterations):
                    pool.map(part, range(board.parts), 1)
                    board.finish_iteration()
            elif not run.arrivals:
                pool.map(item, source.pairs(range(order.items)), order.chunk)
        except BaseException as error:
            # Whatever was done, whoever called `map` has nothing of it.
            run.runners.clear()
            if isinstance(error, TimedOut):
                raise
            raise RunError("failed", "Pool.map gave nothing but %s" % describe(error)) from error
        if run.arrivals:
            hand_in_what_comes(run, source, by_apply(pool, item), lambda _: None)
        run.edge()
        run.weigh()
        pool.close()
        pool.join()
    else:
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(order.workers, initializer=begin)
        if order.warm:
            list(pool.map(meet, range(order.workers)))
        run.weigh()
        run.edge()
        if run.arrivals:
            hand_in_what_comes(run, source, by_submit(pool, item), lambda _: None)
        elif order.finds:
            settle_found(run, lambda pairs: pool.submit(chunk, pairs), source, take)
        elif board:
            while board.round < board.iterations and not run.trouble:
                settle(run, [pool.submit(part, number) for number in range(board.parts)], lambda _: None)
                if not run.trouble:
                    board.finish_iteration()
        else:
            futures = [pool.submit(chunk, source.pairs(items)) for items in order.chunks()]
            settle(run, futures, take)
            together.finish()
        run.edge()
        run.weigh()
        pool.shutdown()
    run.edge()
    if order.task == "globals":
        run.seen += [{"worker": runner.worker, "before": runner.before, "after": probe.GLOBAL} for runner in run.runners]
