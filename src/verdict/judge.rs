//! Answers to what the scenario expects, judged on intervals.

use super::measured::measure;
use super::sentence::times as show_times;
use crate::results::{Answer, Expectation, ExpectationResult, Results, Trial, WorkloadVerdict};
use crate::setting::{Metric, OutcomeKind, Runtime, Unit};
use crate::stats;
use crate::text::{show_bytes, show_percent, show_seconds, three_digits};

/// Whether a trial ended in a way that the scenario expects: right, as an expectation demands of its configuration, or as the fault
/// brings about that is injected into it.
#[must_use]
pub fn is_planned(results: &Results, trial: &Trial) -> bool {
    let demanded = |expected: &Expectation| {
        expected.is == Some(trial.outcome.kind())
            && expected.at_least.is_some_and(|share| share > 0.0)
            && expected.pairs.iter().any(|(configuration, _)| *configuration == trial.configuration)
    };
    trial.ok() || is_faults_doing(results, trial) || results.expectations.iter().any(demanded)
}

/// Whether a trial ended in a way that a fault of its workload may bring about. Damaged replies are none of its doing; and only
/// in Python an item that fails by an exception is.
fn is_faults_doing(results: &Results, trial: &Trial) -> bool {
    let workload = results
        .configurations
        .get(trial.configuration)
        .and_then(|configuration| results.workloads.get(configuration.workload));
    workload.filter(|workload| workload.fault.is_some()).is_some_and(|workload| match trial.outcome.kind() {
        OutcomeKind::ResultMismatch | OutcomeKind::ProtocolError => false,
        OutcomeKind::Failed => workload.runtime == Runtime::Python,
        OutcomeKind::Ok | OutcomeKind::TimedOut | OutcomeKind::WorkerDied | OutcomeKind::HostDied => true,
    })
}

/// One answer per expectation.
pub(super) fn all(results: &Results, workloads: &[WorkloadVerdict]) -> Vec<ExpectationResult> {
    let each = |(index, expectation): (usize, &Expectation)| {
        let judged: Vec<(Answer, String)> = expectation
            .pairs
            .iter()
            .map(|(configuration, to)| judge(results, workloads, expectation, *configuration, *to))
            .collect();
        let any = |answer| judged.iter().any(|(found, _)| *found == answer);
        let answer = if any(Answer::NotMet) {
            Answer::NotMet
        } else if judged.is_empty() || any(Answer::Inconclusive) {
            Answer::Inconclusive
        } else {
            Answer::Met
        };
        let several = results.workloads.len() > 1;
        let of_workload = |((configuration, _), (_, line)): (&(usize, Option<usize>), (Answer, String))| match several {
            true => format!("{}: {line}", results.workloads[results.configurations[*configuration].workload].label),
            false => line,
        };
        let details = expectation.pairs.iter().zip(judged).map(of_workload).collect();
        ExpectationResult { expectation: index, answer, details }
    };
    results.expectations.iter().enumerate().map(each).collect()
}

/// The answer for one configuration or one pair of configurations, with a line that says why.
fn judge(
    results: &Results,
    workloads: &[WorkloadVerdict],
    expected: &Expectation,
    configuration: usize,
    to: Option<usize>,
) -> (Answer, String) {
    if let (Metric::Outcome, Some(is)) = (expected.metric, expected.is) {
        return counted(results, expected, configuration, is);
    }
    let workload = results.configurations[configuration].workload;
    let label = |configuration: usize| results.configurations[configuration].label.as_str();
    let compared = match expected.metric {
        Metric::Speedup => to.or(Some(results.workloads[workload].reference)),
        _ => to,
    };
    let unit = expected.metric.unit(to.is_some());
    let who =
        compared.map_or(label(configuration).to_owned(), |to| format!("{} over {}", label(configuration), label(to)));
    let bound = bounds(expected, unit);
    let measured = match measure(results, expected.metric, configuration, to) {
        Ok(measured) => measured,
        Err(why) => return (Answer::Inconclusive, format!("{who}: {why}, {bound} expected: inconclusive")),
    };
    let found = measured.found;
    let withheld = workloads.get(workload).and_then(|verdict| verdict.withheld.as_ref()).filter(|_| measured.timing);
    let answer = if withheld.is_some() { Answer::Inconclusive } else { answer(expected, found.ends) };
    let show = |value: f64| show(value, unit);
    let numbers = match found.ends {
        Some((low, high)) => {
            format!("{} ({}–{}, {:.1}%)", show(found.median), show(low), show(high), found.level * 100.0)
        }
        None => format!("{} (too few trials for an interval)", show(found.median)),
    };
    let why = withheld.map_or(String::new(), |why| format!(", since {why}"));
    (answer, format!("{who}: {numbers}{}, {bound} expected: {}{why}", measured.remark, words(answer)))
}

