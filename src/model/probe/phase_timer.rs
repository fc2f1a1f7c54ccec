//! The clock and the usage of this process at the edges of phases, with that of programs that it ran to their end.

use crate::model::probe::clock::monotonic;
use crate::record::{Measurement, Usage};

/// Reads both at every edge.
pub struct PhaseTimer {
    /// When the first phase began.
    began: u64,
    /// Nanoseconds of the monotonic clock.
    wall: u64,
    usage: Usage,
    /// What programs used that this process ran to their end; none where those that end are workers, who say themselves
    /// what they used.
    children: Option<Usage>,
    next: usize,
}

impl PhaseTimer {
    /// Starts the first phase.
    pub fn start() -> Self {
        let wall = monotonic();
        let (usage, children) = (Usage::now(), Usage::of_children());
        Self { began: wall, usage, children: Some(children), wall: monotonic(), next: 0 }
    }

    /// When the first phase began, in nanoseconds of the monotonic clock.
    pub fn began(&self) -> u64 {
        self.began
    }

    /// Leaves out what children use from now on: those that end are workers.
    pub fn leave_children_out(&mut self) {
        self.children = None;
    }

    /// Whether all phases have ended.
    pub fn is_over(&self) -> bool {
        self.next == 3
    }

    /// Ends the current phase, as seen by this process; says when that was, on the monotonic clock.
    pub fn edge(&mut self, measured: &mut Measurement) -> u64 {
        let phase = &mut measured.phases[self.next];
        if let Some(before) = &mut self.children {
            let children = Usage::of_children();
            phase.usage += children.since(*before);
            *before = children;
        }
        let wall = monotonic();
        let usage = Usage::now();
        phase.wall += wall - self.wall;
        phase.usage += usage.since(self.usage);
        self.next += 1;
        (self.usage, self.wall) = (usage, monotonic());
        wall
    }
}
