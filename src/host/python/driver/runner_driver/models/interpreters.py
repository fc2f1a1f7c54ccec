"""Sub-interpreters, each in a thread of its own."""

import os
import pickle
import struct
import sys
import threading

from .. import probe
from ..checksums import MASK
from ..items import runner_of
from ..order import Order, source_of
from ..protocol import describe, now
from ..tasks import the_task


class Interpreters:
    """The threads of one trial, each of which runs a sub-interpreter. They claim runs of items from a pipe: a read of eight
    bytes is whole."""

    def __init__(self, run):
        self.run, self.order = run, run.order
        self.claim_read, self.claim_write = os.pipe()
        self.said_read, self.said_write = os.pipe()
        self.lives, self.members = [], []
        # The words of those that ended alone.
        self.words = []

    def start(self):
        for worker in range(self.order.workers):
            self.lives.append(self.run.life(worker))
            self.members.append(threading.Thread(target=self.body, args=(worker, self.lives[worker])))
            self.members[-1].start()

    def body(self, worker, life):
        """The life of a thread."""
        place = {"order": self.order.given, "worker": worker, "claims": self.claim_read, "said": self.said_write}
        code = "import sys\nsys.path[:] = %r\nsys.pycache_prefix = %r\n" % (sys.path, sys.pycache_prefix)
        code += "sys.dont_write_bytecode = False\n"
        code += "from runner_driver.models import interpreters\ninterpreters.interpreter_main(%r)\n" % place
        try:
            error = run_in_interpreter(code)
        except BaseException as raised:
            error = describe(raised)
        if error:
            self.words.append(error)
            life["died"] = True
        os.write(self.said_write, struct.pack("<qq", worker, -1))

    def listen(self, expected):
        """Waits until so many have said that they are ready, or have ended; gives how many have ended."""
        ended = 0
        for _ in range(expected):
            worker, word = struct.unpack("<qq", os.read(self.said_read, 16))
            if word >= 0:
                self.lives[worker]["ready"] = word - self.run.zero
            else:
                ended += 1
        return ended

    def hand_out(self):
        """Writes all claims, from a thread of its own."""
        for at in range(0, self.order.items, self.order.chunk):
            if self.run.arrivals:
                # What comes while all are busy waits in the pipe.
                self.run.arrivals.wait(at)
            os.write(self.claim_write, struct.pack("<Q", at))
        os.close(self.claim_write)

    def join(self):
        for member, life in zip(self.members, self.lives):
            member.join()
            life["end"] = now() - self.run.zero


def in_interpreters(run):
    """One trial."""
    order, team = run.order, Interpreters(run)
    run.begin()
    team.start()
    ended = team.listen(order.workers) if order.warm else 0
    run.weigh()
    run.edge()
    writer = threading.Thread(target=team.hand_out, daemon=True)
    run.let_come()
    writer.start()
    team.listen(order.workers - ended + (0 if order.warm else order.workers))
    run.edge()
    run.weigh()
    team.join()
    run.edge()
    for worker in range(order.workers):
        collect_interpreter(run, worker)
    if team.words:
        run.trouble = ("failed", "an interpreter ended alone: %s" % team.words[0])


def run_in_interpreter(code):
    """Runs code in a fresh sub-interpreter with a lock of its own; gives the words of what ended it, if anything did."""
    try:
        from concurrent import interpreters
    except ImportError:
        interpreters = None
    if interpreters is not None:
        interpreters.create().exec(code)
        return None
    if sys.version_info < (3, 13):
        # Its name in 3.12, where what ends it is raised.
        import _xxsubinterpreters

        number = _xxsubinterpreters.create(isolated=True)
        try:
            _xxsubinterpreters.run_string(number, code)
        finally:
            _xxsubinterpreters.destroy(number)
        return None
    import _interpreters

    number = _interpreters.create()
    try:
        error = _interpreters.exec(number, code)
    finally:
        _interpreters.destroy(number)
    return error and (getattr(error, "formatted", None) or str(error))


def interpreter_main(place):
    """The life of one sub-interpreter."""
    order, worker = Order(place["order"]), place["worker"]
    if order.switch_interval:
        sys.setswitchinterval(order.switch_interval / 1e9)
    source, runner = source_of(order), runner_of(order, the_task(order), worker)
    if order.warm:
        runner.warm_up(source.fresh(range(min(order.chunk, order.items))))
    os.write(place["said"], struct.pack("<qq", worker, now()))
    runner.touch_global()
    # When items were replied to, where they come at a rate.
    replied = []
    try:
        while True:
            claim = os.read(place["claims"], 8)
            if not claim:
                break
            at = struct.unpack("<Q", claim)[0]
            for item in range(at, min(at + order.chunk, order.items)):
                runner.work(item, source.get(item))
                if order.rate:
                    replied.append((item, now()))
    finally:
        told = [runner.done, runner.sum & MASK, runner.first_item, runner.warm_time, runner.spans]
        told += [replied, runner.before, probe.GLOBAL]
        with open(os.path.join(order.folder, "interpreter-%d" % worker), "wb") as file:
            pickle.dump(told + [getattr(runner, "results", None)], file)


def collect_interpreter(run, worker):
    """What a sub-interpreter left."""
    try:
        with open(os.path.join(run.order.folder, "interpreter-%d" % worker), "rb") as file:
            told = pickle.load(file)
    except (OSError, EOFError, pickle.UnpicklingError):
        return
    runner = run.runner(None, worker)
    runner.done, runner.sum, runner.first_item, runner.warm_time, runner.spans = told[:5]
    replied, before, after, runner.results = told[5:]
    for item, at in replied:
        run.arrivals.note(item, at)
    if run.order.task == "globals":
        run.seen.append({"worker": worker, "before": before, "after": after})
