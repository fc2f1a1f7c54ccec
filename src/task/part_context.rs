//! What an item in iterations has beside its request.

use std::any::Any;
use std::sync::Arc;

/// A message from a part of an iteration, or to one: its number, and the bytes.
pub type Message = (u64, Vec<u8>);

/// What an item in iterations has beside its request.
#[derive(Default)]
pub struct PartContext {
    /// What all parts of the iteration are told.
    pub told: Arc<[u8]>,
    /// What other parts sent to this one in the iteration before, with their numbers, in their order.
    pub received: Vec<Message>,
    /// What this part sends to others, with their numbers: they see it in the next iteration.
    pub sent: Vec<Message>,
    /// What the part keeps from iteration to iteration.
    pub kept: Option<Box<dyn Any + Send>>,
}

impl PartContext {
    /// What the part keeps from iteration to iteration, made by `make` where there is nothing yet.
    pub fn kept<T: Any + Send>(&mut self, make: impl FnOnce() -> T) -> &mut T {
        if !self.kept.as_ref().is_some_and(|kept| kept.is::<T>()) {
            self.kept = Some(Box::new(make()));
        }
        self.kept.as_mut().and_then(|kept| kept.downcast_mut()).unwrap_or_else(|| unreachable!("it was just made"))
    }
}
