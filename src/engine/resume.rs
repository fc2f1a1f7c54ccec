//! How much of a run an earlier one left done.

use super::turns::{ScheduledTrial, Turns, same_looks};
use crate::plan::Plan;
use crate::results::{Finished, Head, JournalContents, Looks, Results};

/// What is done of a plan, found to fit it.
#[derive(Debug)]
pub struct Resumed {
    pub(super) head: Head,
    pub(super) items: Option<Vec<u64>>,
    pub(super) finished: Vec<Finished>,
    /// How many changes of looks are in the journal.
    pub(super) looks: usize,
    pub(super) resumed: u32,
}

impl Resumed {
    /// How many trials are done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.finished.len()
    }
}

/// Takes what an earlier run of the same plan left, its head having been found to agree. `blank` are the results of the plan
/// before its first trial.
///
/// # Errors
/// In words, where its trials are not the first ones of the plan, or its looks not those that they lead to.
pub fn continued(plan: &Plan, blank: &Results, left: JournalContents) -> Result<Resumed, String> {
    match &left.items {
        None if !left.finished.is_empty() => return Err("trials without item counts".into()),
        Some(items) if items.len() != plan.configurations.len() => {
            return Err(format!("{} item counts for {} configurations", items.len(), plan.configurations.len()));
        }
        _ => {}
    }
    let mut results = blank.clone();
    if let Some(items) = &left.items {
        super::blank::set_counts(&mut results, items);
    }
    let (mut turns, mut led_to) = (Turns::default(), Vec::new());
    for finished in &left.finished {
        let planned = turns.next(plan, &mut results);
        note(&mut turns, &results, &mut led_to);
        let trial = &finished.trial;
        let found = ScheduledTrial {
            configuration: trial.configuration,
            round: trial.round,
            kind: trial.kind,
            duplicate: trial.duplicate,
        };
        match planned {
            None => return Err(format!("trial {} comes after the last that is planned", trial.order)),
            Some(planned) if planned != found => {
                return Err(format!("trial {} is not the one that is planned there", trial.order));
            }
            Some(_) => results.trials.push(trial.clone()),
        }
    }
    // What the last trials led to may not have been written any more.
    turns.next(plan, &mut results);
    note(&mut turns, &results, &mut led_to);
    let other_budget = left.head.budget != Some(plan.budget.as_secs_f64());
    if !same_looks(&left.looks, &led_to, other_budget) {
        return Err("its looks are not those that its trials lead to".into());
    }
    let looks = left.looks.len();
    Ok(Resumed { head: left.head, items: left.items, finished: left.finished, looks, resumed: left.resumed + 1 })
}

fn note(turns: &mut Turns, results: &Results, led_to: &mut Vec<(usize, usize, Looks)>) {
    let changes = turns.take_changes().into_iter();
    led_to.extend(changes.map(|(workload, after)| (after, workload, results.workloads[workload].looks.clone())));
}
