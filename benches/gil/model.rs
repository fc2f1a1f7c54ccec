//! The model's side of every experiment: threads under the emulated lock, doing what `peer.py` does.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use runner::internal::runtime::{Gil, Holder};
use runner::internal::setting::Value;
use runner::task::{Context, Hooks as _, Place, Settings, Tasks};

use super::Experiment;

/// How long CPython was found to hold its lock around a short blocking call.
const HELD: Duration = Duration::from_nanos(1_200);

/// Runs an experiment; its numbers, as `peer.py` prints them.
pub fn run(experiment: &Experiment, port: u16) -> Vec<f64> {
    let gil = Gil::new(experiment.interval, 0);
    match experiment.kind {
        "wake" => wake(experiment, &gil),
        "switches" => switches(experiment, &gil),
        _ => work(experiment, &gil, port),
    }
}

fn context(gil: &Arc<Gil>, thread: usize) -> Context<'static> {
    Context::with_hooks(Holder::new(gil, thread as u32, HELD))
}

thread_local! {
    static CONNECTION: RefCell<Option<TcpStream>> = const { RefCell::new(None) };
}

/// One item of an experiment, as its task runs it.
fn item(experiment: &Experiment, port: u16) -> impl Fn(u64, &mut Context<'_>) + Sync {
    let amount = experiment.amounts.1;
    let (task, setting, value) = match experiment.kind {
        "primes" => ("primes", "limit", amount),
        "sleep" => ("sleep", "duration", amount * 1000),
        "hash" => ("hash", "bytes", amount),
        _ => ("empty", "", 0),
    };
    let mut settings = Settings::default();
    settings.put(setting, Value::Whole(value));
    let tasks = Tasks::builtin();
    let place = Place { seed: 1, items: 64, folder: std::path::PathBuf::new(), server: None };
    let job = tasks.get(task).expect("a task").prepare(&settings, &place).expect("a job");
    let http = experiment.kind == "http";
    move |number, context| {
        if http {
            return fetch(port, context);
        }
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        job.request(number, &mut request);
        job.run(&request, &mut reply, context).expect("an item");
        black_box(reply);
    }
}

fn fetch(port: u16, context: &mut Context<'_>) {
    CONNECTION.with_borrow_mut(|connection| {
        let stream = connection.get_or_insert_with(|| {
            let stream = context.blocking(|| TcpStream::connect(("127.0.0.1", port))).expect("a connection");
            stream.set_nodelay(true).expect("an option");
            stream
        });
        let mut buffer = [0; 256];
        context.blocking(|| stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).expect("a request");
        let count = context.blocking(|| stream.read(&mut buffer)).expect("an answer");
        assert!(buffer[..count].ends_with(b"ok"));
    });
}

fn work(experiment: &Experiment, gil: &Arc<Gil>, port: u16) -> Vec<f64> {
    let item = item(experiment, port);
    let (counter, barrier) = (AtomicU64::new(0), Barrier::new(experiment.threads + 1));
    let begun = std::thread::scope(|scope| {
        for thread in 0..experiment.threads {
            let (item, counter, barrier) = (&item, &counter, &barrier);
            scope.spawn(move || {
                let mut context = context(gil, thread);
                context.acquire();
                item(0, &mut context);
                context.release();
                barrier.wait();
                context.acquire();
                loop {
                    let next = counter.fetch_add(1, Ordering::Relaxed);
                    if next >= 64 {
                        break;
                    }
                    item(next, &mut context);
                }
                context.leave();
            });
        }
        barrier.wait();
        Instant::now()
    });
    vec![begun.elapsed().as_secs_f64()]
}

fn wake(experiment: &Experiment, gil: &Arc<Gil>) -> Vec<f64> {
    let done = AtomicBool::new(false);
    let mut late = Vec::new();
    std::thread::scope(|scope| {
        for thread in 1..=experiment.threads {
            let done = &done;
            scope.spawn(move || {
                let mut holder = Holder::new(gil, thread as u32, HELD);
                holder.acquire();
                let mut x = 0_u64;
                while !done.load(Ordering::Relaxed) {
                    for _ in 0..50 {
                        x = black_box((x * 31 + 7) % 1_000_003);
                    }
                    holder.check_point();
                }
                holder.leave();
            });
        }
        let mut context = context(gil, 0);
        context.acquire();
        let pause = Duration::from_millis(1);
        for _ in 0..experiment.amounts.1 {
            let begun = Instant::now();
            context.blocking(|| std::thread::sleep(pause));
            late.push((begun.elapsed() - pause).as_secs_f64());
        }
        done.store(true, Ordering::Relaxed);
        context.leave();
    });
    late.sort_by(f64::total_cmp);
    vec![late[late.len() / 2], late[late.len() * 9 / 10]]
}

fn switches(experiment: &Experiment, gil: &Arc<Gil>) -> Vec<f64> {
    let length = Duration::from_millis(experiment.amounts.1);
    let until = Instant::now() + length;
    std::thread::scope(|scope| {
        for thread in 0..experiment.threads {
            scope.spawn(move || {
                let mut holder = Holder::new(gil, thread as u32, HELD);
                holder.acquire();
                while Instant::now() < until {
                    holder.check_point();
                }
                holder.leave();
            });
        }
    });
    vec![gil.used().hand_overs as f64 / length.as_secs_f64()]
}
