"""The tasks, each imported where it is run: what one trial does not need costs its interpreter nothing."""

from importlib import import_module

from ..order import RequestSource

# Module and function of each task.
TASKS = {
    "empty": ("compute", "empty"),
    "primes": ("compute", "primes"),
    "matrix": ("compute", "matrix"),
    "hash": ("compute", "hashing"),
    "sleep": ("compute", "sleeping"),
    "file": ("files", "files"),
    "echo": ("compute", "echo"),
    "mixed": ("compute", "mixed"),
    "convoy": ("compute", "convoy"),
    "database": ("database", "database"),
    "compress": ("data", "compress"),
    "sort": ("data", "sort"),
    "json": ("data", "documents"),
    "numeric": ("numeric", "numeric"),
    "download": ("web", "download"),
    "crawl": ("web", "crawl"),
    "log": ("log", "log"),
    "globals": ("compute", "global_variable"),
}
# What a program with such items imports at its top beside it, so that forked workers have it.
MODULES = {"download": ["http.client"], "crawl": ["http.client", "html.parser"]}
# Module and class of whoever takes all replies, of the tasks that have such a one.
CONSUMERS = {"log": ("log", "LogWriter")}


def found(place):
    """What a module of this package has under a name."""
    module, name = place
    return getattr(import_module("." + module, __name__), name)


def preload(order):
    """Imports what a program with such items imports at its top."""
    if order.objects:
        the_task(order)
        return
    found(TASKS[order.task])
    for module in MODULES.get(order.task, ()):
        import_module(module)


def the_task(order):
    """The function that runs an item, with the constants that it needs; of a user's function, the function with its kind."""
    if order.objects:
        from ..objects import users_function

        return users_function(order)
    return found(TASKS[order.task])(order, RequestSource(order, constants_only=True).constants)


def consumer_of(order):
    """Whoever takes all replies."""
    return found(CONSUMERS[order.task])(order)
