//! Answers to what the scenario expects.
//!
//! Ratios of times of two configurations are judged at every look, each expectation with an error of its own: *met* with
//! 0.025, *not met* with 0.025 over the number of its pairs, both over all looks together. What was once shown stays shown.
//! Everything else is judged once, at the end: absolute times, which have no valid interval while a machine drifts, shares of
//! outcomes, memory, and what profiling trials read.

use super::measured::measure;
use super::noise;
use super::sentence::times as show_times;
use super::units::Units;
use crate::results::{
    Answer, Expectation, ExpectationResult, Interval, Noise, Results, Trial, Workload, WorkloadVerdict,
};
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
pub(super) fn all(results: &Results, workloads: &[WorkloadVerdict], noise: &Noise) -> Vec<ExpectationResult> {
    let each = |(index, expectation): (usize, &Expectation)| {
        let judged: Vec<(Answer, String)> = expectation
            .pairs
            .iter()
            .map(|(configuration, to)| judge(results, workloads, expectation, *configuration, *to))
            .map(|judged| as_quiet_as(noise, judged))
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

/// On a machine that was not quiet nothing is called not met.
fn as_quiet_as(noise: &Noise, (answer, line): (Answer, String)) -> (Answer, String) {
    match line.strip_suffix(words(Answer::NotMet)) {
        Some(head) if noise.is_disturbed() && answer == Answer::NotMet => {
            (Answer::Inconclusive, format!("{head}{}, since the machine was not quiet", words(Answer::Inconclusive)))
        }
        _ => (answer, line),
    }
}

/// The error with which an expectation is called met although it is not, and, over all of its pairs, not met although it is.
pub const EXPECTATION_ERROR: f64 = 0.025;

/// What a metric compares at every look: the logarithm of how many times as much of it `configuration` has as `to`, from the
/// times (above, below) of these. `None` where it is judged at the end.
fn ratio_of_times(
    results: &Results,
    metric: Metric,
    configuration: usize,
    to: Option<usize>,
) -> Option<(usize, usize)> {
    let workload = &results.workloads[results.configurations[configuration].workload];
    let within = |to: usize| results.configurations[to].workload == workload.id && to != configuration;
    match metric {
        Metric::Speedup => Some((to.unwrap_or(workload.reference), configuration)),
        Metric::Throughput => to.map(|to| (to, configuration)),
        Metric::Time => to.map(|to| (configuration, to)),
        _ => None,
    }
    // Where items arrive at a rate, what is compared between rounds are latencies and not times.
    .filter(|(above, below)| within(if *above == configuration { *below } else { *above }) && workload.rate.is_none())
}

/// The answer at the looks that are over, with the interval at the last of them; `None` before the first.
fn at_look(units: &Units<'_>, expected: &Expectation, (above, below): (usize, usize)) -> Option<(Answer, Interval)> {
    let (planned, over) = (units.planned(), units.over());
    let n = *over.last()?;
    let strict = EXPECTATION_ERROR / expected.pairs.len().max(1) as f64;
    let (for_low, for_high) =
        [f64::NEG_INFINITY, f64::INFINITY].map(|silent| units.logs_of_right(above, below, n, silent)).into();
    let bound = |bound: Option<f64>| bound.map(|bound| bound.max(f64::MIN_POSITIVE).ln());
    let (least, most) = (bound(expected.at_least), bound(expected.at_most));
    let judged = (1..=over.len()).find_map(|look| {
        let n = over[look - 1];
        let bounds = |logs: &[f64], error| {
            stats::bounds(&logs[..n.min(logs.len())], &over[..look], planned, error).wider(units.doubt(above, below))
        };
        let (low, high) = (|error| bounds(&for_low, error).low, |error| bounds(&for_high, error).high);
        let missed = least.is_some_and(|least| high(strict) < least) || most.is_some_and(|most| low(strict) > most);
        let held = least.is_none_or(|least| low(EXPECTATION_ERROR) >= least)
            && most.is_none_or(|most| high(EXPECTATION_ERROR) <= most);
        if missed { Some(Answer::NotMet) } else { held.then_some(Answer::Met) }
    });
    let shown = units.ratio(above, below, over.len(), EXPECTATION_ERROR)?;
    Some((judged.unwrap_or(Answer::Inconclusive), shown))
}

/// The answers of a workload to everything that is judged at looks, one for each pair.
pub(super) fn at_looks(results: &Results, workload: &Workload) -> Vec<Answer> {
    let units = Units::of(results, workload);
    let disturbed = noise::of(results).is_disturbed();
    let pairs =
        results.expectations.iter().flat_map(|expected| expected.pairs.iter().map(move |pair| (expected, *pair)));
    let here = pairs.filter(|(_, (one, _))| results.configurations[*one].workload == workload.id);
    let judged = here.filter_map(|(expected, (one, to))| {
        let ratio = ratio_of_times(results, expected.metric, one, to)?;
        let found = at_look(&units, expected, ratio).map_or(Answer::Inconclusive, |(answer, _)| answer);
        Some(if found == Answer::NotMet && disturbed { Answer::Inconclusive } else { found })
    });
    judged.collect()
}

/// Whether a configuration holds every latency that is expected of some configuration of its workload, judged on the rounds so
/// far; `None` where none is expected.
fn holds_latencies(results: &Results, workload: &Workload, configuration: usize) -> Option<Answer> {
    let of_workload = |(one, to): &(usize, Option<usize>)| to.is_none() && workload.configurations.contains(one);
    let bounds = results.expectations.iter().filter(|expected| {
        let is_bound = expected.at_most.is_some() && expected.at_least.is_none();
        expected.metric.is_latency() && is_bound && expected.pairs.iter().any(of_workload)
    });
    let judged = bounds.map(|expected| {
        let found = measure(results, expected.metric, configuration, None);
        found.map_or(Answer::Inconclusive, |measured| answer(expected, measured.found.ends))
    });
    judged.reduce(both)
}

/// Configurations that were shown to hold the latencies that are expected in their workload.
pub(super) fn holding_latency(results: &Results, workload: &Workload) -> Vec<usize> {
    let holds = |id: &usize| holds_latencies(results, workload, *id) == Some(Answer::Met);
    workload.configurations.iter().copied().filter(holds).collect()
}

/// Whether of every configuration of a workload it is known whether it holds the latencies that are expected.
pub(super) fn latencies_are_decided(results: &Results, workload: &Workload) -> bool {
    let open = |id: &usize| holds_latencies(results, workload, *id) == Some(Answer::Inconclusive);
    !workload.configurations.iter().any(open)
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
    let label = |id: usize| results.configurations[id].label.as_str();
    let compared = match expected.metric {
        Metric::Speedup => to.or(Some(results.workloads[workload].reference)),
        _ => to,
    };
    let unit = expected.metric.unit(to.is_some());
    let who =
        compared.map_or(label(configuration).to_owned(), |to| format!("{} over {}", label(configuration), label(to)));
    let bound = bounds(expected, unit);
    let show = |value: f64| show(value, unit);
    let suppressed = workloads.get(workload).and_then(|verdict| verdict.suppressed.as_ref());
    let why = |counts: bool| suppressed.filter(|_| counts).map_or(String::new(), |why| format!(", since {why}"));
    if let Some(ratio) = ratio_of_times(results, expected.metric, configuration, to) {
        let units = Units::of(results, &results.workloads[workload]);
        let Some((found, shown)) = at_look(&units, expected, ratio) else {
            return (
                Answer::Inconclusive,
                format!("{who}: no look at it yet, {bound} expected: inconclusive{}", why(true)),
            );
        };
        let found = if suppressed.is_some() { Answer::Inconclusive } else { found };
        let numbers = match shown.low {
            Some(low) => {
                let high = shown.high.map_or("∞".into(), show);
                format!("{} ({}–{high}, {:.0}%)", show(shown.median), show(low), shown.level * 100.0)
            }
            None => format!("{} (too few rounds for an interval)", show(shown.median)),
        };
        return (found, format!("{who}: {numbers}, {bound} expected: {}{}", words(found), why(true)));
    }
    let measured = match measure(results, expected.metric, configuration, to) {
        Ok(measured) => measured,
        Err(reason) => return (Answer::Inconclusive, format!("{who}: {reason}, {bound} expected: inconclusive")),
    };
    let found = measured.found;
    let open = suppressed.is_some() && measured.timing;
    let answer = if open { Answer::Inconclusive } else { answer(expected, found.ends) };
    let numbers = match found.ends {
        Some((low, high)) => {
            format!("{} ({}–{}, {:.1}%)", show(found.median), show(low), show(high), found.level * 100.0)
        }
        None => format!("{} (too few trials for an interval)", show(found.median)),
    };
    let remark = match (expected.metric, to) {
        (Metric::Time | Metric::Throughput, None) => ", on this machine as it was during the run",
        _ => measured.remark,
    };
    (answer, format!("{who}: {numbers}{remark}, {bound} expected: {}{}", words(answer), why(measured.timing)))
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
            line.starts_with("threads × 2 over serial: 2.0") && line.ends_with(", 95%), at least 1.5× expected: met"),
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

    /// Rounds of serial and of threads, whose ratio is `ratio(round)`, in so many rounds.
    fn rounds(count: u32, ratio: impl Fn(u32) -> f64) -> Results {
        let mut results = Made::new(count).serial(1.0).configuration("threads × 2", 1.0).results;
        for trial in &mut results.trials {
            let seconds = if trial.configuration == 0 { ratio(trial.round) } else { 1.0 };
            trial.measured = (seconds * 1e9) as u64;
        }
        results
    }

    #[test]
    fn what_was_shown_at_one_look_stays_shown() {
        use crate::results::{Ended, Looks};
        let mut results = rounds(36, |round| if round < 15 { 2.0 } else { 1.0 });
        results.expectations = vec![expect(Metric::Speedup, &[(1, Some(0))], Some(1.5), None)];
        let planned: Vec<u32> = stats::LOOKS.iter().map(|units| *units as u32).collect();
        for (completed, answer) in
            [(0, Answer::Inconclusive), (1, Answer::Inconclusive), (2, Answer::Met), (3, Answer::Met), (6, Answer::Met)]
        {
            let (planned, ended) = (planned.clone(), Some(Ended::Budget));
            results.workloads[0].looks = Looks { planned, units: vec![(0, 1)], completed, ended, ..Looks::default() };
            let found = super::super::derive(&results).expectations.remove(0);
            assert_eq!(found.answer, answer, "{completed} looks: {:?}", found.details);
            assert_eq!(at_looks(&results, &results.workloads[0]), [answer]);
        }
    }

    /// In 12 of 15 rounds the ratio is on one side, in three on the other: enough at an error of 0.025, not at 0.005.
    #[test]
    fn several_pairs_make_it_harder_to_miss_and_no_harder_to_meet() {
        let judged = |bound: f64, pairs: usize| {
            let mut results = rounds(15, |round| if round < 12 { 1.4 } else { 1.8 });
            results.expectations = vec![expect(Metric::Speedup, &vec![(1, Some(0)); pairs], Some(bound), None)];
            Made::derive(&made_of(results)).expectations[0].answer
        };
        assert_eq!((judged(1.5, 1), judged(1.5, 5)), (Answer::NotMet, Answer::Inconclusive));
        let met = |pairs: usize| {
            let mut results = rounds(15, |round| if round < 12 { 1.4 } else { 1.2 });
            results.expectations = vec![expect(Metric::Speedup, &vec![(1, Some(0)); pairs], Some(1.3), None)];
            Made::derive(&made_of(results)).expectations[0].answer
        };
        assert_eq!((met(1), met(5)), (Answer::Met, Answer::Met));
        // A bound that the ratio lies on exactly is met.
        let mut results = rounds(15, |_| 1.5);
        results.expectations = vec![expect(Metric::Throughput, &[(1, Some(0))], Some(1.5), Some(1.5))];
        assert_ne!(Made::derive(&made_of(results)).expectations[0].answer, Answer::NotMet);
    }

    fn made_of(results: Results) -> Made {
        let mut made = Made::new(15);
        made.results = results;
        made
    }
}
