//! What the modules share: a place of their own for a run, its outputs, and a look at processes and leftovers.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use runner::results::Results;
use serde_json::Value;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_runner");

/// Bound of everything that should take a moment: a hang, not a slow machine, exceeds it.
pub const HANG: Duration = Duration::from_secs(60);

/// Polls until `done` gives something, or panics with `what` once the bound has passed.
pub fn until<T>(what: &str, bound: Duration, mut done: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + bound;
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        // Many look at all processes, which takes a core some milliseconds.
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Says why a test cannot run here. Where all of them must run, that is a failure.
#[track_caller]
pub fn skipped(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "skipped: {why}");
    println!("skipped: {why}");
}

/// The program with tasks that only tests need: see `tests/probes`.
pub fn probes() -> PathBuf {
    example("probes")
}

/// An example, as the sources have it. A plain `cargo test` builds all of them; `cargo test --test all` builds none, and may
/// leave one of other sources, so it is built here. Outside of cargo the one that is there has to do.
pub fn example(name: &str) -> PathBuf {
    static BUILT: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let folder = Path::new(PROGRAM).parent().unwrap();
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cargo) = std::env::var_os("CARGO").filter(|_| !built.iter().any(|known| known == name)) {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--example", name, "--manifest-path"]);
        command
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .arg("--target-dir")
            .arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            command.arg("--release");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        built.push(name.to_owned());
    }
    let path = folder.join("examples").join(name);
    assert!(path.exists(), "{} is not built; cargo build --example {name}", path.display());
    path
}

/// A folder of a test's own, with one for reports and one for temporary files in it.
pub struct Place {
    folder: tempfile::TempDir,
    program: PathBuf,
}

/// The search path with the folder of `python3` itself in front; `None` where there is none.
static PATH: LazyLock<Option<OsString>> = LazyLock::new(|| {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
    let found = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    let folder = found.parent().filter(|folder| folder.join("python3").is_file())?.to_owned();
    let rest = std::env::var_os("PATH")?;
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&rest))).ok()
});

impl Place {
    pub fn new() -> Self {
        Self::of(PROGRAM.into())
    }

    /// A place whose program has the tasks `probe_…` as well.
    pub fn with_probes() -> Self {
        Self::of(probes())
    }

    fn of(program: PathBuf) -> Self {
        let folder = tempfile::Builder::new().prefix("rt").tempdir_in("/tmp").unwrap();
        std::fs::create_dir(folder.path().join("t")).unwrap();
        Self { folder, program }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn temporary(&self) -> PathBuf {
        self.path("t")
    }

    /// The report folder of a scenario.
    pub fn report(&self, name: &str) -> PathBuf {
        self.path("o").join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A scenario file with the head that all need.
    pub fn scenario(&self, name: &str, rest: &str) -> PathBuf {
        self.write(&format!("{name}.yaml"), head(name) + rest)
    }

    /// The same with charts in its report.
    pub fn charted_scenario(&self, name: &str, charts: &str, rest: &str) -> PathBuf {
        let head = head(name).replace("charts: []", &format!("charts: {charts}"));
        self.write(&format!("{name}.yaml"), head + rest)
    }

    /// The program, to be run in this place.
    pub fn program(&self, arguments: &[&str]) -> Command {
        self.command(&self.program, arguments)
    }

    /// Another program that is or becomes a build of this one, to be run in this place.
    pub fn command(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).env("TMPDIR", self.temporary());
        // Tests run beside each other, and what others use of the machine would decide what they see: of this one they use nothing.
        command.env("RUNNER_SYSTEM_ROOT", env!("CARGO_TARGET_TMPDIR"));
        // What stands for the interpreter on PATH may be a script that looks for it, at every start.
        if let Some(path) = &*PATH {
            command.env("PATH", path);
        }
        // A trace of a debug build takes longer than most trials may.
        command.env("RUST_BACKTRACE", "0");
        command
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("COLUMNS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.program(arguments).spawn().unwrap(), HANG)
    }

    /// Runs a scenario into the folder `o`, with further arguments.
    pub fn run_scenario(&self, name: &str, arguments: &[&str]) -> Ended {
        let file = format!("{name}.yaml");
        self.run(&[&[file.as_str(), "--output", "o"], arguments].concat())
    }

    pub fn results(&self, name: &str) -> Results {
        runner::results::read(&self.report(name).join("results.json")).unwrap()
    }

    pub fn report_text(&self, name: &str) -> String {
        std::fs::read_to_string(self.report(name).join("report.md")).unwrap()
    }

    /// A running program has its work folder still.
    #[track_caller]
    pub fn assert_work_folder_of(&self, pid: u32) {
        let names = std::fs::read_dir(self.temporary()).unwrap().map(|entry| entry.unwrap().file_name());
        let start = format!("runner-{pid}-");
        assert!(names.into_iter().any(|name| name.to_string_lossy().starts_with(&start)));
    }

    /// Processes that were started here, told by their environment.
    pub fn processes(&self) -> Vec<String> {
        let folder = self.folder.path().to_str().unwrap().to_owned();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let found = entries.filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&folder)
        });
        found.map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()).collect()
    }

    /// No process that was started here may stay.
    #[track_caller]
    pub fn assert_nothing_runs(&self) {
        assert_eq!(self.processes(), Vec::<String>::new(), "processes are left");
    }

    /// Nothing that a run needs for itself may stay.
    #[track_caller]
    pub fn assert_no_leftovers(&self, pid: u32) {
        let files: Vec<_> = std::fs::read_dir(self.temporary()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.is_empty(), "left behind: {files:?}");
        assert_eq!(shared_segments(pid), Vec::<String>::new());
    }
}

