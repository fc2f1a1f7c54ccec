//! Tables of what happened beside the times: faults, lives of workers, interpreter locks, what was seen of a global; and
//! runtimes side by side. The terminal and Markdown show the same ones.

use super::grid::Column;
use super::markdown_table::table;
use super::page::{BOLD, DIM, PLAIN, Page};
use super::sorted::Sorted;
use super::variants;
use super::words::NONE;
use crate::results::{ConfigurationEstimate, Results, RuntimeTable, SeenEstimate, Workload};
use crate::text::escape::markdown as escape;
use crate::text::{show_fixed_percent, show_seconds, three_digits};

/// A table with its title, and what must be known to read it.
pub(super) struct Facts {
    pub(super) title: String,
    pub(super) note: String,
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Sorted>>,
}

/// Pipelines whose stages the terminal shows, unless everything is asked for.
const FEW: usize = 4;

/// Every table that has rows for this workload; `few` where there is little room.
pub(super) fn of_workload(results: &Results, workload: &Workload, few: bool) -> Vec<Facts> {
    let mut all =
        vec![faults(results, workload), seen(results, workload), lives(results, workload), lock(results, workload)];
    all.insert(0, stages(results, workload, few));
    all.insert(
        0,
        Facts {
            title: "Variants".into(),
            note: variants::note(results, workload),
            head: vec!["config", "speed", "verdict"],
            rows: variants::rows(results, workload),
        },
    );
    all.retain(|facts| !facts.rows.is_empty());
    all
}

/// A row for every stage of every pipeline; of the first in the ranking where there is little room.
fn stages(results: &Results, workload: &Workload, few: bool) -> Facts {
    let staged = |id: &&usize| results.derived.estimates.get(**id).is_some_and(|estimate| estimate.pipeline.is_some());
    let ranking = results
        .derived
        .workloads
        .iter()
        .find(|verdict| verdict.workload == workload.id)
        .map(|verdict| &verdict.ranking);
    let order = ranking.filter(|_| few).unwrap_or(&workload.configurations);
    let all = order.iter().filter(staged).count();
    let shown = if few { all.min(FEW) } else { all };
    let mut rows = Vec::new();
    for id in order.iter().filter(staged).take(shown) {
        let estimate = results.derived.estimates.get(*id).and_then(|estimate| estimate.pipeline.as_ref());
        let (Some(pipeline), Some(configuration)) = (estimate, results.configurations.get(*id)) else { continue };
        for (at, stage) in pipeline.stages.iter().enumerate() {
            let percent = |share: f64| Sorted::number(share, |share| show_fixed_percent(share, 0));
            let most = if at == 0 {
                NONE.to_owned().into()
            } else {
                Sorted::number(stage.most as f64, |most| most.to_string())
            };
            let mark = if pipeline.bottleneck == [at] { "bottleneck" } else { "" };
            rows.push(vec![
                if at == 0 { configuration.label.clone() } else { String::new() }.into(),
                results.stage_shown(configuration, at).into(),
                percent(stage.busy),
                percent(stage.blocked),
                percent(stage.starved),
                most,
                mark.to_owned().into(),
            ]);
        }
    }
    Facts {
        title: if shown < all { format!("Stages of the {shown} fastest of {all} pipelines") } else { "Stages".into() },
        note:
            "Shares of the time of a stage's workers, in profiling trials: within items; with nothing to do, since the \
             queue after the stage was full; the same, since the queue before it was empty. The rest is dispatch and, \
             for a stage that ends before the others, idle time. Then the most items that ever waited before the \
             stage. The busiest stage is the bottleneck."
                .into(),
        head: vec!["config", "stage", "busy", "blocked", "starved", "most waiting", ""],
        rows,
    }
}

/// Runtimes side by side, where several ran the same task.
pub(super) fn runtimes(results: &Results) -> Vec<Facts> {
    results.derived.runtimes.iter().map(|table| runtime_table(results, table)).collect()
}

/// A row for every configuration of the workload that has these facts.
fn rows(
    results: &Results,
    workload: &Workload,
    texts: impl Fn(&ConfigurationEstimate) -> Option<Vec<Sorted>>,
) -> Vec<Vec<Sorted>> {
    let row = |id: &usize| {
        let texts = texts(results.derived.estimates.get(*id)?)?;
        Some([vec![results.configurations.get(*id)?.label.clone().into()], texts].concat())
    };
    workload.configurations.iter().filter_map(row).collect()
}

fn faults(results: &Results, workload: &Workload) -> Facts {
    let rows = rows(results, workload, |estimate| {
        let fault = estimate.fault.as_ref()?;
        let of = |count: u32| Sorted { text: format!("{count} of {}", fault.trials), by: Some(count.into()) };
        let counts = [fault.done, fault.lost, fault.retried].map(|count| Sorted::number(count, three_digits));
        let recovered = Sorted::maybe(fault.recovered, show_seconds, NONE);
        let ends = vec![of(fault.survived), fault.died.into(), fault.hung.into()];
        Some([ends, counts.to_vec(), vec![recovered]].concat())
    });
    let what =
        workload.fault.as_ref().map_or(String::new(), |fault| format!("{} in item {}", fault.kind.shown(), fault.item));
    Facts {
        title: format!("Fault: {what}"),
        note:
            "How often the program survived, died with its workers, or hung until the deadline; medians of items done, \
             lost and retried, and of the time from a worker's death to the first result of its replacement."
                .into(),
        head: vec!["config", "survived", "died", "hung", "done", "lost", "retried", "recovered in"],
        rows,
    }
}

