//! Whole messages over a byte stream: an 8-byte header (length, and the length scrambled as a check), then the bytes.

use std::io::IoSlice;
use std::os::fd::OwnedFd;

use rustix::io::Errno;

use super::{IpcError, MESSAGE_LIMIT};

/// Bytes of a header.
pub(super) const HEADER: usize = 8;
/// How much is read at once where the next message's size is unknown.
const READ_AHEAD: usize = 64 * 1024;

/// The header of a message of `length` bytes.
pub(super) fn header(length: usize) -> [u8; HEADER] {
    let length = length as u32;
    let mut bytes = [0; HEADER];
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..].copy_from_slice(&scramble(length).to_le_bytes());
    bytes
}

fn scramble(length: u32) -> u32 {
    (length ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b1)
}

/// The length in a header, or a protocol error where its check does not fit.
pub(super) fn length(bytes: [u8; HEADER]) -> Result<usize, IpcError> {
    let whole = u64::from_le_bytes(bytes);
    let (length, check) = (whole as u32, (whole >> 32) as u32);
    if check != scramble(length) || length as usize > MESSAGE_LIMIT {
        return Err(IpcError::Protocol(format!("a header of {bytes:02x?} is damaged")));
    }
    Ok(length as usize)
}

/// What a non-blocking step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Something moved.
    Moved,
    /// It would have waited.
    WouldBlock,
    /// End of the stream.
    End,
}

/// Reads messages from a non-blocking descriptor.
#[derive(Default)]
pub(super) struct FrameReader {
    /// Read and not yet taken apart.
    ahead: Vec<u8>,
    taken: usize,
    /// The message that is being read, and the length it will have.
    partial: Vec<u8>,
    wanted: Option<usize>,
}

impl FrameReader {
    /// Takes the next whole message out of what was read, into `message`.
    pub(super) fn take(&mut self, message: &mut Vec<u8>) -> Result<bool, IpcError> {
        let rest = &self.ahead[self.taken..];
        let wanted = match self.wanted {
            Some(wanted) => wanted,
            None => {
                let Some(bytes) = rest.first_chunk::<HEADER>() else { return Ok(false) };
                self.taken += HEADER;
                let wanted = length(*bytes)?;
                self.partial.clear();
                *self.wanted.insert(wanted)
            }
        };
        let rest = &self.ahead[self.taken..];
        let more = (wanted - self.partial.len()).min(rest.len());
        self.partial.extend_from_slice(&rest[..more]);
        self.taken += more;
        if self.partial.len() < wanted {
            return Ok(false);
        }
        self.wanted = None;
        std::mem::swap(&mut self.partial, message);
        Ok(true)
    }

    /// Reads once. Call after [`FrameReader::take`] has said that no whole message is left.
    pub(super) fn advance(&mut self, fd: &OwnedFd) -> Result<Step, IpcError> {
        let read = match self.wanted {
            // The rest of a large message goes straight to where it belongs.
            Some(wanted) if wanted - self.partial.len() > READ_AHEAD => {
                let missing = wanted - self.partial.len();
                read_at_most(fd, &mut self.partial, missing)
            }
            _ => {
                self.ahead.drain(..self.taken);
                self.taken = 0;
                read_at_most(fd, &mut self.ahead, READ_AHEAD)
            }
        };
        match read {
            Ok(0) => Ok(Step::End),
            Ok(_) => Ok(Step::Moved),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Step::WouldBlock),
            Err(Errno::CONNRESET | Errno::PIPE) => Ok(Step::End),
            Err(error) => Err(IpcError::Os { what: "read", source: error.into() }),
        }
    }
}

/// Reads once, and appends what came. A buffer may have more room than it was asked to reserve, which is not filled: what
/// follows belongs to the next message.
fn read_at_most(fd: &OwnedFd, target: &mut Vec<u8>, most: usize) -> rustix::io::Result<usize> {
    target.reserve(most);
    let before = target.len();
    let count = rustix::io::read(fd, &mut target.spare_capacity_mut()[..most])?.0.len();
    // SAFETY: So many bytes after the old end have just been written, within the room that was reserved.
    unsafe { target.set_len(before + count) };
    Ok(count)
}

