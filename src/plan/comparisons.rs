//! How many comparisons a workload makes: with the rounds, that decides what a run can show.

use super::{Plan, Workload};
use crate::setting::{Config, comparable};

/// How many pairs of a workload's configurations are compared, and so form the family of its verdict.
#[must_use]
pub fn comparisons(plan: &Plan, workload: &Workload) -> u32 {
    let configs: Vec<&Config> = workload.configurations.iter().map(|id| &plan.configurations[*id].config).collect();
    let with_later = |(at, a): (usize, &&Config)| configs[at + 1..].iter().filter(|b| comparable(a, b)).count();
    configs.iter().enumerate().map(with_later).sum::<usize>() as u32
}
