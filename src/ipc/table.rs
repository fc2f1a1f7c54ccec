//! The shared table: a fixed set of requests in shared memory, claimed with `fetch_add` by whoever is free.
//!
//! Layout, each on a line of its own: claims so far; the start flag and the count of finished workers; the dispatcher's
//! bell; then a line per worker (items done, digest sum); then the requests, as offsets and bytes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::ring::FutexEvent;
use super::segment::{LINE, Segment};
use super::waiting::{Spinner, left, timespec};
use super::{IpcError, Wait};

const CLAIMS: usize = 0;
const GO: usize = LINE;
const FINISHED: usize = LINE + 4;
const DEAD: usize = LINE + 8;
const BELL: usize = 2 * LINE;
const SHAPE: usize = 3 * LINE;
const WORKERS: usize = 4 * LINE;

/// The table, in the dispatcher or in a worker.
pub struct Table {
    segment: Arc<Segment>,
    items: u64,
    workers: usize,
    /// Bytes of a request, where all have the same size: then no offsets are stored.
    stride: Option<usize>,
}

/// Requests prepared before the clock, one after the other in memory.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    bytes: Vec<u8>,
    /// Bytes of a request, as long as all have one size: millions of small items are common, and need no offsets then.
    stride: Option<usize>,
    ends: Vec<u64>,
    items: u64,
}

impl Requests {
    /// As many items without requests, for those who claim them and write their requests themselves.
    #[must_use]
    pub fn unwritten(items: u64) -> Self {
        Self { stride: Some(0), items, ..Self::default() }
    }

    /// Prepares `items` requests, each written by `write` into an empty buffer.
    pub fn prepare(items: u64, mut write: impl FnMut(u64, &mut Vec<u8>)) -> Self {
        let (mut bytes, mut ends, mut one) = (Vec::new(), Vec::<u64>::new(), Vec::new());
        let mut stride = None;
        for item in 0..items {
            one.clear();
            write(item, &mut one);
            bytes.extend_from_slice(&one);
            if item == 0 {
                stride = Some(one.len());
            } else if let Some(size) = stride.filter(|size| *size != one.len()) {
                ends.extend((1..=item).map(|i| i * size as u64));
                stride = None;
            }
            if stride.is_none() {
                ends.push(bytes.len() as u64);
            }
        }
        if items == 0 {
            stride = Some(0);
        }
        Self { bytes, stride, ends, items }
    }

    /// The request of an item.
    #[inline]
    #[must_use]
    pub fn get(&self, item: u64) -> &[u8] {
        let item = item as usize;
        match self.stride {
            Some(stride) => &self.bytes[item * stride..(item + 1) * stride],
            None => {
                let start = if item == 0 { 0 } else { self.ends[item - 1] as usize };
                &self.bytes[start..self.ends[item] as usize]
            }
        }
    }
}

/// A run of items that one worker has claimed: from the first to before the last.
pub type Claim = std::ops::Range<u64>;

impl Table {
    /// Creates the table of these requests.
    ///
    /// # Errors
    /// Where shared memory does not suffice.
    pub fn create(prefix: &str, workers: usize, requests: &Requests) -> Result<Self, IpcError> {
        let Requests { bytes, stride, ends, items } = requests;
        let offsets = WORKERS + workers * LINE;
        let data = offsets + ends.len() * 8;
        let segment = Segment::create(prefix, data + bytes.len() + 8)?;
        let put = |offset: usize, value: u64| segment.word64(offset).store(value, Ordering::Relaxed);
        put(SHAPE, *items);
        put(SHAPE + 8, workers as u64);
        put(SHAPE + 16, stride.map_or(u64::MAX, |stride| stride as u64));
        for (i, end) in ends.iter().enumerate() {
            put(offsets + i * 8, *end);
        }
        let to = segment.at(data, bytes.len());
        // SAFETY: The target was just checked to hold so many bytes, and no worker has the segment yet.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(Self { segment: Arc::new(segment), items: *items, workers, stride: *stride })
    }

    /// Opens the table in a worker by [`Table::name`].
    ///
    /// # Errors
    /// Where there is none of that name, or what is there is damaged.
    pub fn open(name: &str) -> Result<Self, IpcError> {
        let segment = Segment::open(name)?;
        let word = |offset| segment.word64(SHAPE + offset).load(Ordering::Relaxed);
        let (items, workers, stride) = (word(0), word(8) as usize, word(16));
        let stride = (stride != u64::MAX).then_some(stride as usize);
        let bytes = items as usize * stride.unwrap_or(8);
        if segment.len() < WORKERS + workers * LINE + bytes {
            return Err(IpcError::Protocol("the table is damaged".into()));
        }
        Ok(Self { segment: Arc::new(segment), items, workers, stride })
    }

