//! Descriptors that a worker inherits.

use std::os::fd::{FromRawFd as _, OwnedFd};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{FdFlags, fcntl_setfd};

use super::IpcError;

/// Takes ownership of an inherited descriptor whose number came with the ticket, and keeps it from further children.
pub(super) fn inherited(number: &str) -> Result<OwnedFd, IpcError> {
    let damaged = || IpcError::Protocol(format!("`{number}` is no inherited descriptor"));
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
