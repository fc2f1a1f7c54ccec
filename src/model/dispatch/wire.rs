//! Messages between the dispatcher and its workers. The first byte is the kind; numbers are little-endian.

use serde::{Deserialize, Serialize};

use crate::model::error::Damaged;
use crate::model::spec::JobSpec;
use crate::record::{LockUse, Seen, Usage, WorkerTimes};
use crate::task::{Digest, Message};

/// To a worker: what to do, as JSON.
pub const JOB: u8 = b'J';
/// To a worker: items to run unrecorded. The answer is [`WARM`] without contents.
pub const WARM: u8 = b'W';
/// To a worker: items to run; answered by [`REPLIES`].
pub const ITEMS: u8 = b'I';
/// To a worker: its parts of an iteration, with what they are told and what others sent to them; answered by [`REPLIES`], in
/// which what an item yielded is what it sends to other parts.
pub const ITERATION: u8 = b'O';
/// To a worker of a stage: an item to run after what the stage before replied; answered by [`REPLIES`]. See [`put_stage`].
pub const STAGE: u8 = b'T';
/// The same for an item that is not counted; answered by [`WARM`].
pub const WARM_STAGE: u8 = b'A';
/// To a worker: the barrier; answered by [`STANDING`] once the counters are read.
pub const GO: u8 = b'G';
/// To a worker: all work is done; answered by [`REPORT`].
pub const FINISH: u8 = b'F';
/// From a worker: prepared.
pub const READY: u8 = b'R';
/// From a worker: replies to items.
pub const REPLIES: u8 = b'P';
/// From a worker: at the barrier.
pub const STANDING: u8 = b'S';
/// From a worker: an error, as text.
pub const ERROR: u8 = b'E';
/// From a worker: what it used, as JSON.
pub const REPORT: u8 = b'U';

/// The job as it crosses to a worker.
#[derive(Serialize, Deserialize)]
pub struct JobMessage {
    pub brief: JobSpec,
    pub worker: usize,
    /// The core to stay on.
    pub core: Option<usize>,
    /// The name of the shared table, where dispatch is `claim`.
    pub table: Option<String>,
}

/// What a worker says at its end.
#[derive(Default, Serialize, Deserialize)]
pub struct Report {
    /// Used before the barrier.
    pub start: Usage,
    /// Used from the barrier to the end of the work.
    pub work: Usage,
    /// Nanoseconds of the first item, cold.
    pub first_item: u64,
    /// Nanoseconds of all that ran to warm up.
    pub warm_up: u64,
    /// Service times of profiling table runs, as (value, count).
    pub service: Vec<(u64, u64)>,
    /// What its interpreter lock was asked for, where it has one.
    #[serde(default)]
    pub lock: Option<LockUse>,
    /// Where its time went, in profiling runs.
    pub times: Option<WorkerTimes>,
    /// When its items ran, on the monotonic clock, where the run keeps its events, and how many more there were.
    pub items: Vec<(u64, u64)>,
    pub left_out: u64,
    /// What it saw of the global variable, where the task has one.
    pub seen: Option<Seen>,
}

/// Reads a message front to back.
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    #[inline]
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Damaged)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    fn number<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.bytes(N)?.try_into().map_err(|_| Damaged)
    }

    #[inline]
    pub fn u32(&mut self) -> Result<u32, Damaged> {
        self.number().map(u32::from_le_bytes)
    }

    #[inline]
    pub fn u64(&mut self) -> Result<u64, Damaged> {
        self.number().map(u64::from_le_bytes)
    }

    #[inline]
    pub fn block(&mut self) -> Result<&'a [u8], Damaged> {
        let length = self.u32()?;
        self.bytes(length as usize)
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[inline]
pub fn put_block(message: &mut Vec<u8>, bytes: &[u8]) {
    message.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    message.extend_from_slice(bytes);
}

/// Appends one item to an [`ITEMS`] or [`WARM`] message.
#[inline]
pub fn put_item(message: &mut Vec<u8>, item: u64, request: &[u8]) {
    message.extend_from_slice(&item.to_le_bytes());
    put_block(message, request);
}

/// Reads one item.
#[inline]
pub fn take_item<'a>(cursor: &mut Cursor<'a>) -> Result<(u64, &'a [u8]), Damaged> {
    Ok((cursor.u64()?, cursor.block()?))
}

