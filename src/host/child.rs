//! The child's side: reads what to run from standard input, runs it, and writes one line of JSON.

use std::io::{BufRead as _, Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use signal_hook::consts::SIGHUP;

use super::machine::free_memory;
use super::process::stop_group;
use super::python;
use super::server::Server;
use super::{Role, TrialSpec};
use crate::ipc;
use crate::model::{self, RunContext};
use crate::record::{Measurement, RunError};
use crate::reexec::Program;
use crate::setting::{Model, Runtime, Start};
use crate::task::{Moment, Task, Tasks};
use crate::text::show_bytes;

/// Held by whoever ends this process, from then on: the trial when it is done, or the thread that finds the runner gone.
static LEAVING: Mutex<()> = Mutex::new(());
/// How long a host whose runner is gone tries to bring those to a halt that write where it removes.
const STOPPING: Duration = Duration::from_secs(2);

/// A host process's whole life. Returns the exit code.
#[must_use]
pub fn host_main(tasks: &Tasks, program: &Program) -> u8 {
    let start = Instant::now();
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).is_err() {
        return 2;
    }
    let Ok(spec) = serde_json::from_str::<TrialSpec>(&line) else { return 2 };
    if let Some(nice) = spec.brief.config.nice {
        // Threads, worker processes and interpreters inherit it. To become nicer is always allowed, so this cannot fail.
        let _ = rustix::process::nice(nice as i32);
    }
    let follow = || follow_the_runner(&spec);
    // A process can be copied only as long as it has one thread.
    let copies = spec.brief.config.start == Some(Start::Fork) && spec.brief.runtime != Runtime::Python;
    let nothing = || {};
    let copied: &(dyn Fn() + Sync) = if copies && spec.role == Role::Trial { &follow } else { &nothing };
    if !copies || spec.role != Role::Trial {
        follow();
    }
    let mut order = RunContext {
        tasks,
        program,
        brief: spec.brief.clone(),
        deadline: start + spec.timeout,
        prefix: spec.prefix.clone(),
        copied,
    };
    let measurement = match spec.role {
        Role::Trial => measured(&mut order),
        Role::Reference => reference(&order),
        Role::SetUp => around(&order, Moment::SetUp).map_or_else(failed, |()| Measurement::default()),
        Role::CleanUp => around(&order, Moment::CleanUp).map_or_else(failed, |()| Measurement::default()),
    };
    let Ok(mut text) = serde_json::to_vec(&measurement) else { return 2 };
    text.push(b'\n');
    let written = std::io::stdout().lock().write_all(&text);
    if written.is_err() {
        // Nobody reads any more: whoever follows the runner is about to notice, and ends this process when all is removed.
        std::thread::sleep(STOPPING);
    }
    // Ending now would leave undone what has been begun there.
    std::mem::forget(LEAVING.lock().unwrap_or_else(PoisonError::into_inner));
    if written.is_ok() { 0 } else { 1 }
}

/// When the program that started this host is gone, standard input ends: then this removes what it may have left, and ends
/// its whole process group.
fn follow_the_runner(spec: &TrialSpec) {
    let (prefix, folder) = (spec.prefix.clone(), spec.brief.folder.clone());
    // Without the runner this group is an orphan, and where one of it is stopped the kernel hangs up on all of them
    // (setpgid(2)): that would be the end of this process before anything is removed. Unlike a signal that is ignored, one
    // that is handled is again what it was in programs that are started.
    let _ = signal_hook::flag::register(SIGHUP, Arc::default());
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = std::io::stdin().lock().read_to_end(&mut rest);
        std::mem::forget(LEAVING.lock().unwrap_or_else(PoisonError::into_inner));
        ipc::sweep_for_good(&prefix);
        // The trial's folder lies in that of the run, which nobody else would remove before the next run.
        if let Some(run) = folder.parent().filter(|run| !run.as_os_str().is_empty()) {
            remove_for_good(run);
        }
        // SAFETY: Signals this process's own group, which the runner made for it.
        unsafe { libc::kill(0, libc::SIGKILL) };
    });
}

