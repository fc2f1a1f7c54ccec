//! A single-producer single-consumer byte ring in shared memory that carries whole messages.
//!
//! Layout, each on a cache line of its own: bytes written so far (producer's), "producer sleeps", bytes read so far
//! (consumer's), "consumer sleeps", then the data. Positions count up without end; the place in the data is the position
//! modulo the capacity. After Lamport's single-producer queue ("Proving the Correctness of Multiprocess Programs", 1977).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
use std::time::Instant;

use rustix::thread::futex;

use super::IpcError;
use super::frame::{HEADER, header, length};
use super::segment::{LINE, Segment};
use super::waiting::{left, timespec};

/// Bytes that a ring needs beside its data.
pub(super) const OVERHEAD: usize = 2 * LINE;

/// A word on which one side sleeps: 1 while it sleeps, 0 otherwise.
pub(super) struct FutexEvent {
    segment: Arc<Segment>,
    offset: usize,
}

impl FutexEvent {
    pub(super) fn new(segment: &Arc<Segment>, offset: usize) -> Self {
        Self { segment: Arc::clone(segment), offset }
    }

    fn word(&self) -> &AtomicU32 {
        self.segment.word32(self.offset)
    }

    /// Wakes the sleeper, if there is one. Call after publishing what it waits for.
    #[inline]
    pub(super) fn ring(&self) {
        // The store that was published and this load must not change places, or a sleeper would be missed.
        fence(Ordering::SeqCst);
        if self.word().load(Ordering::Relaxed) != 0 && self.word().swap(0, Ordering::SeqCst) != 0 {
            let _ = futex::wake(self.word(), futex::Flags::empty(), i32::MAX as u32);
        }
    }

    /// Sleeps until the bell rings or `ready` holds; may also return early.
    pub(super) fn sleep(&self, deadline: Instant, ready: impl FnOnce() -> bool) -> Result<(), IpcError> {
        self.word().store(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if ready() {
            self.word().store(0, Ordering::SeqCst);
            return Ok(());
        }
        let left = left(deadline)?;
        match futex::wait(self.word(), futex::Flags::empty(), 1, Some(&timespec(left))) {
            Ok(()) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR | rustix::io::Errno::TIMEDOUT) => Ok(()),
            Err(error) => Err(IpcError::Os { what: "futex", source: error.into() }),
        }
    }
}

/// One end of a ring, or the ring as a whole: the two ends share this description.
struct Raw {
    segment: Arc<Segment>,
    offset: usize,
    data: *mut u8,
    mask: u64,
}

// SAFETY: The pointer leads into the segment, which is kept alive beside it; see `Segment` for access.
unsafe impl Send for Raw {}

impl Raw {
    fn new(segment: &Arc<Segment>, offset: usize, capacity: usize) -> Self {
        assert!(capacity.is_power_of_two() && offset.is_multiple_of(LINE));
        let data = segment.at(offset + OVERHEAD, capacity);
        Self { segment: Arc::clone(segment), offset, data, mask: capacity as u64 - 1 }
    }

    fn written(&self) -> &AtomicU64 {
        self.segment.word64(self.offset)
    }

    fn read(&self) -> &AtomicU64 {
        self.segment.word64(self.offset + LINE)
    }

    fn capacity(&self) -> u64 {
        self.mask + 1
    }

