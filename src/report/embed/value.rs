//! Single numbers, for a sentence or a cell of a table.

use super::Problem;
use super::marker::{Marker, meant};
use super::select::one;
use crate::report::words::{bytes, cores, speedup, time};
use crate::results::{Configuration, ConfigurationEstimate, Interval, Latency, Pair, Quantiles, Results};
use crate::text::{show_seconds, three_digits};
use crate::verdict::{achieved, effect, latency, range, seconds_interval, times_interval};

/// One number that a configuration has, with its interval in brackets where it has one.
struct Metric {
    word: &'static str,
    about: &'static str,
    of: fn(&Known<'_>) -> Option<String>,
}

/// A configuration with everything that is known of it.
struct Known<'a> {
    results: &'a Results,
    configuration: &'a Configuration,
    estimate: &'a ConfigurationEstimate,
}

const fn metric(word: &'static str, about: &'static str, of: fn(&Known<'_>) -> Option<String>) -> Metric {
    Metric { word, about, of }
}

/// Every metric; help and messages are made from this list.
const METRICS: &[Metric] = &[
    metric(
        "speedup",
        "how many times as fast as the reference of its workload; with `over`, as another configuration",
        |known| {
            let workload = known.results.workloads.get(known.configuration.workload)?;
            known.estimate.speedup.map(|_| speedup(workload, known.estimate))
        },
    ),
    metric("time", "time of a trial, or of an item where the workload compares these", |known| {
        let workload = known.results.workloads.get(known.configuration.workload)?;
        Some(time(workload, known.estimate))
    }),
    metric("per_item", "time of an item: the trial's over its items", |known| {
        known.estimate.per_item.map(|interval| seconds_interval(&interval))
    }),
    metric("throughput", "items per second", |known| {
        known.estimate.throughput.map(|interval| format!("{} items/s", range(&interval, three_digits)))
    }),
    metric("service_p50", "median time of an item, received until replied", |known| service(known, |of| Some(of.p50))),
    metric("service_p95", "its 95th percentile", |known| service(known, |of| of.p95)),
    metric("service_p99", "its 99th percentile", |known| service(known, |of| of.p99)),
    metric("latency_p50", "with a rate: median time from an item's scheduled arrival to its result", |known| {
        late(known, 0.50)
    }),
    metric("latency_p95", "its 95th percentile", |known| late(known, 0.95)),
    metric("latency_p99", "its 99th percentile", |known| late(known, 0.99)),
    metric("achieved", "with a rate: items completed per second", |known| {
        let rate = achieved(known.results, known.configuration.id)?;
        Some(format!("{} items/s", range(&rate, three_digits)))
    }),
    metric("start", "until every worker was ready", |known| phase(known, 0)),
    metric("work", "from then to the last reply", |known| phase(known, 1)),
    metric("join", "until all workers had ended", |known| phase(known, 2)),
    metric("busy", "cores that were busy on average", |known| cores(known.estimate).map(|cores| format!("{cores:.1}"))),
    metric("memory", "of all processes after the work, shared pages once", |known| {
        known.estimate.memory.map(|memory| bytes(memory.pss))
    }),
    metric("memory_per_worker", "its own pages and its part of shared ones, of one worker process", |known| {
        known.estimate.memory?.per_worker.map(bytes)
    }),
];

/// Every metric with what it means, a line each, for help.
#[must_use]
pub fn values_help() -> String {
    let lines: Vec<String> = METRICS.iter().map(|metric| format!("  {:17}  {}", metric.word, metric.about)).collect();
    lines.join("\n")
}

fn phase(known: &Known<'_>, index: usize) -> Option<String> {
    known.estimate.phases.map(|phases| show_seconds(phases[index]))
}

fn service(known: &Known<'_>, of: fn(&Quantiles) -> Option<u64>) -> Option<String> {
    let own = |latency: &&Latency| latency.configuration == known.configuration.id;
    let nanos = of(&known.results.latencies.iter().find(own)?.service)?;
    Some(show_seconds(nanos as f64 / 1e9))
}

fn late(known: &Known<'_>, share: f64) -> Option<String> {
    latency(known.results, known.configuration.id, share).map(|interval| seconds_interval(&interval))
}

/// How much of a number is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Median,
    Interval,
    Percent,
}

/// Each with its word.
const SHOWN: &[(Show, &str)] = &[(Show::Median, "median"), (Show::Interval, "interval"), (Show::Percent, "percent")];