/// Level of the interval around a share of the trials.
const SHARE_LEVEL: f64 = 0.95;

/// Whether a share of trials that end so can be expected of a configuration, by how many of its timed ones did. A bound that asks for
/// all or for none is about these trials: no number of them would show it of others.
fn counted(results: &Results, expected: &Expectation, configuration: usize, is: OutcomeKind) -> (Answer, String) {
    let endings: Vec<OutcomeKind> = results.timed(configuration).map(|trial| trial.outcome.kind()).collect();
    let (all, so) = (endings.len(), endings.iter().filter(|ending| **ending == is).count());
    let who = &results.configurations[configuration].label;
    let bound = bounds(expected, Unit::Share);
    if all == 0 {
        return (Answer::Inconclusive, format!("{who}: no trial to evaluate, {bound} expected: inconclusive"));
    }
    let share = format!("{so} of {all} {} ({}", is.shown(), show(so as f64 / all as f64, Unit::Share));
    let (low, high) = stats::share_interval(so, all, SHARE_LEVEL);
    let least = expected.at_least.map(|least| if least >= 1.0 { met(so == all) } else { beyond(low, high, least) });
    let most = expected.at_most.map(|most| if most <= 0.0 { met(so == 0) } else { beyond(-high, -low, -most) });
    let strict = expected.at_least.is_none_or(|least| least >= 1.0) && expected.at_most.is_none_or(|most| most <= 0.0);
    let broken_off = !results.run.complete && all < results.run.rounds as usize;
    let found = if broken_off { Answer::Inconclusive } else { least.into_iter().chain(most).fold(Answer::Met, both) };
    let why = if broken_off { ", since the run was broken off" } else { "" };
    let numbers = if strict {
        format!("{share})")
    } else {
        let (low, high) = (show(low, Unit::Share), show(high, Unit::Share));
        format!("{share}, {low}–{high} at {}%)", SHARE_LEVEL * 100.0)
    };
    (found, format!("{who}: {numbers}, {bound} expected: {}{why}", words(found)))
}

fn met(is: bool) -> Answer {
    if is { Answer::Met } else { Answer::NotMet }
}

/// The answer to a lower bound of a share that lies between two ends.
fn beyond(low: f64, high: f64, least: f64) -> Answer {
    match (low >= least, high < least) {
        (true, _) => Answer::Met,
        (_, true) => Answer::NotMet,
        _ => Answer::Inconclusive,
    }
}

/// The answer where both must be met.
fn both(one: Answer, other: Answer) -> Answer {
    match (one, other) {
        (Answer::NotMet, _) | (_, Answer::NotMet) => Answer::NotMet,
        (Answer::Met, Answer::Met) => Answer::Met,
        _ => Answer::Inconclusive,
    }
}

fn show(value: f64, unit: Unit) -> String {
    match unit {
        _ if !value.is_finite() => "∞".into(),
        Unit::Factor => show_times(value),
        Unit::Seconds => show_seconds(value),
        Unit::PerSecond => format!("{} items/s", three_digits(value)),
        Unit::Bytes => show_bytes(value.round() as u64),
        Unit::Share => show_percent(value),
    }
}

/// Met where the whole interval meets every bound, not met where it lies beyond one.
fn answer(expected: &Expectation, ends: Option<(f64, f64)>) -> Answer {
    let Some((low, high)) = ends else { return Answer::Inconclusive };
    let (least, most) = (expected.at_least.unwrap_or(f64::NEG_INFINITY), expected.at_most.unwrap_or(f64::INFINITY));
    if high < least || low > most {
        Answer::NotMet
    } else if low >= least && high <= most {
        Answer::Met
    } else {
        Answer::Inconclusive
    }
}

