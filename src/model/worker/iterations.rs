//! What holds for work in iterations wherever its parts run: who has which, what they are told, and where messages go.

use std::ops::Range;
use std::sync::Arc;

use crate::model::spec::JobSpec;
use crate::record::RunError;
use crate::task::{Iterations, Job, Message, TaskError, Tasks};

/// Which parts worker `worker` of `workers` has: about equally many neighbours.
pub fn parts_of(worker: usize, workers: usize, parts: u64) -> Range<u64> {
    let edge = |worker: usize| worker as u64 * parts / workers as u64;
    edge(worker)..edge(worker + 1)
}

/// The iterations of a job, how many parts each has, and how many there are; `None` for a job without iterations.
///
/// # Errors
/// Where the number of items makes no whole iterations.
pub fn iterations_of<'a>(
    brief: &JobSpec,
    tasks: &Tasks,
    job: &'a dyn Job,
) -> Result<Option<(&'a dyn Iterations, u64, u64)>, RunError> {
    let (Some(parts), Some(iterations)) = (brief.topology(tasks).parts(), job.iterations()) else { return Ok(None) };
    if !brief.items.is_multiple_of(parts) {
        let text = format!("{} items make no whole iterations of {parts} parts", brief.items);
        return Err(RunError::Failed(text));
    }
    Ok(Some((iterations, parts, brief.items / parts)))
}

/// What the first iteration is told.
pub fn first_told(iterations: &dyn Iterations) -> Arc<[u8]> {
    let mut told = Vec::new();
    iterations.first(&mut told);
    told.into()
}

/// What the parts of an iteration are told, and the letters that each of them receives.
type Next = (Arc<[u8]>, Vec<Vec<Message>>);

/// Ends an iteration: works out what the next is told, and gives letters to those that they are for, in the order of senders.
///
/// # Errors
/// What the job says; a letter to a part that does not exist.
pub fn finish_iteration(
    iterations: &dyn Iterations,
    iteration: u64,
    told: &[u8],
    replies: &[Vec<u8>],
    sent: Vec<Vec<Message>>,
) -> Result<Next, TaskError> {
    let mut next = told.to_vec();
    iterations.reduce(iteration, replies, &mut next)?;
    let mut received: Vec<Vec<Message>> = vec![Vec::new(); replies.len()];
    for (from, letters) in sent.into_iter().enumerate() {
        for (to, bytes) in letters {
            let place = usize::try_from(to).ok().and_then(|to| received.get_mut(to));
            let none = || TaskError::Settings(format!("part {from} wrote to part {to}, which does not exist"));
            place.ok_or_else(none)?.push((from as u64, bytes));
        }
    }
    Ok((next.into(), received))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_dealt_in_runs() {
        let all = |workers, parts| (0..workers).map(|worker| parts_of(worker, workers, parts)).collect::<Vec<_>>();
        assert_eq!(all(3, 8), [0..2, 2..5, 5..8]);
        assert_eq!(all(4, 2), [0..0, 0..1, 1..1, 1..2]);
    }
}
