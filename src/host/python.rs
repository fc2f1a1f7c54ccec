//! Runs an order in a CPython: writes the driver into the run's folder and what it needs into the trial's, starts an
//! interpreter on it, and turns what it says into what every model leaves.

mod driver;
#[cfg(test)]
mod golden;
mod listen;
mod look;
mod places;
mod reply;

use std::io::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::json;

use crate::model::{JobSpec, RunContext, TRIES, WAITING_REPLIES, job, moments, monotonic, sleep_exactly, weigh};
use crate::record::{MOST_EVENTS, Measurement, MemoryUse, RunError};
use crate::setting::Model;
use crate::task::{Job, PATIENCE, Task, Topology, WARMING};
use crate::text::exit_words;

use listen::{Listener, ReadEvent};
pub use look::{Depth, function_spec, look};
pub(super) use places::redact_paths;
use reply::DriverMessage;
pub use reply::FunctionLook;

/// How much longer than the deadline the driver may take to say that it passed.
const OWN_END: Duration = Duration::from_millis(150);
/// How long processes that serve the driver (a resource tracker, a fork server) may take to end after it, where it went
/// well. A busy machine may take so long to run them once more.
const AFTERWARDS: Duration = Duration::from_secs(1);
/// The same where it went wrong: the runner waits for a report, and not for much longer than the deadline.
const AFTERWARDS_OF_WRONG: Duration = Duration::from_millis(100);

/// Runs the order. The driver is a child, and what it started comes to this process when it ends, to be ended too; all but
/// the task's server, where there is one.
pub(super) fn run(order: &RunContext<'_>, server: Option<Pid>) -> Measurement {
    run_as(order, server, Mode::Trial)
}

fn run_as(order: &RunContext<'_>, server: Option<Pid>, mode: Mode) -> Measurement {
    // SAFETY: Only sets a flag of this process.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    let started = prepared(order, mode).and_then(|(mut command, answers, text)| {
        let child = spawned(&mut command, &text)?;
        Ok((child, answers))
    });
    let mut ran = match started {
        Ok((mut child, answers)) => {
            let ran = follow(order, &mut child, answers);
            // One that has given its result has nothing left to do.
            let _ = child.kill();
            let status = child.wait().map_or(0, ExitStatusExt::into_raw);
            let cause = || RunError::HostDied { cause: exit_words(status) };
            ran.unwrap_or_else(|| Measurement { trouble: Some(cause()), ..Measurement::default() })
        }
        Err(why) => Measurement { trouble: Some(RunError::Failed(why)), ..Measurement::default() },
    };
    ran.known = ran.known.max(order.brief.items);
    sweep(ran.trouble.is_some(), server);
    ran
}

/// The sum of the replies of a serial run, and how many there were, where only Python knows the right ones.
pub(super) fn reference(order: &RunContext<'_>) -> Result<(u64, u64), RunError> {
    let brief = JobSpec {
        config: crate::setting::Config::new(Model::Serial, crate::setting::Measure::EndToEnd),
        purpose: crate::model::Purpose::Timed,
        fault: None,
        trace: false,
        ..order.brief.clone()
    };
    let order = RunContext {
        tasks: order.tasks,
        program: order.program,
        brief,
        deadline: order.deadline,
        prefix: order.prefix.clone(),
        copied: order.copied,
    };
    let ran = run_as(&order, None, Mode::Reference);
    ran.trouble.map_or(Ok((ran.digest, ran.done)), Err)
}

/// What an interpreter is started for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Trial,
    /// A serial run of a user's function, with which all trials of the workload are compared.
    Reference,
    /// A first look at a user's function, which calls it.
    Look,
    /// Whether a user's function is there.
    Find,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Reference => "reference",
            Self::Look => "look",
            Self::Find => "find",
        }
    }
}

