"""The models, each imported where it is run."""

from importlib import import_module

# Module and function of each model, with Python's own classes and with its pools and executors.
MODELS = {
    ("serial", False): ("serial", "serial"),
    ("threads", False): ("threads", "threads"),
    ("threads", True): ("thread_pools", "in_threads_of_a_pool"),
    ("processes", False): ("processes", "processes"),
    ("processes", True): ("process_pools", "in_processes_of_a_pool"),
    ("async", False): ("event_loop", "in_event_loop"),
    ("interpreters", False): ("interpreters", "in_interpreters"),
}


def model_of(order):
    """The function that runs the model's trials."""
    module, name = MODELS[order.model, order.api != "process"]
    return getattr(import_module("." + module, __name__), name)
