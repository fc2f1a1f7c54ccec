"""The CPython side of the benchmark of the emulated interpreter lock: runs one experiment and prints its numbers.

Arguments: kind, threads, switch interval in seconds, amount, and for `http` the port. Output: numbers, blank-separated.
"""

import hashlib
import http.client
import itertools
import sys
import threading
import time

kind, threads, interval, amount = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
sys.setswitchinterval(interval)


def is_prime(n):
    if n < 4:
        return n >= 2
    if n % 2 == 0:
        return False
    d = 3
    while d * d <= n:
        if n % d == 0:
            return False
        d += 2
    return True


def primes():
    def item(block):
        return sum(map(is_prime, range(amount * block // 64, amount * (block + 1) // 64)))

    return item


def sleep():
    return lambda _: time.sleep(amount / 1e6)


def hashing():
    data = bytes(amount)
    return lambda _: hashlib.sha256(data).digest()


def over_http():
    local = threading.local()

    def item(_):
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[5]))
        local.connection.request("GET", "/")
        assert local.connection.getresponse().read() == b"ok"

    return item


def work():
    """Seconds for 64 items, claimed from a shared counter by all threads."""
    item = {"primes": primes, "sleep": sleep, "hash": hashing, "http": over_http}[kind]()
    counter, barrier = itertools.count(), threading.Barrier(threads + 1)

    def worker():
        item(0)
        barrier.wait()
        while (i := next(counter)) < 64:
            item(i)

    workers = [threading.Thread(target=worker) for _ in range(threads)]
    for thread in workers:
        thread.start()
    barrier.wait()
    begun = time.perf_counter()
    for thread in workers:
        thread.join()
    print(time.perf_counter() - begun)


def wake():
    """p50 and p90 of how late a thread wakes up beside computing threads."""
    done = False

    def compute():
        x = 0
        while not done:
            x = (x * 31 + 7) % 1000003

    others = [threading.Thread(target=compute) for _ in range(threads)]
    for thread in others:
        thread.start()
    late = []
    for _ in range(amount):
        begun = time.perf_counter()
        time.sleep(0.001)
        late.append(time.perf_counter() - begun - 0.001)
    done = True
    for thread in others:
        thread.join()
    late.sort()
    print(late[len(late) // 2], late[len(late) * 9 // 10])


def switches():
    """Hand-overs a second among computing threads."""
    until = time.perf_counter() + amount / 1e3
    last, count = None, 0

    def compute(me):
        nonlocal last, count
        while time.perf_counter() < until:
            if last != me:
                last = me
                count += 1

    workers = [threading.Thread(target=compute, args=(i,)) for i in range(threads)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    print(count / (amount / 1e3))


{"wake": wake, "switches": switches}.get(kind, work)()
