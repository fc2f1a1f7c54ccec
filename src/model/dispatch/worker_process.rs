//! A worker process, and the manager process: what runs behind the hidden subcommands.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ipc::{self, IpcError, Requests, Table, WorkerEnd};
use crate::model::dispatch::wire::{self, Cursor, JobMessage, Report};
use crate::model::error::Damaged;
use crate::model::probe::global::GlobalProbe;
use crate::model::worker::affinity::pin;
use crate::model::worker::arrivals::sleep_exactly;
use crate::model::worker::gil;
use crate::model::worker::item_runner::ItemRunner;
use crate::model::worker::iterations::parts_of;
use crate::model::worker::parent_memory::ParentMemory;
use crate::model::worker::request_source::RequestSource;
use crate::model::worker::trail::seen;
use crate::record::{RunError, Usage};
use crate::setting::{EnumWords as _, Method, Wait};
use crate::task::{Message, PartContext, Tasks, Topology};

/// No worker lives longer than this: the host ends it, or the lifeline does, and this bounds a single wait beyond both.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Has this process, which a host started with a pipe as standard input, end when the host is gone: by signal, and by the end of the inherited lifeline on standard input, since
/// the signal follows the thread that started this process and not the host as a whole.
pub fn die_with_parent() {
    // SAFETY: Only sets the signal that the kernel sends when the parent ends.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    std::thread::spawn(|| {
        let mut byte = [0];
        loop {
            match rustix::io::read(rustix::stdio::stdin(), &mut byte) {
                Err(rustix::io::Errno::INTR) => {}
                // SAFETY: Ends the process at once; nothing of it is needed any more.
                _ => unsafe { libc::_exit(113) },
            }
        }
    });
}

fn parse_wait(word: &str) -> Wait {
    if word == "spin" { Wait::Spin } else { Wait::Sleep }
}

/// The manager process. Arguments: wait, ticket. Returns the exit code.
#[must_use]
pub fn manager_main(arguments: &[String]) -> u8 {
    die_with_parent();
    let [wait, ticket] = arguments else { return 2 };
    match ipc::serve_manager(ticket, parse_wait(wait), || Usage::now().numbers()) {
        Ok(()) => 0,
        Err(error) => {
            // Where the host reads standard error no longer, nobody needs the message.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("manager: {error}\n"));
            1
        }
    }
}

/// A worker process. Arguments: method, wait, ticket. Returns the exit code.
#[must_use]
pub fn worker_main(tasks: &Tasks, arguments: &[String]) -> u8 {
    // A fresh program has nothing of what its parent holds.
    be_worker(tasks, arguments, &ParentMemory::default())
}

/// The whole life of a process that was made to be a worker by copying another, from here on. It does not return, since
/// what stands above it on the stack is the other's work.
pub fn end_with(body: impl FnOnce() -> u8) -> ! {
    // As a program ends that panics.
    let code = catch_unwind(AssertUnwindSafe(body)).unwrap_or(101);
    // SAFETY: Ends the copy without running what the original registered for its own end.
    unsafe { libc::_exit(code.into()) }
}

/// The same as [`worker_main`], in a process that has what `parent` holds.
pub fn be_worker(tasks: &Tasks, arguments: &[String], parent: &ParentMemory) -> u8 {
    die_with_parent();
    let [method, wait, ticket] = arguments else { return 2 };
    let Some(method) = Method::of_word(method) else { return 2 };
    let (wait, deadline) = (parse_wait(wait), Instant::now() + LIFE);
    let mut channel = match ipc::open(method, ticket, wait, deadline) {
        Ok(channel) => channel,
        Err(error) => {
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("worker: {error}\n"));
            return 1;
        }
    };
    let mut worker = Worker { tasks, channel: channel.as_mut(), wait, deadline, parent };
    match worker.live() {
        Ok(()) => 0,
        // The dispatcher is gone or has ended the trial: nobody is left to be told.
        Err(RunError::TimedOut) => 1,
        Err(trouble) => {
            let text = match trouble {
                RunError::Failed(text) | RunError::Protocol(text) => text,
                RunError::WorkerDied { cause } | RunError::HostDied { cause } => cause,
                RunError::TimedOut => String::new(),
            };
            let message = [&[wire::ERROR], text.as_bytes()].concat();
            let _ = worker.channel.send(&message, deadline);
            1
        }
    }
}

struct Worker<'a> {
    tasks: &'a Tasks,
    channel: &'a mut dyn WorkerEnd,
    wait: Wait,
    deadline: Instant,
    parent: &'a ParentMemory,
}

