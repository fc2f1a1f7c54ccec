"""What both sides of the program compute is the same: against `golden.json`, which a test of the other side writes."""

import json
import os
import types
import unittest

from runner_driver import checksums, tasks
from runner_driver.order import Order
from runner_driver.tasks import log
from runner_driver.topology import PartContext, finish_iteration

with open(os.path.join(os.path.dirname(__file__), "golden.json"), encoding="utf-8") as file:
    GOLDEN = json.load(file)


def replies_of(vector):
    """The replies to all requests, as a serial run makes them."""
    order = types.SimpleNamespace(settings=vector["settings"], seed=vector["seed"], parts=vector["parts"])
    run = tasks.found(tasks.TASKS[vector["task"]])(order, [bytes.fromhex(text) for text in vector["constants"]])
    requests = [bytes.fromhex(text) for text in vector["requests"]]
    if not order.parts:
        return [run(request) for request in requests]
    contexts, told, all_replies = [PartContext() for _ in range(order.parts)], run.first, []
    for iteration in range(len(requests) // order.parts):
        replies = []
        for part, context in enumerate(contexts):
            context.told, context.sent = told, []
            replies.append(run(requests[iteration * order.parts + part], context))
        told, received = finish_iteration(run, iteration, told, replies, [context.sent for context in contexts])
        for context, letters in zip(contexts, received):
            context.received = letters
        all_replies += replies
    return all_replies


class Golden(unittest.TestCase):
    def test_checksums(self):
        for text, expected in GOLDEN["checksum"]:
            self.assertEqual(checksums.checksum(bytes.fromhex(text)), expected)
        for item, request, reply, expected in GOLDEN["item_checksum"]:
            self.assertEqual(checksums.item_checksum(item, request, reply), expected)

    def test_names_of_items(self):
        for text, expected in GOLDEN["once_item"]:
            self.assertEqual(checksums.once_item(bytes.fromhex(text)), expected)

    def test_mixing(self):
        for seed, index, expected in GOLDEN["mix"]:
            self.assertEqual(checksums.mix(seed, index), expected)

    def test_parts_of_workers(self):
        for worker, workers, parts, first, end in GOLDEN["parts_of"]:
            own = Order.parts_of(types.SimpleNamespace(workers=workers, parts=parts), worker)
            self.assertEqual(own, range(first, end))

    def test_lines_of_logs(self):
        golden = GOLDEN["log"]
        settings = {"length": golden["length"], "sync": "never", "batch": 1}
        order = types.SimpleNamespace(seed=golden["seed"], settings=settings, gathers=True)
        message = log.log(order, [])(golden["item"].to_bytes(8, "little"))
        self.assertEqual(message.hex(), golden["message"])
        self.assertEqual(log.log_line(golden["producer"].encode(), golden["turn"], message).hex(), golden["line"])

    def test_replies_of_tasks(self):
        for vector in GOLDEN["tasks"]:
            with self.subTest(task=vector["task"], settings=vector["settings"]):
                self.assertEqual([reply.hex() for reply in replies_of(vector)], vector["replies"])


if __name__ == "__main__":
    unittest.main()
