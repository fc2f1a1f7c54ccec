"""A first look at a user's function, by the same code and under the same conditions as its trials."""

import pickle
import resource
import sys
import time
import traceback

from .objects import ObjectSource, settle_kind, users_function
from .protocol import RunError, TimedOut, describe, now
from .sameness import difference, same, shown

# After a first call of so many seconds, the second is spared, and with it the look for results that differ.
LONG = 20


def cpu_time():
    """CPU time of this process and of those that it has waited for, in seconds."""
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def without_own_frames(error):
    """The traceback of an error, from where the user's code begins."""
    trace = error.__traceback__
    while trace is not None and __package__ in trace.tb_frame.f_globals.get("__name__", ""):
        trace = trace.tb_next
    return trace


class Look:
    """What is seen, step by step; the host is told which step is under way."""

    def __init__(self, order, wire):
        self.order, self.wire, self.seen, self.step = order, wire, {}, "import"

    def enter(self, step):
        self.step = step
        self.wire.send({"step": step})

    def take(self):
        order = self.order
        self.enter("import")
        began = now()
        function = users_function(order)
        self.seen["import_seconds"] = (now() - began) / 1e9
        if not order.calls:
            self.seen["kind"] = function.kind
            return
        self.enter("items")
        source = ObjectSource(order)
        self.seen["made"] = source.made
        item = source.fresh(range(1))[0][1]
        self.seen["item"] = shown(item, 40)
        self.enter("call")
        began = now()
        first = settle_kind(order, function, item)
        took = (now() - began) / 1e9
        cpu = None
        if took < LONG:
            item = source.fresh(range(1))[0][1]
            before, began = cpu_time(), now()
            second = function.call(item)
            took, cpu = (now() - began) / 1e9, cpu_time() - before
            if not same(first, second, order.settings.get("tolerance") or 0.0):
                self.seen["differs"] = difference(first, second)
        self.seen.update(kind=function.kind, seconds=took, cpu_seconds=cpu)
        self.weigh(first, function.call)

    def weigh(self, result, call):
        """How large a result is on its way between processes, and what cannot cross."""
        try:
            self.seen["result_bytes"] = len(pickle.dumps(result, 4))
        except Exception as error:
            self.seen["unpicklable"] = "its result: %s" % describe(error)
        try:
            pickle.dumps(call)
        except Exception as error:
            self.seen["by_name"] = describe(error)


def look(order, wire):
    """Looks, and tells the host."""
    seen = Look(order, wire)
    try:
        seen.take()
    except RunError as error:
        seen.seen["error"] = str(error)
    except TimedOut:
        seen.seen["error"] = "timed out"
    except BaseException as error:
        traceback.print_exception(type(error), error, without_own_frames(error))
        seen.seen["error"] = "raised %s" % describe(error)
    seen.seen["step"] = seen.step
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            # An item may have closed or replaced it.
            pass
    wire.send({"look": seen.seen})
