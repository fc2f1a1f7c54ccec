"""Results of a user's function: kept while the clock runs, and compared with those of a serial run once it has stopped."""

import hashlib
import json
import os
import pickle
import random
import sys
import tempfile

from .protocol import describe
from .sameness import difference, same

# Most bytes of results that are kept for comparison; of more, so many of a seeded sample are.
MOST_BYTES = 16 << 20
# So many results tell about how large they are.
FEW = 8

# What a trial says in place of the sum of its results' checksums.
SAME, DIFFERENT = 1, 2


def path_of(order, what):
    """A file beside the folders of trials, whose name follows from this."""
    name = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
    return os.path.join(os.path.dirname(order.folder) or order.folder, "results-%s" % name)


def reference_path(order):
    """Where the results of the serial run lie, which all trials of a workload share, of whatever function or interpreter."""
    return path_of(order, [order.workload, order.items, order.seed])


def function_path(order):
    """What names of files start with that tell what a serial run found of this function."""
    return path_of(order, [order.settings, order.items, order.seed, sys.executable, os.getcwd()])


def keep_reference(order, results):
    """Writes what a serial run gave: all results, or a sample of them where they are large. Those that cannot be pickled cannot
    be compared either, since every trial is a program of its own. Another variant's serial run has come before where there are
    results already: gives in what they differ."""
    told = {"why": None, "results": {}}
    try:
        few = results[:: max(len(results) // FEW, 1)]
        each = max([1] + [len(pickle.dumps(result, 4)) for result in few])
        with open(function_path(order) + ".size", "w") as file:
            file.write(str(each))
        if os.path.exists(reference_path(order)):
            return compare(order, dict(enumerate(results)))[1]
        most = max(MOST_BYTES // each, 1)
        chosen = range(len(results))
        if most < len(results):
            chosen = sorted(random.Random(order.seed).sample(chosen, most))
        told["results"] = {item: results[item] for item in chosen}
        data = pickle.dumps(told, 4)
    except Exception as error:
        told.update(why=describe(error), results={})
        data = pickle.dumps(told, 4)
    handle, name = tempfile.mkstemp(dir=os.path.dirname(reference_path(order)))
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(name, reference_path(order))
    return None


def known_kind(order):
    """What the serial run found the function to be; `None` where there was none yet."""
    try:
        with open(function_path(order) + ".kind") as file:
            return file.read()
    except OSError:
        return None


def known_size(order):
    """About how many bytes the pickle of a result takes, by the serial run; 0 where nobody knows."""
    try:
        with open(function_path(order) + ".size") as file:
            return int(file.read())
    except OSError:
        return 0


def keep_kind(order, kind):
    with open(function_path(order) + ".kind", "w") as file:
        file.write(kind)


def compare(order, results):
    """Compares results, by item, with the serial run's; gives what to say in place of their sum, and the first difference."""
    if not order.settings.get("same_results", True):
        return SAME, None
    try:
        with open(reference_path(order), "rb") as file:
            told = pickle.load(file)
    except Exception as error:
        return DIFFERENT, "the results of the serial run cannot be read: %s" % describe(error)
    tolerance = order.settings.get("tolerance") or 0.0
    for item, expected in told["results"].items():
        if item not in results:
            return DIFFERENT, "item %d gave nothing" % item
        if not same(results[item], expected, tolerance):
            return DIFFERENT, "item %d: %s in a serial run" % (item, difference(results[item], expected, tolerance))
    return SAME, None
