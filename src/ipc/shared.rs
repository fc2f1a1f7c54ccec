//! `shared_memory`: one segment per trial with two rings per worker and direction, slept on by futex.
//!
//! Layout: one line for the dispatcher's bell, then per worker one line for its bell, one for three flags (it is dead; the
//! dispatcher, or the worker, has more to write than its ring holds), and two rings.

use std::collections::VecDeque;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Instant;

use super::fd::inherited;
use super::frame::header;
use super::ring::{FutexEvent, OVERHEAD, Reader, Writer};
use super::segment::{LINE, Segment};
use super::waiting::Spinner;
use super::{ConnectInfo, DeathNotifier, DispatcherEnd, IpcError, Wait, WorkerEnd};

/// What a ticket starts with that names a descriptor in place of a segment's name, which starts with `/`.
const INHERITED: &str = "fd:";

/// Where the parts of one worker lie.
#[derive(Clone, Copy)]
struct Layout {
    capacity: usize,
}

impl Layout {
    fn stride(self) -> usize {
        2 * LINE + 2 * (OVERHEAD + self.capacity)
    }
    fn size(self, workers: usize) -> usize {
        LINE + workers * self.stride()
    }
    fn bell(self, worker: usize) -> usize {
        LINE + worker * self.stride()
    }
    fn dead(self, worker: usize) -> usize {
        self.bell(worker) + LINE
    }
    fn hub_starved(self, worker: usize) -> usize {
        self.dead(worker) + 4
    }
    fn worker_starved(self, worker: usize) -> usize {
        self.dead(worker) + 8
    }
    fn requests(self, worker: usize) -> usize {
        self.dead(worker) + LINE
    }
    fn replies(self, worker: usize) -> usize {
        self.requests(worker) + OVERHEAD + self.capacity
    }
}

/// A ring that holds two messages of the expected size, from 64 KiB to 4 MiB: larger ones would leave the cache.
fn capacity_for(largest: usize) -> usize {
    (2 * (largest + 64)).next_power_of_two().clamp(64 * 1024, 4 << 20)
}

/// Says that one side has more to write than the ring holds. The other side wakes it only then: a needless wake-up after
/// every message would cost more than the message.
struct BackpressureFlag {
    segment: Arc<Segment>,
    offset: usize,
}

impl BackpressureFlag {
    fn new(segment: &Arc<Segment>, offset: usize) -> Self {
        Self { segment: Arc::clone(segment), offset }
    }
    fn set(&self, starved: bool) {
        self.segment.word32(self.offset).store(u32::from(starved), Ordering::SeqCst);
    }
    /// Whether the other side starves. Called after making room, without a fence, which would cost more than the message:
    /// so the answer may be out of date, and the side that goes to sleep asks again after one ([`BackpressureFlag::is_surely_set`]).
    #[inline]
    fn is_set(&self) -> bool {
        self.segment.word32(self.offset).load(Ordering::Relaxed) != 0
    }
    /// The same, certain to see a flag that was set before the other side looked for room in vain.
    fn is_surely_set(&self) -> bool {
        fence(Ordering::SeqCst);
        self.is_set()
    }
}

struct Peer {
    requests: Writer,
    replies: Reader,
    bell: FutexEvent,
    starved: BackpressureFlag,
    worker_starved: BackpressureFlag,
    /// Bytes that did not fit into the ring, in order.
    kept: VecDeque<(Vec<u8>, usize)>,
    gone: bool,
}

struct SharedHub {
    segment: Arc<Segment>,
    layout: Layout,
    peers: Vec<Peer>,
    bell: FutexEvent,
    wait: Wait,
    next: usize,
}

pub(super) fn hub(
    workers: usize,
    wait: Wait,
    largest: usize,
    prefix: &str,
) -> Result<(Box<dyn DispatcherEnd>, Vec<ConnectInfo>), IpcError> {
    let layout = Layout { capacity: capacity_for(largest) };
    let segment = Arc::new(Segment::create(prefix, layout.size(workers))?);
    let peers = (0..workers).map(|worker| Peer::new(&segment, layout, worker)).collect();
    let tickets = (0..workers)
        .map(|worker| ConnectInfo {
            text: format!("{},{worker},{}", segment.name(), layout.capacity),
            inherit: Vec::new(),
        })
        .collect();
    let bell = FutexEvent::new(&segment, 0);
    Ok((Box::new(SharedHub { segment, layout, peers, bell, wait, next: 0 }), tickets))
}

