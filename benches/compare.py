"""The table of benches/compare.sh: what it measured, side by side. Arguments: its folder, both revisions, number of pairs."""

import os
import platform
import re
import statistics
import sys

UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
# A name, a time with its unit, and for all but the first row of a title a ratio, which is not looked at here.
ROW = re.compile(r"^  (?P<name>.*?)\s+(?P<time>[\d.,]+) (?P<unit>ns|µs|ms|s)\b")
# The lower quartile of NEW / OLD above which a row is worse.
WORSE = 1.05


def rows(path):
    """Seconds of every row, by its title and name."""
    found, title = {}, ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = ROW.match(line)
            if match:
                seconds = float(match["time"].replace(",", "")) * UNITS[match["unit"]]
                found[title, match["name"]] = seconds
            elif line.strip() and not line.startswith(" "):
                title = line.strip()
    return found


def machine():
    """The processor, its cores, the kernel and the load."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    return "%s, %d cores, Linux %s, load %.2f" % (name, os.cpu_count(), platform.release(), os.getloadavg()[0])


def main():
    folder, old, new, pairs = sys.argv[1:]
    ratios = {}
    for pair in range(1, int(pairs) + 1):
        before, after = (rows("%s/%s.%d.txt" % (folder, revision, pair)) for revision in (old, new))
        for key in before.keys() & after.keys():
            ratios.setdefault(key, []).append(after[key] / before[key])
    print("%s ÷ %s, %s pairs, on %s" % (new, old, pairs, machine()))
    title, worse = None, 0
    for key in sorted(ratios):
        low, middle, high = statistics.quantiles(ratios[key], n=4) if len(ratios[key]) > 1 else ratios[key] * 3
        if key[0] != title:
            title = key[0]
            print("\n%s" % title)
        is_worse = low > WORSE
        worse += is_worse
        print("  %-48s %.2f [%.2f, %.2f]%s" % (key[1], middle, low, high, "  worse" if is_worse else ""))
    print("\n%d of %d rows are worse" % (worse, len(ratios)))
    return 1 if worse or not ratios else 0


sys.exit(main())