impl Worker<'_> {
    fn send(&mut self, message: &[u8]) -> Result<(), RunError> {
        Ok(self.channel.send(message, self.deadline)?)
    }

    fn receive(&mut self, message: &mut Vec<u8>) -> Result<u8, RunError> {
        match self.channel.receive(message, self.deadline) {
            // The dispatcher ended: a trial that was given up.
            Err(IpcError::Gone(_)) => Err(RunError::TimedOut),
            other => {
                other?;
                message.first().copied().ok_or(RunError::from(Damaged))
            }
        }
    }

    fn live(&mut self) -> Result<(), RunError> {
        let (mut message, mut replies) = (Vec::new(), Vec::new());
        if self.receive(&mut message)? != wire::JOB {
            return Err(Damaged.into());
        }
        let job: JobMessage = serde_json::from_slice(&message[1..]).map_err(|_| Damaged)?;
        pin(job.core);
        let prepared = job.brief.prepare(self.tasks)?;
        let table = job.table.as_deref().map(Table::open).transpose()?;
        // A table of bulk payloads holds claims alone: a worker stamps buffers of its own, as a thread does.
        let nothing = Requests::default();
        let bulk = table.is_some() && prepared.repeats().is_some();
        let mut feed = bulk.then(|| RequestSource::new(prepared.as_ref(), &nothing));
        let yields = job.brief.topology(self.tasks).finds();
        let mut hand = WorkerParts::new(&job, job.brief.topology(self.tasks));
        if job.brief.config.rate.is_some() {
            sleep_exactly();
        }
        self.parent.visit();
        let glance = GlobalProbe::of_worker(prepared.as_ref(), job.worker);
        self.send(&[wire::READY])?;
        let lock = gil::of(&job.brief);
        let mut bench = ItemRunner::new(prepared.as_ref(), &job.brief).under(&job.brief, lock.as_ref(), job.worker);
        bench.begin_watch();
        let mut report = Report::default();
        let mut barrier = Usage::default();
        loop {
            match self.receive(&mut message)? {
                kind @ (wire::WARM | wire::ITEMS | wire::STAGE | wire::WARM_STAGE | wire::ITERATION) => {
                    answer(kind, &message[1..], &mut bench, &mut hand, yields, &mut replies)?;
                    self.send(&replies)?;
                }
                wire::GO => {
                    barrier = Usage::with_children();
                    bench.begin_work();
                    report.start = barrier;
                    self.send(&[wire::STANDING])?;
                    if let Some(table) = &table {
                        work_table(table, &mut bench, feed.as_mut(), &job, self.wait, self.deadline)?;
                    }
                }
                wire::FINISH => {
                    bench.end_watch();
                    report.work = Usage::with_children().since(barrier);
                    report.lock = lock.as_ref().map(|gil| gil.used());
                    report.seen = glance.and_then(|glance| glance.again(prepared.as_ref()));
                    report.tell(bench, table.is_some());
                    let text = serde_json::to_vec(&report).map_err(|_| Damaged)?;
                    return self.send(&[&[wire::REPORT], &text[..]].concat());
                }
                _ => return Err(Damaged.into()),
            }
        }
    }
}

impl Report {
    /// Adds what a bench has beside the replies, which went to the dispatcher unless a table was worked on.
    fn tell(&mut self, bench: ItemRunner<'_>, table: bool) {
        (self.first_item, self.warm_up) = (bench.first_item, bench.warm_up);
        if let Some(watch) = bench.watch {
            self.times = Some(watch.times);
            let stamps = watch.stamps.unwrap_or_default();
            (self.items, self.left_out) = (stamps.kept, stamps.left_out);
        }
        if let Some(clocked) = bench.clocked.filter(|_| table) {
            let recorded = clocked.service.iter_recorded();
            self.service = recorded.map(|v| (v.value_iterated_to(), v.count_at_value())).collect();
        }
    }
}

/// Does what a message about items asks for, and writes the answer.
fn answer(
    kind: u8,
    message: &[u8],
    bench: &mut ItemRunner<'_>,
    hand: &mut WorkerParts,
    yields: bool,
    replies: &mut Vec<u8>,
) -> Result<(), RunError> {
    match kind {
        wire::ITEMS => return run_items(bench, message, yields, replies),
        wire::STAGE => return run_stage(bench, message, replies),
        wire::ITERATION => return hand.play(bench, message, replies),
        wire::WARM_STAGE => {
            let (_, input, request) = wire::take_stage(message)?;
            bench.warm_up_stage(input, request)?;
        }
        _ => run_warm(bench, message)?,
    }
    replies.clear();
    replies.push(wire::WARM);
    Ok(())
}

fn run_warm(bench: &mut ItemRunner<'_>, items: &[u8]) -> Result<(), RunError> {
    let mut cursor = Cursor::new(items);
    let mut requests = Vec::new();
    while !cursor.is_empty() {
        requests.push(wire::take_item(&mut cursor)?.1);
    }
    bench.context.acquire();
    bench.warm_up(requests.len() as u64, |item| requests[item as usize])?;
    bench.context.release();
    Ok(())
}

