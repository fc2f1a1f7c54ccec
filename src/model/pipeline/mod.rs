//! `pipeline`: stages in a chain, each with workers of its own. What a stage has made waits for the next in a bounded queue;
//! a full queue stops those who fill it, so that no stage runs far ahead and memory is bounded.

mod bounded_queue;
pub mod chain;
mod line;
mod stage_worker;

use crate::model::error::{Stop, caught};
use crate::model::harness::{self, Run};
use crate::model::pipeline::line::{Left, PipelineRun};
use crate::model::pipeline::stage_worker::{StageWorker, carry};
use crate::model::probe::clock::monotonic;
use crate::model::probe::memory::Others;
use crate::model::spec::{JobSpec, RunContext};
use crate::model::worker::item_runner::ItemRunner;
use crate::model::worker::parent_memory::ParentMemory;
use crate::model::worker::request_source::RequestSource;
use crate::model::worker::trail::{needs_request, passed, seen};
use crate::record::{ItemTimes, Measurement, RunError, StageTimes};
use crate::setting::{Model, StageConfig};

pub fn run(order: &RunContext<'_>) -> Measurement {
    harness::measure(order, |run| {
        let brief = &order.brief;
        if brief.config.stages.len() != brief.stages.len() || brief.stages.is_empty() {
            return Err(RunError::Failed("these are not stages of a pipeline".into()));
        }
        let briefs: Vec<JobSpec> = (0..brief.stages.len()).map(|stage| brief.of_stage(stage)).collect();
        let orders: Vec<RunContext<'_>> = briefs.iter().map(|brief| of_stage(order, brief)).collect();
        let (parent, mut carriers) = (ParentMemory::default(), Vec::new());
        run.begin();
        let worked = work(order, &briefs, &orders, &parent, &mut carriers, run);
        let outcome = worked.or_else(|stop| stop.outcome(|at| carriers[at].crew.cause_of(0)));
        for carrier in carriers {
            let number = first_of(&brief.config.stages, carrier.stage) + carrier.worker();
            carrier.part(number, run.measured);
        }
        if outcome.is_ok() {
            // The worker processes that ended meanwhile have said themselves what they used.
            run.leave_children_out();
            run.end_join();
        }
        outcome
    })
}

/// From the first worker to the last report.
fn work<'a>(
    order: &RunContext<'_>,
    briefs: &[JobSpec],
    orders: &'a [RunContext<'a>],
    parent: &'a ParentMemory,
    carriers: &mut Vec<StageWorker<'a>>,
    run: &mut Run<'_>,
) -> Result<(), Stop> {
    let line = PipelineRun::new(order, briefs)?;
    hire(&line, orders, parent, carriers, run)?;
    drive(&line, carriers, run);
    if let Some(why) = line.failure() {
        return Err(why);
    }
    // All are told to end before anybody waits for one of them.
    carriers.iter_mut().try_for_each(StageWorker::tell_the_end)?;
    carriers.iter_mut().try_for_each(|carrier| carrier.take_report(&mut run.measured.phases[1]))
}

/// The number of the first worker of a stage among those of all stages.
fn first_of(stages: &[StageConfig], stage: usize) -> u32 {
    stages.iter().take(stage).map(|config| config.workers).sum()
}

fn nothing() {}

fn of_stage<'a>(order: &RunContext<'a>, brief: &JobSpec) -> RunContext<'a> {
    let (brief, prefix) = (brief.clone(), order.prefix.clone());
    RunContext { tasks: order.tasks, program: order.program, brief, deadline: order.deadline, prefix, copied: &nothing }
}

/// Starts the worker processes of all stages that have any, and tells them what to do.
fn hire<'a>(
    line: &PipelineRun<'_>,
    orders: &'a [RunContext<'a>],
    parent: &'a ParentMemory,
    carriers: &mut Vec<StageWorker<'a>>,
    run: &mut Run<'_>,
) -> Result<(), Stop> {
    let mut came = None;
    for (at, (stage, order)) in line.stages.iter().zip(orders).enumerate() {
        let goes = stage.job.transform().map_or(stage.job.sizes().1, |transform| transform.room(came));
        let largest = came.unwrap_or(0) + stage.job.sizes().0.max(goes);
        came = Some(goes);
        for worker in 0..stage.config.workers {
            if stage.config.model == Model::Processes {
                let mut carrier = StageWorker::hire(at, carriers.len(), worker, order, parent, largest)?;
                carrier.crew.trace.since(run.began());
                carriers.push(carrier);
            }
        }
    }
    carriers.iter_mut().try_for_each(StageWorker::brief)?;
    carriers.iter_mut().try_for_each(|carrier| {
        let stage = &line.stages[carrier.stage];
        let mut feed = RequestSource::new(stage.job.as_ref(), &stage.requests);
        carrier.warm_up(&mut feed, stage.first.as_deref(), &mut run.measured.phases[0])
    })
}

