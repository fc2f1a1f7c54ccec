//! Takes the names of this machine's folders out of what Python says: tracebacks and exceptions are full of them, and
//! results are made to be shown.

use std::path::Path;

use super::super::{JobSpec, Outcome, Report};
use super::driver::of_run;

/// The report of a trial in Python without the folders of the trial, of the user and of the interpreter.
pub(in super::super) fn redact_paths(report: Report, brief: &JobSpec) -> Report {
    let Some(interpreter) = &brief.interpreter else { return report };
    let here = std::env::current_dir().unwrap_or_default();
    let of_interpreter = interpreter.parent().and_then(Path::parent).unwrap_or(interpreter);
    // The longest first, since one may lie in another.
    let run = of_run(brief);
    let mut places = [(brief.folder.as_path(), "(trial)"), (run, "(run)"), (&here, "."), (of_interpreter, "(python)")];
    places.sort_by_key(|(place, _)| std::cmp::Reverse(place.as_os_str().len()));
    let clean = |text: String| {
        places.iter().fold(text, |text, (place, name)| match place.to_str() {
            // A root would be in every path.
            Some(place) if place.len() > 1 => text.replace(place, name),
            _ => text,
        })
    };
    let outcome = match report.outcome {
        Outcome::WorkerDied { cause } => Outcome::WorkerDied { cause: clean(cause) },
        Outcome::HostDied { cause } => Outcome::HostDied { cause: clean(cause) },
        Outcome::ProtocolError { detail } => Outcome::ProtocolError { detail: clean(detail) },
        Outcome::Failed { detail } => Outcome::Failed { detail: clean(detail) },
        other @ (Outcome::Ok | Outcome::TimedOut | Outcome::ResultMismatch) => other,
    };
    Report { outcome, stderr: clean(report.stderr), ..report }
}