/// Removes a folder, although processes of this group may be writing in it. They are stopped first and not ended: that would
/// be the end of the trial, and with it of this process.
fn remove_for_good(folder: &Path) {
    let end = Instant::now() + STOPPING;
    loop {
        // A signal takes a moment to arrive, and a process may have started another meanwhile.
        let quiet = stop_group();
        let _ = std::fs::remove_dir_all(folder);
        if (quiet && !folder.exists()) || Instant::now() > end {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn failed(trouble: RunError) -> Measurement {
    Measurement { trouble: Some(trouble), ..Measurement::default() }
}

/// Has the job do what is to be done at this moment. Jobs that do nothing then are not prepared for it, which takes time.
fn around(order: &RunContext<'_>, moment: Moment) -> Result<(), RunError> {
    if !order.brief.acts_around(order.tasks) {
        return Ok(());
    }
    Ok(model::job(&order.brief, order.tasks)?.around(moment)?)
}

fn reference(order: &RunContext<'_>) -> Measurement {
    let users_code = order.tasks.get(&order.brief.task).is_some_and(Task::is_users_code);
    let added = around(order, Moment::Prepare)
        .and_then(|()| if users_code { python::reference(order) } else { model::reference(order) });
    added.map_or_else(failed, |(digest, known)| Measurement { digest, known, done: known, ..Measurement::default() })
}

fn measured(order: &mut RunContext<'_>) -> Measurement {
    let refused = |trouble, items| Measurement { trouble: Some(trouble), known: items, ..Measurement::default() };
    let server = match Server::start(order) {
        Ok(server) => server,
        Err(trouble) => return refused(trouble, order.brief.items),
    };
    order.brief.server = server.as_ref().map(|server| server.address);
    if let Err(trouble) = check_means(order).and_then(|()| around(order, Moment::Prepare)) {
        return refused(trouble, order.brief.items);
    }
    if order.brief.fault.is_some() {
        leave_no_core();
    }
    let mut ran = match order.brief.runtime {
        Runtime::Python => python::run(order, server.as_ref().map(Server::pid)),
        Runtime::Native | Runtime::GilEmulation => model::run(order),
    };
    // Not every model looks at the clock while it works; what was late is late under all of them.
    if ran.trouble.is_none() && Instant::now() > order.deadline {
        ran.trouble = Some(RunError::TimedOut);
    }
    if ran.trouble.is_none() && ran.done == ran.known {
        ran.trouble = review(order, ran.details.retried > 0).err();
    }
    drop(server);
    ran
}

/// Has the job look at what its items left outside of their replies.
fn review(order: &RunContext<'_>, retried: bool) -> Result<(), RunError> {
    let job = model::job(&order.brief, order.tasks)?;
    // What a dead worker had begun may have left its mark outside twice, and out of its order.
    if retried && !job.is_idempotent() {
        return Ok(());
    }
    Ok(job.review()?)
}

/// A crash that is asked for leaves no image of its memory behind, in this process and in those that it starts.
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Finds out before the start whether files and memory suffice, so that what is missing is said and not met half-way.
fn check_means(order: &RunContext<'_>) -> Result<(), RunError> {
    let brief = &order.brief;
    let workers = u64::from(brief.config.all_workers());
    if brief.config.model == Model::Processes || brief.config.stages.iter().any(|stage| stage.ipc.is_some()) {
        use rustix::process::{Resource, getrlimit, setrlimit};
        // Per worker: two ends each way, while it is started those of the worker too, a pidfd twice, a library's own; in a
        // stage also a lifeline of its own.
        let each = if brief.config.stages.is_empty() { 10 } else { 12 };
        let needed = 32 + workers * each;
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        let _ = setrlimit(Resource::Nofile, limit);
        if let Some(allowed) = getrlimit(Resource::Nofile).current
            && allowed < needed
        {
            return Err(RunError::Failed(format!("needs {needed} open files, may open {allowed}")));
        }
    }
    let sizes = model::job(brief, order.tasks)?.sizes();
    let chunks = match brief.config.stages.len() as u64 {
        0 => workers * u64::from(brief.config.in_flight.unwrap_or(1)) + 1,
        stages => {
            let held = |stage: &crate::setting::StageConfig| {
                u64::from(stage.workers) * u64::from(stage.in_flight.unwrap_or(1))
            };
            let waiting = (stages - 1) * u64::from(brief.config.queue.unwrap_or(1));
            brief.config.stages.iter().map(held).sum::<u64>() + waiting.min(brief.items)
        }
    };
    // A request and a reply, each at the dispatcher, on the way and at the worker.
    let needed = 3 * (sizes.0 + sizes.1) as u64 * u64::from(brief.config.chunk.unwrap_or(1)) * chunks
        + brief.config.parent_memory.unwrap_or(0);
    match free_memory() {
        Some(free) if needed > free => {
            let (needed, free) = (show_bytes(needed), show_bytes(free));
            Err(RunError::Failed(format!(
                "needs about {needed} of memory for what is in flight and what the parent holds, {free} is free"
            )))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::{Config, Measure};
    use serde_json::Value;

    use super::*;
    use crate::model::{JobSpec, Purpose};
    use crate::record::{Details, Life, LockUse, Memory, MemoryUse, Open, Seen, Spent, StageTimes};
    use crate::reexec::PROTOCOL;

    /// The names of all fields, those of nested objects behind a point, and of arrays their lengths, those of nested ones too.
    fn names(value: &Value, before: &str, found: &mut Vec<String>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            found.push(format!("{before}{name}{}", lengths(value)));
            names(value, &format!("{before}{name}."), found);
        }
    }

    fn lengths(value: &Value) -> String {
        match value.as_array() {
            None => String::new(),
            Some(all) => format!("[{}]{}", all.len(), all.first().map(lengths).unwrap_or_default()),
        }
    }

    #[test]
    fn a_change_of_what_hosts_read_or_write_raises_the_protocol() {
        let config = Config::new(Model::Serial, Measure::Work);
        let brief = JobSpec {
            task: "empty".into(),
            settings: crate::task::Settings::default(),
            workload: String::new(),
            seed: 1,
            items: 1,
            round: 0,
            folder: "f".into(),
            config,
            purpose: Purpose::Timed,
            runtime: Runtime::Native,
            interpreter: None,
            environment: Default::default(),
            fault: None,
            trace: false,
            server: None,
            stages: Vec::new(),
        };
        let timeout = Duration::from_secs(1);
        let spec = TrialSpec { brief, role: Role::Trial, timeout, prefix: String::new(), place: Default::default() };
        let mut found = Vec::new();
        names(&serde_json::to_value(&spec).unwrap(), "", &mut found);
        // What is empty is not written, so nothing here is.
        let memory = MemoryUse { workers: vec![Memory::default()], ..MemoryUse::default() };
        let details = Details {
            retried: 1,
            duplicated: 1,
            recovered: 1,
            throttled: 1,
            warm_up: 1,
            open: Some(Open::default()),
            spent: Some(Spent::default()),
            memory: Some(memory),
            lock: Some(LockUse::default()),
            lives: vec![Life::default()],
            seen: vec![Seen { worker: None, before: 0, after: 0 }],
            stages: vec![StageTimes::default()],
        };
        let measurement = Measurement { details, ..Measurement::default() };
        names(&serde_json::to_value(measurement).unwrap(), "measurement ", &mut found);
        found.sort();
        let known = "brief brief.config brief.config.measure brief.config.model brief.config.runtime brief.folder \
                     brief.items brief.purpose brief.round brief.runtime brief.seed brief.settings brief.task \
                     measurement cpu_mismatch measurement details measurement details.duplicated measurement \
                     details.lives[1][5] measurement details.lock[4] measurement details.memory measurement \
                     details.memory.after[3] measurement details.memory.before[3] measurement \
                     details.memory.workers[1][3] measurement details.open[5] measurement details.recovered \
                     measurement details.retried measurement details.seen[1] measurement details.spent[6] measurement \
                     details.stages[1][4] measurement details.throttled measurement details.warm_up measurement \
                     digest measurement done measurement events[0] measurement first_item measurement known \
                     measurement left_out measurement phases[3][7] measurement times measurement trouble prefix role \
                     timeout timeout.nanos timeout.secs";
        let advice = "hosts of other builds would misunderstand this: raise reexec::PROTOCOL, then change this list";
        assert_eq!((PROTOCOL, found.join(" ").as_str()), (11, known), "{advice}");
    }
}
