//! How many comparisons a group makes: with the rounds, that decides what a run can show.

use super::{Group, Plan};
use crate::model::Config;

/// How many pairs of a group's cells are compared, and so form the family of its verdict.
#[must_use]
pub fn comparisons(plan: &Plan, group: &Group) -> u32 {
    let configs: Vec<&Config> = group.cells.iter().map(|id| &plan.cells[*id].config).collect();
    let with_later = |(at, a): (usize, &&Config)| configs[at + 1..].iter().filter(|b| admissible(a, b)).count();
    configs.iter().enumerate().map(with_later).sum::<usize>() as u32
}

/// Whether two cells may be compared (methodology, rule 7): different IPC methods only where everything else between the
/// processes is equal. The verdict asks the same of results, and a test holds both together.
fn admissible(a: &Config, b: &Config) -> bool {
    let manner = |config: &Config| (config.dispatch, config.chunk, config.in_flight, config.wait, config.affinity);
    a.ipc.is_none() || b.ipc.is_none() || a.ipc == b.ipc || manner(a) == manner(b)
}
