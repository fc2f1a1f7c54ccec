//! How the items of a job hang together: not at all, by finding each other, in rounds, or by one consumer of all replies.

use std::any::Any;
use std::sync::Arc;

use super::{Context, TaskError};

/// How the items of a job hang together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// Each can run anywhere, at any time.
    #[default]
    Independent,
    /// Items yield further items.
    Finding {
        /// Whether equal requests are one item, run once whoever yields it, as a crawler fetches each page once.
        once: bool,
    },
    /// Items come in rounds (a bulk-synchronous computation after Valiant, 1990): item `i` is part `i % parts` of round
    /// `i / parts`. See [`Rounds`].
    Rounds {
        /// Items of a round.
        parts: u64,
    },
    /// All replies go to one [`Consumer`], while others are still being made.
    Gathering,
}

impl Topology {
    /// Whether items yield further items.
    #[must_use]
    pub fn finds(self) -> bool {
        matches!(self, Self::Finding { .. })
    }

    /// Items of a round, where there are rounds.
    #[must_use]
    pub fn parts(self) -> Option<u64> {
        match self {
            Self::Rounds { parts } => Some(parts.max(1)),
            _ => None,
        }
    }

    /// What the number of items must be a multiple of: whole rounds.
    #[must_use]
    pub fn grain(self) -> u64 {
        self.parts().unwrap_or(1)
    }
}

/// What happens between rounds. Every part of a round is told the same and sees what other parts sent to it in the round
/// before; a part always runs where what it keeps is. Everything is computed in the order of parts, so that floating point
/// sums are the same to the bit under every model.
pub trait Rounds: Send + Sync {
    /// Writes what the parts of the first round are told into `told`, which is empty.
    fn first(&self, told: &mut Vec<u8>);

    /// Turns what the parts of round `round` were told into what those of the next are told, given their replies in order.
    ///
    /// # Errors
    /// What is wrong with a reply; the trial ends as `failed` with this text.
    fn reduce(&self, round: u64, replies: &[Vec<u8>], told: &mut Vec<u8>) -> Result<(), TaskError>;
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

/// A message from a part of a round, or to one: its number, and the bytes.
pub type Letter = (u64, Vec<u8>);

/// What an item in rounds has beside its request.
#[derive(Default)]
pub struct Turn {
    /// What all parts of the round are told.
    pub told: Arc<[u8]>,
    /// What other parts sent to this one in the round before, with their numbers, in their order.
    pub received: Vec<Letter>,
    /// What this part sends to others, with their numbers: they see it in the next round.
    pub sent: Vec<Letter>,
    /// What the part keeps from round to round.
    pub kept: Option<Box<dyn Any + Send>>,
}

impl Turn {
    /// What the part keeps from round to round, made by `make` where there is nothing yet.
    pub fn kept<T: Any + Send>(&mut self, make: impl FnOnce() -> T) -> &mut T {
        if !self.kept.as_ref().is_some_and(|kept| kept.is::<T>()) {
            self.kept = Some(Box::new(make()));
        }
        self.kept.as_mut().and_then(|kept| kept.downcast_mut()).unwrap_or_else(|| unreachable!("it was just made"))
    }
}
