"""Tasks that compute, wait, or do both, without a file or a server."""

import os
import time

from ..checksums import MASK, mix
from ..protocol import now


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


def global_variable(order, constants):
    return lambda request: request
