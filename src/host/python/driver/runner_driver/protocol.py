"""What crosses between the host, the driver and its worker processes: lines of JSON, and kinds of messages to workers."""

import json
import os
import time

now = time.monotonic_ns


# Kinds of messages between the driver and its worker processes.
READY, WARM, ITEMS, ITERATION, FINISH, REPORT, ERROR = range(7)


class TimedOut(BaseException):
    """The deadline has passed. No `except Exception` of an item stops it."""


class RunError(Exception):
    """Why a run did not end well, in the host's words for it."""

    def __init__(self, kind, text=""):
        super().__init__(text)
        self.kind = kind


def describe(error):
    """The words of an exception, as the last line of a traceback has them."""
    text = str(error)
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__


class Wire:
    """The protocol's own descriptors."""

    def __init__(self):
        self.into = self.out = self.owner = None

    def take(self, out):
        """Takes standard input away from whatever else runs in this process, and keeps the descriptor of answers from what it
        starts."""
        self.into, self.out, self.owner = os.fdopen(os.dup(0), "rb"), out, os.getpid()
        os.set_inheritable(out, False)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def forget(self):
        """Closes them in a forked child: the host must see the driver's end when the driver ends."""
        if self.out is not None:
            os.close(self.out)
            self.into.close()
            self.out = None

    def send(self, message):
        if os.getpid() != self.owner:
            # An item has forked, and this is not the driver.
            os._exit(0)
        data = memoryview(json.dumps(message).encode() + b"\n")
        while data:
            data = data[os.write(self.out, data) :]

    def wait(self):
        line = self.into.readline()
        if not line:
            os._exit(1)
        return line


WIRE = Wire()
