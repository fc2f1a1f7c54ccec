//! What an item sees while it runs: check points, blocking sections, and a place for further items.

use super::part_context::PartContext;

/// What a runtime does at the points that an item marks. Without a lock there is nothing to do.
pub trait Hooks {
    /// The item is at a point where another thread may take over.
    fn check_point(&mut self);
    /// The item is about to call something that waits outside: a lock is let go, after what an interpreter does around
    /// such a call.
    fn before_blocking(&mut self);
    /// Lets a lock go, for computing that does not need it or for a wait between items.
    fn release(&mut self);
    /// Takes the lock again, or for the first time. Taking it twice is taking it once.
    fn acquire(&mut self);
    /// Lets the lock go for the last time.
    fn leave(&mut self);
    /// Nanoseconds that this thread has waited for the lock so far.
    fn waited(&self) -> u64;
}

/// Passed to every item.
pub struct Context<'a> {
    hooks: Option<Box<dyn Hooks + Send + 'a>>,
    yielded: Vec<Vec<u8>>,
    /// What an item in iterations has beside its request; empty for others.
    pub turn: PartContext,
    /// Whether the item is run to warm its worker up, and not counted.
    pub warming: bool,
}

impl<'a> Context<'a> {
    /// A context without a lock.
    #[must_use]
    pub fn native() -> Self {
        Self { hooks: None, yielded: Vec::new(), turn: PartContext::default(), warming: false }
    }

    /// A context whose points call `hooks`.
    pub fn with_hooks(hooks: impl Hooks + Send + 'a) -> Self {
        Self { hooks: Some(Box::new(hooks)), ..Self::native() }
    }

    /// Marks a point within an item at which it may be handed over. Call it every few microseconds of computing.
    #[inline]
    pub fn check_point(&mut self) {
        if let Some(hooks) = &mut self.hooks {
            hooks.check_point();
        }
    }

    /// Runs `wait`, which waits for something outside (a sleep, a read, an fsync), with any lock let go.
    pub fn blocking<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let Some(hooks) = &mut self.hooks else { return wait() };
        hooks.before_blocking();
        let value = wait();
        hooks.acquire();
        value
    }

    /// Runs `work`, which computes without any need of an interpreter, with any lock let go: as CPython's own modules do
    /// for hashing and compressing of more than a few bytes.
    pub fn unlocked<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.release();
        let value = work();
        self.acquire();
        value
    }

    /// Takes the lock, where there is one: before items, and after a wait between them.
    pub fn acquire(&mut self) {
        if let Some(hooks) = &mut self.hooks {
            hooks.acquire();
        }
    }

    /// Lets the lock go, where there is one, for a wait between items.
    pub fn release(&mut self) {
        if let Some(hooks) = &mut self.hooks {
            hooks.release();
        }
    }

    /// Lets the lock go for the last time, where there is one.
    pub fn leave(&mut self) {
        if let Some(hooks) = &mut self.hooks {
            hooks.leave();
        }
    }

    /// Nanoseconds that this thread has waited for a lock so far.
    #[must_use]
    pub fn waited_for_lock(&self) -> u64 {
        self.hooks.as_ref().map_or(0, |hooks| hooks.waited())
    }

    /// Adds an item with this request, found while running this one; it may run anywhere, in any order.
    pub fn yield_item(&mut self, request: Vec<u8>) {
        self.yielded.push(request);
    }

    /// Takes what the item yielded, in order.
    #[inline]
    pub fn take_yielded(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.yielded)
    }
}
