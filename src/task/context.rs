//! What an item sees while it runs: check points, blocking sections, and a place for further items.

/// What a runtime does at the points that an item marks. The native runtime does nothing there.
pub trait Hooks {
    /// The item is at a point where another thread may take over.
    fn check_point(&mut self);
    /// The item is about to wait outside, so that a lock can be let go.
    fn before_blocking(&mut self);
    /// The item has waited, and goes on computing.
    fn after_blocking(&mut self);
}

/// Hooks of a runtime without a lock.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn check_point(&mut self) {}
    fn before_blocking(&mut self) {}
    fn after_blocking(&mut self) {}
}

/// Passed to every item.
pub struct Context<'a> {
    hooks: Option<&'a mut (dyn Hooks + Send)>,
    yielded: Vec<Vec<u8>>,
}

impl<'a> Context<'a> {
    /// A context without a lock.
    #[must_use]
    pub fn native() -> Self {
        Self { hooks: None, yielded: Vec::new() }
    }

    /// A context whose points call `hooks`.
    pub fn with_hooks(hooks: &'a mut (dyn Hooks + Send)) -> Self {
        Self { hooks: Some(hooks), yielded: Vec::new() }
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
        hooks.after_blocking();
        value
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