/// Writes messages to a non-blocking descriptor and keeps what did not fit.
#[derive(Default)]
pub(super) struct FrameWriter {
    kept: Vec<u8>,
    written: usize,
}

impl FrameWriter {
    /// Whether something waits to be written.
    pub(super) fn pending(&self) -> bool {
        self.written < self.kept.len()
    }

    /// Writes a message that consists of `parts`, as far as it goes, and keeps the rest.
    pub(super) fn push(&mut self, fd: &OwnedFd, parts: [&[u8]; 2]) -> Result<Step, IpcError> {
        let header = header(parts[0].len() + parts[1].len());
        let mut slices = [&header[..], parts[0], parts[1]];
        let mut step = Step::Moved;
        if !self.pending() {
            while slices.iter().any(|slice| !slice.is_empty()) {
                match rustix::io::writev(fd, &slices.map(IoSlice::new)) {
                    Ok(count) => skip(&mut slices, count),
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(Errno::PIPE | Errno::CONNRESET) => {
                        step = Step::End;
                        break;
                    }
                    Err(error) => return Err(IpcError::Os { what: "write", source: error.into() }),
                }
            }
        }
        for slice in slices {
            self.kept.extend_from_slice(slice);
        }
        Ok(step)
    }

    /// Writes what was kept, once.
    pub(super) fn advance(&mut self, fd: &OwnedFd) -> Result<Step, IpcError> {
        if !self.pending() {
            return Ok(Step::Moved);
        }
        match rustix::io::write(fd, &self.kept[self.written..]) {
            Ok(count) => {
                self.written += count;
                if !self.pending() {
                    self.kept.clear();
                    self.written = 0;
                }
                Ok(Step::Moved)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(Step::WouldBlock),
            Err(Errno::PIPE | Errno::CONNRESET) => Ok(Step::End),
            Err(error) => Err(IpcError::Os { what: "write", source: error.into() }),
        }
    }
}

fn skip(slices: &mut [&[u8]], mut count: usize) {
    for slice in slices {
        let part = count.min(slice.len());
        *slice = &slice[part..];
        count -= part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of messages that all wait at once, each is read to its end and not beyond, whatever room the buffers have from before.
    #[test]
    fn messages_that_wait_behind_each_other_stay_apart() {
        use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
        let (read, write) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        fcntl_setpipe_size(&write, 1 << 20).unwrap();
        let sizes = [100, 70 << 10, 69_999, 150 << 10, 65_537, 8, 131_073, 3, 90_000, 64 << 10, 70 << 10, 200_000];
        let (mut reader, mut writer, mut message) = (FrameReader::default(), FrameWriter::default(), Vec::new());
        for round in 0..4 {
            let made = |at: usize| vec![(round * 16 + at) as u8; sizes[(at + round) % sizes.len()]];
            for at in 0..sizes.len() {
                writer.push(&write, [&made(at), &[]]).unwrap();
            }
            for at in 0..sizes.len() {
                while !reader.take(&mut message).unwrap() {
                    writer.advance(&write).unwrap();
                    reader.advance(&read).unwrap();
                }
                assert_eq!(message.len(), made(at).len(), "message {at} of round {round}");
                assert!(message == made(at), "message {at} of round {round}");
            }
        }
    }

    #[test]
    fn a_damaged_header_is_a_protocol_error() {
        for size in [0usize, 1, 64, 1 << 20, MESSAGE_LIMIT] {
            let good = header(size);
            assert_eq!(length(good).unwrap(), size);
            for bit in 0..64 {
                let bad = u64::from_le_bytes(good) ^ (1 << bit);
                assert!(matches!(length(bad.to_le_bytes()), Err(IpcError::Protocol(_))), "bit {bit}");
            }
        }
        assert!(length(header(MESSAGE_LIMIT + 1)).is_err());
    }
}
