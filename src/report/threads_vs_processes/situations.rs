//! The text's last table and its use cases, answered by the verdicts of the reports.

use super::facts::Facts;
use crate::results::Workload;
use crate::setting::Runtime;

/// A situation, what was said of it, the verdict, and the scenarios that measure it.
pub(super) type Situation = (String, &'static str, String, &'static [&'static str]);

/// A row before it is answered.
struct Asked {
    situation: &'static str,
    said: &'static str,
    scenario: &'static [&'static str],
    runtime: Runtime,
    pick: fn(&Workload) -> bool,
}

const fn asked(
    situation: &'static str,
    said: &'static str,
    scenario: &'static [&'static str],
    runtime: Runtime,
    pick: fn(&Workload) -> bool,
) -> Asked {
    Asked { situation, said, scenario, runtime, pick }
}

const THREADS: &str = "Multithreading";
const PROCESSES: &str = "Multiprocessing";
const NOTHING: &str = "–";

/// Every situation, those of the text first.
const SITUATIONS: &[Asked] = &[
    asked("Downloading files concurrently", THREADS, &["download-manager"], Runtime::Python, |_| true),
    asked("The same in Rust", THREADS, &["download-manager"], Runtime::Native, |_| true),
    asked("Crawling the web", THREADS, &["web-crawler"], Runtime::Python, |_| true),
    asked("Waiting for anything else", THREADS, &["gil"], Runtime::Python, |workload| workload.task == "sleep"),
    asked("Logging, one writer, in Rust", THREADS, &["logging"], Runtime::Native, |workload| {
        workload.word("writer") == Some("one") && workload.word("sync") == Some("never")
    }),
    asked("Reading from a database, row by row", THREADS, &["database"], Runtime::Python, |workload| {
        workload.word("access") == Some("rows")
    }),
    asked("Sums that a database makes", THREADS, &["database"], Runtime::Python, |workload| {
        workload.word("access") == Some("sum")
    }),
    asked("Writing to a database, a commit for every row", THREADS, &["database"], Runtime::Python, |workload| {
        workload.word("access") == Some("insert_autocommit")
    }),
    asked("Writing to a database, many rows in a transaction", THREADS, &["database"], Runtime::Python, |workload| {
        workload.word("access") == Some("insert_transaction")
    }),
    asked("Compressing files", NOTHING, &["python-work"], Runtime::Python, |workload| workload.task == "compress"),
    asked("Sorting and other work inside the interpreter", NOTHING, &["python-work"], Runtime::Python, |workload| {
        workload.task == "sort"
    }),
    asked("Heavy calculations in Python", PROCESSES, &["gil"], Runtime::Python, |workload| workload.task == "primes"),
    asked("Calculations in C code that releases the GIL", NOTHING, &["gil-releasing"], Runtime::Python, |workload| {
        workload.whole("size") == Some(1 << 20)
    }),
    asked(
        "Numerical computation, neighbours exchange borders, in Rust",
        PROCESSES,
        &["numeric"],
        Runtime::Native,
        |workload| workload.word("of") == Some("stencil"),
    ),
    asked("Training a model, in Rust", PROCESSES, &["training"], Runtime::Native, |_| true),
    asked("Processing images, in Rust", PROCESSES, &["image-batch"], Runtime::Native, |workload| {
        workload.word("format") == Some("jpeg")
    }),
    asked("Stages in a chain, one of them slow, in Rust", NOTHING, &["pipeline"], Runtime::Native, |_| true),
    asked("Running a program for every item", NOTHING, &["own-command"], Runtime::Native, |_| true),
    asked("Starting something small", NOTHING, &["start-methods"], Runtime::Python, |_| true),
];

/// Every situation with its answer.
pub(super) fn situations(facts: &Facts<'_>) -> Vec<Situation> {
    let mut rows: Vec<Situation> =
        SITUATIONS.iter().map(|row| (row.situation.to_owned(), row.said, verdict(facts, row), row.scenario)).collect();
    for (situation, scenario) in [("in CPython", &["python-service-rate"]), ("in Rust", &["service-rate"])] {
        rows.push((format!("Requests at an arrival rate, {situation}"), NOTHING, rates(facts, scenario[0]), scenario));
    }
    rows
}

/// The pick of a report with its price, or its finding where nothing is picked.
fn verdict(facts: &Facts<'_>, row: &Asked) -> String {
    let name = row.scenario[0];
    let Some(results) = facts.scenario(name) else { return format!("{name} was not run") };
    let workload = results.workloads.iter().find(|workload| workload.runtime == row.runtime && (row.pick)(workload));
    let found = workload.and_then(|workload| results.derived.workloads.get(workload.id));
    let words = found.map(|found| found.sentence.clone());
    words.unwrap_or_else(|| match facts.configuration(name, |workload, _| workload.runtime == row.runtime) {
        Ok(_) => "not measured".into(),
        Err(why) => why,
    })
}

/// The picks at each rate, and who sustains what comes.
fn rates(facts: &Facts<'_>, name: &str) -> String {
    let Some(results) = facts.scenario(name) else { return format!("{name} was not run") };
    let picks = results.derived.workloads.iter().map(|verdict| verdict.sentence.as_str());
    let saturation = results.derived.saturation.iter().map(|saturation| saturation.sentence.as_str());
    let told: Vec<&str> = picks.chain(saturation).collect();
    if told.is_empty() { "not measured".into() } else { told.join(" ") }
}
