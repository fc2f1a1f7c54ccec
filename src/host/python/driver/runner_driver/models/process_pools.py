"""`multiprocessing.Pool` and `ProcessPoolExecutor`."""

import multiprocessing
import sys

from .. import probe
from ..futures import by_apply, by_submit, hand_in_what_comes, settle, settle_found
from ..items import runner_of
from ..links import die_with_parent
from ..order import source_of
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
    POOL = runner_of(order, the_task(order), multiprocessing.current_process()._identity[-1] - 1)
    POOL.meeting = meeting
    POOL.touch_global()
    read_parent_memory(order)


def pool_meet(pairs):
    """Waits until every process of the pool is here, so that each gets one chunk to warm up with."""
    ready = now()
    POOL.meeting.wait()
    POOL.warm_up(pairs)
    return POOL.worker, ready, (POOL.first_item, POOL.warm_time)


def pool_item(pair):
    return POOL.answer(*pair) + (POOL.worker,)


def pool_chunk(pairs):
    return [pool_item(pair) for pair in pairs]


def pool_call(item):
    """Calls a user's function that cannot be sent by its name."""
    return POOL.users.call(item)


def sendable(call):
    """What a pool is given to call: the function itself, as in a program, where it can be pickled."""
    import pickle

    try:
        pickle.dumps(call)
        return call
    except Exception:
        return pool_call


def pool_look(_):
    """Everybody looks at the variable of the task `globals` a last time."""
    POOL.meeting.wait()
    return POOL.worker, POOL.before, probe.GLOBAL


class Pool:
    """`multiprocessing.Pool` with `map`. What comes at a rate is handed in by `apply_async`, one by one."""

    by = staticmethod(by_apply)

    def __init__(self, context, order, meeting):
        self.order = order
        self.pool = context.Pool(order.workers, pool_begin, (order, meeting))

    def everyone(self, function, argument):
        return self.pool.map(function, [argument] * self.order.workers, 1)

    def pids(self):
        return [process.pid for process in self.pool._pool]

    def run_all(self, run, source, taker):
        try:
            if self.order.plain:
                run.keep(self.pool.map(run.call, source.objects, self.order.chunk))
                return
            taker.take(self.pool.map(pool_item, source.pairs(range(self.order.items)), self.order.chunk))
        except Exception as error:
            raise RunError("failed", "Pool.map gave nothing but %s" % describe(error)) from error

    def end(self):
        self.pool.close()
        self.pool.join()


class Executor:
    """`ProcessPoolExecutor` with a future for each chunk, or for each item that comes at a rate."""

    by = staticmethod(by_submit)

    def __init__(self, context, order, meeting):
        from concurrent.futures import ProcessPoolExecutor

        self.order = order
        self.pool = ProcessPoolExecutor(order.workers, context, pool_begin, (order, meeting))

    def everyone(self, function, argument):
        return list(self.pool.map(function, [argument] * self.order.workers))

    def pids(self):
        return list(self.pool._processes or ())

    def run_all(self, run, source, taker):
        if self.order.finds:
            settle_found(run, lambda pairs: self.pool.submit(pool_chunk, pairs), source, taker.take)
            return
        if self.order.plain:
            try:
                run.keep(list(self.pool.map(run.call, source.objects, chunksize=self.order.chunk)))
            except Exception as error:
                raise RunError("failed", "executor.map gave nothing but %s" % describe(error)) from error
            return
        futures = []
        for items in self.order.chunks():
            try:
                futures.append(self.pool.submit(pool_chunk, source.pairs(items)))
            except Exception as error:
                run.trouble = ("failed", "the pool takes no more work: %s" % describe(error))
                break
        settle(run, futures, taker.take)
        taker.together.finish()

    def end(self):
        self.pool.shutdown()


class AnswerTaker:
    """Takes the answers of processes of a pool."""

    def __init__(self, run, source):
        self.run, self.together = run, ReplyTaker(run, source)
        # All items are handed in at once, unless they come.
        self.all_handed = 0

    def take(self, answers):
        """Takes answers; gives items that are new."""
        run, new = self.run, []
        for answer in answers:
            run.account(*answer[:3])
            if run.order.clocked:
                handed = run.arrivals.handed[answer[0]] if run.arrivals else self.all_handed
                run.span(answer[-1], answer[3], answer[4], handed)
            if self.together:
                # Its worker comes last, and what it found before that.
                new += self.together.take(answer[-1], answer[0], answer[2], answer[-2])
        return new


def warm_up(run, pool, source, lives):
    """Has every process run a chunk."""
    warmed = pool.everyone(pool_meet, source.fresh(range(min(run.order.chunk, run.order.items))))
    for worker, ready, took in warmed:
        lives[worker % len(lives)]["ready"] = ready - run.zero
        run.warmed(*took)


def in_processes_of_a_pool(run):
    """One trial."""
    order = run.order
    source, context = source_of(order), multiprocessing.get_context(order.start)
    taker = AnswerTaker(run, source)
    run.call = sendable(the_task(order).call) if order.plain else None
    run.begin()
    lives = [run.life(worker) for worker in range(order.workers)]
    pool = (Pool if order.api == "pool" else Executor)(context, order, context.Barrier(order.workers))
    if order.warm:
        warm_up(run, pool, source, lives)
    members = pool.pids()
    run.weigh(members)
    run.edge(members)
    taker.all_handed = now()
    if run.arrivals:
        hand_in_what_comes(run, source, pool.by(pool.pool, pool_item), lambda answer: taker.take([answer]))
    else:
        pool.run_all(run, source, taker)
    members = members or pool.pids()
    run.edge(members)
    run.weigh(members)
    if order.task == "globals" and not run.trouble:
        for worker, before, after in sorted(pool.everyone(pool_look, None)):
            run.seen.append({"worker": worker, "before": before, "after": after})
    pool.end()
    for life in lives:
        life["end"] = now() - run.zero
    stop_forkserver(order)
    run.last_edge()