/// The text of a value.
pub(super) fn value(marker: &Marker, results: &Results) -> Result<String, Problem> {
    let words: Vec<&str> = METRICS.iter().map(|metric| metric.word).collect();
    let word = marker.get("metric").unwrap_or("speedup");
    let metric = METRICS.iter().find(|metric| metric.word == word);
    let metric = metric.ok_or_else(|| Problem::new(format!("there is no metric `{word}`"), meant(word, &words)))?;
    let show = show(marker.get("show").unwrap_or("median"))?;
    let mut wanted = marker.configurations.clone();
    wanted.extend(marker.get("workload").map(|label| ("workload".to_owned(), label.to_owned())));
    let configuration = one(results, &wanted)?;
    if !marker.over.is_empty() {
        if word != "speedup" {
            return Err(Problem::bare(format!("`over` is for `metric=speedup`, and not for `{word}`")));
        }
        return against(results, configuration, marker, show);
    }
    if show == Show::Percent {
        return Err(Problem::bare("`show=percent` needs `over`, the configuration to compare it with"));
    }
    let estimate = results.derived.estimates.get(configuration.id);
    let text = estimate.and_then(|estimate| (metric.of)(&Known { results, configuration, estimate }));
    let text = text.ok_or_else(|| Problem::bare(format!("{} has no value of `{word}`", configuration.label)))?;
    Ok(if show == Show::Median { without_interval(&text) } else { text })
}

fn show(word: &str) -> Result<Show, Problem> {
    let words: Vec<&str> = SHOWN.iter().map(|(_, word)| *word).collect();
    let found = SHOWN.iter().find(|(_, known)| *known == word).map(|(show, _)| *show);
    found.ok_or_else(|| Problem::new(format!("`show={word}` is not known"), meant(word, &words)))
}

/// `1.95× (1.92–1.97)` without its interval.
fn without_interval(text: &str) -> String {
    match (text.find(" ("), text.find(')')) {
        (Some(start), Some(end)) => format!("{}{}", &text[..start], &text[end + 1..]),
        _ => text.to_owned(),
    }
}

/// How many times as fast one configuration is as another, from the ratios inside rounds.
fn against(results: &Results, configuration: &Configuration, marker: &Marker, show: Show) -> Result<String, Problem> {
    // What is not said of the other configuration is as in the first, but for how it is run.
    let mut wanted = marker.over.clone();
    let said = |key: &str| marker.over.iter().any(|(known, _)| known == key);
    if !said("workload") {
        let label = results.workloads.get(configuration.workload).map(|workload| workload.label.clone());
        wanted.extend(label.map(|label| ("workload".to_owned(), label)));
    }
    let other = one(results, &wanted)?;
    let pairs = results.derived.workloads.iter().flat_map(|verdict| &verdict.pairs);
    let found = pairs.filter_map(|pair| ratio(pair, configuration.id, other.id)).next();
    let ratio = found.ok_or_else(|| {
        Problem::bare(format!("{} and {} were not compared with each other", configuration.label, other.label))
    })?;
    Ok(match show {
        Show::Percent => effect(ratio.median),
        Show::Interval => times_interval(&ratio),
        Show::Median => without_interval(&times_interval(&ratio)),
    })
}

/// The ratio of a pair, the way round that is asked for.
fn ratio(pair: &Pair, a: usize, b: usize) -> Option<Interval> {
    if (pair.a, pair.b) == (a, b) {
        return Some(pair.ratio);
    }
    let Interval { median, low, high, level, ranks, n } = pair.ratio;
    let swapped = Interval {
        median: 1.0 / median,
        low: low.map(|_| high.map_or(0.0, |high| 1.0 / high)),
        high: low.map(|low| 1.0 / low),
        level,
        ranks,
        n,
    };
    ((pair.a, pair.b) == (b, a)).then_some(swapped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Open;
    use crate::verdict::fixture::Made;

    #[test]
    fn latencies_and_what_was_answered_are_values_of_a_rate() {
        let mut results = Made::new(7).configuration("threads × 2", 0.2).finish();
        let told = |results: &Results, marker: &str| value(&Marker::parse(marker).unwrap(), results);
        let none = told(&results, "value scenario=made metric=latency_p50").unwrap_err();
        assert_eq!(none.message, "threads × 2 has no value of `latency_p50`");
        (results.workloads[0].rate, results.configurations[0].config.rate) = (Some(600), Some(600));
        for trial in &mut results.trials {
            let late = 1_000_000 * (u64::from(trial.round) + 1);
            trial.done = 1000;
            trial.details.open =
                Some(Open { p50: late, p95: 2 * late, p99: 3 * late, max: 4 * late, span: 2_000_000_000 });
        }
        results.derived = crate::verdict::derive(&results);
        for (marker, wanted) in [
            ("metric=latency_p50", "4.00 ms"),
            ("metric=latency_p95 show=interval where rate=600", "8.00 ms (2.00–14.00)"),
            ("metric=latency_p99", "12.0 ms"),
            ("metric=achieved", "500 items/s"),
        ] {
            assert_eq!(told(&results, &format!("value scenario=made {marker}")).unwrap(), wanted, "{marker}");
        }
    }
}