/// Runs all items through the stages.
fn drive(line: &PipelineRun<'_>, carriers: &mut [StageWorker<'_>], run: &mut Run<'_>) {
    let stages = &line.order.brief.config.stages;
    let mut others = Others::default();
    for carrier in carriers.iter() {
        let Others { workers, helpers } = carrier.crew.others();
        others.workers.extend(workers);
        others.helpers.extend(helpers);
    }
    run.measured.details.stages = vec![StageTimes::default(); line.stages.len()];
    std::thread::scope(|scope| {
        let thread = |(at, worker): (usize, u32)| (at, worker, monotonic(), scope.spawn(move || thread_main(line, at)));
        let own = |(at, _): &(usize, u32)| line.stages[*at].config.model != Model::Processes;
        let all =
            (0..line.stages.len()).flat_map(|at| (0..line.stages[at].config.workers).map(move |worker| (at, worker)));
        let threads: Vec<_> = all.filter(own).map(thread).collect();
        let carry_one = |carrier| scope.spawn(move || carrier_main(line, carrier));
        let carried: Vec<_> = carriers.iter_mut().map(|c| (c.stage, carry_one(c))).collect();
        line.edges.wait();
        run.begin_work(&others);
        line.edges.wait();
        line.edges.wait();
        run.end_work(&others);
        for (at, worker, asked, handle) in threads {
            if let Ok(mut left) = handle.join() {
                let number = (first_of(stages, at) + worker) as usize;
                run.trace.life(number, asked, left.ready, monotonic(), left.died);
                run.trace.stamps(number, left.stamps.take());
                add(run.measured, at, left);
            }
        }
        for (at, handle) in carried {
            if let Ok(left) = handle.join() {
                add(run.measured, at, left);
            }
        }
    });
    for (times, belt) in run.measured.details.stages.iter_mut().skip(1).zip(&line.belts) {
        times.most = belt.most() as u64;
    }
    if !line.order.brief.profiling() {
        run.measured.details.stages.clear();
    }
}

/// A thread that works in a stage.
fn thread_main(line: &PipelineRun<'_>, at: usize) -> Left {
    let stage = &line.stages[at];
    let mut left = Left::new(stage.brief);
    let mut feed = RequestSource::new(stage.job.as_ref(), &stage.requests);
    let mut bench = ItemRunner::new(stage.job.as_ref(), stage.brief);
    let warmed = caught(|| match stage.brief.items {
        0 => Ok(()),
        _ => Ok(bench.warm_up_stage(stage.first.as_deref(), feed.get(0))?),
    });
    (left.first_item, left.warm_up) = (bench.first_item, bench.warm_up);
    if let Err(why) = warmed {
        line.give_up(why);
    }
    line.live(at, &mut left, |left| run_items(line, at, &mut bench, &mut feed, left));
    left
}

/// Runs the items that come to a stage, in one of its threads.
fn run_items(
    line: &PipelineRun<'_>,
    at: usize,
    bench: &mut ItemRunner<'_>,
    feed: &mut RequestSource<'_>,
    left: &mut Left,
) -> Result<(), Stop> {
    let needs = needs_request(line.stages[at].job.as_ref(), at);
    while let Some(mut parcel) = line.next(at, &mut left.times)? {
        let start = left.clocked.is_some().then(monotonic);
        let request = if needs { feed.get(parcel.item) } else { &[] };
        parcel.trail = passed(parcel.trail, seen(&parcel.bytes, request));
        bench.stage(parcel.item, (at > 0).then_some(&parcel.bytes), request)?;
        // The buffer of what came is that of the next reply.
        std::mem::swap(&mut parcel.bytes, &mut bench.reply);
        if let Some(start) = start {
            let end = monotonic();
            parcel.service += end - start;
            left.times.busy += end - start;
            left.stamps.iter_mut().for_each(|stamps| stamps.add(start, end));
        }
        left.times.blocked += line.pass(at, parcel, left)?;
    }
    Ok(())
}

