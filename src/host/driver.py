"""The Python side of `runner`: runs one trial in a CPython, with Python's own classes, and says what it took.

The host process writes this module into the run's folder and starts an interpreter on a main file that imports it: a
module is compiled once in a run, a main file in every trial and by every worker that starts afresh. `main` reads one line of JSON, the order, from
standard input, and writes lines of JSON to a private duplicate of standard output: `weigh` where the host is to read the
memory of processes, which it answers with a line, and `result` at the end. Descriptor 1 points at standard error before
any item runs, so that what it prints cannot spoil the protocol. Everything but `main` may run in any of the processes.

It runs on CPython 3.8 and newer, and imports what only one way of running needs in that way.
"""

import itertools
import json
import multiprocessing
import os
import resource
import signal
import struct
import sys
import threading
import time
import zlib
from collections import deque

now = time.monotonic_ns
MASK = (1 << 64) - 1
# Kinds of messages between the driver and its worker processes.
READY, WARM, ITEMS, ITERATION, FINISH, REPORT, ERROR = range(7)
# Most events of a timeline that are kept of one lane and kind; `MOST_EVENTS` in src/model/trace.rs.
MOST_EVENTS = 400
# Bytes of requests that may be on their way in one pipe. With more, a send could wait for a worker that waits itself.
ON_THE_WAY = 48 * 1024
# Messages that may be on their way in one pipe, since the system counts each at its least size.
MOST_MESSAGES = 60
# Room for what all parts of an iteration are told, in a slot of shared memory. What does not fit goes through the pipe.
MOST_TOLD = 4096
# How often an item that its worker died of is handed out again.
MOST_RETRIES = 3
# Bytes of an `int` above the small ones, with its place in a list.
BYTES_OF_OBJECT = 40

# The variable of the task `globals`: 1 at import, 2 once main has begun.
GLOBAL = 1
# What the parent holds when its workers start.
PARENT = None
# Of a process of a pool: its bench.
POOL = None


class TimedOut(BaseException):
    """The deadline has passed. No `except Exception` of an item stops it."""


class Trouble(Exception):
    """Why a run did not end well, in the host's words for it."""

    def __init__(self, kind, text=""):
        super().__init__(text)
        self.kind = kind


# ---------------------------------------------------------------------------------------------------------------- digests


def digest(data):
    """Reads every byte, in C. The same as `checksum` in src/task/digest.rs."""
    return zlib.crc32(data) | len(data) << 32


def once_item(request):
    """The number of the only item with this request. The same as in src/task/digest.rs."""
    import hashlib

    return int.from_bytes(hashlib.sha256(request).digest()[:8], "little") | 1 << 63


