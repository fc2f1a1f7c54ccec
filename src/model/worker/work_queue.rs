//! Items that other items yielded, for workers that share memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::probe::clock::monotonic;
use crate::model::worker::item_ids::ItemIds;

/// Items that other items yielded, and how many items are not done yet.
pub struct WorkQueue {
    queue: Mutex<Queue>,
    changed: Condvar,
    open: AtomicU64,
    known: AtomicU64,
}

/// Items that nobody has taken yet, and the numbers of all.
struct Queue {
    items: VecDeque<(u64, Vec<u8>)>,
    ids: ItemIds,
    /// Whether everybody stops. Items that are under way may still end.
    abandoned: bool,
}

impl WorkQueue {
    pub fn new(items: u64, ids: ItemIds) -> Self {
        let (queue, changed) = (Mutex::new(Queue { items: VecDeque::new(), ids, abandoned: false }), Condvar::new());
        Self { queue, changed, open: AtomicU64::new(items), known: AtomicU64::new(items) }
    }

    pub fn known(&self) -> u64 {
        self.known.load(Ordering::Relaxed)
    }

    fn locked(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that `item` is done and what it yielded.
    pub fn done(&self, item: u64, yielded: Vec<Vec<u8>>) {
        let mut queue = self.locked();
        let new = queue.ids.name_all(item, yielded);
        let count = new.len() as u64;
        self.known.fetch_add(count, Ordering::Relaxed);
        self.open.fetch_add(count, Ordering::Relaxed);
        queue.items.extend(new);
        let last = self.open.fetch_sub(1, Ordering::AcqRel) == 1;
        drop(queue);
        if last || count > 1 {
            self.changed.notify_all();
        } else if count == 1 {
            self.changed.notify_one();
        }
    }

    /// Waits for a found item; `None` once everything is done. Adds the nanoseconds of a wait that ended with an item to
    /// `waited`, where there is one.
    pub fn next(&self, waited: Option<&mut u64>) -> Option<(u64, Vec<u8>)> {
        let (mut queue, mut since) = (self.locked(), None);
        loop {
            if queue.abandoned {
                return None;
            }
            if let Some(found) = queue.items.pop_front() {
                if let (Some(since), Some(waited)) = (since, waited) {
                    *waited += monotonic() - since;
                }
                return Some(found);
            }
            if self.open.load(Ordering::Acquire) == 0 {
                return None;
            }
            since = since.or_else(|| waited.is_some().then(monotonic));
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets everybody stop, after an error.
    pub fn abandon(&self) {
        let mut queue = self.locked();
        queue.items.clear();
        queue.abandoned = true;
        drop(queue);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Context, Job, TaskError, Topology};

    /// Items that only have requests: nobody runs them here.
    struct Requests;

    impl Job for Requests {
        fn request(&self, item: u64, request: &mut Vec<u8>) {
            request.extend_from_slice(&item.to_le_bytes());
        }

        fn run(&self, _: &[u8], _: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
            Err(TaskError::BadRequest)
        }
    }

    #[test]
    fn an_item_that_ends_after_all_was_abandoned_makes_nobody_wait() {
        for yielded in [vec![], vec![b"another".to_vec()], vec![b"one".to_vec(), b"more".to_vec()]] {
            let found = WorkQueue::new(2, ItemIds::new(Topology::Dynamic { once: true }, &Requests, 2));
            found.abandon();
            found.done(0, yielded);
            let (send, receive) = std::sync::mpsc::channel();
            std::thread::spawn(move || send.send(found.next(None)));
            let next = receive.recv_timeout(std::time::Duration::from_secs(20)).expect("it waits");
            assert_eq!(next, None);
        }
    }
}
