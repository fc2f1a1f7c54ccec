//! How the items of a job hang together: not at all, by finding each other, in iterations, or by one consumer of all replies.

use super::{Context, TaskError};

/// How the items of a job hang together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// Each can run anywhere, at any time.
    #[default]
    Independent,
    /// Items yield further items.
    Dynamic {
        /// Whether equal requests are one item, run once whoever yields it, as a crawler fetches each page once.
        once: bool,
    },
    /// Items come in iterations (a bulk-synchronous computation after Valiant, 1990): item `i` is part `i % parts` of iteration
    /// `i / parts`. See [`Iterations`].
    Iterations {
        /// Items of an iteration.
        parts: u64,
    },
    /// All replies go to one [`Consumer`], while others are still being made.
    FanIn,
}

impl Topology {
    /// Whether items yield further items.
    #[must_use]
    pub fn finds(self) -> bool {
        matches!(self, Self::Dynamic { .. })
    }

    /// Items of an iteration, where there are iterations.
    #[must_use]
    pub fn parts(self) -> Option<u64> {
        match self {
            Self::Iterations { parts } => Some(parts.max(1)),
            _ => None,
        }
    }

    /// What the number of items must be a multiple of: whole iterations.
    #[must_use]
    pub fn grain(self) -> u64 {
        self.parts().unwrap_or(1)
    }
}

/// What happens between iterations. Every part of an iteration is told the same and sees what other parts sent to it in the iteration
/// before; a part always runs where what it keeps is. Everything is computed in the order of parts, so that floating point
/// sums are the same to the bit under every model.
pub trait Iterations: Send + Sync {
    /// Writes what the parts of the first iteration are told into `told`, which is empty.
    fn first(&self, told: &mut Vec<u8>);

    /// Turns what the parts of iteration `iteration` were told into what those of the next are told, given their replies in order.
    ///
    /// # Errors
    /// What is wrong with a reply; the trial ends as `failed` with this text.
    fn reduce(&self, iteration: u64, replies: &[Vec<u8>], told: &mut Vec<u8>) -> Result<(), TaskError>;
}

/// Takes the replies of all workers, one after the other, as they come. One thread has it.
pub trait Consumer: Send {
    /// Takes one reply.
    ///
    /// # Errors
    /// What failed; the trial ends as `failed` with this text.
    fn take(&mut self, made: &Made<'_>, context: &mut Context<'_>) -> Result<(), TaskError>;

    /// Told once after the last reply, inside the clock: flushes what it holds.
    ///
    /// # Errors
    /// As [`Consumer::take`].
    fn finish(&mut self, context: &mut Context<'_>) -> Result<(), TaskError>;
}

/// A reply on its way to the consumer.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// The worker that made it.
    pub producer: usize,
    /// Rises from reply to reply of a producer, in the order in which it made them.
    pub turn: u64,
    /// The reply.
    pub reply: &'a [u8],
}