def item_digest(item, request, reply):
    """The digest of a finished item. The same as `item_checksum` in src/task/digest.rs."""
    mixed = (item * 0x9E3779B97F4A7C15 + request * 0xBF58476D1CE4E5B9 + reply * 0x94D049BB133111EB) & MASK
    return (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93 & MASK


def mix(seed, index):
    """The finaliser of splitmix64; the same as in src/task/numbered.rs."""
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


# ------------------------------------------------------------------------------------------------------------------ order


# Python's own pools and executors: whether their workers are threads or processes, and whose classes they are.
POOLS = {
    "ThreadPool": ("threads", "pool"),
    "ThreadPoolExecutor": ("threads", "executor"),
    "Pool": ("processes", "pool"),
    "ProcessPoolExecutor": ("processes", "executor"),
}


class Order:
    """What is to be done and how, as the host says it. It crosses to worker processes."""

    def __init__(self, given):
        config = given["config"]
        self.given = given
        self.task = given["task"]
        self.settings = given["settings"]
        self.seed = given["seed"]
        self.items = given["items"]
        self.folder = given["folder"]
        self.prefix = given["prefix"].lstrip("/")
        self.largest_request, self.largest_reply = given["sizes"]
        # Most bytes of a worker's parts of an iteration with their letters, where there are iterations and somebody has worked it out.
        self.largest_iteration = 0
        # How items hang together: not at all, by finding each other, by one consumer of all replies, or in iterations of so
        # many parts.
        self.finds, self.gathers = given["topology"] == "finding", given["topology"] == "gathering"
        self.parts = given["parts"] or 0
        host, _, port = (given["server"] or "").rpartition(":")
        self.server = host, int(port or 0)
        # What is absent has no meaning under this model.
        self.model, self.api = POOLS.get(config["model"], (config["model"], "process"))
        self.workers = config.get("workers") or 1
        self.chunk = config.get("chunk") or 1
        # Of an event loop, how many items it has under way at once.
        self.in_flight = config.get("concurrency") or config.get("in_flight") or 1
        self.ipc = config.get("ipc") or "pipe"
        self.start = config.get("start") or "fork"
        self.on_crash = config.get("on_crash") or "stop"
        # Items a second that come whether workers keep up or not; without one, the next item is begun when somebody is free.
        self.rate = config.get("rate")
        self.switch_interval = config.get("switch_interval")
        self.parent_memory = config.get("parent_memory") or 0
        self.reads_parent = self.parent_memory > 0 and config.get("parent_use") == "read"
        self.warm = config["measure"] == "work"
        self.clocked = given["purpose"] == "profiling"
        self.weighs = given["purpose"] == "memory"
        self.trace = given["trace"]
        fault = given["fault"] or {"kind": "", "item": -1}
        self.fault, self.faulty = fault["kind"], fault["item"]

    def chunks(self):
        """The numbers of the items, in runs."""
        return (range(at, min(at + self.chunk, self.items)) for at in range(0, self.items, self.chunk))

    def parts_of(self, worker):
        """The parts of a worker in every iteration: about equally many neighbours, as in src/model/iterations.rs."""
        return range(worker * self.parts // self.workers, (worker + 1) * self.parts // self.workers)


class Feed:
    """Requests and constants, from the file that the host has written."""

    def __init__(self, order, constants_only=False):
        with open(os.path.join(order.folder, "requests"), "rb") as file:
            stamped, constants, requests = struct.unpack("<QQQ", file.read(24))
            take = lambda: file.read(struct.unpack("<Q", file.read(8))[0])
            self.constants = [take() for _ in range(constants)]
            self.requests = [] if constants_only else [take() for _ in range(requests)]
        self.get = self.stamped if stamped else self.requests.__getitem__

    def stamped(self, item):
        """One of a few bulk payloads, which differ in the number at their start."""
        return item.to_bytes(8, "little") + self.requests[item % len(self.requests)][8:]

    def pairs(self, items):
        return [(item, self.get(item)) for item in items]


# --------------------------------------------------------------------------------------------------------------- arrivals


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


# ------------------------------------------------------------------------------------------------------------------ tasks


def empty(order, constants):
    def run(request):
        if request:
            raise ValueError("the request is not one that this task writes")
        return b""

    return run


def is_prime(n):
    if n < 4:
        return n >= 2
    if n % 2 == 0:
        return False
    divisor = 3
    while divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor += 2
    return True


def primes(order, constants):
    limit = order.settings["limit"]

    def run(request):
        block = int.from_bytes(request, "little")
        count = 0
        for n in range(limit * block // 64, limit * (block + 1) // 64):
            if is_prime(n):
                count += 1
        return count.to_bytes(8, "little")

    return run


def matrix(order, constants):
    n, side = order.settings["n"], 32
    a = [float(byte % 16) for byte in constants[0]]
    b = [float(byte % 16) for byte in constants[1]]
    rows = [b[k * n : k * n + n] for k in range(n)]
    weights = [mix(0, i) for i in range(n * n)]

    def run(request):
        scale = float(int.from_bytes(request, "little"))
        total, at = 0, 0
        for i in range(n):
            row = [0.0] * n
            for k0 in range(0, n, side):
                for k in range(k0, min(k0 + side, n)):
                    left = a[i * n + k] * scale
                    row = [total_so_far + left * right for total_so_far, right in zip(row, rows[k])]
            for value in row:
                total += int(value) * weights[at]
                at += 1
        return (total & MASK).to_bytes(8, "little")

    return run


def hashing(order, constants):
    import hashlib

    rest = constants[0]

    def run(request):
        state = hashlib.sha256(request)
        state.update(rest)
        return state.digest()

    # One call, where joining costs little: whether the lock is let go depends on the bytes of a call.
    joined = lambda request: hashlib.sha256(request + rest).digest()
    return joined if len(rest) < 65536 else run


def sleeping(order, constants):
    seconds, seed = order.settings["delay"] / 1e9, order.seed

    def run(request):
        time.sleep(seconds)
        return mix(seed, int.from_bytes(request, "little")).to_bytes(8, "little")

    async def run_async(request):
        import asyncio

        await asyncio.sleep(seconds)
        return mix(seed, int.from_bytes(request, "little")).to_bytes(8, "little")

    run.as_coroutine = run_async
    return run


def files(order, constants):
    rest, fsync, names = constants[0], order.settings["fsync"], itertools.count()

    def run(request):
        # Two workers may run one item at a time (a warm-up does), and each must find its own file.
        name = "%d-%d-%d" % (os.getpid(), id(names), next(names))
        path = os.path.join(order.folder, name)
        with open(path, "w+b", buffering=0) as file:
            for part in (request, rest):
                view = memoryview(part)
                while view:
                    view = view[file.write(view) :]
            if fsync:
                os.fsync(file.fileno())
            file.seek(0)
            back = file.read()
        os.remove(path)
        return digest(back).to_bytes(8, "little")

    async def run_async(request):
        import asyncio

        return await asyncio.get_running_loop().run_in_executor(None, run, request)

    run.as_coroutine = run_async
    return run


def echo(order, constants):
    size = order.settings["payload"]

    def run(request):
        if len(request) != size:
            raise ValueError("the request is not one that this task writes")
        return request

    return run


def mixed(order, constants):
    seed, steps, seconds = order.seed, order.settings["steps"], order.settings["delay"] / 1e9

    def compute(request):
        state = mix(seed, int.from_bytes(request, "little"))
        for step in range(steps):
            state = mix(state, step)
        return state.to_bytes(8, "little")

    def run(request):
        reply = compute(request)
        time.sleep(seconds)
        return reply

    async def run_async(request):
        import asyncio

        reply = compute(request)
        await asyncio.sleep(seconds)
        return reply

    run.as_coroutine = run_async
    return run


def convoy(order, constants):
    """The first item waits again and again; the others compute until it is done. A byte of a file that all workers map is 1
    while it waits: looking at it is no call of the system, so that it lets no lock go."""
    import mmap

    settings, seed, grace = order.settings, order.seed, 0.01
    waits, seconds = settings["waits"], settings["delay"] / 1e9

    def flag():
        descriptor = os.open(os.path.join(order.folder, "waiting"), os.O_RDWR | os.O_CREAT)
        os.ftruncate(descriptor, 4096)
        mapped = mmap.mmap(descriptor, 4096)
        os.close(descriptor)
        return mapped

    def wait(waiting):
        sink = os.open(os.devnull, os.O_WRONLY)
        waiting[0] = 1
        for _ in range(waits):
            if seconds:
                time.sleep(seconds)
            else:
                os.write(sink, b"x")
        waiting[0] = 0
        os.close(sink)

    def compute(waiting):
        state, seen, begun = seed & MASK, False, now()
        while True:
            for step in range(50):
                state = mix(state, step)
            if waiting[0]:
                seen = True
            elif seen or now() - begun > grace * 1e9:
                return

    def run(request):
        item = int.from_bytes(request, "little")
        with flag() as waiting:
            (compute if item else wait)(waiting)
        return mix(seed, item).to_bytes(8, "little")

    return run


def database(order, constants):
    """Rows of an SQLite file that the host has made, read or inserted. Every row is a call of SQLite, around which the lock is
    let go."""
    # The module in C itself. The package around it imports datetime, and CPython 3.12 and 3.13 crash where several
    # sub-interpreters do that at a time (python/cpython#136421).
    import _sqlite3 as sqlite3

    settings, local = order.settings, threading.local()
    access, rows, seed = settings["access"], settings["rows"], order.seed
    inserts, together = access.startswith("insert"), access == "insert_transaction"
    busy = -(-settings["busy_timeout"] // 1000000)
    path = os.path.join(order.folder, "database.sqlite").replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    path = "file:%s?mode=%s" % (path, "rw" if inserts else "ro")
    query = "SELECT %s FROM numbers WHERE block = ?" % ("sum(number)" if access == "sum" else "number")

    def connection():
        if not hasattr(local, "connection"):
            # Transactions begin and end where it is said, and nowhere else.
            local.connection = sqlite3.connect(path, uri=True, timeout=busy / 1000, isolation_level=None)
            if inserts:
                local.connection.execute("PRAGMA synchronous = %s" % settings["synchronous"])
        return local.connection

    def read(item):
        total = 0
        for (number,) in connection().execute(query, (item,)):
            total += number
        return total.to_bytes(8, "little")

    def insert(item, table):
        execute, first = connection().execute, mix(seed, item) & 0xFFFFFF
        # An item that is run again, since its worker died, finds rows of its own.
        text = "INSERT OR REPLACE INTO %s VALUES (?, ?, ?)" % table
        if together:
            # The lock is taken at once: a transaction that begins by reading may find that it cannot write any more.
            execute("BEGIN IMMEDIATE")
        try:
            for row in range(rows):
                execute(text, (item, row, first + row * 0x9E3779 & 0xFFFFFF))
            if together:
                execute("COMMIT")
        except BaseException:
            if local.connection.in_transaction:
                execute("ROLLBACK")
            raise
        count, total = execute("SELECT count(*), sum(number) FROM %s WHERE item = ?" % table, (item,)).fetchone()
        return count.to_bytes(8, "little") + (total or 0).to_bytes(8, "little")

    def item_with(work, *rest):
        def run(request):
            try:
                return work(int.from_bytes(request, "little"), *rest)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                # The same as in src/task/database/connection.rs.
                raise sqlite3.OperationalError(
                    "database is locked: another connection was writing, and this one gave up (`busy_timeout: %d ms`); a longer "
                    "`busy_timeout`, shorter transactions or fewer workers avoid it" % busy
                ) from error

        return run

    if not inserts:
        return item_with(read)
    run = item_with(insert, "inserted")
    run.warm_up = item_with(insert, "warm_up")
    return run


def compress(order, constants):
    """Bytes that are deflated and inflated, each in one call, around which the lock is let go."""
    rest, level = constants[0], order.settings["level"]

    def run(request):
        whole = request + rest
        packed = zlib.compress(whole, level)
        return request + digest(zlib.decompress(packed, bufsize=len(whole))).to_bytes(8, "little")

    return run


def sort(order, constants):
    """Numbers, or words, in their order. Sorting is one call, which holds the lock."""
    if order.settings["of"] == "words":
        letters, words = bytes(range(ord("a"), ord("z") + 1)), constants[0]

        def run(request):
            shift = int.from_bytes(request, "little") % len(letters)
            moved = words.translate(bytes.maketrans(letters, letters[shift:] + letters[:shift]))
            lines = moved.split(b"\n")
            # Nothing comes after the last line feed, and so it comes first.
            lines.sort()
            return digest(b"\n".join(lines[1:] + lines[:1])).to_bytes(8, "little")

        return run
    form = "<%dQ" % (len(constants[0]) // 8)
    numbers = struct.unpack(form, constants[0])

    def run(request):
        key = int.from_bytes(request, "little")
        return digest(struct.pack(form, *sorted([number ^ key for number in numbers]))).to_bytes(8, "little")

    return run


def documents(order, constants):
    """A document that is parsed, changed, and written again. Parsing and writing are one call each, which holds the lock."""

    def run(request):
        item, document = int.from_bytes(request[:8], "little"), json.loads(request[8:])
        total = 0
        for record in document["records"]:
            record["balance"] += item
            record["visits"] += 1
            total += record["balance"]
            if (record["id"] + item) % 2 == 0:
                record["active"] = not record["active"]
                record["marks"].append(item)
        document["total"] = total
        return json.dumps(document, separators=(",", ":")).encode()

    return run


def numeric(order, constants):
    return (pi if order.settings["of"] == "pi" else stencil)(order, constants)


def pi(order, constants):
    """How many random points of a square are in the quarter of a circle. The same as in src/task/numeric/pi.rs."""
    points, low, edge = order.settings["points"], (1 << 31) - 1, 1 << 62

    def run(request):
        seed, hits = int.from_bytes(request, "little"), 0
        for point in range(points):
            random = mix(seed, point)
            x, y = random >> 33, random & low
            if x * x + y * y < edge:
                hits += 1
        return hits.to_bytes(8, "little")

    return run


def stencil(order, constants):
    """Heat on a grid in strips of rows, in iterations. The same to the bit as in src/task/numeric/stencil.rs: sums are added up in
    the order there, and not by `sum`, which compensates for rounding from 3.12 on."""
    seed, side, parts = order.seed, order.settings["side"], order.parts
    cold, form = [0.0] * side, struct.Struct("<%dd" % side)

    def begin(part):
        """The rows of a part, between one above and one below that others keep."""
        rows = range(part * side // parts, (part + 1) * side // parts)
        warm = [[(mix(seed, row * side + at) >> 40) / (1 << 24) for at in range(side)] for row in rows]
        return [cold] + warm + [cold]

    def receive(part, strip, turn):
        # Who warms up has no neighbours.
        if len(turn.received) != (part > 0) + (part + 1 < parts) and not turn.warming:
            raise ValueError("a part does not hear from all of its neighbours")
        for sender, row in turn.received:
            strip[0 if sender < part else -1] = list(form.unpack(row))

    def step(strip):
        """The strip after one step in time, and the sum of the squares of all changes."""
        changes, after = cold, [cold]
        for above, row, below in zip(strip, strip[1:], strip[2:]):
            beside = zip(row, above, below, [0.0] + row[:-1], row[1:] + [0.0])
            new = [0.5 * own + 0.125 * (up + down + left + right) for own, up, down, left, right in beside]
            apart = [value - old for value, old in zip(new, row)]
            changes = [so_far + change * change for so_far, change in zip(changes, apart)]
            after.append(new)
        total = 0.0
        for change in changes:
            total += change
        return after + [cold], total

    def run(request, turn):
        part, change = int.from_bytes(request, "little") % parts, 0.0
        strip = begin(part) if turn.kept is None else turn.kept
        if turn.kept is not None or turn.warming:
            receive(part, strip, turn)
            strip, change = step(strip)
        turn.kept = strip
        rows = [form.pack(*row) for row in strip[1:-1]]
        if part > 0:
            turn.sent.append((part - 1, rows[0]))
        if part + 1 < parts:
            turn.sent.append((part + 1, rows[-1]))
        return struct.pack("<dQ", change, digest(b"".join(rows)))

    run.first, run.reduce = b"", lambda iteration, replies, told: b""
    # Most bytes that a part sends, and that it receives.
    run.letters = 2 * form.size
    return run


class Web:
    """Fetches from the trial's server: with a connection that is kept for each thread, or for each item that an event loop
    has under way."""

    # How long the server may say nothing beyond what its settings say, and what it does not count; as src/task/fetch.rs.
    PATIENCE = 4
    WARMING = "x-warming-up"

    def __init__(self, order):
        import http.client

        settings = order.settings
        self.client, self.server = http.client, order.server
        self.patience = self.PATIENCE + settings["delay"] / 1e9
        bandwidth = settings.get("bandwidth", 0)
        self.whole = self.patience + (settings["size"] / bandwidth if bandwidth else 0)
        self.local, self.idle = threading.local(), []

    def get(self, path, warming=False):
        """The content of a path."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self.client.HTTPConnection(*self.server, timeout=self.patience)
        connection = self.local.connection
        try:
            connection.request("GET", path, headers={self.WARMING: "1"} if warming else {})
            response = connection.getresponse()
            body = response.read()
        except (OSError, self.client.HTTPException) as error:
            connection.close()
            raise self.failed(path, error) from error
        if response.status != 200:
            raise RuntimeError("GET %s: the task's server answered %d %s" % (path, response.status, response.reason))
        return body

    @staticmethod
    def failed(path, error):
        what = "cannot be reached, it may have ended" if isinstance(error, ConnectionRefusedError) else "did not answer"
        return RuntimeError("GET %s: the task's server %s: %s" % (path, what, describe(error)))

    async def get_async(self, path, warming=False):
        """The same in an event loop."""
        import asyncio

        try:
            reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(*self.server)
            # Not `wait_for`: it costs a task of the loop, and some versions forget with it that they were cancelled.
            late = asyncio.get_running_loop().call_later(self.whole, writer.transport.abort)
            try:
                return await self.fetch(reader, writer, path, warming)
            finally:
                late.cancel()
        except (OSError, EOFError) as error:
            raise self.failed(path, error) from error

    async def fetch(self, reader, writer, path, warming):
        extra = "%s: 1\r\n" % self.WARMING if warming else ""
        writer.write(("GET %s HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n" % ((path,) + self.server + (extra,))).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = head[0].partition(" ")[2]
        fields = dict(field.lower().split(": ", 1) for field in head[1:] if ": " in field)
        body = await reader.readexactly(int(fields["content-length"]))
        self.idle.append((reader, writer))
        if not status.startswith("200"):
            raise RuntimeError("GET %s: the task's server answered %s" % (path, status))
        return body


def download(order, constants):
    """The content of a file, or its digest."""
    web, whole = Web(order), order.settings["returns"] == "body"
    reply = (lambda body: body) if whole else (lambda body: digest(body).to_bytes(8, "little"))

    async def run_async(request):
        return reply(await web.get_async(request.decode()))

    def run(request):
        return reply(web.get(request.decode()))

    run.as_coroutine = run_async
    return run


def crawl(order, constants):
    """The digest of a page, and the pages of its server that it leads to."""
    from html.parser import HTMLParser

    web = Web(order)

    class Links(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found = []

        def handle_starttag(self, tag, attributes):
            if tag == "a":
                path = (dict(attributes).get("href") or "").partition("#")[0]
                # Two slashes begin the name of another server.
                if path.startswith("/") and not path.startswith("//"):
                    self.found.append(path.encode())

    def read(page):
        links = Links()
        links.feed(page.decode())
        links.close()
        return digest(page).to_bytes(8, "little"), links.found

    async def run_async(request):
        return read(await web.get_async(request.decode()))

    async def warm_up_async(request):
        return read(await web.get_async(request.decode(), True))[0]

    def run(request):
        return read(web.get(request.decode()))

    run.as_coroutine, run.warm_up_async = run_async, warm_up_async
    run.warm_up = lambda request: read(web.get(request.decode(), True))[0]
    return run


def log_every(settings):
    """After how many lines they are made durable; `None` for never."""
    return {"never": None, "batch": settings["batch"], "line": 1}[settings["sync"]]


def log_line(producer, turn, message):
    """A line with its end. The same as in src/task/lines.rs."""
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
        return digest(said).to_bytes(8, "little")

    run = lambda request: append(request, log)
    run.warm_up = lambda request: append(request, warm_up)
    return run


class LogWriter:
    """The one writer of the task `log`. The same as in src/task/log.rs."""

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


def global_variable(order, constants):
    return lambda request: request


def users_function(order, constants):
    """A function of the user's own: `call: module:function`, or `code` that defines `run`. Items and replies are JSON."""
    import importlib
    import inspect

    settings = order.settings
    folder = os.path.abspath(settings["path"])
    if settings["code"]:
        folder, module, name = order.folder, "users_code", "run"
    else:
        module, _, name = settings["call"].partition(":")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    function = importlib.import_module(module)
    for part in (name or "run").split("."):
        function = getattr(function, part)

    def reply(value):
        try:
            return json.dumps(value, sort_keys=True).encode()
        except (TypeError, ValueError):
            return repr(value).encode()

    def run(request):
        return reply(function(json.loads(request)))

    if inspect.iscoroutinefunction(function):

        def run(request):
            import asyncio

            return reply(asyncio.run(function(json.loads(request))))

        async def run_async(request):
            return reply(await function(json.loads(request)))

        run.as_coroutine = run_async
    return run


TASKS = {
    "empty": empty,
    "primes": primes,
    "matrix": matrix,
    "hash": hashing,
    "sleep": sleeping,
    "file": files,
    "echo": echo,
    "mixed": mixed,
    "convoy": convoy,
    "database": database,
    "compress": compress,
    "sort": sort,
    "json": documents,
    "numeric": numeric,
    "download": download,
    "crawl": crawl,
    "log": log,
    "globals": global_variable,
    "python": users_function,
}
# What a program with such items imports at its top, so that forked workers have it.
MODULES = {"download": ["http.client"], "crawl": ["http.client", "html.parser"]}
# Who takes all replies, of the tasks that have such a one.
CONSUMERS = {"log": LogWriter}


# ----------------------------------------------------------------------------------------------------------------- faults


def strike(kind, item):
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


def describe(error):
    """The words of an exception, as the last line of a traceback has them."""
    text = str(error)
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__


# ------------------------------------------------------------------------------------------------------------------ bench


class Bench:
    """Runs items as one worker does, and keeps what it has of them until somebody adds it up."""

    def __init__(self, order, run, worker=None):
        self.order, self.run, self.worker = order, run, worker
        # How an item is run; where items find others, what the last one found; and in iterations the part's turn.
        self.execute = self.find if order.finds else self.play if order.parts else run
        self.found, self.turn = (), None
        self.done = self.sum = self.first_item = 0
        # Begin and end of each item, where items are clocked.
        self.spans = []
        # Nanoseconds of waits for others, each of which ended with an item, where items are clocked.
        self.waited = 0
        # When items come, where they have a rate.
        self.arrivals = None
        # What the task `globals` saw first.
        self.before = None

    def warm_up(self, pairs):
        # What leaves something behind does it apart from what counts.
        run = getattr(self.run, "warm_up", self.run)
        for item, request in pairs:
            began = now()
            digest(request)
            digest(run(request, Turn(run.first, warming=True)) if self.order.parts else run(request))
            self.first_item = self.first_item or now() - began

    async def warm_up_async(self, request):
        """The same within an event loop."""
        run = getattr(self.run, "warm_up_async", getattr(self.run, "as_coroutine", None))
        began = now()
        digest(await run(request)) if run else digest(self.run(request))
        self.first_item = now() - began

    def find(self, request):
        reply, self.found = self.run(request)
        return reply

    def play(self, request):
        return self.run(request, self.turn)

    def serve(self, item, request):
        """Runs one item as whoever receives it must; gives the digest of its request, and its reply."""
        if item == self.order.faulty:
            strike(self.order.fault, item)
        seen = digest(request)
        return seen, self.execute(request)

    def answer(self, item, request):
        """The same for another process: everything that it is told, what was found last."""
        if self.order.clocked:
            began = now()
            seen, reply = self.serve(item, request)
            told = item, seen, reply, began, now()
        else:
            told = (item,) + self.serve(item, request)
        return told + (self.found,) if self.order.finds else told

    def work(self, item, request):
        """Runs one item and adds it to the sums. Gives its reply."""
        began = now() if self.order.clocked else 0
        seen, reply = self.serve(item, request)
        self.sum += item_digest(item, seen, digest(reply))
        self.done += 1
        if began:
            self.spans.append((began, now()))
        return reply

    def work_on_time(self, item, request):
        """Waits until an item comes, runs it, and notes how late its reply is."""
        self.arrivals.wait(item)
        self.work(item, request)
        self.arrivals.note(item)

    async def work_async(self, item, request):
        """The same within an event loop. Gives what was found."""
        began = now() if self.order.clocked else 0
        if item == self.order.faulty:
            if self.order.fault == "hang":
                import asyncio

                await asyncio.sleep(3600)
            strike(self.order.fault, item)
        seen = digest(request)
        coroutine = getattr(self.run, "as_coroutine", None)
        reply, found = await coroutine(request) if coroutine else self.run(request), ()
        if self.order.finds:
            reply, found = reply
        self.sum += item_digest(item, seen, digest(reply))
        self.done += 1
        if began:
            self.spans.append((began, now()))
        return found

    def touch_global(self):
        """A worker's first look at the variable of the task `globals`, and then a value of its own, before its first item."""
        global GLOBAL
        if self.order.task == "globals" and self.before is None:
            self.before = GLOBAL
            GLOBAL = 100 + self.worker


def the_task(order):
    """The function that runs an item, with the constants that it needs."""
    return TASKS[order.task](order, Feed(order, constants_only=True).constants)


def hold_parent_memory(order):
    """A list of so many objects that they take about that many bytes. Not bytes: reading an object writes its count."""
    global PARENT
    if order.parent_memory:
        first = 1 << 20
        PARENT = list(range(first, first + order.parent_memory // BYTES_OF_OBJECT))


def read_parent_memory(order):
    """Reads every object. Workers that began with a fresh interpreter have none to read, and make their own."""
    if order.reads_parent:
        if PARENT is None:
            hold_parent_memory(order)
        for _ in PARENT:
            pass


# -------------------------------------------------------------------------------------------------------------------- run


def used_by(whom):
    """User and system time, switches and faults, in the order of `Usage` in src/model/usage.rs."""
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


class Run:
    """What one trial leaves, gathered by the driver's main thread."""

    def __init__(self, order, wire):
        self.order, self.wire = order, wire
        self.phases, self.benches, self.lives, self.seen, self.events = [], [], [], [], []
        self.done = self.sum = self.first_item = self.retried = self.recovered = self.left_out = self.end = 0
        self.duplicated, self.known = 0, order.items
        self.service, self.response = [], []
        # By worker: time within items, when the last one ended, and waits for others between iterations.
        self.stints = {}
        self.kept = {}
        self.arrivals = Arrivals(order) if order.rate else None
        self.trouble = None
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
            before = self.of_workers.get(pid, [0] * 6)
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

    def add_phase(self, wall, spent):
        self.phases.append({"wall": wall - self.mark, "usage": spent})
        if len(self.phases) == 2:
            self.end = wall
        self.mark, self.used = now(), used_by(resource.RUSAGE_SELF)

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
        if kept > MOST_EVENTS:
            self.left_out += 1
        else:
            self.events.append({"lane": lane, "kind": kind, "start": max(start, 0), "end": max(end, 0)})

    def span(self, worker, began, ended, handed=None):
        """One item of a worker, in clocked trials."""
        self.service.append(ended - began)
        self.response.append(ended - (began if handed is None else handed))
        stint = self.stint(worker)
        stint[0] += ended - began
        stint[1] = max(stint[1], ended)
        self.event(0 if worker is None else worker + 1, "item", began - self.zero, ended - self.zero)

    def stint(self, worker):
        return self.stints.setdefault(worker, [0, 0, 0])

    def account(self, item, seen, reply):
        """A reply of another process has arrived."""
        self.sum += item_digest(item, seen, digest(reply))
        self.done += 1

    def bench(self, run, worker=None):
        bench = Bench(self.order, run, worker)
        bench.arrivals = self.arrivals
        self.benches.append(bench)
        return bench

    def result(self):
        """Everything, for the host."""
        for bench in self.benches:
            self.done += bench.done
            self.sum += bench.sum
            self.first_item = max(self.first_item, bench.first_item)
            for began, ended in bench.spans:
                self.span(bench.worker, began, ended)
            if bench.waited:
                self.stint(bench.worker)[2] += bench.waited
        if self.trouble and self.trouble[0] == "host_died":
            # A program that ends has nothing left of what it had.
            self.done = self.sum = 0
        for life in self.lives:
            lane = life["worker"] + 1
            if life["ready"]:
                self.event(lane, "start", life["start"], life["ready"])
        names = ("done", "known", "duplicated", "first_item", "retried", "recovered", "seen", "events", "left_out", "end")
        result = {name: getattr(self, name) for name in names}
        result["lives"] = self.lives if self.order.clocked or self.order.fault else []
        # What did not come to its end has no percentiles.
        come = self.arrivals and self.end
        result["late"] = self.arrivals.late if come else []
        result["span"] = self.end - self.arrivals.start if come else 0
        result["stints"] = [self.stints[worker] for worker in self.stints]
        result.update(service=self.service, response=self.response, sum=self.sum & MASK, trouble=self.trouble)
        result["phases"] = (self.phases + [{"wall": 0, "usage": [0] * 6}] * 3)[:3]
        return result


# ---------------------------------------------------------------------------------------------- items that hang together


class Names:
    """Which items are known, where items find others and each request is one item, whoever finds it."""

    def __init__(self, run, feed):
        self.run, self.taken = run, {once_item(request) for request in feed.requests}

    def new(self, requests):
        """The items of these requests that are not known yet."""
        new = []
        for request in requests:
            name = once_item(request)
            if name not in self.taken:
                self.taken.add(name)
                new.append((name, request))
        self.run.known += len(new)
        return new


class Found:
    """Items that others found, for threads, and how many items are not done yet."""

    def __init__(self, run, feed):
        self.names, self.open = Names(run, feed), run.order.items
        self.items, self.changed = deque(), threading.Condition()

    def done(self, requests):
        """An item is done, and has found these."""
        with self.changed:
            new = self.names.new(requests)
            self.items.extend(new)
            self.open += len(new) - 1
            if self.open == 0:
                self.changed.notify_all()
            else:
                self.changed.notify(len(new))

    def lose(self, count):
        """So many items will never be done."""
        with self.changed:
            self.open -= count
            self.changed.notify_all()

    def next(self):
        """The next item that was found, in a list; nothing once all are done."""
        with self.changed:
            while not self.items and self.open > 0:
                self.changed.wait()
            return [self.items.popleft()] if self.items else []


class Turn:
    """What a part of an iteration has beside its request, and keeps for the next; as in src/task/topology.rs."""

    def __init__(self, told=b"", warming=False):
        self.told, self.warming = told, warming
        # Letters: the number of the other part, and the bytes.
        self.received, self.sent, self.kept = [], [], None
        # Those from parts of the same worker process, for the next iteration.
        self.here = []


def finish_iteration(task, iteration, told, replies, sent):
    """Ends an iteration: gives what the next is told, and the letters that each part receives, in the order of senders. The same
    as in src/model/iterations.rs."""
    received = [[] for _ in replies]
    for sender, letters in enumerate(sent):
        for receiver, letter in letters:
            received[receiver].append((sender, letter))
    return task.reduce(iteration, replies, told), received


class Board:
    """The parts of a run in iterations, for workers that share memory."""

    def __init__(self, order, feed, task):
        self.feed, self.task, self.parts = feed, task, order.parts
        self.iterations, self.round, self.told = order.items // order.parts, 0, task.first
        self.turns, self.replies = [Turn() for _ in range(self.parts)], [b""] * self.parts

    def play(self, bench, part):
        """Runs one part of the iteration that is under way."""
        item, turn = self.round * self.parts + part, self.turns[part]
        bench.turn, turn.told = turn, self.told
        self.replies[part] = bench.work(item, self.feed.get(item))

    def finish_iteration(self):
        """Ends an iteration, in one thread while all others wait."""
        sent = [turn.sent for turn in self.turns]
        self.told, received = finish_iteration(self.task, self.round, self.told, self.replies, sent)
        for turn, letters in zip(self.turns, received):
            turn.received, turn.sent = letters, []
        self.round += 1


class Consumer:
    """Who takes all replies. Its failures end the run with their words, whoever calls it."""

    def __init__(self, order):
        self.consumer = self.attempt(CONSUMERS[order.task], order)

    @staticmethod
    def attempt(function, *arguments):
        try:
            return function(*arguments)
        except Exception as error:
            raise Trouble("failed", "the consumer of the replies: %s" % describe(error)) from error

    def take(self, producer, turn, reply):
        self.attempt(self.consumer.take, producer, turn, reply)

    def finish(self):
        self.attempt(self.consumer.finish)


class Listener:
    """A thread that takes the replies of others from a queue and gives them to the consumer."""

    # Replies that may wait, for each producer; as in src/model/gather.rs.
    BOUND = 64

    def __init__(self, order):
        import queue

        self.queue, self.consumer = queue.Queue(self.BOUND * order.workers), Consumer(order)
        self.trouble = None
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def put(self, producer, turn, reply):
        """Hands a reply over, and says whether it can come to anything."""
        self.queue.put((producer, turn, reply))
        return self.trouble is None

    def listen(self):
        made = ()
        try:
            for made in iter(self.queue.get, None):
                self.consumer.take(*made)
            made = None
            self.consumer.finish()
        except Trouble as trouble:
            self.trouble = trouble
            # Nobody may wait for room any more.
            while made is not None:
                made = self.queue.get()

    def finish(self):
        """Waits until all is taken."""
        self.queue.put(None)
        self.thread.join()


# ---------------------------------------------------------------------------------------------------- models of one process


def serial(run):
    """One item after the other, in the main thread."""
    order = run.order
    feed, bench = Feed(order), run.bench(the_task(order))
    consumer = Consumer(order) if order.gathers else None
    run.begin()
    read_parent_memory(order)
    if order.warm and order.items:
        bench.warm_up([(0, feed.get(0))])
    run.weigh()
    run.edge()
    see_globals_in_main(run, bench)
    run.let_come()
    get, work = feed.get, bench.work_on_time if run.arrivals else bench.work
    if order.finds:
        find_all(run, feed, bench)
    elif order.gathers:
        for item in range(order.items):
            consumer.take(0, item, work(item, get(item)))
        consumer.finish()
    elif order.parts:
        board = Board(order, feed, bench.run)
        for _ in range(board.iterations):
            for part in range(board.parts):
                board.play(bench, part)
            board.finish_iteration()
    else:
        for item in range(order.items):
            work(item, get(item))
    run.edge()
    run.weigh()
    run.edge()


def find_all(run, feed, bench):
    """Runs items and those that they find, the last found first."""
    names, stack = Names(run, feed), []
    for first in range(run.order.items):
        stack.append((first, feed.get(first)))
        while stack:
            bench.work(*stack.pop())
            stack += names.new(bench.found)


def see_globals_in_main(run, bench):
    """Where main is its own worker, it sees what it wrote."""
    if run.order.task == "globals":
        bench.worker = 0
        bench.touch_global()
        run.seen.append({"worker": 0, "before": bench.before, "after": GLOBAL})
        bench.worker = None


def in_event_loop(run):
    """So many items in flight, as tasks of one event loop."""
    import asyncio

    order = run.order
    feed, bench = Feed(order), run.bench(the_task(order))

    async def lane(items):
        for item in items:
            await bench.work_async(item, feed.get(item))

    async def lane_of_coming(items, turn, alarm):
        """The same where items come: one lane waits for the next, and the others for their turn to do so."""
        while True:
            async with turn:
                item = next(items, None)
                if item is None:
                    return
                await run.arrivals.wait_async(item, alarm)
            await bench.work_async(item, feed.get(item))
            run.arrivals.note(item)

    async def lane_of_found(names, open_items, waiting):
        """The same where items find others: those that nobody has taken wait in a queue, and at the end nothing does."""
        while True:
            pair = await waiting.get()
            if pair is None:
                return
            new = names.new(await bench.work_async(*pair))
            open_items[0] += len(new) - 1
            for pair in new if open_items[0] else [None] * order.in_flight:
                waiting.put_nowait(pair)

    async def main():
        if order.warm and order.items:
            # Each of what will be under way at once may hold something of its own, such as a connection.
            await asyncio.gather(*[bench.warm_up_async(feed.get(0)) for _ in range(order.in_flight)])
        run.weigh()
        run.edge()
        see_globals_in_main(run, bench)
        if order.finds:
            names, open_items, waiting = Names(run, feed), [order.items], asyncio.Queue()
            for pair in feed.pairs(range(order.items)):
                waiting.put_nowait(pair)
            lanes = [lane_of_found(names, open_items, waiting) for _ in range(order.in_flight)]
        elif run.arrivals:
            items, turn, alarm = iter(range(order.items)), asyncio.Lock(), Alarm()
            lanes = [lane_of_coming(items, turn, alarm) for _ in range(order.in_flight)]
            run.let_come()
        else:
            items = iter(range(order.items))
            lanes = [lane(items) for _ in range(order.in_flight)]
        await asyncio.gather(*lanes)
        run.edge()
        run.weigh()

    run.begin()
    asyncio.run(main())
    run.edge()


class Claims:
    """The counter that all threads claim from. A step of `count` is one step of the interpreter, where it has its lock."""

    def __init__(self, order):
        self.order, self.counter = order, itertools.count(0, order.chunk)
        self.lock = None if getattr(sys, "_is_gil_enabled", lambda: True)() else threading.Lock()

    def next(self):
        """The next run of items; empty at the end."""
        if self.lock is None:
            at = next(self.counter)
        else:
            with self.lock:
                at = next(self.counter)
        return range(at, min(at + self.order.chunk, self.order.items))


def threads(run):
    """`threading.Thread`, each claiming items from a shared counter. One that ends by an exception ends alone."""
    order = run.order
    feed, task = Feed(order), the_task(order)
    claims = Claims(order)
    ready, go, finished, leave = threading.Semaphore(0), threading.Event(), threading.Semaphore(0), threading.Event()
    written = threading.Barrier(order.workers)
    found, listener = Found(run, feed) if order.finds else None, Listener(order) if order.gathers else None
    board = Board(order, feed, task) if order.parts else None
    # Where all wait for the last between iterations; one that ended alone leaves nobody waiting.
    gate = threading.Barrier(order.workers, board and board.finish_iteration)
    ended = []

    def prepare(bench):
        read_parent_memory(order)
        bench.warm_up(feed.pairs(range(min(order.chunk, order.items))))

    def claim_all(bench):
        bench.touch_global()
        if order.task == "globals":
            written.wait()
        work = bench.work_on_time if run.arrivals else bench.work
        while True:
            items = claims.next()
            if not items:
                return
            if listener is None:
                for item in items:
                    work(item, feed.get(item))
            elif not all(listener.put(bench.worker, item, bench.work(item, feed.get(item))) for item in items):
                return

    def find_and_claim(bench):
        """The same where items find others. What a thread leaves undone must not be waited for."""
        mine = deque()
        try:
            while True:
                mine.extend(feed.pairs(claims.next()) or found.next())
                if not mine:
                    return
                while mine:
                    bench.work(*mine[0])
                    mine.popleft()
                    found.done(bench.found)
        except BaseException:
            found.lose(len(mine))
            raise

    def play_all(bench):
        """The same where items come in iterations: a thread has the same parts in all of them."""
        try:
            for iteration in range(board.iterations):
                for part in order.parts_of(bench.worker):
                    board.play(bench, part)
                done = now()
                gate.wait()
                if order.clocked and iteration + 1 < board.iterations:
                    bench.waited += now() - done
        except threading.BrokenBarrierError:
            # Another has ended, and there is no next iteration.
            pass
        except BaseException:
            gate.abort()
            raise

    def body(bench, life):
        life["ready"] = now() - run.zero
        try:
            if order.warm:
                try:
                    prepare(bench)
                finally:
                    life["ready"] = now() - run.zero
                    ready.release()
                go.wait()
            else:
                read_parent_memory(order)
            (find_and_claim if found else play_all if board else claim_all)(bench)
        except BaseException as error:
            ended.append(describe(error))
            life["died"] = True
            run.event(bench.worker + 1, "crash", now() - run.zero, now() - run.zero)
            raise
        finally:
            finished.release()
            if order.weighs:
                leave.wait()

    run.begin()
    members = []
    for worker in range(order.workers):
        life = run.life(worker)
        thread = threading.Thread(target=body, args=(run.bench(task, worker), life))
        members.append((thread, life, worker))
        thread.start()
    if order.warm:
        for _ in members:
            ready.acquire()
    run.weigh()
    run.edge()
    run.let_come()
    go.set()
    for _ in members:
        finished.acquire()
    if listener:
        listener.finish()
    run.edge()
    run.weigh()
    leave.set()
    told = now()
    for thread, life, worker in members:
        thread.join()
        life["end"] = now() - run.zero
        run.event(worker + 1, "join", told - run.zero, now() - run.zero)
    run.edge()
    if order.task == "globals":
        run.seen += [{"worker": bench.worker, "before": bench.before, "after": GLOBAL} for bench in run.benches]
    if ended:
        run.trouble = ("failed", "a thread ended alone by an exception that nothing caught: %s" % ended[0])
    if listener and listener.trouble:
        raise listener.trouble


def in_threads_of_a_pool(run):
    """`multiprocessing.pool.ThreadPool` with `map`, or `ThreadPoolExecutor` with a future for each chunk. What comes at a rate
    is handed in by `apply_async`, or with a future, one by one."""
    from multiprocessing.pool import ThreadPool

    order = run.order
    feed, task = Feed(order), the_task(order)
    numbers, local, meeting = itertools.count(), threading.local(), threading.Barrier(order.workers)

    def begin():
        local.bench = run.bench(task, next(numbers))
        local.bench.touch_global()
        read_parent_memory(order)

    def meet(_):
        meeting.wait()
        local.bench.warm_up(feed.pairs(range(min(order.chunk, order.items))))

    together = Together(run, feed)

    def chunk(pairs):
        told = []
        for item, request in pairs:
            reply = local.bench.work(item, request)
            if together:
                told.append((local.bench.worker, item, reply, local.bench.found))
        return told

    def take(told):
        return [pair for one in told for pair in together.take(*one)]

    def item(pair):
        local.bench.work(*pair)

    def part(number):
        board.play(local.bench, number)

    board = Board(order, feed, task) if order.parts else None
    run.begin()
    if order.api == "pool":
        pool = ThreadPool(order.workers, initializer=begin)
        if order.warm:
            pool.map(meet, range(order.workers), 1)
        run.weigh()
        run.edge()
        try:
            if board:
                for _ in range(board.iterations):
                    pool.map(part, range(board.parts), 1)
                    board.finish_iteration()
            elif not run.arrivals:
                pool.map(item, feed.pairs(range(order.items)), order.chunk)
        except BaseException as error:
            # Whatever was done, whoever called `map` has nothing of it.
            run.benches.clear()
            if isinstance(error, TimedOut):
                raise
            raise Trouble("failed", "Pool.map gave nothing but %s" % describe(error)) from error
        if run.arrivals:
            hand_in_what_comes(run, feed, by_apply(pool, item), lambda _: None)
        run.edge()
        run.weigh()
        pool.close()
        pool.join()
    else:
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(order.workers, initializer=begin)
        if order.warm:
            list(pool.map(meet, range(order.workers)))
        run.weigh()
        run.edge()
        if run.arrivals:
            hand_in_what_comes(run, feed, by_submit(pool, item), lambda _: None)
        elif order.finds:
            settle_found(run, lambda pairs: pool.submit(chunk, pairs), feed, take)
        elif board:
            while board.round < board.iterations and not run.trouble:
                settle(run, [pool.submit(part, number) for number in range(board.parts)], lambda _: None)
                if not run.trouble:
                    board.finish_iteration()
        else:
            futures = [pool.submit(chunk, feed.pairs(items)) for items in order.chunks()]
            settle(run, futures, take)
            together.finish()
        run.edge()
        run.weigh()
        pool.shutdown()
    run.edge()
    if order.task == "globals":
        run.seen += [{"worker": bench.worker, "before": bench.before, "after": GLOBAL} for bench in run.benches]


class Together:
    """What whoever waits for futures does with replies of items that hang together; of others, nothing."""

    def __init__(self, run, feed):
        order = run.order
        self.names = Names(run, feed) if order.finds else None
        self.consumer = Consumer(order) if order.gathers else None

    def __bool__(self):
        return bool(self.names or self.consumer)

    def take(self, worker, item, reply, found):
        """Takes a reply, and gives the items that are new."""
        if self.consumer:
            # Items of a worker come in their order.
            self.consumer.take(worker, item, reply)
        return self.names.new(found) if self.names else []

    def finish(self):
        if self.consumer:
            self.consumer.finish()


def by_apply(pool, function):
    """Hands an item to a pool of `multiprocessing`; whoever waits for its reply is called back."""

    def hand_in(pair, replied, failed):
        pool.apply_async(function, (pair,), callback=replied, error_callback=failed)

    return hand_in


def by_submit(pool, function):
    """The same with a future of an executor."""

    def hand_in(pair, replied, failed):
        def settled(future):
            try:
                reply = future.result()
            except BaseException as error:
                failed(error)
            else:
                replied(reply)

        pool.submit(function, pair).add_done_callback(settled)

    return hand_in


def hand_in_what_comes(run, feed, hand_in, take):
    """Hands each item in when it comes, whoever is free and whatever is not answered yet, and takes each reply as it is
    called back. What failed is said once, with how many there were."""
    arrivals, order, settled, failures = run.arrivals, run.order, threading.Semaphore(0), []

    def outcomes_of(item):
        def replied(reply):
            arrivals.note(item)
            take(reply)
            settled.release()

        def failed(error):
            failures.append(describe(error))
            settled.release()

        return replied, failed

    handed, refused = 0, None
    run.let_come()
    for item in range(order.items):
        arrivals.wait(item)
        arrivals.handed.append(now())
        try:
            hand_in((item, feed.get(item)), *outcomes_of(item))
        except Exception as error:
            refused = "the pool takes no more work: %s" % describe(error)
            break
        handed += 1
    for _ in range(handed):
        settled.acquire()
    if failures:
        run.trouble = ("failed", "%d of %d items failed: %s" % (len(failures), handed, failures[0]))
    elif refused:
        run.trouble = ("failed", refused)


def settle_found(run, submit, feed, take):
    """Hands in a future for each chunk of the first items, and for those that they find, until none is left."""
    import queue

    order, done, out, failed, handed = run.order, queue.SimpleQueue(), 0, [], 0
    left = deque(feed.pairs(range(order.items)))
    while left or out:
        while left:
            pairs = [left.popleft() for _ in range(min(order.chunk, len(left)))]
            try:
                submit(pairs).add_done_callback(done.put)
            except Exception as error:
                failed.append("the pool takes no more work: %s" % describe(error))
                left.clear()
                break
            out, handed = out + 1, handed + 1
        if not out:
            break
        future, out = done.get(), out - 1
        try:
            left.extend(take(future.result()))
        except TimedOut:
            raise
        except BaseException as error:
            failed.append(describe(error))
    if failed:
        run.trouble = ("failed", "%d of %d futures failed: %s" % (len(failed), handed, failed[0]))


def settle(run, futures, take):
    """Waits for every future; what failed is said once, with how many there were."""
    failed, left = [], deque(futures)
    try:
        while left:
            try:
                take(left[0].result())
            except (TimedOut, Trouble):
                raise
            except BaseException as error:
                failed.append(describe(error))
            left.popleft()
    except TimedOut:
        for future in left:
            if future.done() and not future.cancelled() and future.exception() is None:
                take(future.result())
        raise
    if failed:
        run.trouble = ("failed", "%d of %d futures failed: %s" % (len(failed), len(futures), failed[0]))


def in_interpreters(run):
    """Sub-interpreters, each in a thread of its own. They claim runs of items from a pipe: a read of eight bytes is whole."""
    order = run.order
    feed = Feed(order)
    claim_read, claim_write = os.pipe()
    said_read, said_write = os.pipe()
    words = []

    def body(worker, life):
        place = {"order": order.given, "worker": worker, "claims": claim_read, "said": said_write}
        code = "import sys\nsys.path[:] = %r\nsys.pycache_prefix = %r\n" % (sys.path, sys.pycache_prefix)
        code += "sys.dont_write_bytecode = False\n"
        code += "import driver\ndriver.interpreter_main(%r)\n" % place
        try:
            error = run_in_interpreter(code)
        except BaseException as raised:
            error = describe(raised)
        if error:
            words.append(error)
            life["died"] = True
        os.write(said_write, struct.pack("<qq", worker, -1))

    def listen(expected):
        """Waits until every thread has said that it is ready, or has ended."""
        heard, ended = 0, 0
        while heard < expected:
            worker, word = struct.unpack("<qq", os.read(said_read, 16))
            heard += 1
            if word >= 0:
                lives[worker]["ready"] = word - run.zero
            else:
                ended += 1
        return ended

    run.begin()
    lives, members = [], []
    for worker in range(order.workers):
        lives.append(run.life(worker))
        members.append(threading.Thread(target=body, args=(worker, lives[worker])))
        members[-1].start()
    ended = listen(order.workers) if order.warm else 0
    run.weigh()
    run.edge()

    def claim():
        for at in range(0, order.items, order.chunk):
            if run.arrivals:
                # What comes while all are busy waits in the pipe.
                run.arrivals.wait(at)
            os.write(claim_write, struct.pack("<Q", at))
        os.close(claim_write)

    writer = threading.Thread(target=claim, daemon=True)
    run.let_come()
    writer.start()
    listen(order.workers - ended + (0 if order.warm else order.workers))
    run.edge()
    run.weigh()
    for member, life in zip(members, lives):
        member.join()
        life["end"] = now() - run.zero
    run.edge()
    for worker in range(order.workers):
        collect_interpreter(run, worker)
    if words:
        run.trouble = ("failed", "an interpreter ended alone: %s" % words[0])


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
    feed, bench = Feed(order), Bench(order, the_task(order), worker)
    if order.warm:
        bench.warm_up(feed.pairs(range(min(order.chunk, order.items))))
    os.write(place["said"], struct.pack("<qq", worker, now()))
    bench.touch_global()
    # When items were replied to, where they come at a rate.
    replied = []
    try:
        while True:
            claim = os.read(place["claims"], 8)
            if not claim:
                break
            at = struct.unpack("<Q", claim)[0]
            for item in range(at, min(at + order.chunk, order.items)):
                bench.work(item, feed.get(item))
                if order.rate:
                    replied.append((item, now()))
    finally:
        told = [bench.done, bench.sum & MASK, bench.first_item, bench.spans, replied, bench.before, GLOBAL]
        with open(os.path.join(order.folder, "interpreter-%d" % worker), "w") as file:
            json.dump(told, file)


def collect_interpreter(run, worker):
    """What a sub-interpreter left."""
    try:
        with open(os.path.join(run.order.folder, "interpreter-%d" % worker)) as file:
            told = json.load(file)
    except (OSError, ValueError):
        return
    bench = run.bench(None, worker)
    bench.done, bench.sum, bench.first_item, bench.spans, replied, before, after = told
    for item, at in replied:
        run.arrivals.note(item, at)
    if run.order.task == "globals":
        run.seen.append({"worker": worker, "before": before, "after": after})


# ---------------------------------------------------------------------------------------------------------------- links


def follow_parent():
    """Ends this process when the one that started it is gone, however that went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow():
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


class PipeLink:
    """A `Pipe` to each worker."""

    most_bytes = ON_THE_WAY

    def __init__(self, context, order, name):
        self.near, self.far = context.Pipe()
        self.reader = self.near

    def ends(self):
        """What crosses to the worker."""
        return self.far

    def handed_over(self):
        """The worker has its end; this process must not keep it, or the worker's death would not end the stream."""
        self.far.close()

    def send(self, kind, body):
        self.near.send((kind, body))

    def receive(self):
        return self.near.recv()

    def poll(self):
        return self.near.poll(0)

    def close(self):
        self.near.close()

    @staticmethod
    def open(ends):
        return ends.recv, ends.send


class QueueLink:
    """A `Queue` each way for each worker. A thread of Python's own feeds each, so that a put never waits."""

    most_bytes = None

    def __init__(self, context, order, name):
        self.requests, self.replies = context.Queue(), context.Queue()
        self.reader = self.replies._reader

    def ends(self):
        return self.requests, self.replies

    def handed_over(self):
        self.replies._writer.close()
        self.requests._reader.close()

    def send(self, kind, body):
        self.requests.put((kind, body))

    def receive(self):
        return self.replies.get()

    def poll(self):
        return self.replies._reader.poll(0)

    def close(self):
        self.requests.cancel_join_thread()
        self.requests.close()
        self.reader.close()

    @staticmethod
    def open(ends):
        requests, replies = ends
        return requests.get, replies.put


class SharedLink(PipeLink):
    """Payloads in a block of `multiprocessing.shared_memory`, and a `Pipe` that says where. Each worker has a block, with a
    slot for each chunk in flight; a reply that does not fit its slot goes through the pipe."""

    most_bytes = None

    def __init__(self, context, order, name):
        from multiprocessing import shared_memory

        super().__init__(context, order, name)
        largest = max(order.largest_request, order.largest_reply)
        self.slot = max(order.chunk * largest, order.largest_iteration, 1)
        self.free = list(range(order.in_flight + 1))
        self.block = shared_memory.SharedMemory(name=name, create=True, size=self.slot * len(self.free))
        # A block that the file system has no room for would end the process at the first write.
        os.posix_fallocate(self.block._fd, 0, self.block.size)

    def ends(self):
        return self.far, self.block.name, self.slot

    def send(self, kind, body):
        if kind in CARRIED:
            slot = self.free.pop()
            body = slot, put_payloads(self.block.buf, slot * self.slot, self.slot, body, 1)
        self.near.send((kind, body))

    def receive(self):
        kind, body = self.near.recv()
        if kind in CARRIED:
            slot, body = body
            if kind != WARM:
                body = take_payloads(self.block.buf, slot * self.slot, body, 2)
            self.free.append(slot)
        return kind, body

    def close(self):
        super().close()
        self.block.close()
        self.block.unlink()

    @staticmethod
    def open(ends):
        from multiprocessing import shared_memory

        pipe, name, size = ends
        block = shared_memory.SharedMemory(name=name)
        slots = deque()

        def receive():
            kind, body = pipe.recv()
            if kind in CARRIED:
                slot, body = body
                slots.append(slot)
                body = take_payloads(block.buf, slot * size, body, 1)
            return kind, body

        def send(message):
            kind, body = message
            if kind in CARRIED:
                slot = slots.popleft()
                if kind != WARM:
                    body = put_payloads(block.buf, slot * size, size, body, 2)
                body = slot, body
            pipe.send((kind, body))

        # The block is kept by what is returned.
        return receive, send


def put_payloads(buffer, at, room, entries, which):
    """Writes payload `which` of every entry into a slot, and puts its length in its place."""
    end, told = at + room, []
    for entry in entries:
        payload = entry[which]
        if at + len(payload) <= end:
            buffer[at : at + len(payload)] = payload
            at += len(payload)
            payload = len(payload)
        told.append(entry[:which] + (payload,) + entry[which + 1 :])
    return told


def take_payloads(buffer, at, told, which):
    """The entries again."""
    entries = []
    for entry in told:
        payload = entry[which]
        if isinstance(payload, int):
            at, payload = at + payload, bytes(buffer[at : at + payload])
        entries.append(entry[:which] + (payload,) + entry[which + 1 :])
    return entries


class ManagerLink:
    """A queue of a `Manager` process for the requests of each worker, and one for the replies of all."""

    most_bytes = None
    reader = None

    def __init__(self, manager, replies, name):
        self.requests, self.replies, self.name = manager.Queue(), replies, name

    def ends(self):
        return self.requests, self.replies, self.name

    def handed_over(self):
        pass

    def send(self, kind, body):
        self.requests.put((kind, body))

    def close(self):
        pass

    @staticmethod
    def open(ends):
        requests, replies, name = ends
        return requests.get, lambda message: replies.put((name, message))


# Kinds of messages whose payloads go through shared memory.
CARRIED = WARM, ITEMS, ITERATION
LINKS = {"pipe": PipeLink, "queue": QueueLink, "shared_memory": SharedLink, "manager": ManagerLink}


# ------------------------------------------------------------------------------------------------------ worker processes


def worker_main(order, worker, ends):
    """A worker process's whole life."""
    WIRE.forget()
    follow_parent()
    receive, send = LINKS[order.ipc].open(ends)
    try:
        if order.switch_interval:
            sys.setswitchinterval(order.switch_interval / 1e9)
        bench = Bench(order, the_task(order), worker)
        hand = {part: Turn() for part in order.parts_of(worker)}
        read_parent_memory(order)
        bench.touch_global()
        send((READY, now()))
        while True:
            kind, body = receive()
            if kind == ITEMS:
                send((ITEMS, [bench.answer(item, request) for item, request in body]))
            elif kind == ITERATION:
                send((ITERATION, play_iteration(bench, hand, body)))
            elif kind == WARM:
                bench.warm_up(body)
                send((WARM, bench.first_item))
            else:
                send((REPORT, (bench.before, GLOBAL)))
                return
    except BaseException as error:
        # What ends the process ends it; that is told beside, since its exit code would not say it.
        try:
            send((ERROR, describe(error)))
        except Exception:
            pass
        raise


def play_iteration(bench, hand, told):
    """Plays a worker's parts of an iteration, with what they are told, their requests, and letters to them. Gives the answers, and
    letters from them to parts of others: every payload in the third place, as those of what is told are in the second.
    Letters among the worker's own parts stay here, as in src/model/worker.rs."""
    answers, letters, here = [], [], []
    requests, received = told[1 : 1 + len(hand)], told[1 + len(hand) :]
    for turn in hand.values():
        turn.told, turn.received, turn.sent, turn.here = told[0][1], turn.here, [], []
    for receiver, letter, sender in received:
        hand[receiver].received.append((sender, letter))
    for turn in hand.values():
        turn.received.sort(key=lambda letter: letter[0])
    for (part, turn), (item, request) in zip(hand.items(), requests):
        bench.turn = turn
        answers.append(bench.answer(item, request))
        for receiver, letter in turn.sent:
            if receiver in hand:
                here.append((receiver, part, letter))
            else:
                letters.append((part, receiver, letter))
    for receiver, sender, letter in here:
        hand[receiver].here.append((sender, letter))
    return answers + letters


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

    def has_room(self, order, pairs, attempts):
        if len(self.given) >= min(order.in_flight, MOST_MESSAGES):
            return False
        # What a worker may have died of goes alone. Replies that the dead had not sent off are gone with it, and an item
        # that was well would be blamed again and again for the one behind it.
        if self.given and (attempts or self.given[-1][1]):
            return False
        if not self.given or self.link.most_bytes is None:
            return True
        return self.bytes + weight(pairs) <= self.link.most_bytes

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


def weight(pairs):
    return sum(len(request) + 64 for _, request in pairs)


class Crew:
    """Worker processes over one of Python's own ways between processes, and what each of them has to do."""

    def __init__(self, run):
        import selectors

        self.run, self.order = run, run.order
        self.context = multiprocessing.get_context(self.order.start)
        self.feed = Feed(self.order)
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
        self.together = Together(run, self.feed)
        # What the driver itself needs of a task in iterations: what happens between them.
        self.task = None
        if self.order.parts:
            self.task = the_task(self.order)
            parts = max(len(self.order.parts_of(worker)) for worker in range(self.order.workers))
            each = max(self.order.largest_request, self.order.largest_reply) + self.task.letters
            self.order.largest_iteration = MOST_TOLD + parts * each
        self.death = None
        self.noticed = 0

    def start(self):
        if self.order.ipc == "manager":
            from multiprocessing.managers import SyncManager

            self.manager = SyncManager(ctx=self.context)
            # A manager that outlives the driver would be left behind.
            self.manager.start(follow_parent)
            self.replies = self.manager.Queue()
        self.members = [self.engage(worker) for worker in range(self.order.workers)]

    def engage(self, worker):
        """Starts a worker."""
        life, name = self.run.life(worker), "%s-py%d" % (self.order.prefix, len(self.all))
        if self.manager:
            link = ManagerLink(self.manager, self.replies, len(self.all))
        else:
            link = LINKS[self.order.ipc](self.context, self.order, name)
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
            raise Trouble("worker_died", "the manager process ended") from error
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
                    self.bury(member)
                    raise Trouble("worker_died", self.death)
                if message[0] == ERROR:
                    member.words = message[1]
                elif message[0] == READY:
                    member.life["ready"] = message[1] - self.run.zero
                elif message[0] == REPORT:
                    member.report = message[1]
                elif message[0] == WARM:
                    self.run.first_item = max(self.run.first_item, message[1])
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
        pairs = self.feed.pairs(range(min(self.order.chunk, self.order.items)))
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

    def circle(self):
        """Plays all iterations. What parts keep stays with their worker, so that it always has the same ones."""
        told, received = self.task.first, [[] for _ in range(self.order.parts)]
        for iteration in range(self.order.items // self.order.parts):
            for member in self.members:
                self.hand_over(member, iteration, told, received)
            replies, sent = [b""] * self.order.parts, [[] for _ in range(self.order.parts)]
            while any(member.given for member in self.members):
                for member, message in self.next():
                    if message is None:
                        self.bury(member)
                        raise Trouble("worker_died", self.death)
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
        pairs = self.feed.pairs(iteration * self.order.parts + part for part in parts)
        letters = [(part, letter, sender) for part in parts for sender, letter in received[part]]
        member.given.append((pairs, 0, now()))
        if self.order.clocked and iteration > 0:
            self.run.stint(member.worker)[2] += now() - member.answered
        try:
            member.link.send(ITERATION, [(None, told)] + pairs + letters)
        except (BrokenPipeError, ConnectionError, EOFError):
            # Its end is found where it is waited for.
            if self.manager and not self.manager._process.is_alive():
                raise Trouble("worker_died", "the manager process ended")

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
                    pairs = self.feed.pairs(items)
                elif self.found:
                    pairs = [self.found.popleft() for _ in range(min(self.order.chunk, len(self.found)))]
                else:
                    return False
                self.again.append((pairs, 0))
            pairs, attempts = self.again[0]
            if not member.has_room(self.order, pairs, attempts):
                return False
            self.again.popleft()
            member.given.append((pairs, attempts, now()))
            member.bytes += weight(pairs)
            most -= 1
            try:
                member.link.send(ITEMS, pairs)
            except (BrokenPipeError, ConnectionError, EOFError):
                # Its end is found where it is waited for.
                if self.manager and not self.manager._process.is_alive():
                    raise Trouble("worker_died", "the manager process ended")
                return False
        return True

    def reply(self, member, answers):
        replied = now()
        pairs, _, handed = member.given.popleft()
        member.bytes -= weight(pairs)
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

    def bury(self, member):
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
        noticed = self.bury(member)
        given, member.given = list(member.given), deque()
        if self.order.on_crash == "stop":
            raise Trouble("worker_died", self.death)
        if self.order.on_crash == "restart":
            self.hand_out_again(given)
            fresh = self.engage(member.worker)
            fresh.replaces = noticed
            self.members[self.members.index(member)] = fresh
            self.fill(fresh, self.order.in_flight)
            return
        self.open -= sum(len(pairs) for pairs, _, _ in given)
        if not any(other.alive for other in self.members):
            raise Trouble("worker_died", self.death)

    def hand_out_again(self, given):
        """The items of a dead worker, its first chunk one by one, since one of that was running."""
        again = []
        for place, (pairs, attempts, _) in enumerate(given):
            if place == 0:
                attempts += 1
                if len(pairs) == 1 and attempts > MOST_RETRIES:
                    self.open -= 1
                    continue
                again += [([pair], attempts if len(pairs) == 1 else 0) for pair in pairs]
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

    def dismiss(self):
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


def processes(run):
    """`multiprocessing.Process`, fed by the driver."""
    order = run.order
    run.begin()
    crew = Crew(run)
    try:
        crew.start()
        if order.warm:
            crew.gather(READY)
            crew.warm_up()
        run.weigh(crew.pids(), crew.others())
        run.edge(crew.pids() + crew.others())
        crew.circle() if order.parts else crew.stream()
        run.edge(crew.pids() + crew.others())
        run.weigh(crew.pids(), crew.others())
        crew.finish()
        if crew.death:
            raise Trouble("worker_died", crew.death)
    except BaseException as error:
        run.trouble = run.trouble or ("failed", describe(error))
        raise
    finally:
        crew.dismiss()
        if run.trouble is None:
            stop_forkserver(order)
            run.last_edge()


def stop_forkserver(order):
    """Ends the server of the start method `forkserver`, so that what it used counts."""
    if order.start == "forkserver":
        from multiprocessing import forkserver

        try:
            forkserver._forkserver._stop()
        except (AttributeError, OSError):
            pass


# ------------------------------------------------------------------------------------------------------ pools of processes


def pool_begin(order, meeting):
    """Prepares a process of a pool."""
    global POOL
    WIRE.forget()
    follow_parent()
    if order.switch_interval:
        sys.setswitchinterval(order.switch_interval / 1e9)
    # Both pools number their processes by the order of their starts.
    POOL = Bench(order, the_task(order), multiprocessing.current_process()._identity[-1] - 1)
    POOL.meeting = meeting
    POOL.touch_global()
    read_parent_memory(order)


def pool_meet(pairs):
    """Waits until every process of the pool is here, so that each gets one chunk to warm up with."""
    ready = now()
    POOL.meeting.wait()
    POOL.warm_up(pairs)
    return POOL.worker, ready, POOL.first_item


def pool_item(pair):
    return POOL.answer(*pair) + (POOL.worker,)


def pool_chunk(pairs):
    return [pool_item(pair) for pair in pairs]


def pool_look(_):
    """Everybody looks at the variable of the task `globals` a last time."""
    POOL.meeting.wait()
    return POOL.worker, POOL.before, GLOBAL


def in_processes_of_a_pool(run):
    """`multiprocessing.Pool` with `map`, or `ProcessPoolExecutor` with a future for each chunk. What comes at a rate is handed in
    by `apply_async`, or with a future, one by one."""
    order = run.order
    feed, context = Feed(order), multiprocessing.get_context(order.start)
    together = Together(run, feed)
    run.begin()
    meeting = context.Barrier(order.workers)
    lives = [run.life(worker) for worker in range(order.workers)]
    if order.api == "pool":
        pool = context.Pool(order.workers, pool_begin, (order, meeting))
        everyone = lambda function, argument: pool.map(function, [argument] * order.workers, 1)
        pids = lambda: [process.pid for process in pool._pool]
    else:
        from concurrent.futures import ProcessPoolExecutor

        pool = ProcessPoolExecutor(order.workers, context, pool_begin, (order, meeting))
        everyone = lambda function, argument: list(pool.map(function, [argument] * order.workers))
        pids = lambda: list(pool._processes or ())
    if order.warm:
        warmed = everyone(pool_meet, feed.pairs(range(min(order.chunk, order.items))))
        for worker, ready, first in warmed:
            lives[worker % len(lives)]["ready"] = ready - run.zero
            run.first_item = max(run.first_item, first)
    members = pids()
    run.weigh(members)
    run.edge(members)
    # All items are handed in at once, unless they come.
    all_handed = now()

    def take(answers):
        new = []
        for answer in answers:
            run.account(*answer[:3])
            if order.clocked:
                handed = run.arrivals.handed[answer[0]] if run.arrivals else all_handed
                run.span(answer[-1], answer[3], answer[4], handed)
            if together:
                # Its worker comes last, and what it found before that.
                new += together.take(answer[-1], answer[0], answer[2], answer[-2])
        return new

    if run.arrivals:
        hand_in = (by_apply if order.api == "pool" else by_submit)(pool, pool_item)
        hand_in_what_comes(run, feed, hand_in, lambda answer: take([answer]))
    elif order.api == "pool":
        try:
            take(pool.map(pool_item, feed.pairs(range(order.items)), order.chunk))
        except Exception as error:
            raise Trouble("failed", "Pool.map gave nothing but %s" % describe(error)) from error
    elif order.finds:
        settle_found(run, lambda pairs: pool.submit(pool_chunk, pairs), feed, take)
    else:
        futures = []
        for items in order.chunks():
            try:
                futures.append(pool.submit(pool_chunk, feed.pairs(items)))
            except Exception as error:
                run.trouble = ("failed", "the pool takes no more work: %s" % describe(error))
                break
        settle(run, futures, take)
        together.finish()
    members = members or pids()
    run.edge(members)
    run.weigh(members)
    if order.task == "globals" and not run.trouble:
        for worker, before, after in sorted(everyone(pool_look, None)):
            run.seen.append({"worker": worker, "before": before, "after": after})
    if order.api == "pool":
        pool.close()
        pool.join()
    else:
        pool.shutdown()
    for life in lives:
        life["end"] = now() - run.zero
    stop_forkserver(order)
    run.last_edge()


# ------------------------------------------------------------------------------------------------------------------- main


class Wire:
    """The protocol's own descriptors."""

    def __init__(self):
        self.into = self.out = self.owner = None

    def take(self):
        """Takes standard input and output away from whatever else runs in this process."""
        self.into, self.out, self.owner = os.fdopen(os.dup(0), "rb"), os.dup(1), os.getpid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)

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


def model_of(order):
    """The function that runs the model's way of working."""
    stock = order.api != "process"
    return {
        "serial": serial,
        "threads": in_threads_of_a_pool if stock else threads,
        "processes": in_processes_of_a_pool if stock else processes,
        "async": in_event_loop,
        "interpreters": in_interpreters,
    }[order.model]


def time_out(*_):
    raise TimedOut


def attempt(run):
    """Runs the order, and finds words for whatever goes wrong."""
    order = run.order
    try:
        hold_parent_memory(order)
        model_of(order)(run)
    except TimedOut:
        run.trouble = ("timed_out", "")
    except Trouble as trouble:
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
    global GLOBAL
    WIRE.take()
    order = Order(json.loads(WIRE.wait()))
    for module in MODULES.get(order.task, ()):
        __import__(module)
    signal.signal(signal.SIGALRM, time_out)
    signal.setitimer(signal.ITIMER_REAL, max((order.given["deadline"] - now()) / 1e9, 0.001))
    if order.switch_interval:
        sys.setswitchinterval(order.switch_interval / 1e9)
    # Names of semaphores start as those of segments do, so that they can be swept.
    multiprocessing.current_process()._config["semprefix"] = "/" + order.prefix
    run = Run(order, WIRE)
    before, GLOBAL = GLOBAL, 2
    if order.task == "globals":
        before = GLOBAL
    attempt(run)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if not run.trouble:
        tidy_up()
    if order.task == "globals":
        run.seen.insert(0, {"worker": None, "before": before, "after": GLOBAL})
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            # An item may have closed or replaced it.
            pass
    WIRE.send({"result": run.result()})
    os._exit(0)
