//! Many producers and one consumer within one process: replies cross by a bounded channel to a thread of its own.

use std::sync::mpsc::{self, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use crate::record::RunError;
use crate::task::{Consumer, Context, Job, Made, TaskError};

/// Replies that may wait for the consumer, for each worker: a producer that is further ahead waits.
pub const WAITING_REPLIES: usize = 64;

/// A reply on its way: producer, turn, bytes.
type StageItem = (usize, u64, Vec<u8>);

/// The consumer's end.
pub struct Receiver {
    parcels: mpsc::Receiver<StageItem>,
    consumer: Box<dyn Consumer>,
}

/// A producer's end.
pub struct Sender {
    parcels: SyncSender<StageItem>,
    producer: usize,
    turn: u64,
}

/// The ends for so many producers; none for a job without a consumer.
///
/// # Errors
/// What the job says.
pub fn fan_in(job: &dyn Job, producers: usize) -> Result<Option<(Receiver, Vec<Sender>)>, TaskError> {
    let Some(consumer) = job.consumer()? else { return Ok(None) };
    let (send, receive) = sync_channel(WAITING_REPLIES * producers);
    let outlet = |producer| Sender { parcels: send.clone(), producer, turn: 0 };
    Ok(Some((Receiver { parcels: receive, consumer }, (0..producers).map(outlet).collect())))
}

impl Sender {
    /// Hands a reply over; waits where the consumer is far behind. Says whether there still is a consumer.
    pub fn put(&mut self, reply: &[u8]) -> bool {
        self.turn += 1;
        self.parcels.send((self.producer, self.turn, reply.to_vec())).is_ok()
    }
}

impl Receiver {
    /// Takes all replies until every producer has dropped its end, and finishes.
    ///
    /// # Errors
    /// What the consumer says. The producers find out with their next reply.
    pub fn take_all(mut self, context: &mut Context<'_>) -> Result<(), RunError> {
        loop {
            // A wait for others lets the lock go, or none of them could make anything.
            context.release();
            let parcel = self.parcels.recv();
            context.acquire();
            let Ok((producer, turn, reply)) = parcel else { break };
            self.consumer.take(&Made { producer, turn, reply: &reply }, context)?;
        }
        Ok(self.consumer.finish(context)?)
    }
}

/// Outlets by producer, for those that fetch theirs when they start.
pub struct Outlets(Mutex<Vec<Option<Sender>>>);

impl Outlets {
    pub fn new(outlets: Vec<Sender>) -> Self {
        Self(Mutex::new(outlets.into_iter().map(Some).collect()))
    }

    /// The outlet of a producer, once.
    pub fn take(&self, producer: usize) -> Option<Sender> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(producer)?.take()
    }
}

/// What a producer is told whose consumer is gone: the consumer itself says why.
pub fn no_consumer() -> RunError {
    RunError::Failed("the consumer of the results has ended".into())
}
