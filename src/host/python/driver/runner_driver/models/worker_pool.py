"""Worker processes over one of Python's own ways between processes, and what each of them has to do."""

import multiprocessing
import signal
from collections import deque

from .. import results
from ..arrivals import Alarm
from ..links import ManagerLink, die_with_parent, link_of
from ..order import source_of
from ..protocol import ERROR, FINISH, ITEMS, ITERATION, READY, REPORT, WARM, RunError, now
from ..tasks import the_task
from ..topology import ReplyTaker, finish_iteration
from .worker import worker_main

# Messages that may be on their way in one pipe, since the system counts each at its least size.
MOST_MESSAGES = 60


# How much room is made for an item or a result of a user's function, beyond its pickle and at most.
LEAST_ROOM = 1 << 12
MOST_ROOM = 64 << 20

# Room for what all parts of an iteration are told, in a slot of shared memory. What does not fit goes through the pipe.
MOST_TOLD = 4096


class Member:
    """A worker process as the driver sees it."""

    def __init__(self, worker, process, link, life):
        self.worker, self.process, self.link, self.life = worker, process, link, life
        # Chunks that were handed over and are not answered: pairs, attempts, when.
        self.given = deque()
        self.bytes = 0
        # When its parts of an iteration were answered.
        self.answered = 0
        self.words = None
        self.alive, self.told = True, 0
        self.report = None
        self.replaces = None

    def has_room(self, order, attempts, weight):
        if len(self.given) >= min(order.in_flight, MOST_MESSAGES):
            return False
        # What a worker may have died of goes alone. Replies that the dead had not sent off are gone with it, and an item
        # that was well would be blamed again and again for the one behind it.
        if self.given and (attempts or self.given[-1][1]):
            return False
        if not self.given or self.link.most_bytes is None:
            return True
        return self.bytes + weight() <= self.link.most_bytes

    def cause(self):
        """How it ended."""
        code = self.process.exitcode
        if code is not None and code < 0:
            try:
                ended = "signal %d (%s)" % (-code, signal.Signals(-code).name)
            except ValueError:
                ended = "signal %d" % -code
        else:
            ended = "exit code %s" % code
        return "%s, %s" % (self.words, ended) if self.words else ended