/// Writes what the driver needs, and gives the command that starts an interpreter on it, where its answers come, and what it reads.
/// Answers have a descriptor of their own: whatever an interpreter or an item prints is an error's neighbour and no answer.
fn prepared(order: &RunContext<'_>, mode: Mode) -> Result<(Command, OwnedFd, String), String> {
    let brief = &order.brief;
    let interpreter = brief.interpreter.as_ref().ok_or("no interpreter was named")?;
    let job = job(brief, order.tasks).map_err(|trouble| format!("{trouble:?}"))?;
    let written = write_requests(&brief.folder.join("requests"), job.as_ref(), brief.items)
        .and_then(|()| write_moments(brief))
        .and_then(|()| write_users_code(brief))
        .and_then(|()| driver::written(brief));
    let file = written.map_err(|error| format!("writing what the driver needs: {error}"))?;
    let mut command = Command::new(interpreter);
    if !order.tasks.get(&brief.task).is_some_and(Task::is_users_code) {
        // Built-in tasks see nothing of what a user has installed or set; a user's own code needs it. What a variant sets is meant
        // for the interpreter, which does not look at it where it is isolated.
        command.arg(if brief.environment.is_empty() { "-I" } else { "-s" });
    }
    let (host, coming) = (std::process::id(), brief.config.rate.is_some());
    let pipe = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    let (answers, answer) = pipe.map_err(|error| format!("making a pipe: {error}"))?;
    let number = answer.as_raw_fd();
    let follow_host = move || {
        // The closure owns the descriptor, which the command keeps open until it is dropped.
        rustix::io::fcntl_setfd(&answer, rustix::io::FdFlags::empty())?;
        if coming {
            sleep_exactly();
        }
        // SAFETY: Both calls only concern the process that was just forked, and are safe after a fork.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if libc::getppid() as u32 != host {
                return Err(std::io::Error::other("the host is gone"));
            }
        }
        Ok(())
    };
    command.arg(&file).arg(number.to_string()).stdin(Stdio::piped()).stdout(std::io::stderr());
    // SAFETY: The closure allocates nothing unless it fails.
    unsafe { command.pre_exec(follow_host) };
    let mut text = request(order, job.as_ref(), mode).to_string();
    text.push('\n');
    Ok((command, answers, text))
}

/// Starts the interpreter, and gives it what it is to read.
fn spawned(command: &mut Command, text: &str) -> Result<Child, String> {
    let mut child = command.spawn().map_err(|error| format!("starting the interpreter: {error}"))?;
    if let Some(stdin) = &mut child.stdin {
        // An interpreter that died at once is found by its end.
        let _ = stdin.write_all(text.as_bytes());
    }
    Ok(child)
}

/// The line that the driver reads.
fn request(order: &RunContext<'_>, job: &dyn Job, mode: Mode) -> serde_json::Value {
    let brief = &order.brief;
    let (request, reply) = job.sizes();
    let topology = brief.topology(order.tasks);
    let word = match topology {
        Topology::Independent => "independent",
        Topology::Dynamic { .. } => "finding",
        Topology::FanIn => "gathering",
        Topology::Iterations { .. } => "iterations",
    };
    json!({
        "task": brief.task,
        "settings": brief.settings,
        "workload": brief.workload,
        "seed": brief.seed,
        "items": brief.items,
        "topology": word,
        "parts": topology.parts(),
        "server": brief.server,
        "folder": brief.folder,
        "prefix": order.prefix,
        "config": brief.config,
        "purpose": brief.purpose,
        "trace": brief.trace,
        "mode": mode.word(),
        "fault": brief.fault,
        "sizes": [request, reply],
        // What both sides go by, from the one place where it is defined.
        "limits": {
            "events": MOST_EVENTS,
            "tries": TRIES,
            "waiting_replies": WAITING_REPLIES,
            "patience": PATIENCE.as_nanos() as u64,
            "warming_header": WARMING,
        },
        // A moment of the clock that both have: an interpreter takes a while until it reads what is left.
        "deadline": monotonic() + order.deadline.saturating_duration_since(Instant::now()).as_nanos() as u64,
    })
}

