"""The ways between the driver and its worker processes, each over Python's own classes."""

import multiprocessing
import os
import pickle
import threading
from collections import deque

from .protocol import ITEMS, ITERATION, WARM

# Bytes of requests that may be on their way in one pipe. With more, a send could wait for a worker that waits itself.
ON_THE_WAY = 48 * 1024


# Kinds of messages whose payloads go through shared memory.
CARRIED = WARM, ITEMS, ITERATION


def die_with_parent():
    """Ends this process when the one that started it is gone, however that went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow():
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


class PipeLink:
    """A `Pipe` to each worker."""

    most_bytes = ON_THE_WAY

    def __init__(self, context, order, name):
        self.near, self.far = context.Pipe()
        self.reader = self.near

    def ends(self):
        """What crosses to the worker."""
        return self.far

    def handed_over(self):
        """The worker has its end; this process must not keep it, or the worker's death would not end the stream."""
        self.far.close()

    def send(self, kind, body):
        self.near.send((kind, body))

    def receive(self):
        return self.near.recv()

    def poll(self):
        return self.near.poll(0)

    def close(self):
        self.near.close()

    @staticmethod
    def open(ends):
        return ends.recv, ends.send


class QueueLink:
    """A `Queue` each way for each worker. A thread of Python's own feeds each, so that a put never waits."""

    most_bytes = None

    def __init__(self, context, order, name):
        self.requests, self.replies = context.Queue(), context.Queue()
        self.reader = self.replies._reader

    def ends(self):
        return self.requests, self.replies

    def handed_over(self):
        self.replies._writer.close()
        self.requests._reader.close()

    def send(self, kind, body):
        self.requests.put((kind, body))

    def receive(self):
        return self.replies.get()

    def poll(self):
        return self.replies._reader.poll(0)

    def close(self):
        self.requests.cancel_join_thread()
        self.requests.close()
        self.reader.close()

    @staticmethod
    def open(ends):
        requests, replies = ends
        return requests.get, replies.put


class SharedLink(PipeLink):
    """Payloads in a block of `multiprocessing.shared_memory`, and a `Pipe` that says where. Each worker has a block, with a
    slot for each chunk in flight; a reply that does not fit its slot goes through the pipe."""

    most_bytes = None

    def __init__(self, context, order, name):
        from multiprocessing import shared_memory

        super().__init__(context, order, name)
        largest = max(order.largest_request, order.largest_reply)
        self.objects = order.objects
        self.slot = max(order.chunk * largest, order.largest_iteration, 1)
        self.free = list(range(order.in_flight + 1))
        self.block = shared_memory.SharedMemory(name=name, create=True, size=self.slot * len(self.free))
        # A block that the file system has no room for would end the process at the first write.
        os.posix_fallocate(self.block._fd, 0, self.block.size)

    def ends(self):
        return self.far, self.block.name, self.slot, self.objects

    def send(self, kind, body):
        if kind in CARRIED:
            slot = self.free.pop()
            body = pickled(body, 1) if self.objects else body
            body = slot, put_payloads(self.block.buf, slot * self.slot, self.slot, body, 1)
        self.near.send((kind, body))

    def receive(self):
        kind, body = self.near.recv()
        if kind in CARRIED:
            slot, body = body
            if kind != WARM:
                body = take_payloads(self.block.buf, slot * self.slot, body, 2)
                body = unpickled(body, 2) if self.objects else body
            self.free.append(slot)
        return kind, body

    def close(self):
        super().close()
        self.block.close()
        self.block.unlink()

    @staticmethod
    def open(ends):
        from multiprocessing import shared_memory

        pipe, name, size, objects = ends
        block = shared_memory.SharedMemory(name=name)
        slots = deque()

        def receive():
            kind, body = pipe.recv()
            if kind in CARRIED:
                slot, body = body
                slots.append(slot)
                body = take_payloads(block.buf, slot * size, body, 1)
                body = unpickled(body, 1) if objects else body
            return kind, body

        def send(message):
            kind, body = message
            if kind in CARRIED:
                slot = slots.popleft()
                if kind != WARM:
                    body = pickled(body, 2) if objects else body
                    body = put_payloads(block.buf, slot * size, size, body, 2)
                body = slot, body
            pipe.send((kind, body))

        # The block is kept by what is returned.
        return receive, send


def pickled(entries, which):
    """The entries with payload `which` of each as bytes: what is no bytes is written into shared memory so."""
    return [entry[:which] + (pickle.dumps(entry[which], pickle.HIGHEST_PROTOCOL),) + entry[which + 1 :] for entry in entries]


def unpickled(entries, which):
    """The entries again."""
    return [entry[:which] + (pickle.loads(entry[which]),) + entry[which + 1 :] for entry in entries]


def put_payloads(buffer, at, room, entries, which):
    """Writes payload `which` of every entry into a slot, and puts its length in its place."""
    end, told = at + room, []
    for entry in entries:
        payload = entry[which]
        if at + len(payload) <= end:
            buffer[at : at + len(payload)] = payload
            at += len(payload)
            payload = len(payload)
        told.append(entry[:which] + (payload,) + entry[which + 1 :])
    return told


def take_payloads(buffer, at, told, which):
    """The entries again."""
    entries = []
    for entry in told:
        payload = entry[which]
        if isinstance(payload, int):
            at, payload = at + payload, bytes(buffer[at : at + payload])
        entries.append(entry[:which] + (payload,) + entry[which + 1 :])
    return entries


class ManagerLink:
    """A queue of a `Manager` process for the requests of each worker, and one for the replies of all."""

    most_bytes = None
    reader = None

    def __init__(self, manager, replies, name):
        self.requests, self.replies, self.name = manager.Queue(), replies, name

    def ends(self):
        return self.requests, self.replies, self.name

    def handed_over(self):
        pass

    def send(self, kind, body):
        self.requests.put((kind, body))

    def close(self):
        pass

    @staticmethod
    def open(ends):
        requests, replies, name = ends
        return requests.get, lambda message: replies.put((name, message))


LINKS = {"pipe": PipeLink, "queue": QueueLink, "shared_memory": SharedLink, "manager": ManagerLink}
