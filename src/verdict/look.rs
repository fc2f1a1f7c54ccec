//! What a run has to know at each look: whether a workload is answered, and who is too far behind to matter.

use std::collections::BTreeSet;
use std::time::Duration;

use super::break_even::lines;
use super::pick::families;
use super::units::Units;
use super::{judge, rates, variants};
use crate::results::{Answer, Kind, Pick, PickedBy, Results, Word, Workload};
use crate::setting::Runtime;

/// What lies at least between the first and the last round that count before anything is decided: spells in which a machine
/// is slower last seconds, and a run within one of them would say what it is like in a spell.
pub const SPAN: Duration = Duration::from_secs(10);

/// The time between the starts of the first and of the last timed trial of a workload that count at the last look.
#[must_use]
pub fn span(results: &Results, workload: usize) -> Duration {
    let looks = &results.workloads[workload].looks;
    let units = looks.spans(looks.counted());
    let rounds = units.first().map_or(0..0, |first| first.0..looks.rounds_of(looks.counted()));
    let counts = |trial: &&crate::results::Trial| {
        trial.kind == Kind::Timed
            && rounds.contains(&trial.round)
            && results.configurations[trial.configuration].workload == workload
    };
    let mut counted = results.trials.iter().filter(counts).map(|trial| trial.at);
    let first = counted.next().unwrap_or(0);
    Duration::from_millis(counted.next_back().unwrap_or(first).saturating_sub(first))
}

/// Whether nothing is left to find out at the last look: the price of every pick lies within the margin, and every
/// expectation of the workload on ratios of times is met or not met.
#[must_use]
pub fn is_answered(results: &Results, workload: usize) -> bool {
    let workload = &results.workloads[workload];
    let expected = judge::at_looks(results, workload);
    if expected.contains(&Answer::Inconclusive) {
        return false;
    }
    if has_no_question(workload) {
        return true;
    }
    let units = Units::of(results, workload);
    if open_variants(&units).next().is_some() {
        return false;
    }
    let families = families(&units);
    let is_cheap = |pick: &Pick| pick.price.is_some_and(|price| price <= results.run.margin);
    !families.is_empty()
        && families.iter().all(|(wait, family)| match family.members.len() {
            0 | 1 => true,
            _ if workload.rate.is_some() => {
                rates::pick(results, workload, family, *wait).is_some_and(|pick| match pick.by {
                    PickedBy::ExpectedLatency => judge::latencies_are_decided(results, workload),
                    // Who answers the most where none sustains the rate is no question of seconds.
                    PickedBy::Throughput => true,
                    PickedBy::Simplicity | PickedBy::Price | PickedBy::Median => is_cheap(&pick),
                })
            }
            _ => family.pick(*wait).is_some_and(|pick| is_cheap(&pick)),
        })
}

/// Variants of which it is not known yet how they compare with the first by the same way.
fn open_variants(units: &Units<'_>) -> impl Iterator<Item = [usize; 2]> {
    let open = variants::all(units).into_iter().filter(|pair| pair.word == Word::NoSignificantDifference);
    open.map(|pair| [pair.a, pair.b])
}

/// Whether nothing is picked of a workload, whatever its times.
pub(super) fn has_no_question(workload: &Workload) -> bool {
    workload.fault.is_some() || workload.runtime == Runtime::GilEmulation
}

/// Configurations that are slower than the pick by more than `by` (a logarithm) and that nothing else needs: no expectation,
/// no line over workers or a setting, no check, and no speedup as their reference.
#[must_use]
pub fn far_behind(results: &Results, workload: usize, by: f64) -> Vec<usize> {
    let workload = &results.workloads[workload];
    if has_no_question(workload) || workload.rate.is_some() {
        return vec![];
    }
    let units = Units::of(results, workload);
    let mut needed = needed(results, workload);
    needed.extend(open_variants(&units).flatten());
    let families = families(&units);
    let far: Vec<BTreeSet<usize>> = families
        .iter()
        .map(|(_, family)| family.choose().map_or_else(Vec::new, |(pick, _)| family.far_behind(pick, by)))
        .map(|far| far.into_iter().collect())
        .collect();
    // Who is in several families sits out where it is far behind in all.
    let everywhere = |id: &usize| {
        let mut own = families.iter().zip(&far).filter(|((_, family), _)| family.members.contains(id)).peekable();
        own.peek().is_some() && own.all(|(_, far)| far.contains(id))
    };
    workload.configurations.iter().copied().filter(|id| !needed.contains(id)).filter(everywhere).collect()
}

fn needed(results: &Results, workload: &Workload) -> BTreeSet<usize> {
    let expected = results.expectations.iter().flat_map(|expected| &expected.pairs);
    let expected = expected.flat_map(|(one, to)| [Some(*one), *to]).flatten();
    let lines = lines(results, workload);
    let in_lines = lines.iter().flat_map(|(_, line)| line.iter().map(|configuration| configuration.id));
    let checked = workload.configurations.iter().copied().filter(|id| results.configurations[*id].checked);
    // A setting that sets workloads apart makes a line of each configuration.
    let several = results.workloads.iter().filter(|other| other.task == workload.task).count() > 1;
    let all = workload.configurations.iter().copied().filter(|_| several);
    expected.chain(in_lines).chain(checked).chain([workload.reference]).chain(all).collect()
}
