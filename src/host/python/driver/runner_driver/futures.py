"""Handing items to pools and executors, and waiting for what becomes of them."""

import threading
from collections import deque

from .protocol import RunError, TimedOut, describe, now


def by_apply(pool, function):
    """Hands an item to a pool of `multiprocessing`; whoever waits for its reply is called back."""

    def hand_in(pair, replied, failed):
        pool.apply_async(function, (pair,), callback=replied, error_callback=failed)

    return hand_in


def by_submit(pool, function):
    """The same with a future of an executor."""

    def hand_in(pair, replied, failed):
        def settled(future):
            try:
                reply = future.result()
            except BaseException as error:
                failed(error)
            else:
                replied(reply)

        pool.submit(function, pair).add_done_callback(settled)

    return hand_in


def hand_in_what_comes(run, source, hand_in, take):
    """Hands each item in when it comes, whoever is free and whatever is not answered yet, and takes each reply as it is
    called back. What failed is said once, with how many there were."""
    arrivals, order, settled, failures = run.arrivals, run.order, threading.Semaphore(0), []

    def outcomes_of(item):
        def replied(reply):
            arrivals.note(item)
            take(reply)
            settled.release()

        def failed(error):
            failures.append(describe(error))
            settled.release()

        return replied, failed

    handed, refused = 0, None
    run.let_come()
    for item in range(order.items):
        arrivals.wait(item)
        arrivals.handed.append(now())
        try:
            hand_in((item, source.get(item)), *outcomes_of(item))
        except Exception as error:
            refused = "the pool takes no more work: %s" % describe(error)
            break
        handed += 1
    for _ in range(handed):
        settled.acquire()
    if failures:
        run.trouble = ("failed", "%d of %d items failed: %s" % (len(failures), handed, failures[0]))
    elif refused:
        run.trouble = ("failed", refused)


def settle_found(run, submit, source, take):
    """Hands in a future for each chunk of the first items, and for those that they find, until none is left."""
    import queue

    order, done, out, failed, handed = run.order, queue.SimpleQueue(), 0, [], 0
    left = deque(source.pairs(range(order.items)))
    while left or out:
        while left:
            pairs = [left.popleft() for _ in range(min(order.chunk, len(left)))]
            try:
                submit(pairs).add_done_callback(done.put)
            except Exception as error:
                failed.append("the pool takes no more work: %s" % describe(error))
                left.clear()
                break
            out, handed = out + 1, handed + 1
        if not out:
            break
        future, out = done.get(), out - 1
        try:
            left.extend(take(future.result()))
        except TimedOut:
            raise
        except BaseException as error:
            failed.append(describe(error))
    if failed:
        run.trouble = ("failed", "%d of %d futures failed: %s" % (len(failed), handed, failed[0]))


def settle(run, futures, take):
    """Waits for every future; what failed is said once, with how many there were."""
    failed, left = [], deque(futures)
    try:
        while left:
            try:
                take(left[0].result())
            except (TimedOut, RunError):
                raise
            except BaseException as error:
                failed.append(describe(error))
            left.popleft()
    except TimedOut:
        for future in left:
            if future.done() and not future.cancelled() and future.exception() is None:
                take(future.result())
        raise
    if failed:
        run.trouble = ("failed", "%d of %d futures failed: %s" % (len(failed), len(futures), failed[0]))