/// Requests and constants, each behind its length: whether bulk payloads are stamped, how many constants, how many
/// requests, the constants, the requests. Written before the clock.
fn write_requests(path: &Path, job: &dyn Job, items: u64) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let (constants, requests) = (job.constants(), job.repeats().unwrap_or(items).min(items));
    for number in [u64::from(job.repeats().is_some()), constants.len() as u64, requests] {
        file.write_all(&number.to_le_bytes())?;
    }
    let mut put = |bytes: &[u8]| {
        file.write_all(&(bytes.len() as u64).to_le_bytes())?;
        file.write_all(bytes)
    };
    constants.iter().try_for_each(|bytes| put(bytes))?;
    let mut request = Vec::new();
    for item in 0..requests {
        request.clear();
        job.request(item, &mut request);
        put(&request)?;
    }
    file.flush()
}

/// When items are meant to be sent, where they come at a rate: the same moments as for every other runtime.
fn write_moments(brief: &JobSpec) -> std::io::Result<()> {
    let Some(moments) = moments(brief) else { return Ok(()) };
    let bytes: Vec<u8> = moments.iter().flat_map(|moment| moment.to_le_bytes()).collect();
    std::fs::write(brief.folder.join("arrivals"), bytes)
}

/// Inline code becomes a module, since workers that start afresh import it again.
fn write_users_code(brief: &JobSpec) -> std::io::Result<()> {
    match brief.settings.text("code") {
        "" => Ok(()),
        code => std::fs::write(brief.folder.join("users_code.py"), code),
    }
}

/// Listens to the driver until its result or the deadline; `None` where it ended without.
fn follow(order: &RunContext<'_>, child: &mut Child, answers: OwnedFd) -> Option<Measurement> {
    let failed = |trouble| Some(Measurement { trouble: Some(trouble), ..Measurement::default() });
    let mut listener = match Listener::new(child, answers) {
        Ok(listener) => listener,
        Err(error) => return failed(RunError::Failed(format!("listening to the driver: {error}"))),
    };
    let (mut before, mut memory) = (None, None);
    loop {
        let line = match listener.line(order.deadline + OWN_END) {
            Ok(ReadEvent::Line(line)) => line,
            Ok(ReadEvent::Late) => return failed(RunError::TimedOut),
            Ok(ReadEvent::End) => return None,
            Err(error) => return failed(RunError::Protocol(format!("the driver's output cannot be read: {error}"))),
        };
        match serde_json::from_slice(&line) {
            Ok(DriverMessage::Weigh { workers, others }) => {
                let pids = [workers.as_slice(), &[child.id()], &others].concat();
                let read = weigh(&pids, workers.len());
                memory = read.as_ref().zip(before).map(|((after, workers), before)| MemoryUse {
                    before,
                    after: *after,
                    workers: workers.clone(),
                });
                before = read.map(|(all, _)| all);
                if let Some(stdin) = &mut child.stdin {
                    let _ = stdin.write_all(b"on\n");
                }
            }
            Ok(DriverMessage::Result(result)) => {
                let mut measured = result.ran(&order.brief);
                measured.details.memory = memory;
                return Some(measured);
            }
            Ok(DriverMessage::Step(_) | DriverMessage::Look(_)) => {
                return failed(RunError::Protocol("the driver looked, and was to run".into()));
            }
            Err(error) => return failed(RunError::Protocol(format!("the driver's line cannot be read: {error}"))),
        }
    }
}

/// Ends what the driver left: its workers at once where it went wrong, since they wait for nobody then; and whoever serves
/// it once it has had time to tidy up. After a good end, what is left is left for the runner to find and to tell.
fn sweep(wrong: bool, server: Option<Pid>) {
    let end = Instant::now() + if wrong { AFTERWARDS_OF_WRONG } else { AFTERWARDS };
    loop {
        let late = Instant::now() > end;
        if wrong {
            for pid in super::process::children().into_iter().filter(|pid| Some(*pid) != server) {
                // A resource tracker ends when those whose things it tracks have ended, and removes what they left.
                if late || !is_tracker(pid) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
        }
        match waitpid(None, WaitOptions::NOHANG) {
            Ok(Some(_)) => continue,
            Ok(None) if !wrong && late => return,
            Ok(None) if server.is_some() && super::process::children().iter().all(|pid| Some(*pid) == server) => return,
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(_) => return,
        }
    }
}

fn is_tracker(pid: Pid) -> bool {
    let line = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("resource_tracker")
}
