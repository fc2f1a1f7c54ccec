//! The emulated interpreter lock of a process that runs items: who gets one, and what it leaves.

use std::sync::Arc;
use std::time::Duration;

use crate::model::spec::JobSpec;
use crate::record::{Event, EventKind, MOST_EVENTS, Measurement};
use crate::runtime::{Gil, Held, Holder};
use crate::setting::Runtime;
use crate::task::Context;

/// The lock that this process has under this brief's runtime, if it has one.
pub fn of(brief: &JobSpec) -> Option<Arc<Gil>> {
    let interval = Duration::from_nanos(brief.config.switch_interval.unwrap_or(5_000_000));
    let most_held = if brief.trace { MOST_EVENTS * brief.workers() } else { 0 };
    (brief.runtime == Runtime::GilEmulation).then(|| Gil::new(interval, most_held))
}

/// The context in which a thread's items run: with its way to the lock, where there is one.
pub fn context<'a>(brief: &JobSpec, lock: Option<&Arc<Gil>>, thread: usize) -> Context<'a> {
    let held = Duration::from_nanos(brief.config.gil_hold.unwrap_or(0));
    lock.map_or_else(Context::native, |gil| Context::with_hooks(Holder::new(gil, thread as u32, held)))
}

/// Puts into `ran` what a lock of this process was asked for and, where events are kept, when it was held. `began` is the
/// start of the run on the monotonic clock.
pub fn note(ran: &mut Measurement, lock: Option<&Arc<Gil>>, began: u64) {
    let Some(gil) = lock else { return };
    ran.details.lock = Some(ran.details.lock.unwrap_or_default().plus(gil.used()));
    let (held, left_out) = gil.held();
    ran.left_out += left_out;
    let since = |time: u64| time.saturating_sub(began);
    let event = |held: &Held| Event(held.thread + 1, EventKind::Held, since(held.start), since(held.end));
    ran.events.extend(held.iter().map(event));
}
