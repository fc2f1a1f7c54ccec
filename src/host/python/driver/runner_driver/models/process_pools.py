"""`multiprocessing.Pool` and `ProcessPoolExecutor`."""

import multiprocessing
import sys

from .. import probe
from ..futures import by_apply, by_submit, hand_in_what_comes, settle, settle_found
from ..items import ItemRunner
from ..links import die_with_parent
from ..order import RequestSource
from ..parent_memory import read_parent_memory
from ..protocol import WIRE, RunError, describe, now
from ..tasks import the_task
from ..topology import ReplyTaker
from .processes import stop_forkserver

# Of a process of a pool: its runner.
POOL = None


def pool_begin(order, meeting):
    """Prepares a process of a pool."""
    global POOL
    WIRE.forget()
    die_with_parent()
    if order.switch_interval:
        sys.setswitchinterval(order.switch_interval / 1e9)
    # Both pools number their processes by the order of their starts.
    POOL = ItemRunner(order, the_task(order), multiprocessing.current_process()._identity[-1] - 1)
    POOL.meeting = meeting
    POOL.touch_global()
    read_parent_memory(order)


def pool_meet(pairs):
    """Waits until every process of the pool is here, so that each gets one chunk to warm up with."""
    ready = now()
    POOL.meeting.wait()
    POOL.warm_up(pairs)
    return POOL.worker, ready, POOL.first_item


def pool_item(pair):
    return POOL.answer(*pair) + (POOL.worker,)


def pool_chunk(pairs):
    return [pool_item(pair) for pair in pairs]


def pool_look(_):
    """Everybody looks at the variable of the task `globals` a last time."""
    POOL.meeting.wait()
    return POOL.worker, POOL.before, probe.GLOBAL


def in_processes_of_a_pool(run):
    """`multiprocessing.Pool` with `map`, or `ProcessPoolExecutor` with a future for each chunk. What comes at a rate is handed in
    by `apply_async`, or with a future, one by one."""
    order = run.order
    source, context = RequestSource(order), multiprocessing.get_context(order.start)
    together = ReplyTaker(run, source)
    run.begin()
    meeting = context.Barrier(order.workers)
    lives = [run.life(worker) for worker in range(order.workers)]
    if order.api == "pool":
        pool = context.Pool(order.workers, pool_begin, (order, meeting))
        everyone = lambda function, argument: pool.map(function, [argument] * order.workers, 1)
        pids = lambda: [process.pid for process in pool._pool]
    else:
        from concurrent.futures import ProcessPoolExecutor

        pool = ProcessPoolExecutor(order.workers, context, pool_begin, (order, meeting))
        everyone = lambda function, argument: list(pool.map(function, [argument] * order.workers))
        pids = lambda: list(pool._processes or ())
    if order.warm:
        warmed = everyone(pool_meet, source.pairs(range(min(order.chunk, order.items))))
        for worker, ready, first in warmed:
            lives[worker % len(lives)]["ready"] = ready - run.zero
            run.first_item = max(run.first_item, first)
    members = pids()
    run.weigh(members)
    run.edge(members)
    # All items are handed in at once, unless they come.
    all_handed = now()

    def take(answers):
        new = []
        for answer in answers:
            run.account(*answer[:3])
            if order.clocked:
                handed = run.arrivals.handed[answer[0]] if run.arrivals else all_handed
                run.span(answer[-1], answer[3], answer[4], handed)
            if together:
                # Its worker comes last, and what it found before that.
                new += together.take(answer[-1], answer[0], answer[2], answer[-2])
        return new

    if run.arrivals:
        hand_in = (by_apply if order.api == "pool" else by_submit)(pool, pool_item)
        hand_in_what_comes(run, source, hand_in, lambda answer: take([answer]))
    elif order.api == "pool":
        try:
            take(pool.map(pool_item, source.pairs(range(order.items)), order.chunk))
        except Exception as error:
            raise RunError("failed", "Pool.map gave nothing but %s" % describe(error)) from error
    elif order.finds:
        settle_found(run, lambda pairs: pool.submit(pool_chunk, pairs), source, take)
    else:
        futures = []
        for items in order.chunks():
            try:
                futures.append(pool.submit(pool_chunk, source.pairs(items)))
            except Exception as error:
                run.trouble = ("failed", "the pool takes no more work: %s" % describe(error))
                break
        settle(run, futures, take)
        together.finish()
    members = members or pids()
    run.edge(members)
    run.weigh(members)
    if order.task == "globals" and not run.trouble:
        for worker, before, after in sorted(everyone(pool_look, None)):
            run.seen.append({"worker": worker, "before": before, "after": after})
    if order.api == "pool":
        pool.close()
        pool.join()
    else:
        pool.shutdown()
    for life in lives:
        life["end"] = now() - run.zero
    stop_forkserver(order)
    run.last_edge()