/// The lines that every scenario starts with. Charts are for the tests that look at them: in an unoptimised program they
/// take longer than the trials.
pub fn head(name: &str) -> String {
    format!("version: 1\nname: {name}\ntitle: A test\nabout: A test.\ncharts: []\n")
}

/// Shared segments of a run by the pid of its program.
pub fn shared_segments(pid: u32) -> Vec<String> {
    runner::internal::ipc::leftovers(&format!("/runner-{pid}-"))
}

/// A program that has ended, with all it wrote.
pub struct Ended {
    pub pid: u32,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ended {
    /// Waits for the end, at most so long.
    #[track_caller]
    pub fn of(child: Child, bound: Duration) -> Self {
        let (pid, start) = (child.id(), Instant::now());
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || send.send(child.wait_with_output()));
        let Ok(output) = receive.recv_timeout(bound) else {
            rustix::process::Pid::from_raw(pid as i32)
                .map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
            panic!("the program did not end within {bound:?}");
        };
        let Output { status, stdout, stderr } = output.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { pid, code: status.code(), stdout: text(stdout), stderr: text(stderr), took: start.elapsed() }
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// What `--json` printed.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// A process as /proc shows it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub pid: u32,
    pub parent: u32,
    pub group: u32,
    pub state: char,
    pub command: String,
}

/// All processes that can be read. Zombies count, until they are reaped.
pub fn processes() -> Vec<Seen> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| seen(entry.file_name().to_str()?.parse().ok()?)).collect()
}

fn seen(pid: u32) -> Option<Seen> {
    let folder = Path::new("/proc").join(pid.to_string());
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    let command = std::fs::read(folder.join("cmdline")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut number = || fields.next()?.parse().ok();
    let (parent, group) = (number()?, number()?);
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    Some(Seen { pid, parent, group, state, command })
}

/// The children of a process whose command line holds a word, such as `__worker`.
pub fn children(parent: u32, word: &str) -> Vec<u32> {
    let found = processes().into_iter().filter(|seen| seen.parent == parent && seen.command.contains(word));
    found.map(|seen| seen.pid).collect()
}

pub fn signal(pid: u32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}

/// Every trial ended right, with all the items of its configuration.
#[track_caller]
pub fn assert_all_done(results: &Results) {
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let context = format!("{}: {trial:?}", configuration.label);
        let ended = (trial.outcome.words(), trial.done, trial.lost);
        assert_eq!((ended.0.as_str(), ended.1, ended.2), ("ok", configuration.items, 0), "{context}");
    }
}
