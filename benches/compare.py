"""What benches/compare.sh measured: prints it side by side, and writes it to a file.

Arguments: its folder, both revisions, the number of pairs, and the file. Ends with 1 if a row is worse.
"""

import json
import os
import platform
import re
import statistics
import sys
import time

UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
# A name and a time; then what it is of the first row of its title: a median with its quartiles.
ROW = re.compile(
    r"^  (?P<name>.*?)\s+(?P<time>[\d.,]+) (?P<unit>ns|µs|ms|s)\b"
    r"(?:\s+(?P<median>[\d.]+) × \[(?P<low>[\d.]+), (?P<high>[\d.]+)\])?"
)
# The lower quartile of NEW ÷ OLD above which a row is worse.
WORSE = 1.05


def rows(path):
    """Each row of a run by its title and name: seconds, and the ratio to the first row of its title, if it has one."""
    found, title = {}, ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = ROW.match(line)
            if match:
                seconds = float(match["time"].replace(",", "")) * UNITS[match["unit"]]
                ratio = match["median"] and {part: float(match[part]) for part in ("low", "median", "high")}
                found[title, match["name"]] = (seconds, ratio)
            elif line.strip() and not line.startswith(" "):
                title = line.strip()
    return found


def quartiles(values):
    """Lower quartile, median and upper quartile of one value or more."""
    values = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {part: round(value, 4) for part, value in zip(("low", "median", "high"), values)}


def significant(value):
    """Four digits of a number: what is measured has no more."""
    return float("%.4g" % value)


def machine():
    """The processor, its cores, the kernel and the load."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    return {"cpu": name, "cores": os.cpu_count(), "kernel": platform.release(), "load": round(os.getloadavg()[0], 2)}


def compared(pairs):
    """All rows that both revisions have, in the order of the bench program."""
    table = []
    for key in pairs[0][1]:
        both = [(old[key], new[key]) for old, new in pairs if key in old and key in new]
        if not both:
            continue
        row = {
            "title": key[0],
            "name": key[1],
            "old_seconds": significant(statistics.median(old[0] for old, _ in both)),
            "seconds": significant(statistics.median(new[0] for _, new in both)),
            "new_to_old": quartiles([new[0] / old[0] for old, new in both]),
        }
        # How many times as long as the first row of the title, bare code as a rule. A run's quartiles are those of its rounds.
        for name, side in (("old_to_first", 0), ("to_first", 1)):
            ratios = [pair[side][1] for pair in both if pair[side][1]]
            if ratios:
                row[name] = {part: statistics.median(ratio[part] for ratio in ratios) for part in ratios[0]}
        table.append(row)
    return table


def main():
    folder, old, new, count, target = sys.argv[1:]
    pairs = []
    for pair in range(1, int(count) + 1):
        pairs.append(tuple(rows("%s/%d/%s.txt" % (folder, pair, name)) for name in ("old", "new")))
    results = {
        "commit": new,
        "compared_with": old,
        "measured": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": machine(),
        "pairs": int(count),
        "rows": compared(pairs),
    }
    with open(target + ".part", "w", encoding="utf-8") as file:
        json.dump(results, file, ensure_ascii=False, indent=1)
        file.write("\n")
    os.replace(target + ".part", target)
    print("%.10s ÷ %.10s, %s pairs, on %s" % (new, old, count, results["machine"]))
    title, worse = None, 0
    for row in results["rows"]:
        if row["title"] != title:
            title = row["title"]
            print("\n%s" % title)
        ratio = row["new_to_old"]
        is_worse = ratio["low"] > WORSE
        worse += is_worse
        note = "  worse" if is_worse else ""
        print("  %-48s %.2f [%.2f, %.2f]%s" % (row["name"], ratio["median"], ratio["low"], ratio["high"], note))
    print("\n%d of %d rows are worse" % (worse, len(results["rows"])))
    return 1 if worse or not results["rows"] else 0


if __name__ == "__main__":
    sys.exit(main())
