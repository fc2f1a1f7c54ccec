"""The main file of a trial. Workers that start afresh import it again, under another name."""

# Python's own modules come from where they lie compiled, as for every program: what is imported behind the change below is
# compiled once more in every run.
import json  # noqa: F401
import multiprocessing  # noqa: F401
import os
import resource  # noqa: F401
import selectors  # noqa: F401
import struct  # noqa: F401
import sys
import threading  # noqa: F401
import zlib  # noqa: F401

folder = os.path.dirname(os.path.abspath(__file__))
# What Python compiles goes into a folder of the run, under names that tell interpreters and versions apart, so that later
# trials find it there; nothing is written where a user's code lies, whatever somebody who told Python to write none thinks.
sys.pycache_prefix, sys.dont_write_bytecode = os.path.join(folder, "compiled"), False
if folder not in sys.path:
    sys.path.insert(0, folder)
if __name__ == "__main__":
    from runner_driver import trial

    trial.main()
else:
    # Of a fork server's workers each would import it by itself.
    from runner_driver.models import worker  # noqa: F401
