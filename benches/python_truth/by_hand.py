"""One measurement by hand: `by_hand.py FUNCTION MODEL ITEMS WORKERS CHUNK` prints the seconds that all items take.

It knows nothing of `runner`: a program with `concurrent.futures`, whose workers are started and have each run something
before the clock starts, as a program's are that runs for longer than a moment.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import functions


def settle(name):
    """Runs the function often enough that the interpreter has specialised its code, and keeps one worker busy, so that every one of
    them does."""
    for _ in range(10):
        getattr(functions, name)(0)
    time.sleep(0.05)


def main():
    function, model = getattr(functions, sys.argv[1]), sys.argv[2]
    count, workers, chunk = map(int, sys.argv[3:6])
    items = list(range(count))
    for _ in range(10):
        function(0)
    if model == "serial":
        began = time.perf_counter()
        results = [function(item) for item in items]
        return time.perf_counter() - began, results
    if model == "threads":
        pool, chunks = ThreadPoolExecutor(workers), {}
    else:
        pool, chunks = ProcessPoolExecutor(workers, get_context("fork")), {"chunksize": chunk}
    with pool:
        list(pool.map(settle, [sys.argv[1]] * workers))
        began = time.perf_counter()
        results = list(pool.map(function, items, **chunks))
        return time.perf_counter() - began, results


if __name__ == "__main__":
    print(main()[0])