/// Runs the items of a message and writes the message of their replies.
fn run_items(bench: &mut ItemRunner<'_>, items: &[u8], yields: bool, message: &mut Vec<u8>) -> Result<(), RunError> {
    message.clear();
    message.push(wire::REPLIES);
    let mut cursor = Cursor::new(items);
    bench.context.acquire();
    bench.resume();
    while !cursor.is_empty() {
        let (item, request) = wire::take_item(&mut cursor)?;
        let start = bench.clock();
        let seen = bench.serve(item, request)?;
        let service = bench.stop(start);
        let yielded = if yields { bench.context.take_yielded() } else { Vec::new() };
        let reply = wire::Reply { item, seen, service, yielded: yielded.len() as u32, bytes: &bench.reply };
        wire::put_reply(message, &reply, &yielded);
    }
    bench.context.release();
    Ok(())
}

/// The same for an item of a stage, which yields no others.
fn run_stage(bench: &mut ItemRunner<'_>, message: &[u8], reply: &mut Vec<u8>) -> Result<(), RunError> {
    let (item, input, request) = wire::take_stage(message)?;
    reply.clear();
    reply.push(wire::REPLIES);
    bench.resume();
    let start = bench.clock();
    let seen = seen(input.unwrap_or_default(), request);
    bench.stage(item, input, request)?;
    let service = bench.stop(start);
    wire::put_reply(reply, &wire::Reply { item, seen, service, yielded: 0, bytes: &bench.reply }, &[]);
    Ok(())
}

/// A worker's parts of a job in iterations: what each keeps from iteration to iteration, and has received from others of this worker.
struct WorkerParts {
    parts: u64,
    own: Range<u64>,
    kept: BTreeMap<u64, PartContext>,
}

impl WorkerParts {
    fn new(job: &JobMessage, topology: Topology) -> Self {
        let parts = topology.parts().unwrap_or(1);
        Self { parts, own: parts_of(job.worker, job.brief.workers(), parts), kept: BTreeMap::new() }
    }

    /// Plays the parts of one message, and writes the message of their replies.
    fn play(&mut self, bench: &mut ItemRunner<'_>, message: &[u8], replies: &mut Vec<u8>) -> Result<(), RunError> {
        replies.clear();
        replies.push(wire::REPLIES);
        let mut cursor = Cursor::new(message);
        let told: Arc<[u8]> = cursor.block()?.into();
        // What parts of this worker send to each other crosses to nobody.
        let mut here: Vec<(u64, Message)> = Vec::new();
        bench.context.acquire();
        bench.resume();
        while !cursor.is_empty() {
            let (item, request) = wire::take_item(&mut cursor)?;
            let part = item % self.parts;
            let turn = self.kept.entry(part).or_default();
            let mut received = std::mem::take(&mut turn.received);
            received.extend(wire::take_letters(&mut cursor)?);
            received.sort_by_key(|(from, _)| *from);
            bench.context.turn = PartContext { told: Arc::clone(&told), received, ..std::mem::take(turn) };
            let start = bench.clock();
            let seen = bench.serve(item, request)?;
            let service = bench.stop(start);
            let mut sent = Vec::new();
            for (to, bytes) in bench.context.turn.sent.drain(..) {
                match self.own.contains(&to) {
                    true => here.push((to, (part, bytes))),
                    false => sent.push(wire::letter_block(&(to, bytes))),
                }
            }
            *turn = std::mem::take(&mut bench.context.turn);
            turn.received.clear();
            let reply = wire::Reply { item, seen, service, yielded: sent.len() as u32, bytes: &bench.reply };
            wire::put_reply(replies, &reply, &sent);
        }
        bench.context.release();
        for (to, letter) in here {
            self.kept.entry(to).or_default().received.push(letter);
        }
        Ok(())
    }
}

fn work_table(
    table: &Table,
    bench: &mut ItemRunner<'_>,
    mut feed: Option<&mut RequestSource<'_>>,
    job: &JobMessage,
    wait: Wait,
    deadline: Instant,
) -> Result<(), RunError> {
    table.wait_for_start(wait, deadline)?;
    bench.context.acquire();
    bench.resume();
    let chunk = job.brief.chunk();
    while let Some(claim) = table.claim(chunk) {
        for item in claim {
            match &mut feed {
                Some(feed) => bench.item(item, feed.get(item))?,
                None => bench.item(item, table.request(item))?,
            }
            table.publish(job.worker, bench.done, bench.sum);
        }
    }
    bench.context.release();
    table.finish();
    Ok(())
}
