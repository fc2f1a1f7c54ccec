//! Raw samples for other programs: a row per trial with its whole way beside it, as CSV or as JSON a line.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::columns::{COLUMNS, Sample};
use crate::results::Results;
use crate::text::escape;

/// Starts the columns that hold a task's own settings: `setting_limit`.
const SETTING: &str = "setting_";

/// After this column come those of the tasks' settings.
const SETTINGS_AFTER: &str = "task";

/// Raw samples of results as rows of equal columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// One row per trial, in the order in which they were run, with a value per column; `null` where there is none.
    pub rows: Vec<Vec<Value>>,
}

/// Every trial of these results, of every kind and outcome.
#[must_use]
pub fn samples(results: &[Results]) -> Samples {
    let settings: BTreeSet<&str> = results
        .iter()
        .flat_map(|one| &one.workloads)
        .flat_map(|workload| workload.settings.keys())
        .map(String::as_str)
        .collect();
    let mut columns = Vec::new();
    for column in COLUMNS.iter() {
        columns.push(column.name.to_string());
        if column.name == SETTINGS_AFTER {
            columns.extend(settings.iter().map(|name| format!("{SETTING}{name}")));
        }
    }
    let rows = results.iter().flat_map(|one| {
        let seen = one.trials.iter().filter_map(|trial| Sample::of(one, trial));
        seen.map(|sample| row(&sample, &settings)).collect::<Vec<_>>()
    });
    Samples { rows: rows.collect(), columns }
}

fn row(sample: &Sample<'_>, settings: &BTreeSet<&str>) -> Vec<Value> {
    let mut row = Vec::new();
    for column in COLUMNS.iter() {
        row.push((column.of)(sample));
        if column.name == SETTINGS_AFTER {
            row.extend(settings.iter().map(|name| json!(sample.workload.settings.get(*name))));
        }
    }
    row
}

impl Samples {
    /// As CSV by RFC 4180: a head, lines that end with CR LF, quotes where a text needs them. What has no value is
    /// empty, and lists are joined by blanks.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = String::new();
        let names: Vec<Value> = self.columns.iter().map(|name| json!(name)).collect();
        for row in [&names].into_iter().chain(&self.rows) {
            let fields: Vec<String> = row.iter().map(field).collect();
            out += &fields.join(",");
            out += "\r\n";
        }
        out
    }

    /// As one JSON object a line, with every column in it.
    #[must_use]
    pub fn ndjson(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            let object: Map<String, Value> = self.columns.iter().cloned().zip(row.iter().cloned()).collect();
            out += &Value::Object(object).to_string();
            out.push('\n');
        }
        out
    }
}

fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escape::csv(text),
        Value::Array(list) => list.iter().map(field).collect::<Vec<_>>().join(" "),
        number => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Memory, MemoryUse, Spent};
    use crate::setting::Outcome;
    use crate::verdict::fixture::Made;

    fn made() -> Results {
        let mut made = Made::new(3).serial(1.0).configuration("threads × 2", 0.5);
        made.fail(1, &(1..2), &Outcome::WorkerDied { cause: "signal 9 (SIGKILL)".into() });
        made.results.workloads[0].settings.insert("limit".into(), 200_000.into());
        made.results.trials[0].flags = vec![crate::results::Flag::Leaked, crate::results::Flag::TooShort];
        made.results.trials[0].details.spent = Some(Spent { service: 1_500_000_000, ..Spent::default() });
        let memory = Memory { pss: 3 << 20, private: 1 << 20, rss: 7 << 20 };
        made.results.trials[1].details.memory =
            Some(MemoryUse { before: memory, after: memory, workers: vec![memory, Memory::default()] });
        made.finish()
    }

    fn value<'a>(samples: &'a Samples, row: usize, column: &str) -> &'a Value {
        let at = samples.columns.iter().position(|name| name == column).unwrap_or_else(|| panic!("no {column}"));
        &samples.rows[row][at]
    }

    #[test]
    fn every_trial_is_a_row_with_its_way() {
        let results = made();
        let samples = samples(std::slice::from_ref(&results));
        assert_eq!(samples.rows.len(), results.trials.len());
        assert!(samples.rows.iter().all(|row| row.len() == samples.columns.len()));
        let told = |row: usize, column: &str| value(&samples, row, column).clone();
        assert_eq!((told(0, "scenario"), told(0, "setting_limit")), (json!("made"), json!(200_000)));
        assert_eq!(
            (told(3, "configuration"), told(3, "round"), told(3, "model")),
            (json!("threads × 2"), json!(0), json!("threads"))
        );
        let seconds = results.trials[3].seconds().unwrap();
        assert_eq!(told(3, "seconds"), json!(seconds));
        assert!((told(3, "seconds_per_item").as_f64().unwrap() - seconds / 64.0).abs() < 1e-12);
        assert_eq!((told(4, "outcome"), told(4, "seconds")), (json!("worker_died"), Value::Null));
        assert_eq!(told(4, "cause"), json!("signal 9 (SIGKILL)"));
        assert_eq!((told(0, "flags"), told(0, "spent_service_seconds")), (json!(["leaked", "too_short"]), json!(1.5)));
        assert_eq!(
            (told(1, "memory_after_pss_bytes"), told(0, "memory_after_pss_bytes")),
            (json!(3 << 20), Value::Null)
        );
        assert_eq!(told(1, "memory_workers_rss_bytes"), json!([7 << 20, 0]));
        assert_eq!(told(0, "work_voluntary_switches"), json!(10));
    }

    #[test]
    fn settings_of_all_tasks_are_columns() {
        let (first, mut second) = (made(), made());
        second.workloads[0].settings = [("payload".to_owned(), 64.into())].into();
        let both = samples(&[first, second]);
        assert_eq!(
            (value(&both, 0, "setting_payload"), value(&both, 0, "setting_limit")),
            (&Value::Null, &json!(200_000))
        );
        assert_eq!((value(&both, 6, "setting_payload"), value(&both, 6, "setting_limit")), (&json!(64), &Value::Null));
    }

    #[test]
    fn csv_is_quoted_and_holds_no_formula() {
        let mut results = made();
        results.scenario.name = "=1+1".into();
        results.configurations[0].label = "a \"b\", c\nd".into();
        let text = samples(&[results]).csv();
        let mut lines = text.split("\r\n");
        assert!(lines.next().unwrap().starts_with("scenario,"));
        assert!(lines.next().unwrap().starts_with("'=1+1,"), "{text}");
        assert!(text.contains(",\"a \"\"b\"\", c\nd\","), "{text}");
        assert!(text.contains(",leaked too_short,") && text.ends_with("\r\n"));
    }

    #[test]
    fn a_line_of_ndjson_is_a_row() {
        let text = samples(&[made()]).ndjson();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((rows.len(), &rows[4]["outcome"], &rows[4]["seconds"]), (6, &json!("worker_died"), &Value::Null));
    }

    #[test]
    fn columns_have_names_of_their_own() {
        let mut names: Vec<&str> = COLUMNS.iter().map(|column| column.name.as_ref()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COLUMNS.len());
    }
}