/// What workers saw: one value, or the first few of several.
fn values(seen: &[&SeenEstimate], of: fn(&SeenEstimate) -> u64) -> String {
    let mut distinct: Vec<u64> = seen.iter().map(|seen| of(seen)).collect();
    distinct.sort_unstable();
    distinct.dedup();
    match distinct.as_slice() {
        [] => NONE.into(),
        few if few.len() <= 4 => few.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        [first, second, .., last] => format!("{first}, {second} … {last}"),
        _ => NONE.into(),
    }
}

fn seen(results: &Results, workload: &Workload) -> Facts {
    let rows = rows(results, workload, |estimate| {
        let main: Vec<&SeenEstimate> = estimate.seen.iter().filter(|seen| seen.worker.is_none()).collect();
        let workers: Vec<&SeenEstimate> = estimate.seen.iter().filter(|seen| seen.worker.is_some()).collect();
        let least = estimate.seen.iter().min_by_key(|seen| seen.alike)?;
        Some(vec![
            values(&main, |seen| seen.before).into(),
            values(&main, |seen| seen.after).into(),
            values(&workers, |seen| seen.before).into(),
            values(&workers, |seen| seen.after).into(),
            Sorted { text: format!("{} of {}", least.alike, least.trials), by: Some(least.alike.into()) },
        ])
    });
    Facts {
        title: "Isolation: what was seen of a global variable".into(),
        note:
            "Main before it starts workers and after all have written; workers in their first item before they write, \
             and last; values of the first successful trial, and in how many all saw the same."
                .into(),
        head: vec!["config", "main before", "main after", "workers first", "workers last", "alike"],
        rows,
    }
}

fn lives(results: &Results, workload: &Workload) -> Facts {
    let rows = rows(results, workload, |estimate| {
        let lives = estimate.lives.as_ref()?;
        let join = Sorted::maybe(lives.join, show_seconds, NONE);
        Some(vec![Sorted::number(lives.start, show_seconds), join, lives.lives.into(), lives.deaths.into()])
    });
    Facts {
        title: "Lifetimes of workers".into(),
        note: "Medians by worker: from being asked for to being ready, and from the end of the work to having ended."
            .into(),
        head: vec!["config", "start", "join", "workers seen", "died"],
        rows,
    }
}

fn lock(results: &Results, workload: &Workload) -> Facts {
    let rows = rows(results, workload, |estimate| {
        let lock = estimate.lock.as_ref()?;
        Some(vec![
            Sorted::number(lock.waits, three_digits),
            Sorted::number(lock.waited, show_seconds),
            Sorted::number(lock.hand_overs, three_digits),
            Sorted::number(lock.forced, three_digits),
            Sorted::number(lock.forced_per_second, three_digits),
            lock.trials.into(),
        ])
    });
    let model = if workload.is_lock_model() { " It is an emulation of the GIL." } else { "" };
    Facts {
        title: "GIL".into(),
        note: format!(
            "Of a trial, medians: takes that had to wait and how long in all, switches, those that were forced by a \
             request, and these per second of work.{model}"
        ),
        head: vec!["config", "waits", "waited", "switches", "forced", "forced per second", "trials"],
        rows,
    }
}

fn runtime_table(results: &Results, table: &RuntimeTable) -> Facts {
    let label = |configuration: usize| {
        results.configurations.get(configuration).map_or(String::new(), |configuration| configuration.label.clone())
    };
    let rows = table.rows.iter().filter_map(|row| {
        let workload = results.workloads.get(row.workload)?;
        let time = |time: Option<f64>| Sorted::maybe(time, show_seconds, NONE);
        Some(vec![
            workload.runtime_shown().into(),
            label(workload.reference).into(),
            time(row.per_item),
            Sorted::maybe(row.ratio, |ratio| format!("{}×", three_digits(ratio)), NONE),
            row.best.map_or(NONE.into(), label).into(),
            time(row.best_per_item),
        ])
    });
    let model = results.workloads.iter().any(Workload::is_lock_model);
    let model =
        if model { " The GIL emulation runs native code under a lock like the GIL; it is not CPython." } else { "" };
    Facts {
        title: format!("Runtimes: {}", table.what),
        note: format!(
            "Medians of the time per item. Runtimes are different workloads and their trials are not paired, so there \
             is no verdict on them.{model}"
        ),
        head: vec!["runtime", "reference", "per item", "times the first", "fastest config", "per item"],
        rows: rows.collect(),
    }
}

