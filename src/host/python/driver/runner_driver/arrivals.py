"""Items that come at a rate: when each is meant to be sent, and how late its reply was."""

import os
import struct
import time

from .protocol import now


class Arrivals:
    """Open arrivals: when every item is meant to be sent, which the host has written, and how late replies were. What
    sleeps here does so exactly: the host has set the timer slack of this program, and what it starts inherits that."""

    def __init__(self, order):
        with open(os.path.join(order.folder, "arrivals"), "rb") as file:
            # Nanoseconds after the first moment, rising.
            self.times = struct.unpack("<%dQ" % order.items, file.read())
        # The first moment, and nanoseconds from when an item was meant to be sent to its reply.
        self.start, self.late = 0, []
        # When each item was handed to a pool, which may be later than it came.
        self.handed = []

    def begin(self):
        """Says that the first moment is now."""
        self.start = now()

    def left(self, item):
        """Nanoseconds until an item comes; none or less where it has."""
        return self.start + self.times[item] - now()

    def wait(self, item):
        """Sleeps until an item comes."""
        left = self.left(item)
        while left > 0:
            time.sleep(left / 1e9)
            left = self.left(item)

    async def wait_async(self, item, alarm):
        """The same in an event loop, one item at a time."""
        import asyncio

        if self.left(item) <= 0:
            return
        if alarm.descriptor is None:
            while self.left(item) > 0:
                await asyncio.sleep(self.left(item) / 1e9)
            return
        loop = asyncio.get_running_loop()
        rung = loop.create_future()

        def ring():
            alarm.clear()
            if not rung.done() and self.left(item) <= 0:
                rung.set_result(None)

        loop.add_reader(alarm.descriptor, ring)
        alarm.set(self.start + self.times[item])
        try:
            await rung
        finally:
            loop.remove_reader(alarm.descriptor)

    def note(self, item, replied=None):
        """Notes that an item was replied to, now or at that moment."""
        self.late.append((now() if replied is None else replied) - self.start - self.times[item])


class Alarm:
    """A timer of the kernel, to be waited for beside other descriptors: timeouts of selectors and event loops count in
    milliseconds. `descriptor` is None where neither this CPython nor its `ctypes` has one."""

    def __init__(self):
        self.descriptor = self.system = self.at = None
        if hasattr(os, "timerfd_create"):
            self.descriptor = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
            return
        try:
            import ctypes

            self.system, self.times = ctypes.CDLL(None), ctypes.c_long * 4
            # The flags of a timer have the numbers of those of files.
            found = self.system.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
            self.descriptor = found if found >= 0 else None
        except (ImportError, OSError, AttributeError):
            pass

    def set(self, at):
        """Has the descriptor become readable at a moment, given in nanoseconds of the monotonic clock."""
        if at == self.at:
            return
        self.at = at
        if self.system is None:
            os.timerfd_settime_ns(self.descriptor, flags=os.TFD_TIMER_ABSTIME, initial=at)
        else:
            # The interval, which is none, and the moment; the flag 1 says that it is one and no duration.
            self.system.timerfd_settime(self.descriptor, 1, self.times(0, 0, *divmod(at, 10**9)), None)

    def clear(self):
        """Has it no longer be readable."""
        self.at = None
        try:
            os.read(self.descriptor, 8)
        except BlockingIOError:
            pass
