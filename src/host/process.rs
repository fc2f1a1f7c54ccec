//! The parent's side: starts a host, does nothing while it runs, and ends it and all it started when its time is over.

use std::io::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

use super::leftovers::Identity;
use super::others::OthersClock;
use super::python::redact_paths;
use super::{HostError, Interrupt, Report, Role, TrialLauncher, TrialSpec};
use crate::ipc;
use crate::record::{Measurement, RunError};
use crate::reexec::{HOST, Program};
use crate::results::Flag;
use crate::setting::Outcome;
use crate::text::exit_words;

/// How much longer than its timeout a host may take to report that it timed out, before it is ended from outside.
const OWN_END: Duration = Duration::from_millis(300);
/// Time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_millis(500);
/// The environment variable whose length is drawn anew for every trial. The environment lies above the stack, so that its size
/// moves everything on it: a program may be some per cent faster with one size than with another (Mytkowicz, Diwan, Hauswirth and
/// Sweeney, *Producing Wrong Data Without Doing Anything Obviously Wrong*, ASPLOS 2009).
const PADDING: &str = "RUNNER_PADDING";
/// Its length is below this: a page, beyond which the same places come again.
const MOST_PADDED: usize = 4096;
/// How much of standard error is kept: half from its start, half from its end.
const STDERR_KEPT: usize = 8192;

/// Runs every trial in a process of its own.
pub struct ProcessLauncher {
    program: Program,
    /// The run's own folder, below which trials get theirs.
    folder: PathBuf,
    interrupt: Interrupt,
    trials: u64,
}

impl ProcessLauncher {
    /// A host whose trials run `program`, with their folders below `folder`. Makes this process the one that orphans of
    /// a trial come to, so that they can be swept.
    #[must_use]
    pub fn new(program: Program, folder: &Path, interrupt: Interrupt) -> Self {
        // SAFETY: Only sets a flag of this process.
        unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
        Self { program, folder: folder.to_owned(), interrupt, trials: 0 }
    }

    /// A text whose length follows from the seed of the run and the place of the trial in it.
    fn padding(&self, spec: &TrialSpec) -> String {
        let mut random = fastrand::Rng::with_seed(spec.brief.seed ^ self.trials.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        "x".repeat(random.usize(..MOST_PADDED))
    }

    fn start(&self, spec: &TrialSpec) -> Result<Child, HostError> {
        let start = |what| move |source| HostError::Start { what, source };
        // Whether another build speaks the same protocol was found out before, by [`super::ask`].
        let mut command =
            spec.place.program.as_ref().map_or_else(|| self.program.clone(), Program::at).command::<&str>(HOST, []);
        if let Some(folder) = &spec.place.folder {
            command.current_dir(folder);
        }
        let mut child = command
            .process_group(0)
            .envs(&spec.brief.environment)
            // Unix socket paths hold 107 bytes, so a short folder is handed to libraries that make them.
            .env("TMPDIR", &self.folder)
            .env(PADDING, self.padding(spec))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(start("starting a host process"))?;
        let mut text = serde_json::to_vec(spec).map_err(|e| start("sending the trial to the host")(e.into()))?;
        text.push(b'\n');
        if let Some(stdin) = &mut child.stdin {
            // A host that died at once is found below, by its end.
            let _ = stdin.write_all(&text);
        }
        Ok(child)
    }
}

impl TrialLauncher for ProcessLauncher {
    fn run(&mut self, spec: &TrialSpec) -> Result<Report, HostError> {
        self.trials += 1;
        let mut spec = spec.clone();
        spec.prefix = format!("/{}-{}", Identity::own().name(), self.trials);
        spec.brief.folder = self.folder.join(self.trials.to_string());
        let others = OthersClock::start();
        let failed = |what| move |source| HostError::Start { what, source };
        std::fs::create_dir(&spec.brief.folder).map_err(failed("making the trial's folder"))?;
        let mut child = self.start(&spec)?;
        // What is done at the end of a run is done at the end of one that was broken off too.
        let interrupt = Some(&self.interrupt).filter(|_| spec.role != Role::CleanUp);
        let watched = ChildSupervisor::new(&mut child).map_err(failed("watching the host"))?.follow(&spec, interrupt);
        let status = exit_status(&mut child);
        let leaked = sweep_orphans();
        ipc::sweep(&format!("{}-", spec.prefix));
        let _ = std::fs::remove_dir_all(&spec.brief.folder);
        let end = watched.map_err(failed("watching the host"))?;
        if end.interrupted {
            return Err(HostError::Interrupted);
        }
        let others = others.read();
        let mut report =
            Report { measure: spec.brief.config.measure, others: others.seconds, ..end.report(status, leaked) };
        report.measurement.details.throttled = others.throttled;
        Ok(redact_paths(report, &spec.brief))
    }