impl Peer {
    fn new(segment: &Arc<Segment>, layout: Layout, worker: usize) -> Self {
        Self {
            requests: Writer::new(segment, layout.requests(worker), layout.capacity),
            replies: Reader::new(segment, layout.replies(worker), layout.capacity),
            bell: FutexEvent::new(segment, layout.bell(worker)),
            starved: BackpressureFlag::new(segment, layout.hub_starved(worker)),
            worker_starved: BackpressureFlag::new(segment, layout.worker_starved(worker)),
            kept: VecDeque::new(),
            gone: false,
        }
    }

    /// Writes what was kept, as far as it fits.
    fn flush(&mut self) {
        let mut moved = false;
        while let Some((bytes, at)) = self.kept.front_mut() {
            let count = self.requests.push_part(&bytes[*at..]);
            *at += count;
            moved |= count > 0;
            if *at < bytes.len() {
                break;
            }
            self.kept.pop_front();
        }
        self.starved.set(!self.kept.is_empty());
        if moved {
            self.bell.ring();
        }
    }

    fn ready(&mut self) -> bool {
        self.replies.has_data() || (!self.kept.is_empty() && self.requests.has_room())
    }
}

impl SharedHub {
    fn dead(&self, worker: usize) -> bool {
        self.segment.word32(self.layout.dead(worker)).load(Ordering::Acquire) != 0
    }

    fn look(&mut self, message: &mut Vec<u8>) -> Result<Option<usize>, IpcError> {
        let count = self.peers.len();
        for turn in 0..count {
            let worker = if self.next + turn < count { self.next + turn } else { self.next + turn - count };
            // Death is read before the ring, so that everything written before it is seen.
            let dead = !self.peers[worker].gone && self.dead(worker);
            let peer = &mut self.peers[worker];
            if !peer.kept.is_empty() {
                peer.flush();
            }
            let (whole, moved) = peer.replies.poll(message)?;
            if moved && peer.worker_starved.is_set() {
                peer.bell.ring();
            }
            if whole {
                self.next = if worker + 1 < count { worker + 1 } else { 0 };
                return Ok(Some(worker));
            }
            if dead {
                peer.gone = true;
                return Err(IpcError::Gone(worker));
            }
        }
        Ok(None)
    }
}

impl DispatcherEnd for SharedHub {
    fn accept(&mut self, _: Instant) -> Result<(), IpcError> {
        Ok(())
    }

    fn connected(&mut self) {
        self.segment.unlink();
    }

    fn send(&mut self, worker: usize, message: &[u8]) -> Result<(), IpcError> {
        if self.peers[worker].gone {
            return Err(IpcError::Gone(worker));
        }
        let peer = &mut self.peers[worker];
        if peer.kept.is_empty() && peer.requests.push(message) {
            peer.bell.ring();
        } else {
            peer.kept.push_back(([&header(message.len())[..], message].concat(), 0));
            peer.flush();
        }
        Ok(())
    }

    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<usize, IpcError> {
        let mut spinner = Spinner::new(self.wait);
        loop {
            if let Some(worker) = self.look(message)? {
                return Ok(worker);
            }
            if spinner.again() {
                continue;
            }
            let Self { bell, peers, segment, layout, .. } = self;
            peers.iter().filter(|peer| peer.worker_starved.is_surely_set()).for_each(|peer| peer.bell.ring());
            bell.sleep(deadline, || {
                peers.iter_mut().enumerate().any(|(worker, peer)| {
                    peer.ready() || (!peer.gone && segment.word32(layout.dead(worker)).load(Ordering::Acquire) != 0)
                })
            })?;
        }
    }