impl Facts {
    /// As a section of a Markdown document, with so many signs before its title.
    pub(super) fn markdown(&self, level: usize) -> String {
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(Sorted::markdown).collect()).collect();
        let marks = "#".repeat(level);
        format!("{marks} {}\n\n{}\n\n{}", escape(&self.title), escape(&self.note), table(&self.head, &rows))
    }

    /// On the terminal; the note only where everything is asked for.
    pub(super) fn on(&self, page: &mut Page, verbose: bool) {
        page.text.push('\n');
        page.line(BOLD, &format!("{}:", self.title));
        if verbose {
            page.wrapped("  ", &self.note, DIM);
        }
        let number = |text: &String| text == NONE || text.starts_with(|c: char| c.is_ascii_digit());
        let columns: Vec<Column> = self
            .head
            .iter()
            .enumerate()
            .map(|(at, head)| {
                let texts: Vec<String> =
                    self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.text.clone()).collect();
                let right = at > 0 && texts.iter().all(number);
                Column::new(if at == 0 { "" } else { head }, right, texts)
            })
            .collect();
        page.table(&columns, |_| PLAIN);
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{TerminalOptions, json, markdown, tables, terminal};
    use crate::results::{Fault, Life, LockUse, Results, Seen};
    use crate::setting::Outcome;
    use crate::verdict::fixture::Made;

    fn made() -> Results {
        let mut made = Made::new(7).configuration("threads × 2", 1.0).configuration("processes × 2", 1.0);
        made.results.workloads[0].runtime = "gil_emulation".into();
        made.results.workloads[0].fault = Some(Fault { kind: "stack_overflow".into(), item: 6 });
        for trial in &mut made.results.trials {
            (trial.lost, trial.details.retried, trial.details.recovered) = (1, 2, 4_100_000);
            trial.details.lock = Some(LockUse { waits: 5, waited: 2_000_000_000, hand_overs: 9, forced: 3 });
            let told = trial.phases[0].wall + trial.phases[1].wall;
            trial.details.lives =
                vec![Life { worker: 0, start: 1_000, ready: 3_001_000, end: told + 700_000, died: false }];
            let of = |worker, before, after| Seen { worker, before, after };
            trial.details.seen = vec![of(None, 7, 7), of(Some(0), 1, 11), of(Some(1), 1, 12)];
        }
        made.fail(0, &(0..5), &Outcome::HostDied { cause: "signal 11 (SIGSEGV)".into() });
        made.finish()
    }

    #[test]
    fn what_happened_is_in_every_output() {
        let results = made();
        let options = TerminalOptions { width: 100, color: false, verbose: true };
        let page = terminal(&results, &options);
        for (row, column) in [
            ("threads × 2      2 of 7", "Fault: stack overflow in item 6"),
            ("processes × 2    7 of 7", "recovered in"),
            ("processes × 2            7           7              1        11, 12  7 of 7", "workers first"),
            ("processes × 2   3 ms  700 µs", "Lifetimes of workers"),
            ("processes × 2      5     2 s", "GIL"),
        ] {
            assert!(page.contains(row) && page.contains(column), "{row}, {column} in\n{page}");
        }
        assert!(page.contains("(GIL emulation)"), "{page}");
        for text in [markdown(&results, &[]), tables(std::slice::from_ref(&results))] {
            assert!(text.contains("### Fault: stack overflow in item 6\n"), "{text}");
            assert!(text.contains("| processes × 2 | 7 of 7 | 0 | 0 | 64 | 1 | 2 | 4.1 ms |"), "{text}");
            assert!(text.contains("| processes × 2 | 7 | 7 | 1 | 11, 12 | 7 of 7 |"), "{text}");
            assert!(text.contains("GIL emulation"), "{text}");
        }
        let json = serde_json::json!(json(&[results]));
        let configuration = &json[0]["workloads"][0]["configurations"][1];
        assert_eq!((&configuration["fault"]["lost"], &configuration["lock"]["waits"]), (&1.0.into(), &5.0.into()));
        assert_eq!((&configuration["lives"]["start"], &configuration["seen"][2]["after"]), (&0.003.into(), &12.into()));
        assert_eq!(json[0]["workloads"][0]["model_of"], "the GIL");
        assert_eq!(json[0]["workloads"][0]["fault"]["item"], 6);
    }

    #[test]
    fn runtimes_have_a_table_of_their_own() {
        let mut made = Made::new(7).payload(64, "64 B").serial(1.0).payload(64, "64 B").serial(25.0);
        made.results.workloads[1].runtime = "gil_emulation".into();
        let results = made.finish();
        let text = markdown(&results, &[]);
        assert!(
            text.contains("## Runtimes: π(200 000) in 64 blocks\n") && text.contains("GIL emulation runs native code"),
            "{text}"
        );
        assert!(text.contains("\n| GIL emulation | serial | "), "{text}");
        let row = &serde_json::json!(json(&[results]))[0]["runtimes"][0]["rows"][1];
        assert_eq!((&row["runtime"], &row["best"]), (&"GIL emulation".into(), &"serial".into()));
        assert!(row["ratio"].as_f64().is_some_and(|ratio| (24.0..26.0).contains(&ratio)), "{row}");
    }
}
