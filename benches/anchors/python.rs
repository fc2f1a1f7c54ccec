//! Empty items by worker processes of ours, and by the pools of the CPython that is found: streaming against streaming, and
//! a fixed set against a fixed set. Ours runs Rust, so that these ratios are of ways and languages together.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use runner::internal::runtime::find;
use runner::internal::setting::{Config, Measure, Method, Model};

use super::items::{config, run_model, run_phases, table};
use super::{Side, compare};

/// A Python with a pool of two workers.
struct Peer {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
}

impl Peer {
    fn start(interpreter: &std::path::Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("peer.py");
        std::fs::write(&script, include_str!("peer.py")).expect("the script");
        let mut command = Command::new(interpreter);
        command.arg("-I").arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the interpreter");
        let (stdin, stdout) = (child.stdin.take().expect("its input"), child.stdout.take().expect("its output"));
        Self { child, stdin, stdout: BufReader::new(stdout), _folder: folder }
    }

    fn ask(&mut self, kind: &str, count: u64) -> f64 {
        writeln!(self.stdin, "{kind} {count}").expect("a question");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("an answer");
        line.trim().parse().expect("a number")
    }
}

/// Compares with Python's pools, where there is a Python.
pub fn run() {
    let path = std::env::var("PATH").unwrap_or_default();
    let found = find(&["python3".into()], &path, false).into_values().next();
    let interpreter = match found {
        Some(Ok(interpreter)) => interpreter,
        Some(Err(why)) => return println!("Python's pools: skipped: {why}\n"),
        None => return,
    };
    println!(
        "two worker processes of ours, and pools of {}: how many times longer Python takes\n",
        interpreter.label()
    );
    let peer = RefCell::new(Peer::start(&interpreter.path));
    let python = |kind: &'static str, count: u64| -> Box<dyn FnMut() -> f64 + '_> {
        let peer = &peer;
        Box::new(move || peer.borrow_mut().ask(kind, count))
    };
    let stream = |method: Method, chunk: u32, items: u64| -> Box<dyn FnMut() -> f64> {
        let config = Config { ipc: Some(method), ..config(Model::Processes, 2, chunk) };
        Box::new(move || run_model(config.clone(), items))
    };
    let pairs: Vec<(&str, [Side<'_>; 2])> = vec![
        (
            "a fixed set, chunk 1",
            [("shared table", table(2, 1, 200_000)), ("Pool.map, chunk 1", python("map1", 2_000))],
        ),
        (
            "a fixed set, large chunks",
            [("shared table, chunk 64", table(2, 64, 200_000)), ("Pool.map, default", python("map", 50_000))],
        ),
        (
            "streaming, chunk 1",
            [("rings", stream(Method::SharedMemory, 1, 20_000)), ("imap_unordered, chunk 1", python("imap1", 1_000))],
        ),
        (
            "streaming, chunk 64",
            [
                ("rings", stream(Method::SharedMemory, 64, 100_000)),
                ("imap_unordered, chunk 64", python("imap64", 20_000)),
            ],
        ),
        (
            "streaming over pipes, chunk 64",
            [("pipes", stream(Method::Pipe, 64, 100_000)), ("imap_unordered, chunk 64", python("imap64", 20_000))],
        ),
        (
            "streaming over ipc-channel, chunk 64",
            [("queue", stream(Method::Queue, 64, 50_000)), ("imap_unordered, chunk 64", python("imap64", 20_000))],
        ),
        ("four workers ready", [("processes, spawn", Box::new(start)), ("Pool, spawn", python("start", 4))]),
    ];
    for (title, sides) in pairs {
        compare(title, sides.into());
    }
    let mut peer = peer.into_inner();
    drop(peer.stdin);
    let _ = peer.child.wait();
}

/// Nanoseconds until four workers of ours are ready and have run an item each.
fn start() -> f64 {
    let config = Config { measure: Measure::EndToEnd, ..config(Model::Processes, 4, 1) };
    let [start, work, _] = run_phases(config, 4);
    start + work
}
