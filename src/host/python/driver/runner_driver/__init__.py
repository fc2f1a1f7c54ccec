"""The Python side of `runner`: runs one trial in a CPython, with Python's own classes, and says what it took.

The host process writes this package into the run's folder and starts an interpreter on a main file beside it: a module is
compiled once in a run, a main file in every trial and by every worker that starts afresh. `trial.main` reads one line of
JSON, the order, from standard input, and writes lines of JSON to a descriptor of its own, which is its last argument: `weigh`
where the host is to read the memory of processes, which it answers with a line, and `result` at the end; at a first look at a
function, `step` and `look`. Standard output is that of errors, so that what anybody prints is seen and spoils nothing. All else
may run in any of the processes.

It runs on CPython 3.8 and newer, and imports what only one model or task needs where that is run. What both sides of the
program compute is held together by the golden vectors of its tests.
"""
