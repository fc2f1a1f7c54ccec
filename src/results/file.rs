//! Reading and writing results files: whole or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{FORMAT, Latency, Results, plausible};

/// Why a results file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The refusal.
        source: std::io::Error,
    },
    /// It is no results file, or damaged.
    #[error("{path}: not a results file, or damaged ({detail}); it was left as it is")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another run is writing there.
    #[error("{path}: another run is writing there; let it end, or choose another folder with --output")]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A journal that cannot be continued, since it is damaged.
    #[error("{path}: a damaged journal ({detail}); it was left as it is: run without --resume to start afresh")]
    DamagedJournal {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A journal of another run.
    #[error("{path} was left by a run of {what}; run without --resume to start afresh")]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// In what that run differs.
        what: String,
    },
    /// A newer version wrote it.
    #[error(
        "{path}: format {found} was written by a newer runner{}; this one reads format {FORMAT}",
        in_brackets(tool)
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format number.
        found: u32,
        /// The version that wrote it.
        tool: String,
    },
}

/// A version in brackets, where one is known.
fn in_brackets(version: &str) -> String {
    if version.is_empty() { String::new() } else { format!(" ({version})") }
}

/// The part that every format has.
#[derive(Deserialize)]
struct Head {
    format: u32,
    #[serde(default)]
    tool: String,
}

/// Reads a results file.
///
/// # Errors
/// `Newer`, `Damaged`, `Io`.
pub fn read(path: &Path) -> Result<Results, FileError> {
    let io = |source| FileError::Io { path: path.to_owned(), source };
    let damaged = |detail: String| FileError::Damaged { path: path.to_owned(), detail };
    let text = std::fs::read(path).map_err(io)?;
    let head: Head = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    if head.format > FORMAT {
        return Err(FileError::Newer { path: path.to_owned(), found: head.format, tool: head.tool });
    }
    if head.format != FORMAT {
        return Err(damaged(format!("there never was a format {}", head.format)));
    }
    let results: Results = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    results.check().map_err(damaged)?;
    Ok(results)
}

/// Writes a results file. Each trial stands on a line of its own, so that versions can be compared line by line.
///
/// # Errors
/// `Io`; the old file is then still whole.
pub fn write(path: &Path, results: &Results) -> Result<(), FileError> {
    write_whole(path, to_text(results).as_bytes())
}

/// Writes a file whole or not at all: a temporary file beside it, made durable, then renamed.
///
/// # Errors
/// `Io`; the old file is then still whole.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    let io = |source| FileError::Io { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".runner-").tempfile_in(folder).map_err(io)?;
    file.write_all(contents).map_err(io)?;
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(open).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map_err(|e| io(e.error))?;
    Ok(())
}

/// The text of a results file: one line per entry of each list.
fn to_text(results: &Results) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(results) else { return String::new() };
    let mut text = String::from("{\n");
    let count = fields.len();
    for (i, (key, value)) in fields.iter().enumerate() {
        text.push_str(&format!("{}: ", serde_json::Value::from(key.as_str())));
        let value = if key == "derived" { &rounded(value) } else { value };
        match value {
            serde_json::Value::Array(entries) if !entries.is_empty() => {
                let lines: Vec<String> = entries.iter().map(ToString::to_string).collect();
                text.push_str(&format!("[\n{}\n]", lines.join(",\n")));
            }
            other => text.push_str(&other.to_string()),
        }
        text.push_str(if i + 1 < count { ",\n" } else { "\n" });
    }
    text.push_str("}\n");
    text
}

/// Significant digits of derived numbers: more than anything shows, and their rest is in the trials.
const DIGITS: usize = 5;

/// The value with its fractions rounded and without keys that hold nothing, so that a file does not spend most of its bytes
/// on noise. Keys that are missing are read as nothing.
fn rounded(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Array(list) => list.iter().map(rounded).collect(),
        Value::Object(map) if map.contains_key("median") && map.contains_key("ranks") => {
            // An interval, which is also read as a row.
            let row = ["median", "low", "high", "level", "ranks", "n"].map(|key| map.get(key).unwrap_or(&Value::Null));
            row.into_iter().map(rounded).collect()
        }
        Value::Object(map) => {
            let there = map.iter().filter(|(_, value)| !value.is_null());
            there.map(|(key, value)| (key.clone(), rounded(value))).collect()
        }
        Value::Number(number) if number.is_f64() => {
            let text = format!("{:.*e}", DIGITS - 1, number.as_f64().unwrap_or_default());
            text.parse::<f64>().map_or(Value::Null, Value::from)
        }
        other => other.clone(),
    }
}

impl Results {
    /// Whether every index in the file leads somewhere, so that nothing downstream has to ask.
    fn check(&self) -> Result<(), String> {
        let configuration = |id: usize| {
            if id < self.configurations.len() { Ok(()) } else { Err(format!("there is no configuration {id}")) }
        };
        if !(self.run.margin > 0.0 && self.run.margin < 1.0) {
            return Err(format!("a margin of {} is no share between 0 and 1", self.run.margin));
        }
        for (i, found) in self.configurations.iter().enumerate() {
            if found.id != i || found.workload >= self.workloads.len() {
                return Err(format!("configuration {i} is out of place"));
            }
            if found.variant.is_some_and(|at| at >= self.variants.len()) {
                return Err(format!("configuration {i} has a variant that there is not"));
            }
            found.partner.map_or(Ok(()), configuration)?;
        }
        for (i, workload) in self.workloads.iter().enumerate() {
            if workload.id != i || workload.configurations.is_empty() {
                return Err(format!("workload {i} is out of place or empty"));
            }
            configuration(workload.reference)?;
            workload.configurations.iter().try_for_each(|id| configuration(*id))?;
            workload.looks.check(self.configurations.len())?;
        }
        self.trials.iter().try_for_each(|trial| configuration(trial.configuration).and_then(|()| trial.check()))?;
        self.latencies.iter().try_for_each(Latency::check)?;
        self.configurations.iter().try_for_each(|configuration| plausible(configuration.items))?;
        self.derived.check(self)?;
        self.latencies.iter().try_for_each(|latency| configuration(latency.configuration))?;
        self.charts.iter().try_for_each(|shape| shape.check(self.configurations.len()))?;
        for (i, timeline) in self.timelines.iter().enumerate() {
            configuration(timeline.configuration)?;
            timeline.check()?;
            if self.timelines[..i].iter().any(|other| other.configuration == timeline.configuration) {
                return Err(format!("configuration {} has two timelines", timeline.configuration));
            }
        }
        for (a, b) in self.expectations.iter().flat_map(|expectation| &expectation.pairs) {
            configuration(*a)?;
            b.map_or(Ok(()), configuration)?;
        }
        Ok(())
    }
}
