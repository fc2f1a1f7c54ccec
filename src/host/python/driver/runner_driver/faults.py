"""Faults that a scenario asks for."""

import os
import resource
import signal
import sys
import time


def inject(kind, item):
    """Goes wrong on purpose."""
    if kind == "exception":
        raise RuntimeError("item %d was asked to raise" % item)
    if kind == "abort":
        os.abort()
    if kind == "segfault":
        import ctypes

        ctypes.string_at(0)
    if kind == "exit":
        os._exit(7)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "hang":
        while True:
            time.sleep(3600)
    if kind == "stack_overflow":
        overflow()
    if kind == "memory":
        exhaust()
    raise RuntimeError("the fault %s could not be brought about" % kind)


async def inject_async(kind, item):
    """The same within an event loop, where others go on while an item hangs."""
    if kind == "hang":
        import asyncio

        await asyncio.sleep(3600)
    inject(kind, item)


def overflow():
    """Recurses through C code, so that it is the stack of the system that overflows, where this CPython does not notice."""
    sys.setrecursionlimit(10**8)

    def deeper(level):
        return max([level + 1], key=deeper)

    deeper(0)


def exhaust():
    """Allocates up to a limit that it sets itself, so that the machine does not suffer."""
    with open("/proc/self/statm") as file:
        has = int(file.read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (has + (256 << 20), hard))
    held = []
    try:
        while True:
            held.append(bytearray(b"x") * (1 << 20))
    except MemoryError:
        # The exception keeps this frame for a while, and with it all that memory.
        del held
        raise
