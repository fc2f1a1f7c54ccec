//! The lists behind a pick, in the same words wherever they are shown.

use crate::results::{Pick, PickedBy, Results, WorkloadVerdict};
use crate::verdict::{LEAST_TOLD, at_least, price};

/// What is as good as the pick, what is slower and by how much at least, and what is not shown to be slower, as (what, which); those
/// without any are left out. Where there are several picks, each list says of which it is.
pub(super) fn lists(results: &Results, verdict: &WorkloadVerdict) -> Vec<(String, String)> {
    let several = verdict.picks.len() > 1;
    verdict.picks.iter().flat_map(|pick| of_pick(results, pick, several)).collect()
}

fn of_pick(results: &Results, pick: &Pick, several: bool) -> Vec<(String, String)> {
    let label = |id: usize| results.configurations[id].label.as_str();
    let than = if several { label(pick.configuration) } else { "the pick" };
    let margin = price(results.run.margin);
    let mut slower = pick.slower.clone();
    slower.sort_by(|a, b| a.at_least.total_cmp(&b.at_least));
    let by =
        |share: f64| if share >= LEAST_TOLD { format!(" (by at least {})", at_least(share)) } else { String::new() };
    let slower = slower.iter().map(|slower| format!("{}{}", label(slower.configuration), by(slower.at_least)));
    let named = |ids: &[usize]| ids.iter().map(|id| label(*id).to_owned()).collect::<Vec<_>>().join("; ");
    // A pick by what was expected has the fewest workers, and nothing is as good for having a lower latency.
    let [good, behind, rest] =
        match (results.workloads[results.configurations[pick.configuration].workload].rate, pick.by) {
            (Some(_), PickedBy::ExpectedLatency) => [
                format!("p95 latency shown to be within {margin} of the lowest"),
                format!("p95 latency above that of {than}"),
                format!("p95 latency not shown to be above that of {than}"),
            ],
            (Some(_), _) => [
                format!("p95 latency as low as that of {than}, within {margin}"),
                format!("p95 latency above that of {than}"),
                format!("p95 latency not shown to be above that of {than}"),
            ],
            (None, _) => [
                format!("As good as {than}, within {margin}"),
                format!("Slower than {than}"),
                format!("Not shown to be slower than {than}, being too close or in too few rounds"),
            ],
        };
    let lists =
        [(good, named(&pick.as_good)), (behind, slower.collect::<Vec<_>>().join("; ")), (rest, named(&pick.too_close))];
    lists.into_iter().filter(|(_, which)| !which.is_empty()).collect()
}
