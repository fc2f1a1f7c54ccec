"""The ways between the driver and its worker processes, each over Python's own classes."""

import multiprocessing
import os
import pickle
import threading
from collections import deque

from .protocol import ITEMS, ITERATION, WARM

# Bytes of requests that may be on their way in one pipe. With more, a send could wait for a worker that waits itself.
ON_THE_WAY = 48 * 1024


# Bytes of a slot of shared memory for objects at most.
MOST_SLOT = 1 << 28

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
        self.form = shared_form(order)
        self.slot = max(order.chunk * largest, order.largest_iteration, 1)
        if order.objects and self.slot > MOST_SLOT:
            self.slot = MOST_SLOT
            # What does not fit its slot goes through the pipe, which two sides must not fill at once.
            self.most_bytes = ON_THE_WAY
        # The slot that was free for longest is taken next, so that what was read last, which may be a view of its slot, stays.
        self.free = deque(range(order.in_flight + 1))
        self.block = shared_memory.SharedMemory(name=name, create=True, size=self.slot * len(self.free))
        # A block that the file system has no room for would end the process at the first write.
        os.posix_fallocate(self.block._fd, 0, self.block.size)

    def ends(self):
        return self.far, self.block.name, self.slot, self.form

    def send(self, kind, body):
        if kind in CARRIED:
            slot = self.free.popleft()
            put, _ = FORMS[self.form]
            body = slot, put(self.block.buf, slot * self.slot, self.slot, body, 1)
        self.near.send((kind, body))

    def receive(self):
        kind, body = self.near.recv()
        if kind in CARRIED:
            slot, body = body
            if kind != WARM:
                _, take = FORMS[self.form]
                body = take(self.block.buf, slot * self.slot, body, 2)
            self.free.append(slot)
        return kind, body

    def close(self):
        super().close()
        self.block.close()
        self.block.unlink()

    @staticmethod
    def open(ends):
        from multiprocessing import shared_memory

        pipe, name, size, form = ends
        put, take = FORMS[form]
        block = shared_memory.SharedMemory(name=name)
        slots = deque()

        def receive():
            kind, body = pipe.recv()
            if kind in CARRIED:
                slot, body = body
                slots.append(slot)
                body = take(block.buf, slot * size, body, 1)
            return kind, body

        def send(message):
            kind, body = message
            if kind in CARRIED:
                slot = slots.popleft()
                if kind != WARM:
                    body = put(block.buf, slot * size, size, body, 2)
                body = slot, body
            pipe.send((kind, body))

        # The block is kept by what is returned.
        return receive, send


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


def put_objects(buffer, at, room, entries, which):
    """The same for objects: the pickle, and beside it what protocol 5 leaves out of band, such as the numbers of an array."""
    end, told = at + room, []
    for entry in entries:
        parts = pickled(entry[which])
        if at + sum(map(len, parts)) <= end:
            lengths = []
            for part in parts:
                buffer[at : at + len(part)] = part
                at += len(part)
                lengths.append(len(part))
            told.append(entry[:which] + ((lengths, None),) + entry[which + 1 :])
        else:
            told.append(entry[:which] + ((None, entry[which]),) + entry[which + 1 :])
    return told


def take_objects(buffer, at, told, which):
    """The entries again, with objects of their own: the slot is used again."""
    entries = []
    for entry in told:
        lengths, value = entry[which]
        if lengths is not None:
            parts = []
            for length in lengths:
                parts.append(bytearray(buffer[at : at + length]))
                at += length
            value = unpickled(parts)
        entries.append(entry[:which] + (value,) + entry[which + 1 :])
    return entries


def pickled(value):
    """A pickle, and the buffers that are no part of it, where this Python knows the protocol for that."""
    if pickle.HIGHEST_PROTOCOL < 5:
        return [pickle.dumps(value, pickle.HIGHEST_PROTOCOL)]
    buffers = []
    head = pickle.dumps(value, 5, buffer_callback=buffers.append)
    return [head] + [buffer.raw() for buffer in buffers]


def unpickled(parts):
    """The value again, from its pickle and its buffers."""
    return pickle.loads(parts[0], buffers=parts[1:]) if len(parts) > 1 else pickle.loads(parts[0])


def put_arrays(buffer, at, room, entries, which):
    """The same for arrays of bytes, which are written where they are read. One that lies there already, as a reply that is its
    request, is not written again."""
    told, begin = [], address(buffer)
    for entry in entries:
        array = entry[which]
        if address(array) != begin + at:
            buffer[at : at + len(array)] = array
        at += len(array)
        told.append(entry[:which] + (len(array),) + entry[which + 1 :])
    return told


def take_arrays(buffer, at, told, which):
    """The entries with views of the slot: nothing is copied."""
    import numpy

    entries = []
    for entry in told:
        array = numpy.frombuffer(buffer, numpy.uint8, entry[which], at)
        at += entry[which]
        entries.append(entry[:which] + (array,) + entry[which + 1 :])
    return entries


def address(buffer):
    """Where a buffer lies in memory."""
    import numpy

    return numpy.frombuffer(buffer, numpy.uint8, 1).__array_interface__["data"][0]


# How payloads of bytes, objects and arrays are put into a slot of shared memory, and taken from it.
FORMS = {
    "bytes": (put_payloads, take_payloads),
    "objects": (put_objects, take_objects),
    "arrays": (put_arrays, take_arrays),
}


def shared_form(order):
    """How an order's payloads go through shared memory."""
    return "objects" if order.objects else "arrays" if order.arrays else "bytes"


class OutOfBandLink(PipeLink):
    """A `Pipe` to each worker, over which the buffers of a message follow its pickle as they are: by protocol 5, nothing copies
    them into the pickle or out of it."""

    def send(self, kind, body):
        send_parts(self.near, (kind, body))

    def receive(self):
        return receive_parts(self.near)

    @staticmethod
    def open(ends):
        return lambda: receive_parts(ends), lambda message: send_parts(ends, message)


def send_parts(pipe, message):
    """Sends a message as its pickle, with the lengths of its buffers, and its buffers."""
    head, *buffers = pickled(message)
    pipe.send(([len(buffer) for buffer in buffers], head))
    for buffer in buffers:
        pipe.send_bytes(buffer)


def receive_parts(pipe):
    """Receives such a message."""
    lengths, head = pipe.recv()
    parts = [head]
    for length in lengths:
        part = bytearray(length)
        pipe.recv_bytes_into(part)
        parts.append(part)
    return unpickled(parts)


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


def link_of(order):
    """The class of an order's ways."""
    return OutOfBandLink if order.out_of_band and order.ipc == "pipe" else LINKS[order.ipc]
