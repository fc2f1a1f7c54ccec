//! One contract for every IPC method, between real processes: the hub lives in the test, and its peers are this test
//! program started again.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use runner::internal::ipc::{self, DispatcherEnd, IpcError, WorkerEnd};
use runner::internal::setting::{Method, Wait};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::support::{HANG, PROGRAM};

/// How soon a death must be known.
const PROMPT: Duration = Duration::from_secs(5);
const METHOD: &str = "RUNNER_PEER_METHOD";
const WAIT: &str = "RUNNER_PEER_WAIT";
const TICKET: &str = "RUNNER_PEER_TICKET";
const MODE: &str = "RUNNER_PEER_MODE";

fn soon() -> Instant {
    Instant::now() + HANG
}

/// A message of `size` bytes that differs by number.
fn message(number: u64, size: usize) -> Vec<u8> {
    let block: Vec<u8> = (0..4093u64).map(|i| (i.wrapping_mul(31) + number) as u8).collect();
    let mut bytes = block.repeat(size / block.len() + 1);
    bytes.truncate(size);
    let stamp = number.to_le_bytes();
    let length = stamp.len().min(size);
    bytes[..length].copy_from_slice(&stamp[..length]);
    bytes
}

// ---- The peer's side.

/// Runs as a peer when the variables say so, and is no test otherwise.
#[test]
fn peer() {
    let Ok(mode) = std::env::var(MODE) else { return };
    let variable = |name| std::env::var(name).unwrap();
    let method = <Method as runner::internal::setting::EnumWords>::of_word(&variable(METHOD)).unwrap();
    let wait = if variable(WAIT) == "spin" { Wait::Spin } else { Wait::Sleep };
    if mode == "never" {
        std::thread::sleep(HANG);
        return;
    }
    let mut channel = ipc::open(method, &variable(TICKET), wait, soon()).unwrap();
    channel.send(b"ready", soon()).unwrap();
    let mut words = mode.split(' ');
    let mode = words.next().unwrap();
    let numbers: Vec<u64> = words.map(|word| word.parse().unwrap()).collect();
    behave(mode, &numbers, channel.as_mut());
}

fn behave(mode: &str, numbers: &[u64], channel: &mut dyn WorkerEnd) {
    let mut got = Vec::new();
    match mode {
        // Sends back what comes.
        "echo" => {
            while channel.receive(&mut got, soon()).is_ok() {
                channel.send(&got, soon()).unwrap();
            }
        }
        // Reads nothing.
        "deaf" => std::thread::sleep(HANG),
        // Asked to begin, sends so many messages of such a size before it reads as many, and says whether they were right.
        "flood" => {
            channel.receive(&mut got, soon()).unwrap();
            for number in 0..numbers[0] {
                channel.send(&message(number, numbers[1] as usize), soon()).unwrap();
            }
            for number in 0..numbers[0] {
                channel.receive(&mut got, soon()).unwrap();
                assert!(got == message(number, numbers[1] as usize), "message {number} is damaged");
            }
            channel.send(b"right", soon()).unwrap();
            std::thread::sleep(HANG);
        }
        // Asked to begin, sends so many messages of such a size and ends at once.
        "last_words" => {
            channel.receive(&mut got, soon()).unwrap();
            for number in 0..numbers[0] {
                channel.send(&message(number, numbers[1] as usize), soon()).unwrap();
            }
            // SAFETY: Ends the process without any tidying up, as a crash does.
            unsafe { libc::_exit(0) };
        }
        // Meets its deadline several times, and then works as if nothing had been.
        "patient" => {
            for _ in 0..3 {
                let ended = channel.receive(&mut got, Instant::now() + Duration::from_millis(30));
                assert!(matches!(ended, Err(IpcError::Deadline)), "{ended:?}");
            }
            channel.send(b"patient", soon()).unwrap();
            // What is answered meanwhile was asked for by the wait that was given up.
            std::thread::sleep(Duration::from_millis(300));
            behave("echo", &[], channel);
        }
        // Sends back what comes, and gives up waiting all the time.
        "impatient" => loop {
            match channel.receive(&mut got, Instant::now() + Duration::from_micros(300)) {
                Ok(()) => channel.send(&got, soon()).unwrap(),
                Err(IpcError::Deadline) => {}
                Err(IpcError::Gone(_) | IpcError::ManagerGone) => return,
                Err(error) => panic!("{error}"),
            }
        },
        other => panic!("no mode {other}"),
    }
}

