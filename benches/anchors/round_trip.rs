//! Round trips over each IPC method against a bare ping-pong on the same primitive.

use runner::internal::ipc::{self, DispatcherEnd};
use runner::internal::setting::{Method, Wait};

use super::bare::{Line, Peer, Pipes, Queue, Relay, start};
use super::{Side, compare, per_call, pin, pin_as_told, soon};

pub const PEER: &str = "__peer";

/// A hub with one echoing peer.
struct Echo {
    hub: Box<dyn DispatcherEnd>,
    message: Vec<u8>,
    reply: Vec<u8>,
    /// Dropped after the hub.
    _processes: Vec<Peer>,
}

fn wait_word(wait: Wait) -> &'static str {
    if wait == Wait::Spin { "spin" } else { "sleep" }
}

impl Echo {
    fn new(method: Method, wait: Wait, size: usize) -> Self {
        let prefix = format!("/runner-bench-{}", std::process::id());
        let (mut hub, tickets) = ipc::hub(method, 1, wait, size, &prefix).expect("hub");
        let mut processes = Vec::new();
        if let Some(ticket) = hub.server() {
            let inherit: Vec<_> = ticket.inherit.iter().collect();
            processes.push(start(runner::internal::reexec::MANAGER, &[wait_word(wait), &ticket.text], &inherit));
        }
        for ticket in &tickets {
            let inherit: Vec<_> = ticket.inherit.iter().collect();
            let arguments = [method.word(), wait_word(wait), ticket.text.as_str()];
            processes.push(start(PEER, &arguments, &inherit));
        }
        drop(tickets);
        hub.accept(soon()).expect("accept");
        let mut echo = Self { hub, message: vec![7; size], reply: Vec::new(), _processes: processes };
        echo.round_trip();
        echo.hub.connected();
        echo
    }

    fn round_trip(&mut self) {
        self.hub.send(0, &self.message).expect("send");
        self.hub.receive(&mut self.reply, soon()).expect("receive");
        assert_eq!(self.reply.len(), self.message.len());
    }
}

/// The echoing peer.
pub fn peer(arguments: &[String]) -> u8 {
    pin_as_told();
    // SAFETY: Only asks the kernel to end this process with its parent.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let method = <Method as runner::internal::setting::EnumWords>::of_word(&arguments[0]).expect("a method");
    let wait = if arguments[1] == "spin" { Wait::Spin } else { Wait::Sleep };
    let mut channel = ipc::open(method, &arguments[2], wait, soon()).expect("open");
    let deadline = soon() + std::time::Duration::from_secs(3600);
    let mut message = Vec::new();
    while channel.receive(&mut message, deadline).is_ok() && channel.send(&message, deadline).is_ok() {}
    0
}

fn ours<'a>(name: &'a str, method: Method, wait: Wait, size: usize, count: u32) -> Side<'a> {
    let mut echo = Echo::new(method, wait, size);
    (name, Box::new(move || per_call(count, || echo.round_trip())))
}

pub fn run() {
    pin(super::own_core());
    for (size, label, count) in [(64, "64 B", 400), (4096, "4 KiB", 400), (1 << 20, "1 MiB", 12)] {
        for wait in [Wait::Sleep, Wait::Spin] {
            // Whoever sends messages over a byte stream says how long they are, which is also what makes 1 MiB overflow the
            // pipe's buffer of 1 MiB: a bare peer without it measures another message.
            let framed = size + size_of::<u64>();
            let mut message = vec![7; framed];
            // A bare peer that spins would burn its core while the other side is measured, so it lives for one round only.
            let bare = move || {
                let mut pipes = Pipes::new(framed, wait == Wait::Spin);
                pipes.round_trip(&mut message);
                per_call(count, || pipes.round_trip(&mut message))
            };
            compare(
                &format!("round trip, {label}, wait {}, two cores: pipe", wait_word(wait)),
                vec![("bare ping-pong over two pipes", Box::new(bare)), ours("pipe", Method::Pipe, wait, size, count)],
            );
        }
        let (mut bare, message) = (Queue::new(), vec![7; size]);
        compare(
            &format!("round trip, {label}, wait sleep, two cores: queue"),
            vec![
                ("bare ping-pong over ipc-channel's bytes", Box::new(|| per_call(count, || bare.round_trip(&message)))),
                ours("queue", Method::Queue, Wait::Sleep, size, count),
            ],
        );
        let (mut bare, mut message) = (Relay::new(size), vec![7; size]);
        compare(
            &format!("round trip, {label}, wait sleep: manager"),
            vec![
                (
                    "bare put and get through a third process",
                    Box::new(|| per_call(count, || bare.round_trip(&mut message))),
                ),
                ours("manager", Method::Manager, Wait::Sleep, size, count),
            ],
        );
        let line = || {
            let mut line = Line::new("line");
            line.round_trip();
            per_call(4000, || line.round_trip())
        };
        compare(
            &format!("round trip, {label}, wait spin, two cores: shared memory"),
            vec![
                ("one cache line there and back (the floor)", Box::new(line)),
                ours("shared memory", Method::SharedMemory, Wait::Spin, size, count * 10),
            ],
        );
        let mut futex = Line::new("futex");
        compare(
            &format!("round trip, {label}, wait sleep, two cores: shared memory"),
            vec![
                ("one word and a futex", Box::new(|| per_call(400, || futex.futex_round_trip()))),
                ours("shared memory", Method::SharedMemory, Wait::Sleep, size, count),
            ],
        );
    }
}