/// Appends an item of a stage to a [`STAGE`] or [`WARM_STAGE`] message: `input` is what the stage before replied, none in the
/// first.
pub fn put_stage(message: &mut Vec<u8>, item: u64, input: Option<&[u8]>, request: &[u8]) {
    message.push(u8::from(input.is_some()));
    put_item(message, item, input.unwrap_or_default());
    put_block(message, request);
}

/// An item of a stage: its number, the reply of the stage before, its request.
pub type StageItem<'a> = (u64, Option<&'a [u8]>, &'a [u8]);

/// Reads one.
pub fn take_stage(message: &[u8]) -> Result<StageItem<'_>, Damaged> {
    let (later, rest) = message.split_first().ok_or(Damaged)?;
    let mut cursor = Cursor::new(rest);
    let (item, input) = take_item(&mut cursor)?;
    Ok((item, (*later != 0).then_some(input), cursor.block()?))
}

/// Appends what other parts sent to an item.
pub fn put_letters(message: &mut Vec<u8>, letters: &[Message]) {
    message.extend_from_slice(&(letters.len() as u32).to_le_bytes());
    for (from, bytes) in letters {
        put_item(message, *from, bytes);
    }
}

/// Reads what other parts sent to an item.
pub fn take_letters(cursor: &mut Cursor<'_>) -> Result<Vec<Message>, Damaged> {
    let mut letters = Vec::new();
    for _ in 0..cursor.u32()? {
        let (from, bytes) = take_item(cursor)?;
        letters.push((from, bytes.to_vec()));
    }
    Ok(letters)
}

/// A letter as one block, and back.
pub fn letter_block((to, bytes): &Message) -> Vec<u8> {
    [&to.to_le_bytes(), bytes.as_slice()].concat()
}

/// The letter of a block.
pub fn block_letter(block: &[u8]) -> Result<Message, Damaged> {
    let (to, bytes) = block.split_first_chunk::<8>().ok_or(Damaged)?;
    Ok((u64::from_le_bytes(*to), bytes.to_vec()))
}

/// One reply, as read.
pub struct Reply<'a> {
    pub item: u64,
    /// Digest of the request as the worker received it.
    pub seen: Digest,
    /// Service time in nanoseconds, 0 where the run is not a profiling run.
    pub service: u64,
    pub yielded: u32,
    pub bytes: &'a [u8],
}

/// Appends one reply and what the item yielded.
#[inline]
pub fn put_reply(message: &mut Vec<u8>, reply: &Reply<'_>, yielded: &[Vec<u8>]) {
    message.extend_from_slice(&reply.item.to_le_bytes());
    message.extend_from_slice(&reply.seen.to_le_bytes());
    message.extend_from_slice(&reply.service.to_le_bytes());
    message.extend_from_slice(&reply.yielded.to_le_bytes());
    put_block(message, reply.bytes);
    for request in yielded {
        put_block(message, request);
    }
}

/// Reads one reply; `yielded` requests follow it, each read by [`Cursor::block`].
#[inline]
pub fn take_reply<'a>(cursor: &mut Cursor<'a>) -> Result<Reply<'a>, Damaged> {
    Ok(Reply {
        item: cursor.u64()?,
        seen: cursor.u64()?,
        service: cursor.u64()?,
        yielded: cursor.u32()?,
        bytes: cursor.block()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_cut_anywhere_are_damaged_and_never_a_panic() {
        let mut message = Vec::new();
        let reply = Reply { item: 3, seen: 4, service: 5, yielded: 1, bytes: b"reply" };
        put_reply(&mut message, &reply, &[b"child".to_vec()]);
        let mut cursor = Cursor::new(&message);
        let read = take_reply(&mut cursor).unwrap();
        assert_eq!((read.item, read.seen, read.service, read.bytes), (3, 4, 5, &b"reply"[..]));
        assert_eq!(cursor.block().unwrap(), b"child");
        assert!(cursor.is_empty());
        for end in 0..message.len() {
            let mut cursor = Cursor::new(&message[..end]);
            assert!(take_reply(&mut cursor).and_then(|_| cursor.block()).is_err(), "cut at {end}");
        }
        let huge = [&[0u8; 28][..], &u32::MAX.to_le_bytes()].concat();
        assert!(take_reply(&mut Cursor::new(&huge)).is_err());
    }
}