    fn watch(&mut self, time: Duration) -> Result<f64, HostError> {
        let others = OthersClock::start();
        let fd = PollFd::from_borrowed_fd(self.interrupt.as_fd(), PollFlags::IN);
        let timeout = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: i64::from(time.subsec_nanos()) };
        match poll(&mut [fd], Some(&timeout)) {
            Ok(0) => Ok(others.share()),
            _ => Err(HostError::Interrupted),
        }
    }
}

/// Reaps the host; its raw wait status.
fn exit_status(child: &mut Child) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    child.wait().map_or(0, ExitStatusExt::into_raw)
}

/// Ends and reaps what the trial left running; says whether there was anything.
fn sweep_orphans() -> bool {
    let mut leaked = false;
    loop {
        // SAFETY: Reaps a child of this process; the host itself was reaped before, and there are no others.
        match unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } {
            0 => {
                leaked = true;
                for pid in children() {
                    let _ = kill_process(pid, Signal::KILL);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            pid if pid < 0 => return leaked,
            _ => {}
        }
    }
}

/// The processes whose parent this one is.
pub(super) fn children() -> Vec<Pid> {
    let own = std::process::id().to_string();
    those_with(|fields| fields.get(PARENT) == Some(&own.as_str()))
}

/// Stops the other processes of this one's group, without ending them; says whether none of them runs any more.
pub(super) fn stop_group() -> bool {
    let group = rustix::process::getpgrp().as_raw_nonzero().to_string();
    let runs = |fields: &[&str]| {
        fields.get(GROUP) == Some(&group.as_str()) && !matches!(fields.first(), Some(&("T" | "t" | "Z" | "X")))
    };
    let mut running = those_with(runs);
    running.retain(|pid| *pid != rustix::process::getpid());
    for pid in &running {
        let _ = kill_process(*pid, Signal::STOP);
    }
    running.is_empty()
}

/// Where a process's parent and its group stand in its line in /proc, counted from its state.
const PARENT: usize = 1;
const GROUP: usize = 2;

/// The processes whose line in /proc has this, from their state on.
fn those_with(has: impl Fn(&[&str]) -> bool) -> Vec<Pid> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return Vec::new() };
    let has_it = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| has(&rest.split_whitespace().collect::<Vec<_>>()))
    };
    let pids = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(has_it).filter_map(Pid::from_raw).collect()
}

/// A running host, its descriptors, and what it has written so far.
struct ChildSupervisor {
    group: Pid,
    pidfd: OwnedFd,
    stdout: std::process::ChildStdout,
    stderr: std::process::ChildStderr,
    end: End,
}

/// What there was when the host had ended.
#[derive(Default)]
struct End {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    timed_out: bool,
    interrupted: bool,
}

impl ChildSupervisor {
    fn new(child: &mut Child) -> std::io::Result<Self> {
        let group = Pid::from_child(child);
        let missing = || std::io::Error::other("the host has no standard streams");
        let (stdout, stderr) = (child.stdout.take().ok_or_else(missing)?, child.stderr.take().ok_or_else(missing)?);
        for fd in [stdout.as_fd(), stderr.as_fd()] {
            let flags = rustix::fs::fcntl_getfl(fd)?;
            rustix::fs::fcntl_setfl(fd, flags | rustix::fs::OFlags::NONBLOCK)?;
        }
        let pidfd = pidfd_open(group, PidfdFlags::empty())?;
        Ok(Self { group, pidfd, stdout, stderr, end: End::default() })
    }