fn bounds(expected: &Expectation, unit: Unit) -> String {
    let show = |bound: f64| match unit {
        Unit::Factor => format!("{}×", three_digits(bound)),
        _ => show(bound, unit),
    };
    let parts = [
        expected.at_least.map(|b| format!("at least {}", show(b))),
        expected.at_most.map(|b| format!("at most {}", show(b))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

fn words(answer: Answer) -> &'static str {
    match answer {
        Answer::Met => "met",
        Answer::NotMet => "not met",
        Answer::Inconclusive => "inconclusive",
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::*;
    use crate::results::{Latency, Memory, MemoryUse, Quantiles};
    use crate::setting::Outcome;

    fn expect(
        metric: Metric,
        pairs: &[(usize, Option<usize>)],
        at_least: Option<f64>,
        at_most: Option<f64>,
    ) -> Expectation {
        Expectation { text: String::new(), metric, is: None, pairs: pairs.to_vec(), at_least, at_most }
    }

    #[test]
    fn answers_follow_the_interval() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.results.expectations = vec![
            expect(Metric::Speedup, &[(1, Some(0))], Some(1.5), None),
            expect(Metric::Speedup, &[(1, Some(0))], Some(2.5), None),
            expect(Metric::Speedup, &[(1, Some(0))], Some(2.0), None),
            expect(Metric::Speedup, &[(1, None), (0, Some(1))], Some(1.5), None),
            expect(Metric::Time, &[(1, None)], None, Some(2.0)),
            expect(Metric::Time, &[(1, None)], Some(0.001), Some(0.01)),
        ];
        let derived = made.derive();
        use Answer::{Inconclusive, Met, NotMet};
        let answers: Vec<Answer> = derived.expectations.iter().map(|judged| judged.answer).collect();
        assert_eq!(answers, [Met, NotMet, Inconclusive, NotMet, Met, NotMet]);
        let line = &derived.expectations[0].details[0];
        assert!(
            line.starts_with("threads × 2 over serial: 2.0") && line.ends_with("96.5%), at least 1.5× expected: met"),
            "{line}"
        );
        assert_eq!(derived.expectations[3].details.len(), 2);
    }

    #[test]
    fn without_trials_or_verdict_it_is_undecided() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).configuration("rayon × 2", 0.5);
        made.fail(2, &(0..15), &Outcome::ResultMismatch);
        made.results.expectations = vec![
            expect(Metric::Speedup, &[(1, Some(0))], Some(1.5), None),
            expect(Metric::Time, &[(2, None)], None, Some(2.0)),
        ];
        let derived = made.derive();
        assert_eq!(derived.expectations[1].answer, Answer::Inconclusive);
        assert!(derived.expectations[1].details[0].contains("no trial to evaluate"));
        made.results.run.quick = true;
        let derived = made.derive();
        assert_eq!(derived.expectations[0].answer, Answer::Inconclusive);
        assert!(derived.expectations[0].details[0].contains("since --quick"), "{:?}", derived.expectations[0].details);
    }

    #[test]
    fn time_outs_miss_an_upper_bound() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.fail(1, &(0..15), &Outcome::TimedOut);
        made.results.expectations = vec![
            expect(Metric::Time, &[(1, None)], None, Some(2.0)),
            expect(Metric::Speedup, &[(1, Some(0))], Some(1.0), None),
        ];
        let derived = made.derive();
        assert_eq!(derived.expectations[0].answer, Answer::NotMet);
        assert_eq!(derived.expectations[1].answer, Answer::NotMet);
        assert!(derived.expectations[0].details[0].starts_with("threads × 2: ∞ (∞–∞"));
    }

    #[test]
    fn rates_and_ratios_are_judged_in_their_own_units() {
        // 64 items in about half a second.
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.results.expectations = vec![
            expect(Metric::Throughput, &[(1, None)], Some(90.0), None),
            expect(Metric::Throughput, &[(1, None)], Some(500.0), None),
            expect(Metric::Throughput, &[(1, Some(0))], Some(1.9), Some(2.1)),
            expect(Metric::Time, &[(1, Some(0))], None, Some(0.55)),
            expect(Metric::Time, &[(0, Some(1))], None, Some(0.55)),
        ];
        let derived = made.derive();
        let answers: Vec<Answer> = derived.expectations.iter().map(|judged| judged.answer).collect();
        use Answer::{Met, NotMet};
        assert_eq!(answers, [Met, NotMet, Met, Met, NotMet]);
        let line = &derived.expectations[0].details[0];
        assert!(line.starts_with("threads × 2: 1") && line.contains(" items/s ("), "{line}");
        assert!(line.ends_with("at least 90 items/s expected: met"), "{line}");
        assert!(derived.expectations[3].details[0].starts_with("threads × 2 over serial: 0.50× ("));
    }

    #[test]
    fn memory_is_judged_on_its_own_trials() {
        let mut made = Made::new(15).serial(1.0).configuration("processes × 2, pipe", 0.5);
        let of = |mib: u64| MemoryUse {
            after: Memory { pss: mib << 20, private: mib << 19, rss: mib << 21 },
            ..MemoryUse::default()
        };
        made.occupy(0, &[10, 10, 11, 10, 10, 12, 10].map(of));
        made.occupy(1, &[30, 31, 30, 30, 30, 32, 30].map(of));
        made.results.expectations = vec![
            expect(Metric::Memory, &[(1, None)], None, Some((64 << 20) as f64)),
            expect(Metric::Memory, &[(1, None)], None, Some((31 << 20) as f64)),
            expect(Metric::Memory, &[(1, Some(0))], None, Some(4.0)),
            expect(Metric::Memory, &[(1, Some(0))], None, Some(2.0)),
        ];
        let derived = made.derive();
        let answers: Vec<Answer> = derived.expectations.iter().map(|judged| judged.answer).collect();
        use Answer::{Inconclusive, Met, NotMet};
        assert_eq!(answers, [Met, Inconclusive, Met, NotMet]);
        let line = &derived.expectations[2].details[0];
        assert!(line.contains("3.00× (2.50×–3.20×, 96.9%), a ratio of medians, at most 4×"), "{line}");
        let memory = derived.estimates[1].memory.unwrap();
        assert_eq!((memory.pss, memory.private, memory.trials), (30.0 * 1048576.0, 15.0 * 1048576.0, 7));
        assert_eq!((memory.shared, memory.growth, memory.per_worker), (memory.private, memory.pss, None));
    }

    #[test]
    fn percentiles_are_judged_by_trial_and_absent_ones_say_why() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        let times = Quantiles { count: 300, min: 1, p50: 5, p95: Some(9), p99: None, max: 10, histogram: vec![] };
        made.results.latencies.push(Latency {
            configuration: 0,
            trials: 7,
            service: times.clone(),
            response: times,
            service_by_trial: (0..7).map(|i| [Some(5_000_000), Some(9_000_000 + i), None]).collect(),
        });
        made.results.expectations = vec![
            expect(Metric::ServiceP95, &[(0, None)], None, Some(0.01)),
            expect(Metric::ServiceP50, &[(0, None)], None, Some(0.004)),
            expect(Metric::ServiceP99, &[(0, None)], None, Some(1.0)),
            expect(Metric::ServiceP50, &[(1, None)], None, Some(1.0)),
        ];
        let derived = made.derive();
        let answers: Vec<Answer> = derived.expectations.iter().map(|judged| judged.answer).collect();
        use Answer::{Inconclusive, Met, NotMet};
        assert_eq!(answers, [Met, NotMet, Inconclusive, Inconclusive]);
        let line = |i: usize| derived.expectations[i].details[0].as_str();
        assert!(line(0).starts_with("serial: 9 ms (9 ms–9 ms, 98.4%)"), "{}", line(0));
        assert!(line(2).contains("fewer than 1000 items"), "{}", line(2));
        assert!(line(3).contains("no profiling trial to evaluate"), "{}", line(3));
    }

    #[test]
    fn outcomes_are_counted_and_make_what_they_demand_planned() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.fail(1, &(0..12), &Outcome::WorkerDied { cause: "signal 9 (SIGKILL)".into() });
        let outcome = |is, at_least, at_most| Expectation {
            is: Some(is),
            ..expect(Metric::Outcome, &[(1, None)], at_least, at_most)
        };
        made.results.expectations = vec![
            outcome(OutcomeKind::Ok, Some(1.0), None),
            outcome(OutcomeKind::WorkerDied, Some(0.5), None),
            outcome(OutcomeKind::TimedOut, None, Some(0.0)),
            outcome(OutcomeKind::WorkerDied, Some(0.8), None),
            outcome(OutcomeKind::WorkerDied, Some(0.97), None),
            outcome(OutcomeKind::WorkerDied, Some(0.5), Some(0.75)),
            outcome(OutcomeKind::WorkerDied, None, Some(0.4)),
        ];
        let derived = made.derive();
        let answers: Vec<Answer> = derived.expectations.iter().map(|judged| judged.answer).collect();
        use Answer::{Inconclusive, Met, NotMet};
        assert_eq!(answers, [NotMet, Met, Met, Inconclusive, NotMet, Inconclusive, NotMet]);
        assert_eq!(
            derived.expectations[3].details[0],
            "threads × 2: 12 of 15 worker died (80%, 51.9%–95.7% at 95%), at least 80% expected: inconclusive"
        );
        assert_eq!(
            derived.expectations[0].details[0],
            "threads × 2: 3 of 15 ok (20%), at least 100% expected: not met"
        );
        assert!(made.results.trials.iter().all(|trial| is_planned(&made.results, trial)));
        made.results.expectations.truncate(1);
        assert_eq!(made.results.trials.iter().filter(|trial| !is_planned(&made.results, trial)).count(), 12);
    }
}
