"""How often `runner` finds a difference between variants that there is, and how often it names one where there is none.

`found.py RUNNER RUNS KIND…` makes so many runs of each kind, in which a difference of a fifth is there or is not, in a folder of its own,
and writes a line for each kind: runs, how many found the difference, or named one. Kinds: functions, commands, commits, gil. The last
takes a python3.13t on PATH, and has no run without a difference.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

WORK = """
def plain(item):
    return sum(n * n for n in range(16000 + item))
def same(item):
    return sum(n * n for n in range(16000 + item))
def more(item):
    return sum(n * n for n in range(16000 + item)) + 0 * sum(n * n for n in range(3200))
"""
LOOP = "BEGIN { for (i = 0; i < %d; i++) s += i; print 1 }"
GIL = """version: 1
name: gil-state
runtime: python
python: python3.13t
tasks: [{kind: primes, limit: 20000}]
models: [threads]
workers: 2
gil: [enabled, disabled]
"""
COMMIT = """version: 1
name: commit
runtime: python
tasks: [{kind: python, call: 'work:plain', items: 200}]
models: [serial]
"""


def run(folder, *arguments):
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True)


def results(folder):
    return json.loads(next(pathlib.Path(folder, "o").glob("*/results.json")).read_text())


def words(folder):
    """What is said of every way of the second variant beside the first; None where a way has nothing."""
    found = results(folder)
    words = []
    for verdict in found["derived"]["workloads"]:
        table = verdict.get("variants") or {"levels": [], "rows": []}
        levels = [level[4] for level in table["levels"]]
        words += [levels[row[4]] for _, rows in table["rows"] for row in rows]
    return words


def functions(runner, folder, differ):
    pathlib.Path(folder, "work.py").write_text(WORK)
    other = "work:more" if differ else "work:same"
    run(folder, runner, "try", "work:plain", other, "--workers", "2", "-o", "o")
    return words(folder)


def commands(runner, folder, differ):
    loops = [150000, 180000 if differ else 150000]
    argv = [["awk", LOOP % count] for count in loops]
    run(folder, runner, "try", "--workers", "2", "-o", "o", "--", *argv[0], "--", *argv[1])
    return words(folder)


def commits(runner, folder, differ):
    pathlib.Path(folder, "work.py").write_text(WORK)
    pathlib.Path(folder, "commit.yaml").write_text(COMMIT)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    run(folder, *git, "init", "-q")
    run(folder, *git, "add", "work.py")
    run(folder, *git, "commit", "-q", "-m", "a")
    if differ:
        pathlib.Path(folder, "work.py").write_text(WORK.replace("plain", "older").replace("more", "plain"))
    ended = run(folder, runner, "commit.yaml", "--baseline", "HEAD", "--allow-commands", "-o", "o")
    return ["slower"] if ended.returncode == 1 else ["equivalent"] if ended.returncode == 0 else ["failed"]


def gil(runner, folder, _):
    pathlib.Path(folder, "gil.yaml").write_text(GIL)
    run(folder, runner, "gil.yaml", "-o", "o")
    found = results(folder)
    labels = {one["id"]: one["label"] for one in found["configurations"]}
    picks = [labels[pick["configuration"]] for verdict in found["derived"]["workloads"] for pick in verdict["picks"]]
    slower = [one for verdict in found["derived"]["workloads"] for pick in verdict["picks"] for one in pick["slower"]]
    return ["slower"] if "disabled" in "".join(picks) and slower else ["no"]


KINDS = {"functions": functions, "commands": commands, "commits": commits, "gil": gil}


def main():
    runner, runs, kinds = str(pathlib.Path(sys.argv[1]).resolve()), int(sys.argv[2]), sys.argv[3:]
    for kind in kinds:
        for differ in (True,) if kind == "gil" else (True, False):
            told = []
            for _ in range(runs):
                with tempfile.TemporaryDirectory() as folder:
                    told.append(KINDS[kind](runner, folder, differ))
            # A difference is found where every way has it, and named where any has.
            found = [words and all(word == "slower" for word in words) for words in told]
            one_way = [words and words[0] == "slower" for words in told]
            named = [any(word in ("slower", "faster") for word in words) for words in told]
            if differ:
                print("%s, a fifth apart: %d of %d in every way, %d serial" % (kind, sum(found), runs, sum(one_way)), flush=True)
            else:
                print("%s, the same: %d of %d named" % (kind, sum(named), runs), flush=True)


if __name__ == "__main__":
    main()
