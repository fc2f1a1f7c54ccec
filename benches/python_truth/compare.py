"""Whether what `runner try` prints of ten functions is what a program by hand takes.

`compare.py RUNNER [PYTHON]` measures each function of functions.py by hand, with `runner try`, and by hand again, and says for
each of the three ratios between one after the other, threads and processes whether the one by hand lies within the interval
that was found. It writes results.json and ends with 1 where fewer than 27 of 30 do.
"""

import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# Measurements by hand of each kind, half of them before `try` and half of them after it.
ROUNDS = 30
WANTED = 27


def by_hand(python, name, plan, rounds):
    """Seconds per item of each kind, in rounds in which each is measured once, in an order that is drawn anew."""
    seconds = {kind: [] for kind in plan}
    for _ in range(rounds):
        for kind in random.sample(sorted(plan), len(plan)):
            items, workers, chunk = plan[kind]
            arguments = [python, HERE / "by_hand.py", name, kind, str(items), str(workers), str(chunk)]
            out = subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=HERE).stdout
            seconds[kind].append(float(out) / items)
    return seconds


def tried(runner, python, name, output, more=()):
    """What `runner try` found: its results file."""
    arguments = [runner, "try", "functions:" + name, "--python", python, "--workers", "2", "--output", output, *more]
    subprocess.run(arguments, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(next(pathlib.Path(output).glob("try-functions-%s/results.json" % name)).read_text())


KINDS = {"serial": "serial", "ThreadPoolExecutor": "threads", "ProcessPoolExecutor": "processes"}


def plan_of(results):
    """Items, workers and chunk of each kind, as `try` had them."""
    plan = {}
    for one in results["configurations"]:
        config = one["config"]
        kind = KINDS.get(config["model"])
        if kind:
            plan[kind] = (one["items"], config.get("workers") or 1, config.get("chunk") or 1)
    return plan


def ratios_of(results):
    """The interval of each ratio that `try` found: of the times of the first to those of the second."""
    kinds = [KINDS.get(one["config"]["model"]) for one in results["configurations"]]
    found = {}
    for a, others in results["derived"]["workloads"][0]["pairs"]["rows"]:
        for b, median, low, high, _ in others:
            if kinds[a] and kinds[b] and low:
                # `a` is so many times as fast as `b`.
                found[kinds[b], kinds[a]] = (median, low, high or float("inf"))
    return found


def printed(ratio):
    """A ratio with the digits that `try` prints of it."""
    return float("%.2f" % ratio) if ratio < 10 else float("%.3g" % ratio)


def main():
    runner = os.path.abspath(sys.argv[1])
    python = sys.argv[2] if len(sys.argv) > 2 else sys.executable
    sys.path.insert(0, str(HERE))
    import functions

    rows = []
    for function in functions.ALL:
        name = function.__name__
        with tempfile.TemporaryDirectory() as output:
            plan = plan_of(tried(runner, python, name, output, ["--rounds", "1"]))
            before = by_hand(python, name, plan, ROUNDS // 2)
            said = ratios_of(tried(runner, python, name, output))
            after = by_hand(python, name, plan, ROUNDS // 2)
        hand = {kind: before[kind] + after[kind] for kind in plan}
        if len(said) < len(plan):
            print("%-8s %d ratios have no interval: too few rounds" % (name, len(plan) - len(said)))
        for (slow, fast), (median, low, high) in said.items():
            each = [a / b for a, b in zip(hand[slow], hand[fast])]
            own = statistics.median(each)
            inside = printed(low) <= printed(own) <= printed(high)
            row = {"function": name, "ratio": "%s / %s" % (slow, fast), "by_hand": own, "inside": inside}
            rows.append(dict(row, said=[median, low, high]))
            print(
                "%-8s %-22s by hand %5.2f, said %5.2f (%.2f to %.2f) %s"
                % (name, rows[-1]["ratio"], own, median, low, high, "" if inside else "OUTSIDE"),
                flush=True,
            )
    inside = sum(row["inside"] for row in rows)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=HERE).stdout.strip()
    told = {
        "commit": commit,
        "python": platform.python_version(),
        "machine": "%s %s" % (platform.system(), platform.machine()),
        "cores": os.cpu_count(),
        "rows": rows,
    }
    (HERE / "results.json").write_text(json.dumps(told, indent=1) + "\n")
    print("%d of %d within what was said" % (inside, len(rows)))
    return 0 if inside >= WANTED * len(rows) / 30 else 1


if __name__ == "__main__":
    sys.exit(main())
