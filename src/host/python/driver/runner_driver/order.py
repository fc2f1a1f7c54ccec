"""What is to be done and how, as the host says it, and the requests of its items."""

import os
import struct

# Python's own pools and executors: whether their workers are threads or processes, and whose classes they are.
POOLS = {
    "ThreadPool": ("threads", "pool"),
    "ThreadPoolExecutor": ("threads", "executor"),
    "Pool": ("processes", "pool"),
    "ProcessPoolExecutor": ("processes", "executor"),
}


class Order:
    """What is to be done and how, as the host says it. It crosses to worker processes."""

    def __init__(self, given):
        config = given["config"]
        self.given = given
        self.task = given["task"]
        self.settings = given["settings"]
        self.workload = given["workload"]
        self.seed = given["seed"]
        self.items = given["items"]
        self.folder = given["folder"]
        self.prefix = given["prefix"].lstrip("/")
        # Numbers and words that both sides of the program go by, as the host has them.
        self.limits = given["limits"]
        self.largest_request, self.largest_reply = given["sizes"]
        # Most bytes of a worker's parts of an iteration with their letters, once the dispatcher has worked it out.
        self.largest_iteration = 0
        # How items hang together: not at all, by finding each other, by one consumer of all replies, or in iterations of so
        # many parts.
        self.finds, self.gathers = given["topology"] == "finding", given["topology"] == "gathering"
        self.parts = given["parts"] or 0
        host, _, port = (given["server"] or "").rpartition(":")
        self.server = host, int(port or 0)
        # What is absent has no meaning under this model.
        self.model, self.api = POOLS.get(config["model"], (config["model"], "process"))
        self.workers = config.get("workers") or 1
        self.chunk = config.get("chunk") or 1
        # Of an event loop, how many items it has under way at once.
        self.in_flight = config.get("concurrency") or config.get("in_flight") or 1
        self.ipc = config.get("ipc") or "pipe"
        self.start = config.get("start") or "fork"
        self.on_crash = config.get("on_crash") or "stop"
        # Items a second that come whether workers keep up or not; without one, the next item is begun when somebody is free.
        self.rate = config.get("rate")
        self.switch_interval = config.get("switch_interval")
        # Whether the interpreter is to have its lock; nothing where that is its own business.
        self.gil = config.get("gil")
        self.parent_memory = config.get("parent_memory") or 0
        self.reads_parent = self.parent_memory > 0 and config.get("parent_use") == "read"
        self.warm = config["measure"] == "work"
        self.clocked = given["purpose"] == "profiling"
        self.weighs = given["purpose"] == "memory"
        self.trace = given["trace"]
        fault = given["fault"] or {"kind": "", "item": -1}
        self.fault, self.faulty = fault["kind"], fault["item"]
        # Items of a user's function are Python objects, and a serial run says what is right.
        self.objects, self.reference = self.task == "python", given["mode"] == "reference"
        # Whether payloads are arrays of numpy, and whether their numbers are to cross beside their pickles.
        kind = self.settings.get("payload_kind", "bytes")
        self.arrays, self.out_of_band = kind != "bytes", kind == "ndarray_out_of_band"
        # A look at the function, and whether it is called for it.
        self.looks, self.calls = given["mode"] in ("look", "find"), given["mode"] == "look"
        # Whether nothing stands between the function and whoever calls it: no clock, no rate, no fault.
        self.plain = self.objects and not (self.clocked or self.rate or self.fault)

    def chunks(self):
        """The numbers of the items, in runs."""
        return (range(at, min(at + self.chunk, self.items)) for at in range(0, self.items, self.chunk))

    def parts_of(self, worker):
        """The parts of a worker in every iteration: about equally many neighbours."""
        return range(worker * self.parts // self.workers, (worker + 1) * self.parts // self.workers)


class RequestSource:
    """Requests and constants, from the file that the host has written."""

    def __init__(self, order, constants_only=False):
        with open(os.path.join(order.folder, "requests"), "rb") as file:
            stamped, constants, requests = struct.unpack("<QQQ", file.read(24))
            take = lambda: file.read(struct.unpack("<Q", file.read(8))[0])
            self.constants = [take() for _ in range(constants)]
            self.payloads = [] if constants_only else [take() for _ in range(requests)]
        self.get = self.stamped if stamped else self.payloads.__getitem__

    def stamped(self, item):
        """One of a few bulk payloads, which differ in the number at their start."""
        return item.to_bytes(8, "little") + self.payloads[item % len(self.payloads)][8:]

    def pairs(self, items):
        return [(item, self.get(item)) for item in items]

    # What is bytes stays as it is, whoever had it.
    fresh = pairs

    @staticmethod
    def weight(_, request):
        return len(request)


class ArraySource(RequestSource):
    """The same requests as arrays of bytes. Each is one of its own, since a queue may send it later."""

    def __init__(self, order):
        import numpy

        super().__init__(order)
        payload_of = self.get
        self.get = lambda item: numpy.frombuffer(bytearray(payload_of(item)), numpy.uint8)


def source_of(order):
    """Where the items come from."""
    if order.arrays:
        return ArraySource(order)
    if order.objects:
        from .objects import ObjectSource

        return ObjectSource(order)
    return RequestSource(order)