// ---- The hub's side.

/// A hub with its peers. Dropping it ends them.
struct Rig {
    hub: Box<dyn DispatcherEnd>,
    peers: Vec<Child>,
    manager: Option<Child>,
    watchers: Vec<JoinHandle<()>>,
    prefix: String,
    method: Method,
    wait: Wait,
}

impl Drop for Rig {
    fn drop(&mut self) {
        for mut child in self.peers.drain(..).chain(self.manager.take()) {
            let _ = child.kill();
            let _ = child.wait();
        }
        // They hold a part of the hub, and end with the peers.
        for watcher in self.watchers.drain(..) {
            watcher.join().unwrap();
        }
    }
}

fn inheriting(command: &mut Command, fds: &[OwnedFd]) -> Child {
    let numbers: Vec<i32> = fds.iter().map(|fd| fd.as_raw_fd()).collect();
    // Only in the new process do the descriptors become inheritable, so that peers of other tests do not get them too.
    // SAFETY: Between fork and exec only system calls are made that are safe there.
    unsafe {
        command.pre_exec(move || {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            for number in &numbers {
                libc::fcntl(*number, libc::F_SETFD, 0);
            }
            Ok(())
        });
    }
    command.spawn().unwrap()
}

impl Rig {
    /// Starts peers and does not yet wait for them.
    fn start(method: Method, wait: Wait, modes: &[&str]) -> Self {
        Self::with(method, wait, modes, |_| {})
    }

