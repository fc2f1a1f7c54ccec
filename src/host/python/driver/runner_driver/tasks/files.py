"""Files that are written, made durable, read and removed."""

import itertools
import os

from ..checksums import checksum


def files(order, constants):
    rest, fsync, names = constants[0], order.settings["fsync"], itertools.count()

    def run(request):
        # Two workers may run one item at a time (a warm-up does), and each must find its own file.
        name = "%d-%d-%d" % (os.getpid(), id(names), next(names))
        path = os.path.join(order.folder, name)
        with open(path, "w+b", buffering=0) as file:
            for part in (request, rest):
                view = memoryview(part)
                while view:
                    view = view[file.write(view) :]
            if fsync:
                os.fsync(file.fileno())
            file.seek(0)
            back = file.read()
        os.remove(path)
        return checksum(back).to_bytes(8, "little")

    async def run_async(request):
        import asyncio

        return await asyncio.get_running_loop().run_in_executor(None, run, request)

    run.as_coroutine = run_async
    return run
