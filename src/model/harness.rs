//! The skeleton of a run, once for all models: what is prepared before the clock, what is read at the edges of its three
//! phases, and what is put together after them. A model is what happens between the edges.

use crate::ipc::Requests;
use crate::model::error::caught;
use crate::model::pipeline::chain::Chain;
use crate::model::probe::global::GlobalProbe;
use crate::model::probe::memory::{MemorySampler, Others};
use crate::model::probe::phase_timer::PhaseTimer;
use crate::model::probe::stopwatch::Stopwatch;
use crate::model::probe::trace::Trace;
use crate::model::spec::{JobSpec, RunContext};
use crate::model::worker::arrivals::Arrivals;
use crate::model::worker::item_ids::ItemIds;
use crate::model::worker::item_runner::ItemRunner;
use crate::model::worker::iteration_state::IterationState;
use crate::model::worker::parent_memory::ParentMemory;
use crate::model::worker::request_source::RequestSource;
use crate::model::worker::worker_state::WorkerState;
use crate::record::{ItemTimes, Measurement, RunError, Spent, WorkerTimes};
use crate::task::{Job, Tasks, Topology};

/// A concurrency model. It prepares what its workers share and calls, in this order, [`Run::begin`], [`Run::begin_work`],
/// [`Run::end_work`] and [`Run::end_join`] around what it does in each phase, and [`Run::add`] for every worker. Where it
/// gives up between them, the phases that it did not reach stay empty.
pub type ExecutionModel = fn(&PreparedJob<'_>, &mut Run<'_>) -> Result<(), RunError>;

/// Runs a job by a model.
#[must_use]
pub fn run(context: &RunContext<'_>, model: ExecutionModel) -> Measurement {
    measure(context, |run| {
        let job = PreparedJob::new(context)?;
        run.probes.extend(GlobalProbe::of_main(job.job.as_ref()));
        let worked = model(&job, run);
        if run.timer.is_over() {
            run.look_again(&job);
        }
        worked
    })
}

/// Measures what `body` does, which keeps to the edges of the phases as an [`ExecutionModel`] does.
pub fn measure(context: &RunContext<'_>, body: impl FnOnce(&mut Run<'_>) -> Result<(), RunError>) -> Measurement {
    let mut measured = Measurement { known: context.brief.items, ..Measurement::default() };
    let outcome = caught(|| {
        let mut run = Run::new(&context.brief, &mut measured);
        let worked = body(&mut run);
        run.finish();
        worked
    });
    measured.trouble = outcome.err().or(measured.trouble);
    measured
}

/// Prepares the job of a task, or of all stages of a pipeline as one.
///
/// # Errors
/// What the tasks say.
pub fn job(spec: &JobSpec, tasks: &Tasks) -> Result<Box<dyn Job>, RunError> {
    if spec.stages.is_empty() { spec.prepare(tasks) } else { Ok(Box::new(Chain::new(spec, tasks)?)) }
}

/// What a run has before its clock starts, and all its workers share.
pub struct PreparedJob<'a> {
    pub context: &'a RunContext<'a>,
    pub spec: &'a JobSpec,
    pub job: Box<dyn Job>,
    pub topology: Topology,
    pub requests: Requests,
    pub parent: ParentMemory,
    /// When items come, where they have a rate.
    pub arrivals: Option<Arrivals>,
}

impl<'a> PreparedJob<'a> {
    fn new(context: &'a RunContext<'a>) -> Result<Self, RunError> {
        let spec = &context.brief;
        let job = job(spec, context.tasks)?;
        Ok(Self {
            context,
            spec,
            topology: spec.topology(context.tasks),
            requests: RequestSource::prepare(job.as_ref(), spec.items),
            parent: ParentMemory::hold(spec),
            arrivals: Arrivals::new(spec),
            job,
        })
    }

