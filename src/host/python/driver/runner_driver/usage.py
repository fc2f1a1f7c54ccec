"""What processes used, as the kernel counts it."""

import os
import resource
import threading
import time

from .protocol import now

# User and system time, voluntary and involuntary switches, minor and major faults: the fields of `Usage` in src/record.
COUNTERS = 6


class ThreadClock:
    """How long the thread that makes it did not run, within its items and between them. Under a GIL it waits for it meanwhile.
    Reading the clock must let go of no GIL, or it would make the wait that it measures: waits for a core are read at the edges
    of the work."""

    def __init__(self):
        self.thread = threading.get_native_id()
        # When the first item began and the last one ended, and the CPU time at that moment.
        self.first = self.last = self.ran = 0
        self.within = self.between = 0

    def begin(self):
        ran, began = time.thread_time_ns(), now()
        if self.first:
            self.between += max(began - self.last - (ran - self.ran), 0)
        else:
            self.first = began
        self.ran = ran
        return began

    def end(self, began):
        self.last, ran = now(), time.thread_time_ns()
        self.within += max(self.last - began - (ran - self.ran), 0)
        self.ran = ran
        return self.last


def waits_for_core():
    """Nanoseconds for which each thread of this process was ready and had no core, by thread; nothing where the kernel does not
    count them."""
    waits = {}
    try:
        for thread in os.listdir("/proc/self/task"):
            with open("/proc/self/task/%s/schedstat" % thread) as file:
                waits[int(thread)] = int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return waits


def used_by(whom):
    """User and system time, switches and faults."""
    used = resource.getrusage(whom)
    user, system = int(used.ru_utime * 1e9), int(used.ru_stime * 1e9)
    return [user, system, used.ru_nvcsw, used.ru_nivcsw, used.ru_minflt, used.ru_majflt]


def used_by_process(pid):
    """The same of another process, from /proc; `None` where it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(")")[2].split()
        minor, major, user, system = int(fields[7]), int(fields[9]), int(fields[11]), int(fields[12])
        voluntary = involuntary = running = 0
        folder = "/proc/%d/task" % pid
        for thread in os.listdir(folder):
            with open("%s/%s/status" % (folder, thread)) as file:
                lines = file.read().split()
            voluntary += int(lines[lines.index("voluntary_ctxt_switches:") + 1])
            involuntary += int(lines[lines.index("nonvoluntary_ctxt_switches:") + 1])
            try:
                with open("%s/%s/schedstat" % (folder, thread)) as file:
                    running += int(file.read().split()[0])
            except FileNotFoundError:
                # Some kernels do not keep it.
                running = (user + system) * 1000000000 // os.sysconf("SC_CLK_TCK")
                break
    except (OSError, ValueError, IndexError):
        return None
    # Ticks say how time is split, the scheduler how much there is of it.
    share = user / (user + system) if user + system else 1
    return [int(running * share), running - int(running * share), voluntary, involuntary, minor, major]