/// The life of the thread that feeds a worker process.
fn carrier_main(line: &PipelineRun<'_>, carrier: &mut StageWorker<'_>) -> Left {
    let stage = &line.stages[carrier.stage];
    let mut left = Left::new(stage.brief);
    let mut feed = RequestSource::new(stage.job.as_ref(), &stage.requests);
    line.live(carrier.stage, &mut left, |left| carry(line, carrier, &mut feed, left));
    left
}

/// Adds what a worker of a stage has done.
fn add(ran: &mut Measurement, at: usize, left: Left) {
    ran.done += left.done;
    ran.digest = ran.digest.wrapping_add(left.sum);
    ran.first_item = ran.first_item.max(left.first_item);
    ran.details.warm_up = ran.details.warm_up.max(left.warm_up);
    ran.details.stages[at].add(left.times);
    if let Some(clocked) = left.clocked {
        ran.times.get_or_insert_with(ItemTimes::default).add_all(&clocked);
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::{Config, Measure, Setting, StageConfig};
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::model::spec::{StageTask, brief};
    use crate::reexec::Program;
    use crate::task::{Bound, Context, Job, Place, Settings, Task, TaskError, Tasks};

    /// Items that the first stage has begun and the second has not.
    static AHEAD: AtomicI64 = AtomicI64::new(0);
    /// The most that there ever were.
    static MOST: AtomicI64 = AtomicI64::new(0);

    /// Counts items into a pipeline, and out of it slowly.
    struct Door(&'static str, i64);

    impl Task for Door {
        fn name(&self) -> &'static str {
            self.0
        }
        fn about(&self) -> &'static str {
            "counts items"
        }
        fn bound(&self) -> Bound {
            Bound::Waiting
        }
        fn settings(&self) -> &'static [Setting] {
            &[]
        }
        fn describe(&self, _: &Settings) -> String {
            self.0.into()
        }
        fn prepare(&self, _: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
            Ok(Box::new(Door(self.0, self.1)))
        }
    }

    impl Job for Door {
        fn request(&self, item: u64, request: &mut Vec<u8>) {
            request.extend_from_slice(&item.to_le_bytes());
        }
        fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
            if !context.warming {
                let ahead = AHEAD.fetch_add(self.1, Ordering::SeqCst) + self.1;
                MOST.fetch_max(ahead, Ordering::SeqCst);
                if self.1 < 0 {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
            reply.extend_from_slice(request);
            Ok(())
        }
        fn sizes(&self) -> (usize, usize) {
            (8, 8)
        }
    }

    #[test]
    fn a_fast_stage_gets_no_further_ahead_than_queue_and_workers() {
        let tasks = Tasks::builtin().with(Door("in", 1)).with(Door("out", -1));
        let stage = |task: &str| StageTask { task: task.into(), settings: Settings::default() };
        let config = |workers| StageConfig { model: Model::Threads, workers, ipc: None, in_flight: None };
        let mut brief = brief("pipeline", 300);
        brief.stages = vec![stage("in"), stage("out")];
        let stages = vec![config(3), config(2)];
        brief.config = Config { stages, queue: Some(5), ..Config::new(Model::Pipeline, Measure::Work) };
        let deadline = Instant::now() + Duration::from_secs(60);
        let program = Program::current();
        let order =
            RunContext { tasks: &tasks, program: &program, brief, deadline, prefix: String::new(), copied: &nothing };
        let ran = run(&order);
        assert_eq!((ran.trouble, ran.done, ran.known), (None, 300, 300));
        let (sum, known) = crate::model::reference::reference(&order).unwrap();
        // What the reference ran has been counted too, as often in as out.
        assert_eq!((ran.digest, known, AHEAD.load(Ordering::SeqCst)), (sum, 300, 0));
        // Those that wait, one in the hands of each worker of the first stage, and of the second one that is taken and not
        // yet begun.
        let most = MOST.load(Ordering::SeqCst);
        assert!((5..=5 + 3 + 2).contains(&most), "{most}");
    }
}
