//! What both sides of the program compute, as vectors that this side writes and both read: `golden.json` beside the tests of the
//! driver.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::{finish_iteration, first_told, parts_of};
use crate::plan::of_text;
use crate::task::{
    Context, Job, PartContext, Place, Tasks, Topology, checksum, item_checksum, log_line, log_message, mix, once_item,
};

/// Every task whose replies both sides work out from the request alone, small.
const TASKS: &str = "version: 1
name: golden
seed: 5
models: [serial]
tasks:
  - {kind: empty, items: 2}
  - {kind: primes, limit: 700, items: 64}
  - {kind: matrix, n: 33, items: 2}
  - {kind: hash, size: [40, 1000], items: 3}
  - {kind: sleep, delay: 1 us, items: 3}
  - {kind: echo, payload: 9, items: 3}
  - {kind: mixed, steps: 7, delay: 1 us, items: 3}
  - {kind: compress, size: 300, level: [1, 9], items: 3}
  - {kind: sort, count: 40, of: [numbers, words], items: 3}
  - {kind: json, records: 3, items: 3}
  - {kind: numeric, of: pi, points: 50, items: 3}
  - {kind: numeric, of: stencil, side: 12, parts: [1, 5], items: 20}
";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host/python/driver/tests/golden.json")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn request_of(job: &dyn Job, item: u64) -> Vec<u8> {
    let mut request = Vec::new();
    job.request(item, &mut request);
    request
}

/// Replies of all items, one after the other.
fn replies(job: &dyn Job, items: u64, parts: Option<u64>) -> Vec<String> {
    let mut context = Context::native();
    let reply_to = |item: u64, context: &mut Context<'_>| {
        let mut reply = Vec::new();
        job.expected(&request_of(job, item), &mut reply, context).unwrap();
        reply
    };
    let Some((iterations, parts)) = job.iterations().zip(parts) else {
        return (0..items).map(|item| hex(&reply_to(item, &mut context))).collect();
    };
    let (mut told, mut all) = (first_told(iterations), Vec::new());
    let mut turns: Vec<PartContext> = (0..parts).map(|_| PartContext::default()).collect();
    for iteration in 0..items / parts {
        let (mut replies, mut sent) = (Vec::new(), Vec::new());
        for (part, turn) in turns.iter_mut().enumerate() {
            context.turn = std::mem::take(turn);
            context.turn.told = Arc::clone(&told);
            replies.push(reply_to(iteration * parts + part as u64, &mut context));
            *turn = std::mem::take(&mut context.turn);
            sent.push(std::mem::take(&mut turn.sent));
        }
        let (next, received) = finish_iteration(iterations, iteration, &told, &replies, sent).unwrap();
        told = next;
        turns.iter_mut().zip(received).for_each(|(turn, letters)| turn.received = letters);
        all.extend(replies.iter().map(|reply| hex(reply)));
    }
    all
}

fn tasks() -> Vec<Value> {
    let (plan, tasks) = (of_text(TASKS), Tasks::builtin());
    let of = |workload: &crate::plan::Workload| {
        let task = tasks.get(&workload.task).unwrap();
        let crate::plan::Items::Fixed(items) = workload.items else { panic!("{}", workload.label) };
        let place = Place { seed: plan.seed, items, folder: PathBuf::new(), server: None };
        let job = task.prepare(&workload.settings, &place).unwrap();
        let parts = match task.topology(&workload.settings) {
            Topology::Iterations { .. } => task.topology(&workload.settings).parts(),
            _ => None,
        };
        let replies = replies(job.as_ref(), items, parts);
        json!({
            "task": workload.task,
            "settings": workload.settings,
            "seed": plan.seed,
            "parts": parts.unwrap_or(0),
            "constants": job.constants().iter().map(|bytes| hex(bytes)).collect::<Vec<_>>(),
            "requests": (0..items).map(|item| hex(&request_of(job.as_ref(), item))).collect::<Vec<_>>(),
            // The reply to each; of a long one, its checksum would tell as much, but no better where it differs.
            "replies": replies,
        })
    };
    plan.workloads.iter().map(of).collect()
}

fn vectors() -> Value {
    let texts: [&[u8]; 4] = [b"", b"a", b"123456789", &[0, 255, 10, 13]];
    let numbers = [0, 1, 12_345, 1 << 63, u64::MAX];
    let pairs = || numbers.iter().flat_map(|a| numbers.iter().map(move |b| (*a, *b)));
    let mut line = Vec::new();
    let mut message = Vec::new();
    log_message(9, 17, 40, &mut message);
    log_line("3", 2, &message, &mut line);
    let parts = [(0, 1, 5), (0, 3, 5), (1, 3, 5), (2, 3, 5), (3, 4, 2)].map(|(worker, workers, parts)| {
        let own = parts_of(worker, workers, parts);
        json!([worker, workers, parts, own.start, own.end])
    });
    json!({
        "checksum": texts.map(|text| json!([hex(text), checksum(text)])),
        "once_item": texts.map(|text| json!([hex(text), once_item(text)])),
        "mix": pairs().map(|(seed, index)| json!([seed, index, mix(seed, index)])).collect::<Vec<_>>(),
        "item_checksum": pairs().map(|(a, b)| json!([a, b, a ^ b, item_checksum(a, b, a ^ b)])).collect::<Vec<_>>(),
        "parts_of": parts,
        "log": {"seed": 9, "item": 17, "length": 40, "message": hex(&message), "producer": "3", "turn": 2, "line": hex(&line)},
        "tasks": tasks(),
    })
}

fn text() -> String {
    // An entry in a line, so that a change can be read.
    let vectors = vectors();
    let groups = vectors.as_object().unwrap().iter().map(|(name, group)| match group {
        Value::Array(entries) => {
            let lines: Vec<String> = entries.iter().map(|entry| format!("  {entry}")).collect();
            format!("\"{name}\": [\n{}\n]", lines.join(",\n"))
        }
        other => format!("\"{name}\": {other}"),
    });
    format!("{{\n{}\n}}\n", groups.collect::<Vec<_>>().join(",\n"))
}

#[test]
fn golden_vectors_are_what_this_side_computes() {
    let committed = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(text() == committed, "run: cargo test --lib golden -- --ignored");
}

#[test]
#[ignore = "it writes the golden vectors"]
fn golden_vectors_are_written() {
    std::fs::write(path(), text()).unwrap();
}
