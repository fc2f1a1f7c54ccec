#!/usr/bin/env python3
"""Writes README's table of benchmarks from benches/results.json, between two markers.

    benches/table.py            writes it
    benches/table.py --check    fails if README.md does not show what the file holds

The table names the commit that was measured, so that it never passes for newer than it is.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benches" / "results.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- benchmarks: benches/table.py -->", "<!-- benchmarks end -->"
# Where code lies that a row measures.
MEASURED = ["src/ipc", "src/model", "src/host", "src/task", "benches/anchors"]

LOOP = "ns per empty item, 2 worker(s), against a hand-written loop"
SPLIT = "ns per empty item, 2 worker(s), against rayon's par_iter"
TRIAL = "the engine's own time per trial (one empty item, serial)"


def trip(size, wait, method):
    """The title of a round trip. The two sides of a manager cannot all have a core of their own."""
    return "round trip, %s, wait %s%s: %s" % (size, wait, "" if method == "manager" else ", two cores", method)


# What is shown, the title and name of its row, the greatest ratio that is aimed at, and why it is greater, where that is known.
ROWS = [
    (
        "pipe, 64 B round trip, sleeping ÷ bare ping-pong over two pipes",
        (trip("64 B", "sleep", "pipe"), "pipe"),
        1.1,
        "",
    ),
    ("the same, 1 MiB", (trip("1 MiB", "sleep", "pipe"), "pipe"), 1.1, ""),
    (
        "the same, 64 B, spinning",
        (trip("64 B", "spin", "pipe"), "pipe"),
        1.1,
        "a bare peer reads without finding out which worker sent the message, and at 2 µs that shows",
    ),
    (
        "shared memory, 64 B, spinning ÷ a round trip of one cache line",
        (trip("64 B", "spin", "shared memory"), "shared memory"),
        2.5,
        "header, payload and position are three lines",
    ),
    (
        "shared memory, 64 B, sleeping ÷ one word and a futex",
        (trip("64 B", "sleep", "shared memory"), "shared memory"),
        None,
        "",
    ),
    ("queue, 64 B, sleeping ÷ ipc-channel's own byte channel", (trip("64 B", "sleep", "queue"), "queue"), None, ""),
    (
        "the same, 1 MiB",
        (trip("1 MiB", "sleep", "queue"), "queue"),
        None,
        "sent in pieces of 64 KiB, which fail promptly if the other side dies",
    ),
    (
        "manager, 64 B, sleeping ÷ a bare put and get through a third process",
        (trip("64 B", "sleep", "manager"), "manager"),
        None,
        "",
    ),
    ("threads, chunk 64, two workers ÷ a loop by hand", (LOOP, "threads, chunk 64"), 1.05, ""),
    (
        "rayon, chunk 64, two workers ÷ a loop by hand",
        (LOOP, "rayon, chunk 64"),
        1.05,
        "rayon's own `par_iter` over the same items is no faster",
    ),
    (
        "`dispatch: claim`, chunk 1, two workers ÷ rayon with one job per item",
        (SPLIT, "processes, shared table, chunk 1"),
        0.5,
        "one shared counter costs 20 ns per claim",
    ),
    ("the same, chunk 64", (SPLIT, "processes, shared table, chunk 64"), None, ""),
    ("a trial in a fresh host ÷ starting and reaping the program", (TRIAL, "a trial in a fresh host"), None, ""),
]


def shown(results):
    """The table in Markdown, with the line above it."""
    machine = results["machine"]
    lines = [
        "Medians of %d runs of `cargo bench` at commit `%.10s` (%s), each of 31 interleaved rounds, on %d cores (%s):"
        % (results["pairs"], results["commit"], results["measured"], machine["cores"], machine["cpu"]),
        "",
        "| what | ratio | quartiles | target | |",
        "|:--|--:|:--|--:|:--|",
    ]
    found = {(row["title"], row["name"]): row.get("to_first") for row in results["rows"]}
    for label, key, target, reason in ROWS:
        ratio = found.get(key)
        if ratio is None:
            sys.exit("benches/results.json has no row `%s` of `%s`" % (key[1], key[0]))
        met = target is None or ratio["median"] <= target
        word = reason if target is None else "met" if met else "missed: " + reason if reason else "missed"
        aim = "–" if target is None else "≤ %g" % target
        numbers = "%.2f | %.2f–%.2f" % (ratio["median"], ratio["low"], ratio["high"])
        lines.append("| %s | %s | %s | %s |" % (label, numbers, aim, word))
    return "\n".join(lines)


def commits_since(commit):
    """How many later commits changed what is measured; `None` where git does not know."""
    git = ["git", "-C", str(ROOT), "rev-list", "--count", commit + "..HEAD", "--"]
    counted = subprocess.run(git + MEASURED, capture_output=True, text=True)
    return int(counted.stdout) if counted.returncode == 0 else None


def main():
    check = sys.argv[1:] == ["--check"]
    if not RESULTS.exists():
        sys.exit("there is no benches/results.json: benches/compare.sh writes it")
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN + "\n", 1)
    _, after = rest.split("\n" + END, 1)
    fresh = before + BEGIN + "\n" + shown(results) + "\n" + END + after
    since = commits_since(results["commit"])
    if since:
        print("%d commits since the benchmarks have changed what they measure" % since)
    if not check:
        README.write_text(fresh, encoding="utf-8")
    elif fresh != text:
        sys.exit("README.md does not show benches/results.json: write it with `benches/table.py`")


if __name__ == "__main__":
    main()
