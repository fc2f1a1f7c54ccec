"""Items as tasks of one event loop of asyncio."""

from ..arrivals import Alarm
from ..order import RequestSource
from ..tasks import the_task
from ..topology import ItemIds
from .serial import see_globals_in_main


def in_event_loop(run):
    """So many items in flight, as tasks of one event loop."""
    import asyncio

    order = run.order
    source, runner = RequestSource(order), run.runner(the_task(order))

    async def lane(items):
        for item in items:
            await runner.work_async(item, source.get(item))

    async def lane_of_coming(items, turn, alarm):
        """The same where items come: one lane waits for the next, and the others for their turn to do so."""
        while True:
            async with turn:
                item = next(items, None)
                if item is None:
                    return
                await run.arrivals.wait_async(item, alarm)
            await runner.work_async(item, source.get(item))
            run.arrivals.note(item)

    async def lane_of_found(names, open_items, waiting):
        """The same where items find others: those that nobody has taken wait in a queue, and at the end nothing does."""
        while True:
            pair = await waiting.get()
            if pair is None:
                return
            new = names.new(await runner.work_async(*pair))
            open_items[0] += len(new) - 1
            for pair in new if open_items[0] else [None] * order.in_flight:
                waiting.put_nowait(pair)

    async def main():
        if order.warm and order.items:
            # Each of what will be under way at once may hold something of its own, such as a connection.
            await asyncio.gather(*[runner.warm_up_async(source.get(0)) for _ in range(order.in_flight)])
        run.weigh()
        run.edge()
        see_globals_in_main(run, runner)
        if order.finds:
            names, open_items, waiting = ItemIds(run, source), [order.items], asyncio.Queue()
            for pair in source.pairs(range(order.items)):
                waiting.put_nowait(pair)
            lanes = [lane_of_found(names, open_items, waiting) for _ in range(order.in_flight)]
        elif run.arrivals:
            items, turn, alarm = iter(range(order.items)), asyncio.Lock(), Alarm()
            lanes = [lane_of_coming(items, turn, alarm) for _ in range(order.in_flight)]
            run.let_come()
        else:
            items = iter(range(order.items))
            lanes = [lane(items) for _ in range(order.in_flight)]
        await asyncio.gather(*lanes)
        run.edge()
        run.weigh()

    run.begin()
    asyncio.run(main())
    run.edge()
