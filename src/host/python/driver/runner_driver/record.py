"""What one trial leaves, gathered by the driver's main thread."""

import resource
import sys

from .arrivals import Arrivals
from .checksums import MASK, checksum, item_checksum
from .items import runner_of
from .protocol import now
from .usage import COUNTERS, used_by, used_by_process, waits_for_core


class Run:
    """What one trial leaves, gathered by the driver's main thread."""

    def __init__(self, order, wire):
        self.order, self.wire = order, wire
        self.phases, self.runners, self.lives, self.seen, self.events = [], [], [], [], []
        self.done = self.sum = self.first_item = self.warm_up = self.retried = self.recovered = self.left_out = self.end = 0
        self.duplicated, self.known = 0, order.items
        self.service, self.response = [], []
        # How long each thread had waited for a core at both edges of the work, where items are clocked.
        self.waits, self.work_began = [], 0
        # By worker: time within items, when the last one ended, and waits for others between iterations; and within items, if
        # one thread runs them, time in which it was blocked and in which it had no core; and between them, in which a GIL
        # blocked it.
        self.stints = {}
        self.kept = {}
        self.arrivals = Arrivals(order) if order.rate else None
        self.trouble = None
        # Of a user's function, what each item gave.
        self.results = {}
        self.of_workers = {}
        self.begin()

    def begin(self):
        """The clock starts."""
        self.of_children = used_by(resource.RUSAGE_CHILDREN)
        self.zero = self.mark = now()
        self.used = used_by(resource.RUSAGE_SELF)

    def let_come(self):
        """Items come from now on, where they have a rate."""
        if self.arrivals:
            self.arrivals.begin()

    def edge(self, pids=()):
        """Ends a phase, of this process and of those worker processes."""
        wall = now()
        used = used_by(resource.RUSAGE_SELF)
        spent = [new - old for new, old in zip(used, self.used)]
        for pid in pids:
            before = self.of_workers.get(pid, [0] * COUNTERS)
            after = used_by_process(pid) or before
            spent = [sum + max(new - old, 0) for sum, new, old in zip(spent, after, before)]
            self.of_workers[pid] = after
        self.add_phase(wall, spent)

    def last_edge(self):
        """Ends the last phase; what workers used that no edge has counted falls to it."""
        wall = now()
        used = used_by(resource.RUSAGE_SELF)
        spent = [new - old for new, old in zip(used, self.used)]
        children = [new - old for new, old in zip(used_by(resource.RUSAGE_CHILDREN), self.of_children)]
        for known in self.of_workers.values():
            children = [all - part for all, part in zip(children, known)]
        self.add_phase(wall, [own + max(other, 0) for own, other in zip(spent, children)])

    def note_thread(self, stint, clock):
        """Adds what a thread waited for: a core, and what blocked it within its items and, under a GIL, between them."""
        before, after = (self.waits + [{}, {}])[:2]
        preempted = max(after.get(clock.thread, 0) - before.get(clock.thread, 0), 0)
        # Whoever begins late waited for the GIL as well.
        between = clock.between + max(clock.first - self.work_began, 0)
        stint[4] += preempted
        stint[3] += max(clock.within - preempted, 0)
        if getattr(sys, "_is_gil_enabled", lambda: True)():
            stint[5] += max(between - max(preempted - clock.within, 0), 0)

    def add_phase(self, wall, spent):
        self.phases.append({"wall": wall - self.mark, "usage": spent})
        if self.order.clocked and len(self.waits) < 2:
            self.waits.append(waits_for_core())
        if len(self.phases) == 2:
            self.end = wall
        self.mark, self.used = now(), used_by(resource.RUSAGE_SELF)
        if len(self.phases) == 1:
            self.work_began = self.mark

    def weigh(self, workers=(), others=()):
        """Has the host read the memory of all processes, in trials that are made for that."""
        if self.order.weighs:
            self.wire.send({"weigh": {"workers": list(workers), "others": list(others)}})
            self.wire.wait()

    def life(self, worker):
        """The life of one worker, which begins now."""
        life = {"worker": worker, "start": now() - self.zero, "ready": 0, "end": 0, "died": False}
        self.lives.append(life)
        return life

    def event(self, lane, kind, start, end):
        """An event of the timeline, in time since the start."""
        if not self.order.trace:
            return
        kept = self.kept[lane, kind] = self.kept.get((lane, kind), 0) + 1
        if kept > self.order.limits["events"]:
            self.left_out += 1
        else:
            self.events.append([lane, kind, max(start, 0), max(end, 0)])

    def span(self, worker, began, ended, handed=None):
        """One item of a worker, in clocked trials."""
        self.service.append(ended - began)
        self.response.append(ended - (began if handed is None else handed))
        stint = self.stint(worker)
        stint[0] += ended - began
        stint[1] = max(stint[1], ended)
        self.event(0 if worker is None else worker + 1, "item", began - self.zero, ended - self.zero)

    def warmed(self, first, all):
        """A worker has warmed up: what its first item took, and all of it. The slowest counts."""
        self.first_item, self.warm_up = max(self.first_item, first), max(self.warm_up, all)

    def stint(self, worker):
        return self.stints.setdefault(worker, [0, 0, 0, 0, 0, 0])

    def account(self, item, seen, reply):
        """A reply of another process has arrived."""
        if self.order.objects:
            self.results[item] = reply
        else:
            self.sum += item_checksum(item, seen, checksum(reply))
        self.done += 1

    def keep(self, values):
        """The results of all items, in their order, where nothing stood between the function and whoever called it."""
        self.results, self.done = dict(enumerate(values)), len(values)

    def runner(self, task, worker=None):
        runner = runner_of(self.order, task, worker)
        runner.arrivals = self.arrivals
        self.runners.append(runner)
        return runner

    def compare(self):
        """Compares the results of a user's function, in a run that went well."""
        from . import results

        if self.trouble:
            return
        if self.order.reference:
            differs = results.keep_reference(self.order, [self.results[item] for item in range(self.order.items)])
            self.sum = results.SAME
            if differs:
                self.trouble = "failed", "variants must give the same results (or say `same_results: false`): %s" % differs
            return
        self.sum, differs = results.compare(self.order, self.results)
        if differs:
            print(differs, file=sys.stderr)

    def result(self):
        """Everything, for the host."""
        for runner in self.runners:
            self.done += runner.done
            self.sum += runner.sum
            self.warmed(runner.first_item, runner.warm_time)
            for began, ended in runner.spans:
                self.span(runner.worker, began, ended)
            if runner.waited:
                self.stint(runner.worker)[2] += runner.waited
            if runner.thread:
                stint = self.stint(runner.worker)
                self.note_thread(stint, runner.thread)
            if self.order.objects:
                self.results.update(runner.results)
        if self.order.objects:
            self.compare()
        if self.trouble and self.trouble[0] == "host_died":
            # A program that ends has nothing left of what it had.
            self.done = self.sum = 0
        for life in self.lives:
            lane = life["worker"] + 1
            if life["ready"]:
                self.event(lane, "start", life["start"], life["ready"])
        names = ("done", "known", "duplicated", "first_item", "warm_up", "retried", "recovered", "seen", "events")
        names += ("left_out", "end")
        result = {name: getattr(self, name) for name in names}
        # Nobody sees which processes of a pool died, and which it has put in their place.
        hidden = self.trouble and self.order.model == "processes" and self.order.api != "process"
        kept = self.lives if (self.order.clocked or self.order.fault) and not hidden else []
        result["lives"] = [[life["worker"], life["start"], life["ready"], life["end"], int(life["died"])] for life in kept]
        # What did not come to its end has no percentiles.
        come = self.arrivals and self.end
        result["late"] = self.arrivals.late if come else []
        result["span"] = self.end - self.arrivals.start if come else 0
        result["stints"] = [self.stints[worker] for worker in self.stints]
        result.update(service=self.service, response=self.response, sum=self.sum & MASK, trouble=self.trouble)
        result["phases"] = (self.phases + [{"wall": 0, "usage": [0] * COUNTERS}] * 3)[:3]
        return result
