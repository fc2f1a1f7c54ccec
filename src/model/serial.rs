//! `serial`: one item after the other in the calling thread. The reference of every speedup.

use crate::model::harness::{PreparedJob, Run};
use crate::model::probe::memory::Others;
use crate::model::worker::arrivals::sleep_exactly;
use crate::model::worker::gil;
use crate::model::worker::item_ids::ItemIds;
use crate::model::worker::iteration_state::IterationState;
use crate::model::worker::worker_state::WorkerState;
use crate::record::RunError;
use crate::task::{Consumer, Made};

pub fn run(job: &PreparedJob<'_>, run: &mut Run<'_>) -> Result<(), RunError> {
    run.begin();
    let lock = gil::of(job.spec);
    let mut worker = job.worker().under(lock.as_ref(), job.spec, 0);
    let (iterations, consumer) = (job.iterations()?, job.job.consumer()?);
    worker.runner.context.acquire();
    if job.spec.warm() && job.spec.items > 0 {
        worker.warm_up(1)?;
    }
    run.probes.extend(job.visit(0));
    worker.runner.begin_watch();
    run.begin_work(&Others::default());
    if job.arrivals.is_some() {
        sleep_exactly();
    }
    job.begin_arrivals();
    worker.runner.resume();
    let worked = match (&iterations, consumer) {
        (Some(iterations), _) => play_all(iterations, &mut worker),
        (None, Some(consumer)) => consume_all(job, &mut worker, consumer),
        (None, None) => run_all(job, &mut worker, &mut run.measured.known),
    };
    run.end_work(&Others::default());
    worker.runner.end_watch();
    worker.runner.context.leave();
    run.add(0, worker.runner);
    gil::note(run.measured, lock.as_ref(), run.began());
    run.end_join();
    worked
}

/// Plays all parts of all iterations.
fn play_all(iterations: &IterationState<'_>, worker: &mut WorkerState<'_>) -> Result<(), RunError> {
    for iteration in 0..iterations.count {
        for part in 0..iterations.parts {
            worker.play(iterations, iteration, part)?;
        }
        iterations.finish_iteration(iteration)?;
    }
    Ok(())
}

/// Runs items whose results a consumer takes.
fn consume_all(
    job: &PreparedJob<'_>,
    worker: &mut WorkerState<'_>,
    mut consumer: Box<dyn Consumer>,
) -> Result<(), RunError> {
    for item in 0..job.spec.items {
        worker.item(item)?;
        let made = Made { producer: 0, turn: item, reply: &worker.runner.reply };
        consumer.take(&made, &mut worker.runner.context)?;
    }
    Ok(consumer.finish(&mut worker.runner.context)?)
}

/// Runs all items, each when it comes where they have a rate.
fn run_all(job: &PreparedJob<'_>, worker: &mut WorkerState<'_>, known: &mut u64) -> Result<(), RunError> {
    if let Some(mut ids) = job.item_ids() {
        return find_all(job.spec.items, worker, &mut ids, known);
    }
    for item in 0..job.spec.items {
        match &job.arrivals {
            Some(arrivals) => worker.item_on_time(arrivals, item)?,
            None => worker.item(item)?,
        }
    }
    Ok(())
}

/// Runs items and those that they yield, the last found first.
fn find_all(items: u64, worker: &mut WorkerState<'_>, ids: &mut ItemIds, known: &mut u64) -> Result<(), RunError> {
    let mut stack = Vec::new();
    for item in 0..items {
        worker.item(item)?;
        stack.extend(ids.name_all(item, worker.runner.context.take_yielded()));
        while let Some((child, request)) = stack.pop() {
            *known += 1;
            worker.runner.item(child, &request)?;
            stack.extend(ids.name_all(child, worker.runner.context.take_yielded()));
        }
    }
    Ok(())
}