    /// The same rings, emptied: nobody else uses them any more. The name of the segment is gone by now, so the new worker
    /// inherits a descriptor.
    fn replace(&mut self, worker: usize) -> Result<ConnectInfo, IpcError> {
        let Self { segment, layout, peers, .. } = self;
        let lines = [layout.bell(worker), layout.dead(worker)];
        let rings = [layout.requests(worker), layout.replies(worker)].map(|ring| [ring, ring + LINE]);
        for word in lines.into_iter().chain(rings.into_iter().flatten()).flat_map(|line| [line, line + 8]) {
            segment.word64(word).store(0, Ordering::SeqCst);
        }
        peers[worker] = Peer::new(segment, *layout, worker);
        let fd = segment.descriptor()?;
        let text = format!("{INHERITED}{},{worker},{}", fd.as_raw_fd(), layout.capacity);
        Ok(ConnectInfo { text, inherit: vec![fd] })
    }

    fn obituary(&self) -> Option<Arc<dyn DeathNotifier>> {
        let bell = FutexEvent::new(&self.segment, 0);
        Some(Arc::new(Notice { segment: Arc::clone(&self.segment), layout: self.layout, bell }))
    }
}

struct Notice {
    segment: Arc<Segment>,
    layout: Layout,
    bell: FutexEvent,
}

impl DeathNotifier for Notice {
    fn died(&self, worker: usize) {
        self.segment.word32(self.layout.dead(worker)).store(1, Ordering::Release);
        self.bell.ring();
    }
}

struct SharedChannel {
    requests: Reader,
    replies: Writer,
    bell: FutexEvent,
    hub: FutexEvent,
    starved: BackpressureFlag,
    hub_starved: BackpressureFlag,
    wait: Wait,
}

pub(super) fn open(ticket: &str, wait: Wait) -> Result<Box<dyn WorkerEnd>, IpcError> {
    let damaged = || IpcError::Protocol(format!("`{ticket}` is not a ticket"));
    let mut parts = ticket.split(',');
    let name = parts.next().ok_or_else(damaged)?;
    let worker: usize = parts.next().and_then(|part| part.parse().ok()).ok_or_else(damaged)?;
    let capacity: usize = parts.next().and_then(|part| part.parse().ok()).ok_or_else(damaged)?;
    let layout = Layout { capacity };
    let segment = match name.strip_prefix(INHERITED) {
        Some(number) => Segment::inherited(&inherited(number)?)?,
        None => Segment::open(name)?,
    };
    if segment.len() < layout.size(worker + 1) {
        return Err(damaged());
    }
    let segment = Arc::new(segment);
    Ok(Box::new(SharedChannel {
        requests: Reader::new(&segment, layout.requests(worker), capacity),
        replies: Writer::new(&segment, layout.replies(worker), capacity),
        bell: FutexEvent::new(&segment, layout.bell(worker)),
        hub: FutexEvent::new(&segment, 0),
        starved: BackpressureFlag::new(&segment, layout.worker_starved(worker)),
        hub_starved: BackpressureFlag::new(&segment, layout.hub_starved(worker)),
        wait,
    }))
}

impl WorkerEnd for SharedChannel {
    fn send(&mut self, message: &[u8], deadline: Instant) -> Result<(), IpcError> {
        if self.replies.push(message) {
            self.hub.ring();
            return Ok(());
        }
        self.starved.set(true);
        for bytes in [&header(message.len())[..], message] {
            let mut at = 0;
            let mut spinner = Spinner::new(self.wait);
            while at < bytes.len() {
                let count = self.replies.push_part(&bytes[at..]);
                at += count;
                if count > 0 {
                    self.hub.ring();
                } else if !spinner.again() {
                    self.bell.sleep(deadline, || self.replies.has_room())?;
                }
            }
        }
        self.starved.set(false);
        Ok(())
    }

    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<(), IpcError> {
        let mut spinner = Spinner::new(self.wait);
        loop {
            let (whole, moved) = self.requests.poll(message)?;
            if moved && self.hub_starved.is_set() {
                self.hub.ring();
            }
            if whole {
                return Ok(());
            }
            if !spinner.again() {
                if self.hub_starved.is_surely_set() {
                    self.hub.ring();
                }
                self.bell.sleep(deadline, || self.requests.has_data())?;
            }
        }
    }
}
