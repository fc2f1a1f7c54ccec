"""The variable of the task `globals`, which shows who sees what was written where."""

# 1 at import, 2 once main has begun.
GLOBAL = 1
