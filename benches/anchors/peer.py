"""Python's own pools over empty items: reads `kind count` lines, answers each with nanoseconds per item (or in all)."""

import multiprocessing
import sys
import time


def empty(item):
    return item


def take(kind, count, pool):
    begun = time.perf_counter_ns()
    if kind == "map1":
        pool.map(empty, range(count), chunksize=1)
    elif kind == "map":
        pool.map(empty, range(count))
    elif kind.startswith("imap"):
        for _ in pool.imap_unordered(empty, range(count), chunksize=int(kind[4:])):
            pass
    elif kind == "start":
        with multiprocessing.get_context("spawn").Pool(count) as other:
            other.map(empty, range(count), chunksize=1)
            return time.perf_counter_ns() - begun
    return (time.perf_counter_ns() - begun) / count


if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for line in sys.stdin:
            kind, count = line.split()
            print(take(kind, int(count), pool), flush=True)
