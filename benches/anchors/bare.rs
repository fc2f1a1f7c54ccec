//! Bare two-process ping-pongs on the primitives that the IPC methods are made of: the floors of their round trips.

use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcOneShotServer};
use shared_memory::{Shmem, ShmemConf};

pub const PEER: &str = "__bare";

/// A child that is ended and reaped with its owner.
pub struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts this program again as the other side, with the descriptors that it shall inherit.
pub fn start(subcommand: &str, arguments: &[&str], inherit: &[&OwnedFd]) -> Peer {
    use rustix::io::{FdFlags, fcntl_setfd};
    let set = |flags| inherit.iter().for_each(|fd| fcntl_setfd(fd, flags).expect("descriptor flags"));
    set(FdFlags::empty());
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.arg(subcommand).args(arguments).env(super::CORE, super::peer_core().to_string());
    // Managers and workers end when their standard input does, so it stays open as long as the peer is kept.
    let child = command.stdin(Stdio::piped()).spawn();
    set(FdFlags::CLOEXEC);
    Peer(child.expect("starting a peer"))
}

/// Two pipes with buffers as large as the method's.
pub struct Pipes {
    to: std::fs::File,
    from: std::fs::File,
    _peer: Peer,
}

impl Pipes {
    pub fn new(size: usize, spin: bool) -> Self {
        let pipe = || {
            let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("pipe");
            let _ = rustix::pipe::fcntl_setpipe_size(&write, 1 << 20);
            (read, write)
        };
        let ((theirs_in, to), (from, theirs_out)) = (pipe(), pipe());
        let (a, b) = (theirs_in.as_raw_fd().to_string(), theirs_out.as_raw_fd().to_string());
        let arguments = ["pipe", &a, &b, &size.to_string(), &spin.to_string()];
        let peer = start(PEER, &arguments, &[&theirs_in, &theirs_out]);
        let (to, from) = (std::fs::File::from(to), std::fs::File::from(from));
        if spin {
            nonblocking(&from);
        }
        Self { to, from, _peer: peer }
    }

    pub fn round_trip(&mut self, message: &mut [u8]) {
        self.to.write_all(message).expect("write");
        read_all(&mut self.from, message);
    }
}

fn nonblocking(file: &impl std::os::fd::AsFd) {
    let flags = rustix::fs::fcntl_getfl(file).expect("flags");
    rustix::fs::fcntl_setfl(file, flags | rustix::fs::OFlags::NONBLOCK).expect("flags");
}

/// Reads until the message is whole; where the descriptor does not block, it spins.
fn read_all(from: &mut impl std::io::Read, message: &mut [u8]) -> bool {
    let mut at = 0;
    while at < message.len() {
        match from.read(&mut message[at..]) {
            Ok(0) => return false,
            Ok(count) => at += count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => std::hint::spin_loop(),
            Err(_) => return false,
        }
    }
    true
}

/// A round trip through a process in the middle: four socket hops a message there, four back, as with a manager.
pub struct Relay {
    ours: UnixStream,
    _middle: Peer,
    _peer: Peer,
}

impl Relay {
    pub fn new(size: usize) -> Self {
        let ((ours, middle_a), (middle_b, theirs)) =
            (UnixStream::pair().expect("socketpair"), UnixStream::pair().expect("socketpair"));
        let (a, b, c) = (OwnedFd::from(middle_a), OwnedFd::from(middle_b), OwnedFd::from(theirs));
        let number = |fd: &OwnedFd| fd.as_raw_fd().to_string();
        let size = size.to_string();
        let middle = start(PEER, &["relay", &number(&a), &number(&b), &size], &[&a, &b]);
        let peer = start(PEER, &["relayed", &number(&c), &size], &[&c]);
        Self { ours, _middle: middle, _peer: peer }
    }

    /// Put (a message there, an acknowledgement back), then get (a byte there, a message back).
    pub fn round_trip(&mut self, message: &mut [u8]) {
        let mut byte = [0];
        self.ours.write_all(message).expect("write");
        self.ours.read_exact(&mut byte).expect("read");
        self.ours.write_all(&byte).expect("write");
        self.ours.read_exact(message).expect("read");
    }
}

/// ipc-channel's own byte channels.
pub struct Queue {
    to: IpcBytesSender,
    from: IpcBytesReceiver,
    _peer: Peer,
}

impl Queue {
    pub fn new() -> Self {
        let (server, name) = IpcOneShotServer::<(IpcBytesSender, IpcBytesReceiver)>::new().expect("server");
        let peer = start(PEER, &["queue", &name], &[]);
        let (_, (to, from)) = server.accept().expect("accept");
        Self { to, from, _peer: peer }
    }

    pub fn round_trip(&mut self, message: &[u8]) {
        self.to.send(message).expect("send");
        assert_eq!(self.from.recv().expect("receive").len(), message.len());
    }
}

/// One word in shared memory that two processes count up in turn: the time that a cache line takes there and back.
pub struct Line {
    shmem: Shmem,
    turn: u64,
    _peer: Peer,
}

