//! Descriptors that a worker inherits, or that are handed to a running process.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

use super::IpcError;

/// Takes ownership of an inherited descriptor whose number came with the ticket, and keeps it from further children.
pub(super) fn inherited(number: &str) -> Result<OwnedFd, IpcError> {
    let damaged = || IpcError::Protocol(format!("`{number}` is not an inherited descriptor"));
    let raw: i32 = number.parse().map_err(|_| damaged())?;
    // SAFETY: F_GETFD only asks; a number that is not open gives an error.
    if raw < 3 || unsafe { libc::fcntl(raw, libc::F_GETFD) } < 0 {
        return Err(damaged());
    }
    // SAFETY: The descriptor is open, and the ticket that names it is opened once per process.
    let fd = unsafe { OwnedFd::from_raw_fd(raw) };
    fcntl_setfd(&fd, FdFlags::CLOEXEC).map_err(|e| IpcError::os("close-on-exec")(e.into()))?;
    Ok(fd)
}

/// Makes reads and writes return at once where they would wait.
pub(super) fn set_nonblocking(fd: &OwnedFd) -> Result<(), IpcError> {
    let set = || fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK);
    set().map_err(|e| IpcError::os("non-blocking mode")(e.into()))
}

/// Most descriptors that go with one message.
const MOST: usize = 8;
/// Longest message that descriptors go with.
const LONGEST: usize = 4096;

/// Sends a short message with descriptors over a socket that keeps messages whole.
///
/// # Errors
/// Where the socket refuses it.
pub fn give(to: &OwnedFd, message: &[u8], fds: &[BorrowedFd<'_>]) -> Result<(), IpcError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(IpcError::Protocol(format!("{} descriptors are too many for one message", fds.len())));
    }
    let sent = sendmsg(to, &[IoSlice::new(message)], &mut ancillary, SendFlags::NOSIGNAL);
    sent.map(|_| ()).map_err(|e| IpcError::os("sending descriptors")(e.into()))
}

/// A message and the descriptors that came with it.
pub type Given = (Vec<u8>, Vec<OwnedFd>);

/// Waits for such a message; `None` once the other end is closed.
///
/// # Errors
/// Where the socket refuses it.
pub fn take(from: &OwnedFd) -> Result<Option<Given>, IpcError> {
    let mut message = vec![0; LONGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let got = loop {
        match recvmsg(from, &mut [IoSliceMut::new(&mut message)], &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            Err(Errno::CONNRESET) => return Ok(None),
            other => break other.map_err(|e| IpcError::os("receiving descriptors")(e.into()))?,
        }
    };
    let fds = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let fds: Vec<OwnedFd> = fds.flatten().collect();
    message.truncate(got.bytes);
    Ok((got.bytes > 0).then_some((message, fds)))
}