class WorkerPool:
    """Worker processes over one of Python's own ways between processes, and what each of them has to do."""

    def __init__(self, run):
        import selectors

        self.run, self.order = run, run.order
        self.context = multiprocessing.get_context(self.order.start)
        self.source = source_of(self.order)
        if self.order.objects:
            self.size_slots()
        self.selector = selectors.DefaultSelector()
        self.members, self.all = [], []
        self.manager = self.replies = None
        self.again = deque()
        self.fresh = iter(self.order.chunks())
        # When items come, once they do; the next one, and what wakes this up for it.
        self.arrivals, self.coming, self.alarm = None, 0, None
        self.open = self.order.items
        self.answered = bytearray(self.order.items)
        # Items that others found: those that wait, and those that are answered.
        self.found, self.answered_found = deque(), set()
        self.together = ReplyTaker(run, self.source)
        # What the driver itself needs of a task in iterations: what happens between them.
        self.task = None
        if self.order.parts:
            self.task = the_task(self.order)
            parts = max(len(self.order.parts_of(worker)) for worker in range(self.order.workers))
            each = max(self.order.largest_request, self.order.largest_reply) + self.task.letters
            self.order.largest_iteration = MOST_TOLD + parts * each
        self.death = None
        self.noticed = 0

    def size_slots(self):
        """Says how large items and results of a user's function are, for those who make room for them: a little more than their
        pickles."""
        request = max([0] + [self.source.weight(item, None) for item in range(self.order.items)])
        sizes = [min(size + size // 4 + LEAST_ROOM, MOST_ROOM) for size in (request, results.known_size(self.order))]
        self.order.largest_request, self.order.largest_reply = sizes

    def start(self):
        if self.order.ipc == "manager":
            from multiprocessing.managers import SyncManager

            self.manager = SyncManager(ctx=self.context)
            # A manager that outlives the driver would be left behind.
            self.manager.start(die_with_parent)
            self.replies = self.manager.Queue()
        self.members = [self.spawn(worker) for worker in range(self.order.workers)]

    def spawn(self, worker):
        """Starts a worker."""
        life, name = self.run.life(worker), "%s-py%d" % (self.order.prefix, len(self.all))
        if self.manager:
            link = ManagerLink(self.manager, self.replies, len(self.all))
        else:
            link = link_of(self.order)(self.context, self.order, name)
        process = self.context.Process(target=worker_main, args=(self.order, worker, link.ends()))
        process.start()
        link.handed_over()
        member = Member(worker, process, link, life)
        self.all.append(member)
        if link.reader is not None:
            self.selector.register(link.reader, 1, member)
            self.selector.register(process.sentinel, 1, member)
        return member

    def pids(self):
        """The processes, workers first."""
        return [member.process.pid for member in self.members if member.alive]

    def others(self):
        """Processes that serve the workers."""
        found = [self.manager._process.pid] if self.manager else []
        if self.order.start == "forkserver":
            from multiprocessing import forkserver

            found += [forkserver._forkserver._forkserver_pid]
        return found

    def next(self):
        """The next things that happened: messages, and deaths as `None`."""
        if self.manager:
            yield from self.next_of_manager()
            return
        for key, _ in self.selector.select(self.patience()):
            member = key.data
            if member is None:
                self.alarm.clear()
                continue
            if not member.alive:
                continue
            if key.fileobj is not member.link.reader:
                # What it had sent counts before its death does.
                while member.link.poll():
                    message = self.received(member)
                    if message is None:
                        break
                    yield member, message
                if member.alive:
                    yield member, None
                continue
            message = self.received(member)
            if message is not None:
                yield member, message
            else:
                yield member, None

    def patience(self):
        """Seconds until the next item comes; `None` where nothing but a message is to be waited for: none comes any more, one
        that has come waits for somebody to be free, or the alarm sees to it."""
        if not self.arrivals or self.again or self.coming >= self.order.items:
            return None
        if self.alarm and self.alarm.descriptor is not None:
            self.alarm.set(self.arrivals.start + self.arrivals.times[self.coming])
            return None
        return max(self.arrivals.left(self.coming), 0) / 1e9

    @staticmethod
    def received(member):
        try:
            return member.link.receive()
        except (EOFError, OSError):
            return None

    def next_of_manager(self):
        import queue

        patience = self.patience()
        try:
            name, message = self.replies.get(True, 0.02 if patience is None else min(patience, 0.02))
            yield self.all[name], message
            return
        except queue.Empty:
            pass
        except (EOFError, OSError) as error:
            raise RunError("worker_died", "the manager process ended") from error
        for member in self.members:
            if member.alive and not member.process.is_alive():
                yield member, None

    def gather(self, kind, take=None):
        """Waits for one message of this kind from every worker."""
        missing = {member for member in self.members if member.alive}
        while missing:
            for member, message in self.next():
                if message is None:
                    if kind == REPORT and member.report is not None:
                        self.unregister(member)
                        missing.discard(member)
                        continue
                    self.reap(member)
                    raise RunError("worker_died", self.death)
                if message[0] == ERROR:
                    member.words = message[1]
                elif message[0] == READY:
                    member.life["ready"] = message[1] - self.run.zero
                elif message[0] == REPORT:
                    member.report = message[1]
                elif message[0] == WARM:
                    self.run.warmed(*message[1])
                if message[0] == kind:
                    missing.discard(member)

    def unregister(self, member):
        member.alive = False
        if member.link.reader is not None:
            for waited in (member.link.reader, member.process.sentinel):
                try:
                    self.selector.unregister(waited)
                except (KeyError, ValueError):
                    pass

    def warm_up(self):
        pairs = self.source.fresh(range(min(self.order.chunk, self.order.items)))
        for member in self.members:
            member.link.send(WARM, pairs)
        self.gather(WARM)

    def stream(self):
        """Hands out all items and takes all replies."""
        self.arrivals = self.run.arrivals
        if self.arrivals and not self.manager:
            self.alarm = Alarm()
            if self.alarm.descriptor is not None:
                self.selector.register(self.alarm.descriptor, 1)
        self.run.let_come()
        self.fill_all()
        while self.open:
            for member, message in self.next():
                if message is None:
                    self.died(member)
                elif message[0] == ITEMS:
                    self.reply(member, message[1])
                    if self.found:
                        self.fill_all()
                elif message[0] == READY:
                    member.life["ready"] = message[1] - self.run.zero
                elif message[0] == ERROR:
                    member.words = message[1]
            if self.arrivals:
                self.fill_all()
        self.together.finish()

    def play_iterations(self):
        """Plays all iterations. What parts keep stays with their worker, so that it always has the same ones."""
        told, received = self.task.first, [[] for _ in range(self.order.parts)]
        for iteration in range(self.order.items // self.order.parts):
            for member in self.members:
                self.hand_over(member, iteration, told, received)
            replies, sent = [b""] * self.order.parts, [[] for _ in range(self.order.parts)]
            while any(member.given for member in self.members):
                for member, message in self.next():
                    if message is None:
                        self.reap(member)
                        raise RunError("worker_died", self.death)
                    if message[0] == ITERATION:
                        self.take_round(member, message[1], replies, sent)
                    elif message[0] == READY:
                        member.life["ready"] = message[1] - self.run.zero
                    elif message[0] == ERROR:
                        member.words = message[1]
            told, received = finish_iteration(self.task, iteration, told, replies, sent)

    def hand_over(self, member, iteration, told, received):
        """Hands a worker its parts of an iteration."""
        parts = self.order.parts_of(member.worker)
        if not parts:
            return
        pairs = self.source.pairs(iteration * self.order.parts + part for part in parts)
        letters = [(part, letter, sender) for part in parts for sender, letter in received[part]]
        member.given.append((pairs, 0, now()))
        if self.order.clocked and iteration > 0:
            self.run.stint(member.worker)[2] += now() - member.answered
        try:
            member.link.send(ITERATION, [(None, told)] + pairs + letters)
        except (BrokenPipeError, ConnectionError, EOFError) as error:
            self.check_manager(error)

    def check_manager(self, error):
        """After what could not be sent: the end of a worker is found where it is waited for, that of the manager here."""
        if self.manager and not self.manager._process.is_alive():
            raise RunError("worker_died", "the manager process ended") from error

    def take_round(self, member, told, replies, sent):
        """Takes a worker's answers and the letters of its parts."""
        pairs, _, handed = member.given.popleft()
        member.answered = now()
        for answer in told[: len(pairs)]:
            item, seen, reply = answer[:3]
            self.run.account(item, seen, reply)
            replies[item % self.order.parts] = reply
            if self.order.clocked:
                self.run.span(member.worker, answer[3], answer[4], handed)
        for sender, receiver, letter in told[len(pairs) :]:
            sent[sender].append((receiver, letter))

    def fill_all(self):
        """One chunk for each in turn, so that none has two before all have one. What comes goes to whoever has least to do."""
        if self.arrivals:
            members = [member for member in self.members if member.alive]
            while members and self.fill(min(members, key=lambda member: len(member.given)), 1):
                pass
            return
        for _ in range(self.order.in_flight):
            for member in self.members:
                if member.alive:
                    self.fill(member, 1)

    def fresh_items(self):
        """The next run of items of the order, or of those that have come."""
        if not self.arrivals:
            return next(self.fresh, None)
        if self.coming >= self.order.items or self.arrivals.left(self.coming) > 0:
            return None
        self.coming += 1
        return range(self.coming - 1, self.coming)

    def fill(self, member, most):
        """Hands so many chunks to a worker, if there are as many and it has room; says whether it did."""
        while most:
            if not self.again:
                items = self.fresh_items()
                if items is not None:
                    pairs = self.source.pairs(items)
                elif self.found:
                    pairs = [self.found.popleft() for _ in range(min(self.order.chunk, len(self.found)))]
                else:
                    return False
                self.again.append((pairs, 0))
            pairs, attempts = self.again[0]
            if not member.has_room(self.order, attempts, lambda: self.weight(pairs)):
                return False
            self.again.popleft()
            member.given.append((pairs, attempts, now()))
            member.bytes += self.weight(pairs)
            most -= 1
            try:
                member.link.send(ITEMS, pairs)
            except (BrokenPipeError, ConnectionError, EOFError) as error:
                self.check_manager(error)
                return False
        return True

    def weight(self, pairs):
        """About how many bytes these items have on their way."""
        return sum(self.source.weight(item, request) + 64 for item, request in pairs)

    def reply(self, member, answers):
        replied = now()
        pairs, _, handed = member.given.popleft()
        member.bytes -= self.weight(pairs)
        if member.replaces and not self.run.recovered:
            self.run.recovered = now() - member.replaces
        if self.arrivals:
            self.fill_all()
        else:
            self.fill(member, self.order.in_flight)
        for answer in answers:
            item = answer[0]
            if not self.is_new(item):
                self.run.duplicated += 1
                continue
            self.open -= 1
            if self.arrivals:
                self.arrivals.note(item, replied)
            self.run.account(*answer[:3])
            if self.together:
                new = self.together.take(member.worker, item, answer[2], answer[-1])
                self.found.extend(new)
                self.open += len(new)
            if self.order.clocked:
                self.run.span(member.worker, answer[3], answer[4], handed)

    def is_new(self, item):
        """Marks an item as answered, and says whether it was not."""
        if item >= self.order.items:
            new = item not in self.answered_found
            self.answered_found.add(item)
            return new
        new, self.answered[item] = not self.answered[item], 1
        return new

    def reap(self, member):
        """Notes a death."""
        noticed = now()
        self.unregister(member)
        member.process.join()
        member.life.update(end=noticed - self.run.zero, died=True)
        last = max([member.life["ready"] or member.life["start"]] + [g[2] - self.run.zero for g in list(member.given)[:1]])
        self.run.event(member.worker + 1, "crash", min(last, noticed - self.run.zero), noticed - self.run.zero)
        self.death = self.death or member.cause()
        return noticed

    def died(self, member):
        """A worker is gone before its time: what happens then is a setting."""
        noticed = self.reap(member)
        given, member.given = list(member.given), deque()
        if self.order.on_crash == "stop":
            raise RunError("worker_died", self.death)
        if self.order.on_crash == "restart":
            self.hand_out_again(given)
            fresh = self.spawn(member.worker)
            fresh.replaces = noticed
            self.members[self.members.index(member)] = fresh
            self.fill(fresh, self.order.in_flight)
            return
        self.open -= sum(len(pairs) for pairs, _, _ in given)
        if not any(other.alive for other in self.members):
            raise RunError("worker_died", self.death)

    def hand_out_again(self, given):
        """The items of a dead worker, its first chunk one by one, since one of that was running."""
        again = []
        for place, (pairs, attempts, _) in enumerate(given):
            if place == 0:
                attempts += 1
                if attempts >= self.order.limits["tries"]:
                    self.open -= len(pairs)
                else:
                    again += [([pair], attempts) for pair in pairs]
            else:
                again.append((pairs, attempts))
        self.run.retried += sum(len(pairs) for pairs, _ in again)
        self.again.extendleft(reversed(again))

    def finish(self):
        """Tells all to end, and sees them end."""
        told = now()
        for member in self.members:
            if member.alive:
                member.told = told
                try:
                    member.link.send(FINISH, None)
                except OSError:
                    pass
        self.gather(REPORT)
        for member in self.members:
            if member.report is None:
                continue
            member.process.join()
            member.life["end"] = now() - self.run.zero
            self.run.event(member.worker + 1, "join", told - self.run.zero, now() - self.run.zero)
            if self.order.task == "globals":
                before, after = member.report
                self.run.seen.append({"worker": member.worker, "before": before, "after": after})

    def shutdown(self):
        """Ends whoever is left, and removes what has a name."""
        for member in self.all:
            if member.process.exitcode is None:
                member.process.kill()
        for member in self.all:
            try:
                member.link.close()
            except (OSError, BufferError):
                pass
        if self.manager:
            try:
                self.manager._process.kill() if self.run.trouble else self.manager.shutdown()
            except Exception:
                pass
