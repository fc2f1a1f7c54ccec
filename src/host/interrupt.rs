//! Ctrl-C and SIGTERM: the first is noted and ends the running trial, the second ends the program at once.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::model::monotonic;

/// Nanoseconds within which a signal that comes again is the same one: `timeout` of GNU sends its own to a program and to
/// the program's group.
const ONE_SIGNAL: u64 = 50_000_000;

/// Whether the program was asked to end, and by which signal.
#[derive(Clone, Debug)]
pub struct Interrupt {
    signal: Arc<AtomicUsize>,
    /// Becomes readable with the first signal, so that a poll ends.
    wake: Arc<UnixStream>,
}

impl Interrupt {
    /// Installs the handlers.
    ///
    /// # Errors
    /// Where the system refuses a handler.
    pub fn install() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let signal = Arc::new(AtomicUsize::new(0));
        for number in [SIGINT, SIGTERM] {
            let first = AtomicU64::new(0);
            let end_if_again = move || {
                let now = monotonic();
                if let Err(first) = first.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed)
                    && now.saturating_sub(first) > ONE_SIGNAL
                {
                    signal_hook::low_level::exit(128 + number);
                }
            };
            // SAFETY: Reading the clock, an atomic number and ending the process are safe in a handler of signals.
            unsafe { signal_hook::low_level::register(number, end_if_again) }?;
            signal_hook::flag::register_usize(number, Arc::clone(&signal), number as usize)?;
            signal_hook::low_level::pipe::register(number, write.try_clone()?)?;
        }
        Ok(Self { signal, wake: Arc::new(read) })
    }

    /// The signal that came, if one did.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            number => Some(number as i32),
        }
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