    /// The same, with something done to the tickets before.
    fn with(method: Method, wait: Wait, modes: &[&str], first: impl FnOnce(&[ipc::ConnectInfo])) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("/contract-{}-{number}", std::process::id());
        let (mut hub, tickets) = ipc::hub(method, modes.len(), wait, 4096, &prefix).unwrap();
        first(&tickets);
        let wait_word = if wait == Wait::Spin { "spin" } else { "sleep" };
        let manager = hub.server().map(|ticket| {
            let mut command = Command::new(PROGRAM);
            command.args([runner::internal::reexec::MANAGER, wait_word, &ticket.text]).stdin(Stdio::piped());
            inheriting(&mut command, &ticket.inherit)
        });
        let (peers, watchers) = (Vec::new(), Vec::new());
        let mut rig = Self { hub, peers, manager, watchers, prefix, method, wait };
        for (ticket, mode) in tickets.into_iter().zip(modes) {
            let peer = rig.peer(&ticket, mode);
            rig.peers.push(peer);
        }
        (0..modes.len()).for_each(|worker| rig.watch(worker));
        rig
    }

    fn peer(&self, ticket: &ipc::ConnectInfo, mode: &str) -> Child {
        let wait_word = if self.wait == Wait::Spin { "spin" } else { "sleep" };
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "contract::peer", "--nocapture"]).stdin(Stdio::null()).stdout(Stdio::null());
        command.env(METHOD, self.method.word()).env(WAIT, wait_word).env(TICKET, &ticket.text).env(MODE, mode);
        inheriting(&mut command, &ticket.inherit)
    }

    fn watch(&mut self, worker: usize) {
        let Some(obituary) = self.hub.obituary() else { return };
        let pidfd = pidfd_open(Pid::from_child(&self.peers[worker]), PidfdFlags::empty()).unwrap();
        self.watchers.push(std::thread::spawn(move || {
            while poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None).is_err() {}
            obituary.died(worker);
        }));
    }

    /// Starts another peer in the place of one whose death is known, and waits until it is connected.
    fn replace(&mut self, worker: usize, mode: &str) {
        self.peers[worker].wait().unwrap();
        let ticket = self.hub.replace(worker).unwrap();
        self.peers[worker] = self.peer(&ticket, mode);
        drop(ticket);
        self.watch(worker);
        self.hub.accept(soon()).unwrap();
        assert_eq!(ipc::leftovers(&self.prefix), Vec::<String>::new());
    }

    /// Starts peers and waits until all are connected.
    fn connected(method: Method, wait: Wait, modes: &[&str]) -> Self {
        let mut rig = Self::start(method, wait, modes);
        rig.hub.accept(soon()).unwrap();
        let mut ready = vec![false; modes.len()];
        let mut got = Vec::new();
        while ready.contains(&false) {
            let worker = rig.hub.receive(&mut got, soon()).unwrap();
            assert_eq!((got.as_slice(), ready[worker]), (&b"ready"[..], false));
            ready[worker] = true;
        }
        rig.hub.connected();
        // From here on a kill of everybody leaves nothing.
        assert_eq!(ipc::leftovers(&rig.prefix), Vec::<String>::new());
        rig
    }

    fn kill(&mut self, worker: usize) {
        self.peers[worker].kill().unwrap();
    }

    /// Receives until the hub says that a peer is gone; the messages before that. It must come promptly.
    fn until_gone(&mut self, worker: usize) -> Vec<Vec<u8>> {
        let (deadline, mut messages, mut got) = (Instant::now() + PROMPT, Vec::new(), Vec::new());
        loop {
            match self.hub.receive(&mut got, deadline) {
                Ok(from) => {
                    assert_eq!(from, worker);
                    messages.push(std::mem::take(&mut got));
                }
                Err(IpcError::Gone(gone)) => {
                    assert_eq!(gone, worker);
                    return messages;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn there_and_back(&mut self, worker: usize, number: u64, size: usize) {
        let sent = message(number, size);
        self.hub.send(worker, &sent).unwrap();
        let mut got = Vec::new();
        assert_eq!(self.hub.receive(&mut got, soon()).unwrap(), worker);
        assert!(got == sent, "{size} bytes came back as {} others", got.len());
    }
}

fn thousand_messages_keep_their_order(method: Method, wait: Wait) {
    let mut rig = Rig::connected(method, wait, &["echo"]);
    for number in 0..1000 {
        rig.hub.send(0, &message(number, 8 + number as usize % 50)).unwrap();
    }
    let mut got = Vec::new();
    for number in 0..1000 {
        rig.hub.receive(&mut got, soon()).unwrap();
        assert_eq!(got, message(number, 8 + number as usize % 50));
    }
}

fn every_size_comes_back_whole(method: Method, wait: Wait) {
    let mut rig = Rig::connected(method, wait, &["echo"]);
    const KIB: usize = 1024;
    let sizes = [0, 1, 0, 64, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 1 << 20, 16 << 20, 0, 3];
    for (number, size) in sizes.into_iter().enumerate() {
        rig.there_and_back(0, number as u64, size);
    }
}

fn both_sides_may_send_more_than_buffers_hold(method: Method, wait: Wait) {
    let (count, size) = (40, 300_000);
    let mut rig = Rig::connected(method, wait, &[&format!("flood {count} {size}")]);
    rig.hub.send(0, b"go").unwrap();
    for number in 0..count {
        rig.hub.send(0, &message(number, size)).unwrap();
    }
    let mut got = Vec::new();
    for number in 0..count {
        rig.hub.receive(&mut got, soon()).unwrap();
        assert!(got == message(number, size), "message {number} is damaged");
    }
    rig.hub.receive(&mut got, soon()).unwrap();
    assert_eq!(got, b"right");
}

fn many_workers_are_told_apart(method: Method, wait: Wait) {
    for workers in [2usize, 4] {
        let mut rig = Rig::connected(method, wait, &vec!["echo"; workers]);
        let count = 50 * workers as u64;
        for number in 0..count {
            rig.hub.send(number as usize % workers, &message(number, 200)).unwrap();
        }
        let (mut next, mut got) = ((0..workers as u64).collect::<Vec<_>>(), Vec::new());
        for _ in 0..count {
            let worker = rig.hub.receive(&mut got, soon()).unwrap();
            assert_eq!(got, message(next[worker], 200), "of worker {worker}");
            next[worker] += workers as u64;
        }
    }
}

fn round_trips_do_not_hang(method: Method, wait: Wait) {
    let mut rig = Rig::connected(method, wait, &["echo"]);
    let start = Instant::now();
    for number in 0..200 {
        rig.there_and_back(0, number, 64);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "200 round trips took {:?}", start.elapsed());
}

fn deadlines_end_a_wait_and_harm_nothing(method: Method, wait: Wait) {
    let mut rig = Rig::connected(method, wait, &["patient"]);
    let mut got = Vec::new();
    assert_eq!(rig.hub.receive(&mut got, soon()).unwrap(), 0);
    assert_eq!(got, b"patient");
    for _ in 0..3 {
        let start = Instant::now();
        let ended = rig.hub.receive(&mut got, start + Duration::from_millis(30));
        assert!(matches!(ended, Err(IpcError::Deadline)), "{ended:?}");
        assert!(start.elapsed() >= Duration::from_millis(30));
    }
    for number in 0..10 {
        rig.hub.send(0, &message(number, 100)).unwrap();
    }
    for number in 0..10 {
        assert_eq!(rig.hub.receive(&mut got, soon()).unwrap(), 0);
        assert_eq!(got, message(number, 100));
    }
}

fn giving_up_and_asking_again_loses_nothing(method: Method, wait: Wait) {
    let mut rig = Rig::connected(method, wait, &["impatient"]);
    let (mut got, mut sent, end) = (Vec::new(), 0, soon());
    for number in 0..200 {
        while sent < number + 3 {
            rig.hub.send(0, &message(sent, 64)).unwrap();
            sent += 1;
        }
        loop {
            match rig.hub.receive(&mut got, Instant::now() + Duration::from_micros(100)) {
                Ok(_) => break,
                Err(IpcError::Deadline) => assert!(Instant::now() < end, "message {number} was lost"),
                Err(error) => panic!("message {number}: {error}"),
            }
        }
        assert_eq!(got, message(number, 64));
    }
}

fn a_peer_killed_before_it_connects_is_gone(method: Method, wait: Wait) {
    let mut rig = Rig::start(method, wait, &["never"]);
    rig.kill(0);
    match rig.hub.accept(Instant::now() + PROMPT) {
        Err(IpcError::Gone(0)) => {}
        Ok(()) => assert_eq!(rig.until_gone(0), Vec::<Vec<u8>>::new()),
        Err(error) => panic!("{error}"),
    }
    let prefix = rig.prefix.clone();
    drop(rig);
    assert_eq!(ipc::leftovers(&prefix), Vec::<String>::new());
}

fn an_idle_peer_that_is_killed_is_gone_and_the_other_works_on(method: Method, wait: Wait) {
    let mut rig = Rig::connected(method, wait, &["echo", "echo"]);
    rig.kill(0);
    assert_eq!(rig.until_gone(0), Vec::<Vec<u8>>::new());
    assert!(matches!(rig.hub.send(0, b"to the dead"), Err(IpcError::Gone(0))));
    for number in 0..10 {
        rig.there_and_back(1, number, 1000);
    }
}

fn a_peer_killed_while_it_should_receive_is_gone(method: Method, wait: Wait) {
    // One that has begun to read a large message, and one that never reads what is queued for it.
    for mode in ["echo", "deaf"] {
        let mut rig = Rig::connected(method, wait, &[mode]);
        let large = message(1, 16 << 20);
        for _ in 0..2 {
            rig.hub.send(0, &large).unwrap();
        }
        rig.kill(0);
        let before = rig.until_gone(0);
        assert!(before.len() <= 2 && before.iter().all(|got| *got == large), "{mode}");
    }
}

fn a_peer_killed_while_it_sends_leaves_only_whole_messages(method: Method, wait: Wait) {
    let (count, size) = (1000, 1 << 20);
    let mut rig = Rig::connected(method, wait, &[&format!("flood {count} {size}")]);
    rig.hub.send(0, b"go").unwrap();
    let mut got = Vec::new();
    rig.hub.receive(&mut got, soon()).unwrap();
    assert!(got == message(0, size));
    rig.kill(0);
    for (at, got) in rig.until_gone(0).into_iter().enumerate() {
        assert!(got == message(at as u64 + 1, size), "message {at} is damaged");
    }
}

fn what_was_sent_before_a_death_arrives_before_the_news(method: Method, wait: Wait) {
    for (count, size) in [(20u64, 1000usize), (3, 100_000)] {
        let mut rig = Rig::connected(method, wait, &[&format!("last_words {count} {size}")]);
        rig.hub.send(0, b"go").unwrap();
        let got = rig.until_gone(0);
        let expected: Vec<Vec<u8>> = (0..count).map(|number| message(number, size)).collect();
        assert!(got == expected, "{} of {count} messages arrived", got.len());
    }
}

fn a_peer_in_the_place_of_a_dead_one_gets_nothing_of_it_and_disturbs_nobody(method: Method, wait: Wait) {
    let mut rig = Rig::connected(method, wait, &["echo", "deaf", "echo"]);
    let mut got = Vec::new();
    for round in 0..3u64 {
        // Under way to the one that will die: more than any buffer holds, and never read.
        rig.hub.send(1, &message(99, 3 << 20)).unwrap();
        rig.hub.send(2, &message(round, 5000)).unwrap();
        assert_eq!(rig.hub.receive(&mut got, soon()).unwrap(), 2);
        rig.kill(1);
        rig.until_gone(1);
        rig.hub.send(0, &message(round, 70_000)).unwrap();
        rig.replace(1, if round < 2 { "deaf" } else { "echo" });
        let mut seen = [None, None];
        while seen.contains(&None) {
            let from = rig.hub.receive(&mut got, soon()).unwrap();
            assert!(from < 2 && seen[from].is_none(), "of peer {from}");
            seen[from] = Some(std::mem::take(&mut got));
        }
        assert!(seen[0].take().unwrap() == message(round, 70_000));
        assert_eq!(seen[1].take().unwrap(), b"ready");
        rig.there_and_back(2, round, 1000);
    }
    for (number, size) in [0, 64, 70_000, 3 << 20].into_iter().enumerate() {
        (0..3).for_each(|worker| rig.there_and_back(worker, number as u64, size));
    }
}

/// Instantiates the contract for a method and a way to wait.
macro_rules! contract {
    ($($name:ident: $method:ident $wait:ident;)*) => {$(
        mod $name {
            contract!(@cases $method $wait:
                thousand_messages_keep_their_order
                every_size_comes_back_whole
                both_sides_may_send_more_than_buffers_hold
                many_workers_are_told_apart
                round_trips_do_not_hang
                deadlines_end_a_wait_and_harm_nothing
                giving_up_and_asking_again_loses_nothing
                a_peer_killed_before_it_connects_is_gone
                an_idle_peer_that_is_killed_is_gone_and_the_other_works_on
                a_peer_killed_while_it_should_receive_is_gone
                a_peer_killed_while_it_sends_leaves_only_whole_messages
                what_was_sent_before_a_death_arrives_before_the_news
                a_peer_in_the_place_of_a_dead_one_gets_nothing_of_it_and_disturbs_nobody
            );
        }
    )*};
    (@cases $method:ident $wait:ident: $($case:ident)*) => {$(
        #[test]
        fn $case() {
            super::$case(runner::internal::setting::Method::$method, runner::internal::setting::Wait::$wait);
        }
    )*};
}

contract! {
    queue_sleep: Queue Sleep;
    queue_spin: Queue Spin;
    pipe_sleep: Pipe Sleep;
    pipe_spin: Pipe Spin;
    shared_memory_sleep: SharedMemory Sleep;
    shared_memory_spin: SharedMemory Spin;
    manager_sleep: Manager Sleep;
    manager_spin: Manager Spin;
}

/// What a confused peer might write where messages are expected; the last claims more than any message may have.
fn garbage() -> Vec<Vec<u8>> {
    let most = 1u32 << 31;
    vec![vec![0xff; 64], vec![0; 8], b"Segmentation fault\n".to_vec(), most.to_le_bytes().repeat(2)]
}

#[test]
fn garbage_on_a_pipe_is_a_protocol_error() {
    for garbage in garbage() {
        let (mut hub, tickets) = ipc::hub(Method::Pipe, 1, Wait::Sleep, 64, "/contract-unused").unwrap();
        rustix::io::write(&tickets[0].inherit[1], &garbage).unwrap();
        let mut got = Vec::new();
        let ended = hub.receive(&mut got, Instant::now() + PROMPT);
        assert!(matches!(ended, Err(IpcError::Protocol(_))), "{garbage:?}: {ended:?}");
        assert!(got.capacity() < 1 << 20);
    }
}

#[test]
fn garbage_sent_to_the_manager_is_a_protocol_error_and_harms_nobody_else() {
    for garbage in garbage() {
        let mut rig = Rig::with(Method::Manager, Wait::Sleep, &["never", "echo"], |tickets| {
            rustix::io::write(&tickets[0].inherit[0], &garbage).unwrap();
        });
        let (mut got, mut ready, mut refused) = (Vec::new(), false, false);
        while !(ready && refused) {
            match rig.hub.receive(&mut got, soon()) {
                Ok(1) => ready = true,
                Err(IpcError::Protocol(words)) => refused = words.contains("worker 0"),
                other => panic!("{garbage:?}: {other:?}"),
            }
        }
        assert!(matches!(rig.hub.send(0, b"to the confused"), Err(IpcError::Gone(0))));
        rig.there_and_back(1, 7, 1000);
    }
}

#[test]
fn garbage_in_a_shared_segment_is_a_protocol_error() {
    for byte in [0x01, 0x7f, 0xff] {
        let prefix = format!("/contract-{}-garbage-{byte}", std::process::id());
        let (mut hub, tickets) = ipc::hub(Method::SharedMemory, 1, Wait::Sleep, 64, &prefix).unwrap();
        let name = tickets[0].text.split(',').next().unwrap().trim_start_matches('/').to_owned();
        let path = std::path::Path::new("/dev/shm").join(name);
        let size = std::fs::metadata(&path).unwrap().len() as usize;
        std::fs::write(&path, vec![byte; size]).unwrap();
        let mut got = Vec::new();
        let ended = hub.receive(&mut got, Instant::now() + PROMPT);
        assert!(matches!(ended, Err(IpcError::Protocol(_))), "{byte}: {ended:?}");
        assert!(got.capacity() < 1 << 20);
        drop(hub);
        assert_eq!(ipc::leftovers(&prefix), Vec::<String>::new());
    }
}

#[test]
fn half_a_message_of_the_dead_is_not_delivered() {
    // The first bytes of a message of 64, as the hub itself would write it, then the end.
    let (mut to, tickets) = ipc::hub(Method::Pipe, 1, Wait::Sleep, 64, "/contract-unused").unwrap();
    to.send(0, &[7; 64]).unwrap();
    let mut bytes = [0; 128];
    let length = rustix::io::read(&tickets[0].inherit[0], &mut bytes).unwrap();
    for cut in [1, 7, 8, 9, length - 1] {
        let (mut hub, tickets) = ipc::hub(Method::Pipe, 1, Wait::Sleep, 64, "/contract-unused").unwrap();
        rustix::io::write(&tickets[0].inherit[1], &bytes[..cut]).unwrap();
        drop(tickets);
        let ended = hub.receive(&mut Vec::new(), Instant::now() + PROMPT);
        assert!(matches!(ended, Err(IpcError::Gone(0))), "{cut} of {length} size: {ended:?}");
    }
}
