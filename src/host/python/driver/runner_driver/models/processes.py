"""`multiprocessing.Process`, fed by the driver."""

from ..protocol import READY, RunError, describe
from .worker_pool import WorkerPool


def processes(run):
    """`multiprocessing.Process`, fed by the driver."""
    order = run.order
    run.begin()
    workers = WorkerPool(run)
    try:
        workers.start()
        if order.warm:
            workers.gather(READY)
            workers.warm_up()
        run.weigh(workers.pids(), workers.others())
        run.edge(workers.pids() + workers.others())
        workers.play_iterations() if order.parts else workers.stream()
        run.edge(workers.pids() + workers.others())
        run.weigh(workers.pids(), workers.others())
        workers.finish()
        if workers.death:
            raise RunError("worker_died", workers.death)
    except BaseException as error:
        run.trouble = run.trouble or ("failed", describe(error))
        raise
    finally:
        workers.shutdown()
        if run.trouble is None:
            stop_forkserver(order)
            run.last_edge()


def stop_forkserver(order):
    """Ends the server of the start method `forkserver`, so that what it used counts."""
    if order.start == "forkserver":
        from multiprocessing import forkserver

        try:
            forkserver._forkserver._stop()
        except (AttributeError, OSError):
            pass
