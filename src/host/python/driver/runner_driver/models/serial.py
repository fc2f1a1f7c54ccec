"""One item after the other, in the main thread."""

from .. import probe
from ..order import source_of
from ..parent_memory import read_parent_memory
from ..protocol import RunError
from ..tasks import the_task
from ..topology import Consumer, ItemIds, IterationState


def serial(run):
    """One item after the other, in the main thread."""
    order = run.order
    source, runner = source_of(order), run.runner(the_task(order))
    consumer = Consumer(order) if order.gathers else None
    first = settle_kind(order, runner.users, source) if order.reference else None
    run.begin()
    read_parent_memory(order)
    if order.warm and order.items:
        runner.warm_up(source.fresh(range(1)))
    run.weigh()
    run.edge()
    see_globals_in_main(run, runner)
    run.let_come()
    get, work = source.get, runner.work_on_time if run.arrivals else runner.work
    if order.plain:
        call_all(run, runner.users.call, source.objects, first)
    elif order.finds:
        find_all(run, source, runner)
    elif order.gathers:
        for item in range(order.items):
            consumer.take(0, item, work(item, get(item)))
        consumer.finish()
    elif order.parts:
        state = IterationState(order, source, runner.run)
        for _ in range(state.iterations):
            for part in range(state.parts):
                state.play(runner, part)
            state.finish_iteration()
    else:
        for item in range(order.items):
            work(item, get(item))
    run.edge()
    run.weigh()
    run.edge()


def settle_kind(order, users, source):
    """What the function gives for the first item, before the serial run that all others are compared with."""
    from ..objects import settle_kind

    return [settle_kind(order, users, item) for _, item in source.fresh(range(1))]


def call_all(run, call, objects, first):
    """Calls a user's function as a program does. Where an item gives another result the second time, no result is right."""
    run.keep([call(item) for item in objects])
    if first and run.order.settings.get("same_results", True):
        from ..sameness import difference, same

        tolerance = run.order.settings.get("tolerance") or 0.0
        if not same(first[0], run.results[0], tolerance):
            raise RunError(
                "failed",
                "two serial calls with the same item give different results, %s; where that is meant, `same_results: false` "
                "runs it unchecked" % difference(first[0], run.results[0], tolerance),
            )


def find_all(run, source, runner):
    """Runs items and those that they find, the last found first."""
    names, stack = ItemIds(run, source), []
    for first in range(run.order.items):
        stack.append((first, source.get(first)))
        while stack:
            runner.work(*stack.pop())
            stack += names.new(runner.found)


def see_globals_in_main(run, runner):
    """Where main is its own worker, it sees what it wrote."""
    if run.order.task == "globals":
        runner.worker = 0
        runner.touch_global()
        run.seen.append({"worker": 0, "before": runner.before, "after": probe.GLOBAL})
        runner.worker = None
