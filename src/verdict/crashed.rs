//! The finding of a workload in which something goes wrong on purpose: who survived, and what was lost.

use super::seen::Seen;
use super::sentence::list;
use crate::results::{ConfigurationEstimate, Fault, FaultEstimate};
use crate::setting::OnCrash;
use crate::text::{plural, show_seconds};

/// Why such a workload has no verdict on times.
pub(super) const SUPPRESSED: &str = "a fault is injected, so that what counts is who survives and what is lost";

/// How many names are listed of configurations that fared alike before the rest is counted.
const NAMES: usize = 2;

/// How a configuration fared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Died,
    Hung,
    /// The run ended, with what was done until then.
    Stopped,
    /// The run went on.
    Lived,
    /// Not the same in every trial.
    Mixed,
}

/// What configurations have in common that share a clause: how they fared, and what they do after a crash.
type Alike = (Fate, Option<OnCrash>);

fn fate(fault: &FaultEstimate, goes_on: bool) -> Fate {
    match fault.trials {
        0 => Fate::Mixed,
        trials if fault.died == trials => Fate::Died,
        trials if fault.hung == trials => Fate::Hung,
        trials if fault.survived == trials && (goes_on || fault.lost == 0.0) => Fate::Lived,
        trials if fault.survived == trials => Fate::Stopped,
        _ => Fate::Mixed,
    }
}

/// The finding; configurations that fared alike share a clause.
pub(super) fn finding(seen: &Seen<'_>, fault: &Fault) -> String {
    let mut alike: Vec<(Alike, Vec<usize>)> = Vec::new();
    for configuration in &seen.workload.configurations {
        let Some(found) = seen.estimates[*configuration].fault.as_ref() else { continue };
        let answer = seen.results.configurations[*configuration].config.on_crash;
        let key = (fate(found, answer.is_some_and(|answer| answer != OnCrash::Stop)), answer);
        match alike.iter_mut().find(|(known, _)| *known == key) {
            Some((_, configurations)) => configurations.push(*configuration),
            None => alike.push((key, vec![*configuration])),
        }
    }
    let clauses: Vec<String> =
        alike.iter().map(|((fate, _), configurations)| clause(seen, *fate, configurations)).collect();
    let what = format!("{} in item {}", fault.kind.shown(), fault.item);
    if clauses.is_empty() {
        format!("{what}: no configuration was run.")
    } else {
        format!("{what}: {}.", clauses.join("; "))
    }
}

fn clause(seen: &Seen<'_>, fate: Fate, configurations: &[usize]) -> String {
    let label = |configuration: &usize| seen.results.configurations[*configuration].label.clone();
    let mut names: Vec<String> = configurations.iter().take(NAMES).map(label).collect();
    if configurations.len() > NAMES {
        names.push(plural((configurations.len() - NAMES) as u64, "other"));
    }
    let faults: Vec<&FaultEstimate> =
        configurations.iter().filter_map(|configuration| fault_of(&seen.estimates[*configuration])).collect();
    let range = |of: &dyn Fn(&FaultEstimate) -> f64| {
        let values = faults.iter().map(|fault| of(fault));
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(0.0, f64::max))
    };
    let all = range(&|fault| fault.done + fault.lost).1;
    let lost = format!("{} of {all:.0} items lost", counts(range(&|fault| fault.lost)));
    let told = match fate {
        Fate::Died => format!("the program died, {lost}"),
        Fate::Hung => format!("hung until the deadline, {lost}"),
        Fate::Stopped => format!("the program survived and the run ended, {lost}"),
        Fate::Lived => format!("survived, {lost}{}", recovery(&faults, range(&|fault| fault.retried))),
        Fate::Mixed => {
            let sum = |of: fn(&FaultEstimate) -> u32| faults.iter().map(|fault| of(fault)).sum::<u32>();
            format!("survived in {} of {} trials, {lost}", sum(|f| f.survived), sum(|f| f.trials))
        }
    };
    format!("{}: {told}", list(&names))
}

fn fault_of(estimate: &ConfigurationEstimate) -> Option<&FaultEstimate> {
    estimate.fault.as_ref()
}

/// What was tried again, and how long it took to recover, where either was.
fn recovery(faults: &[&FaultEstimate], retried: (f64, f64)) -> String {
    let mut text = String::new();
    if retried.1 > 0.0 {
        text.push_str(&format!(", {} retried", counts(retried)));
    }
    let times: Vec<f64> = faults.iter().filter_map(|fault| fault.recovered).collect();
    let (least, most) =
        (times.iter().copied().fold(f64::INFINITY, f64::min), times.iter().copied().fold(0.0, f64::max));
    match times.len() {
        0 => {}
        1 => text.push_str(&format!(", recovered in {}", show_seconds(most))),
        _ => text.push_str(&format!(", recovered in {} to {}", show_seconds(least), show_seconds(most))),
    }
    text
}

fn counts((least, most): (f64, f64)) -> String {
    if least.round() == most.round() { format!("{most:.0}") } else { format!("{least:.0}–{most:.0}") }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::super::is_planned;
    use crate::results::Fault;
    use crate::setting::Outcome;

    fn made() -> Made {
        let mut made = Made::new(7)
            .configuration("threads × 2", 1.0)
            .configuration("processes × 2, restart", 1.0)
            .configuration("processes × 2, stop", 1.0);
        made.results.workloads[0].fault = Some(Fault { kind: "stack_overflow".into(), item: 5 });
        (made.results.configurations[1].config.on_crash, made.results.configurations[2].config.on_crash) =
            (Some("restart".into()), Some("stop".into()));
        made.fail(0, &(0..7), &Outcome::HostDied { cause: "signal 6 (SIGABRT)".into() });
        for configuration in [1, 2] {
            made.fail(configuration, &(0..7), &Outcome::WorkerDied { cause: "signal 6 (SIGABRT)".into() });
        }
        for trial in &mut made.results.trials {
            (trial.lost, trial.done) = [(64, 0), (1, 63), (40, 24)][trial.configuration];
            (trial.details.retried, trial.details.recovered) =
                if trial.configuration == 1 { (3, 4_000_000) } else { (0, 0) };
        }
        made
    }

    #[test]
    fn a_fault_has_no_verdict_but_a_finding() {
        let derived = made().derive();
        let workload = &derived.workloads[0];
        assert_eq!(workload.suppressed.as_deref(), Some(super::SUPPRESSED));
        assert!(workload.pairs.is_empty() && workload.winners.is_empty() && workload.recommendation.is_none());
        assert_eq!(
            workload.sentence,
            "stack overflow in item 5: threads × 2: the program died, 64 of 64 items lost; processes × 2, restart: \
             survived, 1 of 64 items lost, 3 retried, recovered in 4 ms; processes × 2, stop: the program survived and \
             the run ended, 40 of 64 items lost."
        );
    }

    #[test]
    fn what_a_fault_brings_about_is_planned_and_what_it_cannot_is_not() {
        let mut made = made();
        assert!(made.results.trials.iter().all(|trial| is_planned(&made.results, trial)));
        let unplanned = [
            Outcome::ResultMismatch,
            Outcome::ProtocolError { detail: "?".into() },
            Outcome::Failed { detail: "?".into() },
        ];
        for outcome in unplanned {
            made.results.trials[0].outcome = outcome;
            assert!(!is_planned(&made.results, &made.results.trials[0]));
        }
        made.results.workloads[0].runtime = "python".into();
        assert!(is_planned(&made.results, &made.results.trials[0]), "an exception fails an item");
    }
}
