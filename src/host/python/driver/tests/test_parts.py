"""The parts of the driver by themselves, without processes."""

import functools
import hashlib
import tempfile
import time
import types
import unittest
from collections import deque

from runner_driver import arrivals, functions, links, sameness, tasks, topology, usage
from runner_driver.models import worker_pool
from runner_driver.protocol import RunError
from runner_driver.tasks import compute

LIMITS = {"events": 400, "tries": 3, "waiting_replies": 64, "patience": 4 * 10**9, "warming_header": "x-warming-up"}


class Payloads(unittest.TestCase):
    def test_what_fits_a_slot_comes_back_and_the_rest_goes_along(self):
        buffer, room = memoryview(bytearray(64)), 20
        entries = [(1, b"12345", "a"), (2, b"", "b"), (3, b"x" * 16, "c"), (4, b"y" * 14, "d")]
        told = links.put_payloads(buffer, 8, room, entries, 1)
        self.assertEqual([entry[1] for entry in told], [5, 0, b"x" * 16, 14])
        self.assertEqual(links.take_payloads(buffer, 8, told, 1), entries)
        self.assertEqual(bytes(buffer[:8]) + bytes(buffer[28:]), b"\0" * 44)


class Tasks(unittest.TestCase):
    def test_hashes_of_small_and_large_items_are_of_the_whole(self):
        for size in (10, 65535, 65536):
            run = compute.hashing(None, [b"r" * size])
            self.assertEqual(run(b"item"), hashlib.sha256(b"item" + b"r" * size).digest())

    def test_every_task_has_its_function(self):
        for place in list(tasks.TASKS.values()) + list(tasks.CONSUMERS.values()):
            self.assertTrue(callable(tasks.found(place)), place)

    def test_a_function_of_the_users_is_found_below_its_module(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/of_a_user.py", "w") as file:
                file.write("class Some:\n    @staticmethod\n    def twice(x):\n        return {'twice': 2 * x}\n")
            settings = {"path": folder, "code": "", "call": "of_a_user:Some.twice"}
            self.assertEqual(functions.UsersFunction(settings, folder).call(21), {"twice": 42})
            settings["call"] = "of_a_user:Some.twise"
            with self.assertRaisesRegex(RunError, "of_a_user.Some has no twise; there is Some.twice"):
                functions.UsersFunction(settings, folder)


async def slow(item):
    return item + 1


class Decorated:
    async def __call__(self, item):
        return item


class Functions(unittest.TestCase):
    """What calling a function gives is seen through whatever stands around it."""

    def test_coroutines_and_generators_are_seen_through_what_wraps_them(self):
        @functools.wraps(slow)
        def wrapped(item):
            return slow(item)

        def yields(item):
            yield item
            yield item

        async def yields_slowly(item):
            yield item

        kinds = [functions.kind_of(f) for f in (slow, wrapped, functools.partial(slow), Decorated(), yields, yields_slowly)]
        self.assertEqual(kinds, ["coroutine"] * 4 + ["generator", "async_generator"])
        self.assertEqual(functions.caller(slow, "coroutine")(1), 2)
        self.assertEqual(functions.caller(yields, "generator")(3), [3, 3])
        for plain in (len, int, functools.partial(int, base=2), "".join, lambda item: item, Functions):
            self.assertEqual(functions.kind_of(plain), "plain", plain)
            self.assertIs(functions.caller(plain, "plain"), plain)
        self.assertEqual(functions.kind_of_value(self.closed(slow(1))), "coroutine")
        self.assertEqual(functions.kind_of_value(yields(1)), "generator")

    @staticmethod
    def closed(coroutine):
        coroutine.close()
        return coroutine


class Plain:
    def __init__(self, value):
        self.value = value


class Sameness(unittest.TestCase):
    def test_equality_is_pythons_and_nan_is_itself(self):
        nan = float("nan")
        alike = [
            (1, 1.0), ({"a", "b"}, {"b", "a"}), (nan, float("nan")), ([1, (nan, {"x": nan})], [1, (float("nan"), {"x": nan})]),
            (Plain([1, nan]), Plain([1, float("nan")])), (None, None), (b"x", b"x"), (1 + 2j, 1 + 2j), (range(3), range(3)),
        ]  # fmt: skip
        for one, other in alike:
            self.assertTrue(sameness.same(one, other), (one, other))
        apart = [(1, 2), ([1], (1,)), ([1], [1, 2]), ({"a": 1}, {"a": 2}), (0.1 + 0.2, 0.3), (Plain(1), Plain(2)), ("1", 1)]
        for one, other in apart:
            self.assertFalse(sameness.same(one, other), (one, other))
        self.assertTrue(sameness.same([0.1 + 0.2], [0.3], 1e-9))
        self.assertFalse(sameness.same([0.1], [0.11], 1e-9))

    def test_the_first_difference_is_named(self):
        self.assertEqual(sameness.difference({"a": [1, 2]}, {"a": [1, 3]}), "at ['a'][1] 2 and 3")
        self.assertEqual(sameness.difference(1, 2), "1 and 2")


class Items(unittest.TestCase):
    def test_an_item_that_was_found_twice_is_one(self):
        run = types.SimpleNamespace(known=1)
        names = topology.ItemIds(run, types.SimpleNamespace(payloads=[b"/"]))
        new = names.new([b"/a", b"/", b"/a", b"/b"])
        self.assertEqual(([request for _, request in new], run.known), ([b"/a", b"/b"], 3))

    def test_whoever_waits_for_items_goes_on_once_all_are_done(self):
        run = types.SimpleNamespace(known=1, order=types.SimpleNamespace(items=1))
        queue = topology.WorkQueue(run, types.SimpleNamespace(payloads=[b"/"]))
        queue.done([b"/a", b"/b"])
        first = queue.next()
        queue.done([])
        queue.lose(1)
        self.assertEqual((first[0][1], queue.next()[0][1], queue.next()), (b"/a", b"/b", []))

    def test_letters_arrive_in_the_order_of_their_senders(self):
        task = types.SimpleNamespace(reduce=lambda iteration, replies, told: b"%d" % iteration + b"".join(replies) + told)
        told, received = topology.finish_iteration(task, 4, b"t", [b"a", b"b"], [[(1, b"x")], [(0, b"y"), (1, b"z")]])
        self.assertEqual((told, received), (b"4abt", [[(1, b"y")], [(0, b"x"), (1, b"z")]]))


class Crashes(unittest.TestCase):
    def pool(self):
        pool = worker_pool.WorkerPool.__new__(worker_pool.WorkerPool)
        pool.order = types.SimpleNamespace(limits=LIMITS)
        pool.run, pool.again, pool.open = types.SimpleNamespace(retried=0), deque(), 5
        return pool

    def test_the_item_that_ran_is_tried_three_times_in_all(self):
        pool = self.pool()
        given = [([(0, b""), (1, b"")], 0, 0), ([(2, b"")], 0, 0)]
        pool.hand_out_again(given)
        self.assertEqual(list(pool.again), [([(0, b"")], 1), ([(1, b"")], 1), ([(2, b"")], 0)])
        for attempts, left in ((1, 5), (2, 4)):
            pool.again.clear()
            pool.hand_out_again([([(0, b"")], attempts, 0)])
            self.assertEqual((len(pool.again), pool.open), (left - 4, left))
        self.assertEqual(pool.run.retried, 4)


class BlockedThreads(unittest.TestCase):
    def test_a_thread_is_blocked_while_it_neither_runs_nor_has_ended(self):
        clock = usage.ThreadClock()
        before = usage.waits_for_core()
        for within, between in ((0.02, 0.03), (0.02, 0)):
            began = clock.begin()
            time.sleep(within)
            ended = clock.end(began)
            self.assertGreaterEqual(ended - began, within * 1e9)
            time.sleep(between)
        self.assertGreaterEqual(clock.within, 0.8 * 0.04 * 1e9)
        self.assertGreaterEqual(clock.between, 0.8 * 0.03 * 1e9)
        self.assertLessEqual(clock.within + clock.between, clock.last - clock.first)
        after = usage.waits_for_core()
        # Some kernels do not count it.
        self.assertTrue(not before or after[clock.thread] >= before[clock.thread])


class Comes(unittest.TestCase):
    def test_an_item_is_late_by_the_time_since_it_came(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/arrivals", "wb") as file:
                file.write((0).to_bytes(8, "little") + (10**6).to_bytes(8, "little"))
            coming = arrivals.Arrivals(types.SimpleNamespace(folder=folder, items=2))
        coming.begin()
        coming.wait(1)
        self.assertLessEqual(coming.left(1), 0)
        coming.note(1, coming.start + 3 * 10**6)
        self.assertEqual(coming.late, [2 * 10**6])


if __name__ == "__main__":
    unittest.main()
