"""Lines of a log, by one writer or by each worker."""

import os
import threading
import zlib

from ..checksums import checksum, mix


def log_every(settings):
    """After how many lines they are made durable; `None` for never."""
    return {"never": None, "batch": settings["batch"], "line": 1}[settings["sync"]]


def log_line(producer, turn, message):
    """A line with its end: who made it, its place among those of the same producer, the message, and the CRC-32 of these."""
    line = b"%s %d %s" % (producer, turn, message)
    return line + b" %08x\n" % zlib.crc32(line)


def log(order, constants):
    """Messages for the one writer; or lines that each worker appends by itself."""
    seed, length, every = order.seed, order.settings["length"], log_every(order.settings)
    turns = threading.local()

    def message(request):
        item = int.from_bytes(request, "little")
        return ("%012d " % item + "%016x" % mix(seed, item) * (length // 16 + 1))[:length].encode()

    if order.gathers:
        return message
    opened = lambda name: os.open(os.path.join(order.folder, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    log, warm_up = opened("log"), opened("log-warm-up")

    def append(request, file):
        if not hasattr(turns, "next"):
            turns.next, turns.producer = 0, b"%d.%d" % (os.getpid(), threading.get_native_id())
        said = message(request)
        line = log_line(turns.producer, turns.next, said)
        turns.next += 1
        # By one call, since lines of others may come between two.
        written = os.write(file, line)
        if written < len(line):
            raise OSError("only %d of %d bytes of a line were written: the disk is full" % (written, len(line)))
        if every and turns.next % every == 0:
            os.fdatasync(file)
        return checksum(said).to_bytes(8, "little")

    run = lambda request: append(request, log)
    run.warm_up = lambda request: append(request, warm_up)
    return run


class LogWriter:
    """The one writer of the task `log`."""

    def __init__(self, order):
        self.file = open(os.path.join(order.folder, "log"), "wb", buffering=65536)
        self.every, self.waiting = log_every(order.settings), 0

    def take(self, producer, turn, message):
        self.file.write(log_line(b"%d" % producer, turn, message))
        self.waiting += 1
        if self.every and self.waiting >= self.every:
            self.sync()

    def sync(self):
        self.file.flush()
        os.fdatasync(self.file.fileno())
        self.waiting = 0

    def finish(self):
        self.file.flush()
        if self.every and self.waiting:
            self.sync()
