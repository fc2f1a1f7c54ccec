"""Items as tasks of one event loop of asyncio."""

from ..arrivals import Alarm
from ..functions import COROUTINE
from ..order import source_of
from ..tasks import the_task
from ..topology import ItemIds
from .serial import see_globals_in_main


class EventLoop:
    """So many lanes as tasks of one event loop, each of which runs one item at a time."""

    def __init__(self, run):
        self.run, self.order = run, run.order
        self.source, self.runner = source_of(self.order), run.runner(the_task(self.order))

    async def lane(self, items):
        for item in items:
            await self.runner.work_async(item, self.source.get(item))

    async def lane_of_calls(self, items):
        """Calls a user's function as a program does."""
        function, objects, results = self.runner.users.function, self.source.objects, self.run.results
        for item in items:
            results[item] = await function(objects[item])
            self.run.done += 1

    async def lane_of_coming(self, items, turn, alarm):
        """Where items come at a rate: one lane waits for the next, and the others for their turn to do so."""
        while True:
            async with turn:
                item = next(items, None)
                if item is None:
                    return
                await self.run.arrivals.wait_async(item, alarm)
            await self.runner.work_async(item, self.source.get(item))
            self.run.arrivals.note(item)

    async def lane_of_found(self, names, open_items, waiting):
        """Where items find others: those that nobody has taken wait in a queue, and at the end nothing does."""
        while True:
            pair = await waiting.get()
            if pair is None:
                return
            new = names.new(await self.runner.work_async(*pair))
            open_items[0] += len(new) - 1
            for pair in new if open_items[0] else [None] * self.order.in_flight:
                waiting.put_nowait(pair)

    async def warm_up(self):
        """Each of what will be under way at once may hold something of its own, such as a connection."""
        import asyncio

        fresh = [self.source.fresh(range(1))[0][1] for _ in range(self.order.in_flight)]
        await asyncio.gather(*[self.runner.warm_up_async(item) for item in fresh])

    def lanes(self):
        """The coroutines of all lanes."""
        import asyncio

        order = self.order
        if order.finds:
            names, open_items, waiting = ItemIds(self.run, self.source), [order.items], asyncio.Queue()
            for pair in self.source.pairs(range(order.items)):
                waiting.put_nowait(pair)
            return [self.lane_of_found(names, open_items, waiting) for _ in range(order.in_flight)]
        items = iter(range(order.items))
        if self.run.arrivals:
            turn, alarm = asyncio.Lock(), Alarm()
            return [self.lane_of_coming(items, turn, alarm) for _ in range(order.in_flight)]
        lane = self.lane_of_calls if order.plain and self.runner.users.kind == COROUTINE else self.lane
        return [lane(items) for _ in range(order.in_flight)]

    async def main(self):
        import asyncio

        run = self.run
        if self.order.warm and self.order.items:
            await self.warm_up()
        run.weigh()
        run.edge()
        see_globals_in_main(run, self.runner)
        lanes = self.lanes()
        run.let_come()
        await asyncio.gather(*lanes)
        run.edge()
        run.weigh()


def in_event_loop(run):
    """One trial."""
    import asyncio

    loop = EventLoop(run)
    run.begin()
    asyncio.run(loop.main())
    run.edge()
