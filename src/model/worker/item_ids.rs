//! The numbers of items that other items yield, and which of them are known already.

use std::collections::HashSet;

use crate::task::{Job, Topology, once_item, yielded_item};

/// Gives yielded items their numbers.
pub struct ItemIds {
    /// The numbers that are taken, where equal requests are one item.
    taken: Option<HashSet<u64>>,
}

impl ItemIds {
    /// For a job of so many first items.
    pub fn new(topology: Topology, job: &dyn Job, items: u64) -> Self {
        let first = |item| {
            let mut request = Vec::new();
            job.request(item, &mut request);
            once_item(&request)
        };
        let once = topology == Topology::Dynamic { once: true };
        Self { taken: once.then(|| (0..items).map(first).collect()) }
    }

    /// The number of the item with this request that item `parent` yielded as its `ordinal`th; `None` where it is known.
    pub fn name(&mut self, parent: u64, ordinal: u64, request: &[u8]) -> Option<u64> {
        let Some(taken) = &mut self.taken else { return Some(yielded_item(parent, ordinal)) };
        let name = once_item(request);
        taken.insert(name).then_some(name)
    }

    /// Names all that an item yielded, in order, without those that are known.
    pub fn name_all(&mut self, parent: u64, yielded: Vec<Vec<u8>>) -> Vec<(u64, Vec<u8>)> {
        let named = yielded.into_iter().enumerate();
        named.filter_map(|(at, request)| Some((self.name(parent, at as u64, &request)?, request))).collect()
    }
}
