//! How many comparisons a group makes: with the rounds, that decides what a run can show.

use super::{Group, Plan};
use crate::setting::{Config, comparable};

/// How many pairs of a group's cells are compared, and so form the family of its verdict.
#[must_use]
pub fn comparisons(plan: &Plan, group: &Group) -> u32 {
    let configs: Vec<&Config> = group.cells.iter().map(|id| &plan.cells[*id].config).collect();
    let with_later = |(at, a): (usize, &&Config)| configs[at + 1..].iter().filter(|b| comparable(a, b)).count();
    configs.iter().enumerate().map(with_later).sum::<usize>() as u32
}
