"""One item after the other, in the main thread."""

from .. import probe
from ..order import RequestSource
from ..parent_memory import read_parent_memory
from ..tasks import the_task
from ..topology import Consumer, ItemIds, IterationState


def serial(run):
    """One item after the other, in the main thread."""
    order = run.order
    source, runner = RequestSource(order), run.runner(the_task(order))
    consumer = Consumer(order) if order.gathers else None
    run.begin()
    read_parent_memory(order)
    if order.warm and order.items:
        runner.warm_up([(0, source.get(0))])
    run.weigh()
    run.edge()
    see_globals_in_main(run, runner)
    run.let_come()
    get, work = source.get, runner.work_on_time if run.arrivals else runner.work
    if order.finds:
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
