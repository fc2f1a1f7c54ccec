//! The engine's own time per trial: a whole host process for one empty item, against starting and reaping a process.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use runner::internal::host::{
    Interrupt, JobSpec, ProcessLauncher, Purpose, Role, TrialLauncher as _, TrialSpec, WorkFolder,
};
use runner::internal::reexec::Program;
use runner::internal::setting::{Config, Measure, Model};
use runner::task::Settings;

use super::compare;

pub fn run() {
    let base = std::env::temp_dir();
    let folder = WorkFolder::create(&base).expect("a work folder");
    let interrupt = Interrupt::install().expect("signal handlers");
    let mut host = ProcessLauncher::new(Program::current(), folder.path(), interrupt);
    let config = Config::new(Model::Serial, Measure::Work);
    let brief = JobSpec {
        workload: String::new(),
        environment: Default::default(),
        task: "empty".into(),
        settings: Settings::default(),
        seed: 1,
        items: 1,
        round: 0,
        folder: std::path::PathBuf::new(),
        config,
        purpose: Purpose::Timed,
        runtime: runner::internal::setting::Runtime::Native,
        interpreter: None,
        fault: None,
        trace: false,
        server: None,
        stages: Vec::new(),
    };
    let spec = TrialSpec {
        brief,
        role: Role::Trial,
        timeout: Duration::from_secs(30),
        prefix: String::new(),
        place: Default::default(),
    };
    let program = std::env::current_exe().expect("this program");
    let bare = move || {
        let start = Instant::now();
        // A hidden subcommand without its arguments ends at once.
        let child = Command::new(&program).arg(runner::internal::reexec::WORKER).stdin(Stdio::null()).spawn();
        child.expect("a process").wait().expect("its end");
        start.elapsed().as_nanos() as f64
    };
    let ours = move || {
        let start = Instant::now();
        assert!(host.run(&spec).is_ok());
        start.elapsed().as_nanos() as f64
    };
    compare(
        "the engine's own time per trial (one empty item, serial)",
        vec![("start and reap this program", Box::new(bare)), ("a trial in a fresh host", Box::new(ours))],
    );
}
