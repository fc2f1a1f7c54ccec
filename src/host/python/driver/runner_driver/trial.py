"""One trial, from the order on standard input to the result on the protocol's own descriptor."""

import json
import multiprocessing
import os
import signal
import sys

from . import models, probe, tasks
from .order import Order
from .parent_memory import hold_parent_memory
from .protocol import WIRE, RunError, TimedOut, describe, now
from .record import Run


def time_out(*_):
    raise TimedOut


def attempt(run):
    """Runs the order, and finds words for whatever goes wrong."""
    order = run.order
    try:
        tasks.preload(order)
        hold_parent_memory(order)
        models.model_of(order)(run)
    except TimedOut:
        run.trouble = ("timed_out", "")
    except RunError as trouble:
        run.trouble = (trouble.kind, str(trouble))
    except BaseException as error:
        import traceback

        traceback.print_exc()
        if order.model in ("serial", "async"):
            run.trouble = ("host_died", "%s, which nothing caught" % describe(error))
        else:
            run.trouble = ("failed", describe(error))


def tidy_up():
    """Removes what has a name in the system, which an interpreter does at its end. This one ends without, so that nothing
    of a user's can keep it."""
    from multiprocessing import util

    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        util._run_finalizers()
        tracker = sys.modules.get("multiprocessing.resource_tracker")
        if tracker:
            tracker._resource_tracker._stop()
    except BaseException:
        # What is left is left to whoever started this program.
        pass
    signal.setitimer(signal.ITIMER_REAL, 0)


def main():
    WIRE.take(int(sys.argv.pop()))
    order = Order(json.loads(WIRE.wait()))
    if order.looks:
        from .look import look

        look(order, WIRE)
        os._exit(0)
    signal.signal(signal.SIGALRM, time_out)
    signal.setitimer(signal.ITIMER_REAL, max((order.given["deadline"] - now()) / 1e9, 0.001))
    if order.switch_interval:
        sys.setswitchinterval(order.switch_interval / 1e9)
    # ItemIds of semaphores start as those of segments do, so that they can be swept.
    multiprocessing.current_process()._config["semprefix"] = "/" + order.prefix
    run = Run(order, WIRE)
    before, probe.GLOBAL = probe.GLOBAL, 2
    if order.task == "globals":
        before = probe.GLOBAL
    attempt(run)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if not run.trouble:
        tidy_up()
    if order.task == "globals":
        run.seen.insert(0, {"worker": None, "before": before, "after": probe.GLOBAL})
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            # An item may have closed or replaced it.
            pass
    WIRE.send({"result": run.result()})
    os._exit(0)
