//! The order of configurations within a round: random, with predecessors balanced over the rounds.
//!
//! A Williams design puts every configuration behind every other equally often over its rows. Each design is used on freshly
//! relabelled configurations and with its rows shuffled, so that nothing about the order is the same from seed to seed.

use super::Plan;

/// Where a budget decides how many rounds there are, the second runs of the A/A check are in one round of so many: more rounds
/// say more of everything else. Units are odd numbers of rounds, so that every one of several rounds has a second run.
pub const CHECKED_EVERY: u32 = 3;

/// One trial of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The configuration.
    pub configuration: usize,
    /// Whether it is the other run of a checked configuration, for the A/A check. Either may come first, so that a drift
    /// within rounds does not look like a difference.
    pub duplicate: bool,
}

/// The order in which a workload's trials are run in one round. The same plan gives the same order. Where there is a
/// baseline, all trials of a configuration stand next to each other, in an order of their own.
#[must_use]
pub fn round_order(plan: &Plan, workload: usize, round: u32) -> Vec<Entry> {
    let configurations = &plan.workloads[workload].configurations;
    let once = configurations.iter().map(|&configuration| Entry { configuration, duplicate: false });
    let twice = configurations
        .iter()
        .filter(|configuration| plan.configurations[**configuration].checked)
        .map(|&configuration| Entry { configuration, duplicate: true });
    let entries: Vec<Entry> = once.chain(twice).collect();
    if configurations.iter().all(|configuration| plan.configurations[*configuration].partner.is_none()) {
        return arranged(entries, plan.seed, workload, round);
    }
    let held = |configuration: usize| plan.configurations[configuration].partner.unwrap_or(configuration);
    let firsts: Vec<usize> =
        configurations.iter().copied().filter(|configuration| held(*configuration) == *configuration).collect();
    let of = |one: usize| {
        let trials = entries.iter().copied().filter(|entry| held(entry.configuration) == one).collect();
        // Streams of random numbers of their own, beyond those of the workloads.
        arranged(trials, plan.seed, plan.workloads.len() + one, round)
    };
    arranged(firsts, plan.seed, workload, round).into_iter().flat_map(of).collect()
}

/// The entries in the order of one round; `stream` tells sequences of rounds apart.
fn arranged<T: Copy>(mut entries: Vec<T>, seed: u64, stream: usize, round: u32) -> Vec<T> {
    let rows = rows_of_design(entries.len());
    let mut random = random_for(seed, stream, round / rows as u32);
    random.shuffle(&mut entries);
    let mut row_order: Vec<usize> = (0..rows).collect();
    random.shuffle(&mut row_order);
    let row = row_order[round as usize % rows];
    design_row(entries.len(), row).into_iter().map(|index| entries[index]).collect()
}

fn random_for(seed: u64, stream: usize, round: u32) -> fastrand::Rng {
    let mut random = fastrand::Rng::with_seed(seed ^ (stream as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let offset = random.u64(..);
    fastrand::Rng::with_seed(offset.wrapping_add(u64::from(round).wrapping_mul(0xd1b5_4a32_d192_ed03)))
}

/// Even numbers of configurations balance in as many rows, odd ones in twice as many.
fn rows_of_design(configurations: usize) -> usize {
    if configurations.is_multiple_of(2) { configurations.max(1) } else { configurations * 2 }
}

/// A row of the Williams design: the zigzag 0, 1, n−1, 2, n−2, … shifted by the row; for odd `n` also mirrored.
fn design_row(n: usize, row: usize) -> Vec<usize> {
    let zigzag = (0..n).map(|i| if i % 2 == 1 { i.div_ceil(2) } else { (n - i / 2) % n });
    let mut order: Vec<usize> = zigzag.map(|value| (value + row) % n).collect();
    if row >= n {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_configuration_follows_every_other_equally_often_over_a_design() {
        for n in 2..=9 {
            let mut follows: BTreeMap<(usize, usize), usize> = BTreeMap::new();
            for row in 0..rows_of_design(n) {
                let order = design_row(n, row);
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..n).collect::<Vec<_>>());
                order.windows(2).for_each(|pair| *follows.entry((pair[0], pair[1])).or_default() += 1);
            }
            assert_eq!(follows.len(), n * (n - 1), "{n} configurations");
            let expected = if n % 2 == 0 { 1 } else { 2 };
            assert!(follows.values().all(|count| *count == expected), "{n} configurations: {follows:?}");
        }
    }
}