fn word(shmem: &Shmem) -> &AtomicU64 {
    // SAFETY: The segment is one page, aligned, and only read and written as this atomic.
    unsafe { &*shmem.as_ptr().cast::<AtomicU64>() }
}

fn word32(shmem: &Shmem) -> &AtomicU32 {
    // SAFETY: As above, in the second line of the page.
    unsafe { &*shmem.as_ptr().add(64).cast::<AtomicU32>() }
}

impl Line {
    pub fn new(kind: &str) -> Self {
        let shmem = ShmemConf::new().size(4096).create().expect("segment");
        let peer = start(PEER, &[kind, shmem.get_os_id()], &[]);
        Self { shmem, turn: 0, _peer: peer }
    }

    pub fn round_trip(&mut self) {
        self.turn += 2;
        word(&self.shmem).store(self.turn - 1, Ordering::Release);
        while word(&self.shmem).load(Ordering::Acquire) != self.turn {
            std::hint::spin_loop();
        }
    }

    pub fn futex_round_trip(&mut self) {
        self.turn += 2;
        let turn = self.turn as u32;
        let word = word32(&self.shmem);
        word.store(turn - 1, Ordering::Release);
        wake(word);
        futex_wait_for(word, turn);
    }
}

fn wake(word: &AtomicU32) {
    let _ = rustix::thread::futex::wake(word, rustix::thread::futex::Flags::empty(), 1);
}

fn futex_wait_for(word: &AtomicU32, wanted: u32) {
    loop {
        let seen = word.load(Ordering::Acquire);
        if seen == wanted {
            return;
        }
        let _ = rustix::thread::futex::wait(word, rustix::thread::futex::Flags::empty(), seen, None);
    }
}

fn inherited(number: &str) -> OwnedFd {
    // SAFETY: The parent hands over an open descriptor of this number, once.
    unsafe { OwnedFd::from_raw_fd(number.parse().expect("a number")) }
}

/// The other side of all of these.
pub fn peer(arguments: &[String]) -> u8 {
    super::pin_as_told();
    // SAFETY: Only asks the kernel to end this process with its parent.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let number = |i: usize| arguments[i].parse::<usize>().expect("a number");
    match arguments[0].as_str() {
        "pipe" => {
            let (mut from, mut to) =
                (std::fs::File::from(inherited(&arguments[1])), std::fs::File::from(inherited(&arguments[2])));
            if arguments[4] == "true" {
                nonblocking(&from);
            }
            let mut message = vec![0; number(3)];
            while read_all(&mut from, &mut message) && to.write_all(&message).is_ok() {}
        }
        "relay" => {
            let (mut a, mut b) =
                (UnixStream::from(inherited(&arguments[1])), UnixStream::from(inherited(&arguments[2])));
            let (mut message, mut byte) = (vec![0; number(3)], [0]);
            let mut hop = || -> std::io::Result<()> {
                a.read_exact(&mut message)?;
                a.write_all(&byte)?;
                b.read_exact(&mut byte)?;
                b.write_all(&message)?;
                b.read_exact(&mut message)?;
                b.write_all(&byte)?;
                a.read_exact(&mut byte)?;
                a.write_all(&message)
            };
            while hop().is_ok() {}
        }
        "relayed" => {
            let mut stream = UnixStream::from(inherited(&arguments[1]));
            let (mut message, mut byte) = (vec![0; number(2)], [0]);
            let mut hop = || -> std::io::Result<()> {
                stream.write_all(&byte)?;
                stream.read_exact(&mut message)?;
                stream.write_all(&message)?;
                stream.read_exact(&mut byte)
            };
            while hop().is_ok() {}
        }
        "queue" => echo_queue(&arguments[1]),
        kind => answer_in_memory(kind, &arguments[1]),
    }
    0
}

/// The other side of the channels of the ipc-channel package.
fn echo_queue(server: &str) {
    let server = ipc_channel::ipc::IpcSender::connect(server.to_owned()).expect("server");
    let ((to, replies), (requests, from)) =
        (ipc_channel::ipc::bytes_channel().expect("channel"), ipc_channel::ipc::bytes_channel().expect("channel"));
    server.send((requests, replies)).expect("hello");
    while let Ok(message) = from.recv() {
        if to.send(&message).is_err() {
            break;
        }
    }
}

/// The other side of a word in shared memory, watched or waited for.
fn answer_in_memory(kind: &str, name: &str) {
    let mut shmem = ShmemConf::new().os_id(name).open().expect("segment");
    shmem.set_owner(false);
    for turn in (2..).step_by(2) {
        if kind == "line" {
            while word(&shmem).load(Ordering::Acquire) != turn - 1 {
                std::hint::spin_loop();
            }
            word(&shmem).store(turn, Ordering::Release);
        } else {
            futex_wait_for(word32(&shmem), turn as u32 - 1);
            word32(&shmem).store(turn as u32, Ordering::Release);
            wake(word32(&shmem));
        }
    }
}