    /// A worker in this process.
    pub fn worker(&self) -> WorkerState<'_> {
        WorkerState { runner: ItemRunner::new(self.job.as_ref(), self.spec), source: self.source() }
    }

    /// Requests for one reader.
    pub fn source(&self) -> RequestSource<'_> {
        RequestSource::new(self.job.as_ref(), &self.requests)
    }

    /// The parts of a job in iterations, for workers that share memory.
    ///
    /// # Errors
    /// Where the number of items makes no whole iterations.
    pub fn iterations(&self) -> Result<Option<IterationState<'_>>, RunError> {
        IterationState::new(self.spec, self.context.tasks, self.job.as_ref())
    }

    /// The numbers of items that items yield, where they yield any.
    pub fn item_ids(&self) -> Option<ItemIds> {
        self.topology.finds().then(|| ItemIds::new(self.topology, self.job.as_ref(), self.spec.items))
    }

    /// Has a worker, in its own thread, use what the parent holds, and look at the global variable, where there is one.
    pub fn visit(&self, worker: usize) -> Option<GlobalProbe> {
        self.parent.visit();
        GlobalProbe::of_worker(self.job.as_ref(), worker)
    }

    /// Says that the first moment at which items come is now.
    pub fn begin_arrivals(&self) {
        self.arrivals.iter().for_each(Arrivals::begin);
    }
}

/// A run that is measured.
pub struct Run<'r> {
    spec: &'r JobSpec,
    timer: PhaseTimer,
    memory: MemorySampler,
    /// What happened so far.
    pub trace: Trace,
    /// What each party saw of the global variable first.
    pub probes: Vec<GlobalProbe>,
    /// What workers clocked of their own time, where they clocked it.
    pub times: Vec<WorkerTimes>,
    /// How late replies were, where items come at a rate.
    pub late: Vec<u64>,
    /// When the work ended, on the monotonic clock.
    pub end: u64,
    pub measured: &'r mut Measurement,
}

impl<'r> Run<'r> {
    fn new(spec: &'r JobSpec, measured: &'r mut Measurement) -> Self {
        let timer = PhaseTimer::start();
        Self {
            spec,
            trace: Trace::new(spec, timer.began()),
            timer,
            memory: MemorySampler::default(),
            probes: Vec::new(),
            times: Vec::new(),
            late: Vec::new(),
            end: 0,
            measured,
        }
    }

    /// Starts the clock.
    pub fn begin(&mut self) {
        self.timer = PhaseTimer::start();
        self.trace = Trace::new(self.spec, self.began());
    }

    /// When the clock was started, on the monotonic clock.
    pub fn began(&self) -> u64 {
        self.timer.began()
    }

    /// Leaves out what children of this process use: those that end from now on are workers, who say it themselves.
    pub fn leave_children_out(&mut self) {
        self.timer.leave_children_out();
    }

    /// Ends the start phase, of a run with these processes beside the host; says when that was, on the monotonic clock.
    pub fn begin_work(&mut self, others: &Others) -> u64 {
        self.memory = MemorySampler::before(self.spec, others);
        self.timer.edge(self.measured)
    }

    /// Ends the work phase.
    pub fn end_work(&mut self, others: &Others) {
        self.end = self.timer.edge(self.measured);
        self.measured.details.memory = std::mem::take(&mut self.memory).after(others);
    }

    /// Ends the last phase; says when that was, on the monotonic clock.
    pub fn end_join(&mut self) -> u64 {
        self.timer.edge(self.measured)
    }

    /// Adds what a worker in this process has.
    pub fn add(&mut self, worker: usize, mut runner: ItemRunner<'_>) {
        let measured = &mut *self.measured;
        measured.done += runner.done;
        measured.digest = measured.digest.wrapping_add(runner.sum);
        measured.first_item = measured.first_item.max(runner.first_item);
        measured.details.warm_up = measured.details.warm_up.max(runner.warm_up);
        if let Some(clocked) = runner.clocked {
            measured.times.get_or_insert_with(ItemTimes::default).add_all(&clocked);
        }
        self.late.append(&mut runner.late);
        self.watched(worker, runner.watch);
    }

    /// Adds what a worker clocked of its own time, where it did.
    pub fn watched(&mut self, worker: usize, watch: Option<Stopwatch>) {
        if let Some(watch) = watch {
            self.times.push(watch.times);
            self.trace.stamps(worker, watch.stamps);
        }
    }

    /// Reads what is to be read once all is over.
    fn look_again(&mut self, job: &PreparedJob<'_>) {
        let seen = self.probes.drain(..).filter_map(|probe| probe.again(job.job.as_ref()));
        self.measured.details.seen.extend(seen);
        if let Some(arrivals) = &job.arrivals {
            arrivals.sum_up(std::mem::take(&mut self.late), self.end, self.measured);
        }
    }

    /// Puts together what was collected.
    fn finish(self) {
        let Self { spec, trace, times, end, measured, .. } = self;
        if !times.is_empty() {
            measured.details.spent = Some(Spent::split(&times, spec.workers(), measured.phases[1].wall, end));
        }
        trace.into_measurement(measured);
    }
}
