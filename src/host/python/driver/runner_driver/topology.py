"""Items that hang together: those that find others, those with one consumer, and iterations over parts."""

import threading
from collections import deque

from .checksums import once_item
from .protocol import RunError, describe
from .tasks import consumer_of


class ItemIds:
    """Which items are known, where items find others and each request is one item, whoever finds it."""

    def __init__(self, run, source):
        self.run, self.taken = run, {once_item(request) for request in source.payloads}

    def new(self, requests):
        """The items of these requests that are not known yet."""
        new = []
        for request in requests:
            name = once_item(request)
            if name not in self.taken:
                self.taken.add(name)
                new.append((name, request))
        self.run.known += len(new)
        return new


class WorkQueue:
    """Items that others found, for threads, and how many items are not done yet."""

    def __init__(self, run, source):
        self.names, self.open = ItemIds(run, source), run.order.items
        self.items, self.changed = deque(), threading.Condition()

    def done(self, requests):
        """An item is done, and has found these."""
        with self.changed:
            new = self.names.new(requests)
            self.items.extend(new)
            self.open += len(new) - 1
            if self.open == 0:
                self.changed.notify_all()
            else:
                self.changed.notify(len(new))

    def lose(self, count):
        """So many items will never be done."""
        with self.changed:
            self.open -= count
            self.changed.notify_all()

    def next(self):
        """The next item that was found, in a list; nothing once all are done."""
        with self.changed:
            while not self.items and self.open > 0:
                self.changed.wait()
            return [self.items.popleft()] if self.items else []


class PartContext:
    """What a part of an iteration has beside its request, and keeps for the next."""

    def __init__(self, told=b"", warming=False):
        self.told, self.warming = told, warming
        # Letters: the number of the other part, and the bytes.
        self.received, self.sent, self.kept = [], [], None
        # Those from parts of the same worker process, for the next iteration.
        self.here = []


def finish_iteration(task, iteration, told, replies, sent):
    """Ends an iteration: gives what the next is told, and the letters that each part receives, in the order of
    senders."""
    received = [[] for _ in replies]
    for sender, letters in enumerate(sent):
        for receiver, letter in letters:
            received[receiver].append((sender, letter))
    return task.reduce(iteration, replies, told), received


class IterationState:
    """The parts of a run in iterations, for workers that share memory."""

    def __init__(self, order, source, task):
        self.source, self.task, self.parts = source, task, order.parts
        self.iterations, self.round, self.told = order.items // order.parts, 0, task.first
        self.turns, self.replies = [PartContext() for _ in range(self.parts)], [b""] * self.parts

    def play(self, runner, part):
        """Runs one part of the iteration that is under way."""
        item, turn = self.round * self.parts + part, self.turns[part]
        runner.turn, turn.told = turn, self.told
        self.replies[part] = runner.work(item, self.source.get(item))

    def finish_iteration(self):
        """Ends an iteration, in one thread while all others wait."""
        sent = [turn.sent for turn in self.turns]
        self.told, received = finish_iteration(self.task, self.round, self.told, self.replies, sent)
        for turn, letters in zip(self.turns, received):
            turn.received, turn.sent = letters, []
        self.round += 1


class Consumer:
    """Who takes all replies. Its failures end the run with their words, whoever calls it."""

    def __init__(self, order):
        self.consumer = self.attempt(consumer_of, order)

    @staticmethod
    def attempt(function, *arguments):
        try:
            return function(*arguments)
        except Exception as error:
            raise RunError("failed", "the consumer of the replies: %s" % describe(error)) from error

    def take(self, producer, turn, reply):
        self.attempt(self.consumer.take, producer, turn, reply)

    def finish(self):
        self.attempt(self.consumer.finish)


class Listener:
    """A thread that takes the replies of others from a queue and gives them to the consumer."""

    def __init__(self, order):
        import queue

        self.queue, self.consumer = queue.Queue(order.limits["waiting_replies"] * order.workers), Consumer(order)
        self.trouble = None
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def put(self, producer, turn, reply):
        """Hands a reply over, and says whether it can come to anything."""
        self.queue.put((producer, turn, reply))
        return self.trouble is None

    def listen(self):
        made = ()
        try:
            for made in iter(self.queue.get, None):
                self.consumer.take(*made)
            made = None
            self.consumer.finish()
        except RunError as trouble:
            self.trouble = trouble
            # Nobody may wait for room any more.
            while made is not None:
                made = self.queue.get()

    def finish(self):
        """Waits until all is taken."""
        self.queue.put(None)
        self.thread.join()


class ReplyTaker:
    """What whoever waits for futures does with replies of items that hang together; of others, nothing."""

    def __init__(self, run, source):
        order = run.order
        self.names = ItemIds(run, source) if order.finds else None
        self.consumer = Consumer(order) if order.gathers else None

    def __bool__(self):
        return bool(self.names or self.consumer)

    def take(self, worker, item, reply, found):
        """Takes a reply, and gives the items that are new."""
        if self.consumer:
            # Items of a worker come in their order.
            self.consumer.take(worker, item, reply)
        return self.names.new(found) if self.names else []

    def finish(self):
        if self.consumer:
            self.consumer.finish()