    /// Copies into the data at a position. The caller owns that part: it lies between `read + capacity` and `written`.
    #[inline]
    fn put(&self, position: u64, bytes: &[u8]) {
        let start = (position & self.mask) as usize;
        if start + bytes.len() <= self.capacity() as usize {
            // SAFETY: The part lies inside of the data, and the other side does not touch it before `written` passes it.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.data.add(start), bytes.len()) };
            return;
        }
        let first = self.capacity() as usize - start;
        // SAFETY: Both parts lie inside of the data, and the other side does not touch them before `written` passes them.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.data.add(start), first);
            std::ptr::copy_nonoverlapping(bytes.as_ptr().add(first), self.data, bytes.len() - first);
        }
    }

    /// The header at a position; so many bytes lie between `read` and `written`.
    #[inline]
    fn header(&self, position: u64) -> [u8; HEADER] {
        std::array::from_fn(|i| {
            // SAFETY: The mask keeps the place inside of the data, and it was published.
            unsafe { *self.data.add(((position + i as u64) & self.mask) as usize) }
        })
    }

    /// Appends `count` bytes at a position to `target`. They lie between `read` and `written`.
    #[inline]
    fn get(&self, position: u64, count: usize, target: &mut Vec<u8>) {
        target.reserve(count);
        let start = (position & self.mask) as usize;
        let first = count.min(self.capacity() as usize - start);
        let old = target.len();
        // SAFETY: `target` has room for `count` more bytes; the source parts lie inside of the data and were published.
        unsafe {
            let to = target.as_mut_ptr().add(old);
            std::ptr::copy_nonoverlapping(self.data.add(start), to, first);
            if first < count {
                std::ptr::copy_nonoverlapping(self.data, to.add(first), count - first);
            }
            target.set_len(old + count);
        }
    }
}

/// The producer's end.
pub(super) struct Writer {
    raw: Raw,
    position: u64,
    /// The consumer's position when last looked at; looking again costs a cache miss.
    known_read: u64,
}

impl Writer {
    pub(super) fn new(segment: &Arc<Segment>, offset: usize, capacity: usize) -> Self {
        Self { raw: Raw::new(segment, offset, capacity), position: 0, known_read: 0 }
    }

    fn room(&mut self, wanted: u64) -> u64 {
        let room = |known: u64, position: u64| self.raw.capacity() - (position - known);
        if room(self.known_read, self.position) < wanted {
            self.known_read = self.raw.read().load(Ordering::Acquire);
        }
        room(self.known_read, self.position)
    }

    /// Whether at least one byte fits.
    pub(super) fn has_room(&mut self) -> bool {
        self.room(1) > 0
    }

    /// Writes a whole message if it fits; says whether it did.
    #[inline]
    pub(super) fn push(&mut self, message: &[u8]) -> bool {
        let size = (HEADER + message.len()) as u64;
        if self.room(size) < size {
            return false;
        }
        self.raw.put(self.position, &header(message.len()));
        self.raw.put(self.position + HEADER as u64, message);
        self.position += size;
        self.raw.written().store(self.position, Ordering::Release);
        true
    }

    /// Writes as much of `bytes` (a header, or a part of a message) as fits, and says how much.
    pub(super) fn push_part(&mut self, bytes: &[u8]) -> usize {
        let count = self.room(bytes.len() as u64).min(bytes.len() as u64) as usize;
        self.raw.put(self.position, &bytes[..count]);
        self.position += count as u64;
        self.raw.written().store(self.position, Ordering::Release);
        count
    }
}

/// The consumer's end.
pub(super) struct Reader {
    raw: Raw,
    position: u64,
    known_written: u64,
    partial: Vec<u8>,
    wanted: Option<usize>,
}

impl Reader {
    pub(super) fn new(segment: &Arc<Segment>, offset: usize, capacity: usize) -> Self {
        let raw = Raw::new(segment, offset, capacity);
        Self { raw, position: 0, known_written: 0, partial: Vec::new(), wanted: None }
    }

    /// Whether something can be read.
    pub(super) fn has_data(&self) -> bool {
        self.raw.written().load(Ordering::Acquire) != self.position
    }

    fn available(&mut self) -> Result<u64, IpcError> {
        if self.known_written == self.position {
            self.known_written = self.raw.written().load(Ordering::Acquire);
        }
        let available = self.known_written.wrapping_sub(self.position);
        if available > self.raw.capacity() {
            return Err(IpcError::Protocol("the ring's position is damaged".into()));
        }
        Ok(available)
    }

