//! The configurations of all workloads as Markdown tables, to be pasted elsewhere.

use super::happened;
use super::markdown::{fits, level, pick_lists};
use super::markdown_table::table;
use super::phases::{items, memory, phases};
use super::reasons::{break_evens, breakdown, saturation};
use super::sorted::unsorted;
use super::words::{NONE, notes, reservations, time_head};
use crate::results::{ConfigurationEstimate, Interval, LOCK_MODEL, Results, Workload};
use crate::text::escape::markdown as escape;
use crate::text::fixed_three_digits;
use crate::verdict::UNBOUNDED;

/// The tables of reports, workload by workload: every configuration with its time and its speed-up, the ends of their intervals and the
/// level of these, then what the pick is compared with, breakdowns, resources, memory, times per item and fits as the report has them.
#[must_use]
pub fn tables(results: &[Results]) -> String {
    let mut out = String::new();
    for one in results {
        out += &format!("# {}\n\n", escape(&one.scenario.title));
        for line in reservations(one) {
            out += &format!("**{}**\n\n", escape(&line));
        }
        for workload in &one.workloads {
            let model = if workload.is_lock_model() { format!("A {LOCK_MODEL}.\n\n") } else { String::new() };
            out += &format!("## {}\n\n{model}{}\n", escape(&workload.label), of_workload(one, workload));
            let verdict = one.derived.workloads.iter().find(|verdict| verdict.workload == workload.id);
            let mut parts: Vec<String> = verdict
                .map(|verdict| vec![format!("{}\n", escape(&verdict.sentence)), pick_lists(one, verdict)])
                .unwrap_or_default();
            parts.extend([
                breakdown(one, workload),
                phases(one, workload),
                memory(one, workload),
                items(one, workload),
                fits(one, workload),
            ]);
            parts.extend(happened::of_workload(one, workload, false).iter().map(|facts| facts.markdown(3)));
            parts.retain(|part| !part.is_empty());
            out += &format!("{}\n", parts.join("\n"));
        }
        out.extend(happened::runtimes(one).iter().map(|facts| format!("{}\n", facts.markdown(2))));
        out += &saturation(one);
        out += &break_evens(one);
    }
    unsorted(&out)
}

fn of_workload(results: &Results, workload: &Workload) -> String {
    let time = |row: &ConfigurationEstimate| if workload.per_item { row.per_item } else { row.time };
    let rows: Vec<&ConfigurationEstimate> =
        workload.configurations.iter().filter_map(|id| results.derived.estimates.get(*id)).collect();
    let longest = rows.iter().filter_map(|row| time(row)).map(|time| time.median).fold(0.0, f64::max);
    let (unit, scale) = unit(longest);
    let configurations = rows.iter().filter_map(|row| {
        let mut texts = vec![escape(&results.configurations.get(row.configuration)?.label)];
        texts.extend(interval(time(row), scale));
        let own = row.configuration == workload.reference;
        texts.extend(if own { [NONE, NONE, NONE, NONE].map(str::to_owned) } else { interval(row.speedup, 1.0) });
        texts.extend([format!("{} of {}", row.ok, row.trials), escape(&notes(row).join("; "))]);
        Some(texts)
    });
    let reference =
        results.configurations.get(workload.reference).map_or("", |configuration| configuration.label.as_str());
    let head = [
        "config",
        &format!("{} ({unit})", time_head(workload)),
        "from",
        "to",
        "level",
        &format!(
            "{} {}",
            if workload.rate.is_some() { "lower latency than" } else { "speedup over" },
            escape(reference)
        ),
        "from",
        "to",
        "level",
        "ok",
        "notes",
    ];
    table(&head, &configurations.collect::<Vec<_>>())
}

/// The median, both ends and the level.
fn interval(interval: Option<Interval>, scale: f64) -> [String; 4] {
    let show = |value: f64| if value >= UNBOUNDED { "∞".into() } else { fixed_three_digits(value * scale) };
    let Some(found) = interval else { return [NONE, NONE, NONE, NONE].map(str::to_owned) };
    match found.low {
        Some(low) => [show(found.median), show(low), found.high.map_or("∞".into(), show), level(&found)],
        None => [show(found.median), NONE.into(), NONE.into(), NONE.into()],
    }
}

/// The unit in which the longest time has a digit before the point, and how many of it make a second.
fn unit(longest: f64) -> (&'static str, f64) {
    match longest {
        t if t >= 0.9995 || t == 0.0 => ("s", 1.0),
        t if t >= 0.9995e-3 => ("ms", 1e3),
        t if t >= 0.9995e-6 => ("µs", 1e6),
        _ => ("ns", 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::fixture::Made;

    #[test]
    fn every_way_has_time_and_speedup_with_interval_and_level() {
        let results = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).finish();
        let text = tables(&[results]);
        assert!(
            text.starts_with("# Made by hand\n\n## primes, limit 200 000\n\n| config | time (s) | from | to | level |")
        );
        let row = text.lines().find(|line| line.starts_with("| threads × 2 | ")).unwrap();
        let fields: Vec<&str> = row.split(" | ").collect();
        assert_eq!((fields[4], fields[8], fields[9]), ("96.5%", "96.5%", "15 of 15"), "{text}");
        assert!(fields[1].starts_with("0.5") && fields[5].starts_with("2.0"), "{text}");
        assert!(text.contains("Use threads × 2: 2.0"), "{text}");
    }
}
