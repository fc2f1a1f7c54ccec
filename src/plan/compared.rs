//! How many comparisons a group makes: with the blocks, that decides what a run can show.

use super::{Group, Plan};
use crate::model::Setup;

/// How many pairs of a group's cells are compared, and so form the family of its verdict.
#[must_use]
pub fn comparisons(plan: &Plan, group: &Group) -> u32 {
    let setups: Vec<&Setup> = group.cells.iter().map(|id| &plan.cells[*id].setup).collect();
    let with_later = |(at, a): (usize, &&Setup)| setups[at + 1..].iter().filter(|b| admissible(a, b)).count();
    setups.iter().enumerate().map(with_later).sum::<usize>() as u32
}

/// Whether two cells may be compared (rule 7): different IPC methods only where everything else between the processes is
/// equal. The verdict asks the same of results, and a test holds both together.
fn admissible(a: &Setup, b: &Setup) -> bool {
    let manner = |setup: &Setup| (setup.dispatch, setup.chunk, setup.in_flight, setup.wait, setup.placement);
    a.ipc.is_none() || b.ipc.is_none() || a.ipc == b.ipc || manner(a) == manner(b)
}