    /// Waits for the host's end, and brings it about when its time is over or the user asks.
    fn follow(mut self, spec: &TrialSpec, interrupt: Option<&Interrupt>) -> std::io::Result<End> {
        let (mut deadline, mut signals) =
            (Instant::now() + spec.timeout + OWN_END, [Signal::KILL, Signal::TERM].to_vec());
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let asked =
                !self.end.interrupted && !self.end.timed_out && interrupt.is_some_and(|it| it.signal().is_some());
            if asked || left.is_zero() {
                self.end.interrupted |= asked;
                self.end.timed_out |= !self.end.interrupted;
                if let Some(signal) = signals.pop() {
                    let _ = kill_process_group(self.group, signal);
                }
                deadline = Instant::now() + GRACE;
                continue;
            }
            if self.wait(left, interrupt)? {
                // Whoever of the group is left was left by a host that is gone.
                let _ = kill_process_group(self.group, Signal::KILL);
                self.read()?;
                return Ok(self.end);
            }
            self.read()?;
        }
    }

    /// Sleeps until something happens; says whether the host has ended.
    fn wait(&self, left: Duration, interrupt: Option<&Interrupt>) -> std::io::Result<bool> {
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut fds = vec![
            PollFd::new(&self.pidfd, PollFlags::IN),
            PollFd::new(&self.stdout, PollFlags::IN),
            PollFd::new(&self.stderr, PollFlags::IN),
        ];
        if let Some(interrupt) = interrupt.filter(|_| !self.end.interrupted) {
            fds.push(PollFd::from_borrowed_fd(interrupt.as_fd(), PollFlags::IN));
        }
        match poll(&mut fds, Some(&timeout)) {
            Err(rustix::io::Errno::INTR) => return Ok(false),
            other => other?,
        };
        let ended = !fds[0].revents().is_empty();
        // A stream that is closed while the host lives would turn the poll into a busy loop.
        if !ended && fds[1..3].iter().all(|fd| fd.revents().contains(PollFlags::HUP)) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(ended)
    }

    fn read(&mut self) -> std::io::Result<()> {
        read_available(&mut self.stdout, &mut self.end.stdout)?;
        read_available(&mut self.stderr, &mut self.end.stderr)?;
        let excess = self.end.stderr.len().saturating_sub(STDERR_KEPT);
        if excess > 0 {
            // What it said first, such as a panic before its trace, tells as much as what it said last.
            self.end.stderr.drain(STDERR_KEPT / 2..STDERR_KEPT / 2 + excess);
        }
        Ok(())
    }
}

fn read_available(from: &mut impl std::io::Read, to: &mut Vec<u8>) -> std::io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl End {
    fn report(self, status: i32, leaked: bool) -> Report {
        let stderr = String::from_utf8_lossy(&self.stderr).trim_end().to_owned();
        let measured = (status == 0).then(|| serde_json::from_slice::<Measurement>(&self.stdout).ok()).flatten();
        let Some(measurement) = measured else {
            let outcome = match status {
                _ if self.timed_out => Outcome::TimedOut,
                0 => Outcome::ProtocolError { detail: "the host's report cannot be read".into() },
                _ => Outcome::HostDied { cause: exit_words(status) },
            };
            return Report { stderr, ..Report::empty(outcome) };
        };
        let outcome = match measurement.trouble.clone() {
            _ if self.timed_out => Outcome::TimedOut,
            None => Outcome::Ok,
            Some(RunError::TimedOut) => Outcome::TimedOut,
            Some(RunError::WorkerDied { cause }) => Outcome::WorkerDied { cause },
            Some(RunError::HostDied { cause }) => Outcome::HostDied { cause },
            Some(RunError::Protocol(detail)) => Outcome::ProtocolError { detail },
            Some(RunError::Failed(detail)) => Outcome::Failed { detail },
        };
        let flags = [(leaked, Flag::Leaked), (measurement.cpu_mismatch, Flag::CpuMismatch)];
        Report {
            measure: crate::setting::Measure::Work,
            stderr: if outcome == Outcome::Ok { String::new() } else { stderr },
            outcome,
            others: 0.0,
            flags: flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag).collect(),
            measurement,
        }
    }
}