    /// Reads what is there; says whether `message` now holds a whole message, and whether anything moved.
    #[inline]
    pub(super) fn poll(&mut self, message: &mut Vec<u8>) -> Result<(bool, bool), IpcError> {
        let mut moved = false;
        loop {
            let available = self.available()?;
            if available == 0 {
                return Ok((false, moved));
            }
            if available >= HEADER as u64 && self.wanted.is_none() && self.partial.is_empty() {
                // Mostly the whole message is there: then it is copied once, to where it is wanted.
                let wanted = length(self.raw.header(self.position))?;
                if available >= (HEADER + wanted) as u64 {
                    message.clear();
                    self.raw.get(self.position + HEADER as u64, wanted, message);
                    self.position += (HEADER + wanted) as u64;
                    self.raw.read().store(self.position, Ordering::Release);
                    return Ok((true, true));
                }
            }
            let missing = match self.wanted {
                None => HEADER - self.partial.len(),
                Some(wanted) => wanted - self.partial.len(),
            };
            let count = missing.min(available as usize);
            self.raw.get(self.position, count, &mut self.partial);
            self.position += count as u64;
            moved = true;
            if count < missing {
                self.raw.read().store(self.position, Ordering::Release);
                continue;
            }
            if self.wanted.is_none() {
                let bytes = self.partial.first_chunk::<HEADER>().copied().unwrap_or_default();
                let wanted = length(bytes)?;
                self.partial.clear();
                if wanted > 0 {
                    self.wanted = Some(wanted);
                    continue;
                }
            }
            self.wanted = None;
            self.raw.read().store(self.position, Ordering::Release);
            std::mem::swap(message, &mut self.partial);
            self.partial.clear();
            return Ok((true, true));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pair(capacity: usize) -> (Writer, Reader) {
        let prefix = format!("/runner-test-{}-ring", std::process::id());
        let segment = Segment::create(&prefix, OVERHEAD + capacity).unwrap();
        segment.unlink();
        let segment = Arc::new(segment);
        (Writer::new(&segment, 0, capacity), Reader::new(&segment, 0, capacity))
    }

    #[test]
    fn messages_of_all_sizes_wrap_around_in_order() {
        let (mut writer, mut reader) = pair(4096);
        let mut message = Vec::new();
        for round in 0..3000usize {
            let sent: Vec<u8> = (0..round * 7 % 4000).map(|i| (i + round) as u8).collect();
            assert!(writer.push(&sent));
            assert_eq!(reader.poll(&mut message).unwrap(), (true, true));
            assert_eq!(message, sent);
        }
        assert_eq!(reader.poll(&mut message).unwrap(), (false, false));
    }

    #[test]
    fn a_message_larger_than_the_ring_passes_in_parts() {
        let (mut writer, mut reader) = pair(1024);
        let sent: Vec<u8> = (0..100_000).map(|i| i as u8).collect();
        assert!(!writer.push(&sent));
        let whole = [&header(sent.len())[..], &sent].concat();
        let (mut at, mut message) = (0, Vec::new());
        loop {
            at += writer.push_part(&whole[at..]);
            if reader.poll(&mut message).unwrap().0 {
                break;
            }
        }
        assert_eq!((at, message), (whole.len(), sent));
    }

    #[test]
    fn a_bell_wakes_its_sleeper_and_a_deadline_ends_the_wait() {
        let prefix = format!("/runner-test-{}-bell", std::process::id());
        let segment = Segment::create(&prefix, 4096).unwrap();
        segment.unlink();
        let segment = Arc::new(segment);
        let (bell, other) = (FutexEvent::new(&segment, 0), FutexEvent::new(&segment, 0));
        let (flag, start) = (segment.word32(64), Instant::now());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(30));
                segment.word32(64).store(1, Ordering::SeqCst);
                other.ring();
            });
            while flag.load(Ordering::SeqCst) == 0 {
                bell.sleep(start + Duration::from_secs(10), || flag.load(Ordering::SeqCst) == 1).unwrap();
            }
        });
        assert!(start.elapsed() < Duration::from_secs(5));
        let soon = Instant::now() + Duration::from_millis(20);
        let ended = loop {
            if let Err(error) = bell.sleep(soon, || false) {
                break error;
            }
        };
        assert!(matches!(ended, IpcError::Deadline));
    }
}