    /// The name under which workers open it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.segment.name()
    }

    /// Removes the name, once every worker has it open.
    pub fn unlink(&self) {
        self.segment.unlink();
    }

    /// Claims the next `chunk` items; `None` when all are claimed.
    #[inline]
    #[must_use]
    pub fn claim(&self, chunk: u64) -> Option<Claim> {
        let start = self.segment.word64(CLAIMS).fetch_add(chunk, Ordering::Relaxed);
        (start < self.items).then(|| start..self.items.min(start + chunk))
    }

    /// The request of an item.
    #[inline]
    #[must_use]
    pub fn request(&self, item: u64) -> &[u8] {
        let requests = WORKERS + self.workers * LINE;
        let (start, end) = match self.stride {
            Some(stride) => (item as usize * stride, (item as usize + 1) * stride),
            None => {
                let end = |i: u64| self.segment.word64(requests + i as usize * 8).load(Ordering::Relaxed) as usize;
                (if item == 0 { 0 } else { end(item - 1) }, end(item))
            }
        };
        let offsets = if self.stride.is_some() { 0 } else { self.items as usize * 8 };
        let at = self.segment.at(requests + offsets + start, end.saturating_sub(start));
        // SAFETY: In bounds, and nobody writes requests once the workers have the table.
        unsafe { std::slice::from_raw_parts(at, end.saturating_sub(start)) }
    }

    /// Publishes what a worker has done so far: items, and the sum of their digests.
    #[inline]
    pub fn publish(&self, worker: usize, done: u64, sum: u64) {
        let line = WORKERS + worker * LINE;
        self.segment.word64(line + 8).store(sum, Ordering::Relaxed);
        self.segment.word64(line).store(done, Ordering::Release);
    }

    /// Items done and the digest sum over all workers.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        (0..self.workers).fold((0, 0), |(done, sum), worker| {
            let line = WORKERS + worker * LINE;
            let more = self.segment.word64(line).load(Ordering::Acquire);
            (done + more, sum.wrapping_add(self.segment.word64(line + 8).load(Ordering::Relaxed)))
        })
    }

    /// Lets all waiting workers begin.
    pub fn start(&self) {
        let go = self.segment.word32(GO);
        go.store(1, Ordering::Release);
        let _ = rustix::thread::futex::wake(go, rustix::thread::futex::Flags::empty(), i32::MAX as u32);
    }

    /// Waits in a worker for [`Table::start`].
    ///
    /// # Errors
    /// `Deadline`.
    pub fn wait_for_start(&self, wait: Wait, deadline: Instant) -> Result<(), IpcError> {
        let go = self.segment.word32(GO);
        let mut spinner = Spinner::new(wait);
        while go.load(Ordering::Acquire) == 0 {
            if !spinner.again() {
                let timeout = timespec(left(deadline)?);
                let _ = rustix::thread::futex::wait(go, rustix::thread::futex::Flags::empty(), 0, Some(&timeout));
            }
        }
        Ok(())
    }

    /// Says in a worker that it found no more items.
    pub fn finish(&self) {
        self.segment.word32(FINISHED).fetch_add(1, Ordering::Release);
        self.bell().ring();
    }

    /// Says in the dispatcher's watching thread that a worker died, which ends [`Table::wait_until_finished`].
    pub fn worker_died(&self, worker: usize) {
        self.segment.word32(DEAD).store(worker as u32 + 1, Ordering::Release);
        self.bell().ring();
    }

    /// Waits in the dispatcher until every worker has finished.
    ///
    /// # Errors
    /// `Gone` where one died, `Deadline`.
    pub fn wait_until_finished(&self, wait: Wait, deadline: Instant) -> Result<(), IpcError> {
        let bell = self.bell();
        let finished = || self.segment.word32(FINISHED).load(Ordering::Acquire) as usize >= self.workers;
        let dead = || self.segment.word32(DEAD).load(Ordering::Acquire);
        let mut spinner = Spinner::new(wait);
        loop {
            if finished() {
                return Ok(());
            }
            if dead() != 0 {
                return Err(IpcError::Gone(dead() as usize - 1));
            }
            if !spinner.again() {
                bell.sleep(deadline, || finished() || dead() != 0)?;
            }
        }
    }

    fn bell(&self) -> FutexEvent {
        FutexEvent::new(&self.segment, BELL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_claimed_once_and_has_its_request() {
        let prefix = format!("/runner-test-{}-table", std::process::id());
        for uniform in [true, false] {
            let write = |item: u64, out: &mut Vec<u8>| {
                out.extend_from_slice(&item.to_le_bytes());
                out.resize(8 + if uniform { 0 } else { item as usize % 5 }, 7);
            };
            let requests = Requests::prepare(1000, write);
            let table = Table::create(&prefix, 3, &requests).unwrap();
            let other = Table::open(table.name()).unwrap();
            let seen: Vec<u64> = std::thread::scope(|scope| {
                fn claim_all(table: &Table) -> Vec<u64> {
                    std::iter::from_fn(|| table.claim(7)).flatten().collect()
                }
                let (a, b) = (scope.spawn(|| claim_all(&table)), scope.spawn(|| claim_all(&other)));
                [a.join().unwrap(), b.join().unwrap()].concat()
            });
            let mut sorted = seen;
            sorted.sort_unstable();
            assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
            for item in 0..1000 {
                let mut request = Vec::new();
                write(item, &mut request);
                assert_eq!(other.request(item), request);
                assert_eq!(requests.get(item), request);
            }
        }
    }
}
