//! Nanoseconds per empty item: each model against a hand-written loop over the same task object and digest.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};
use runner::internal::model::{self, JobSpec, Purpose, RunContext};
use runner::internal::reexec::Program;
use runner::internal::setting::{Affinity, Config, Dispatch, Measure, Method, Model, Value, Wait};
use runner::task::{Context, Job, Place, Settings, Tasks, digest, item_digest};

use super::{Side, compare};

pub fn config(model: Model, workers: u32, chunk: u32) -> Config {
    let processes = model == Model::Processes;
    Config {
        model,
        workers: (model != Model::Serial).then_some(workers),
        ipc: processes.then_some(Method::Pipe),
        dispatch: processes.then_some(Dispatch::Stream),
        chunk: (model != Model::Serial).then_some(chunk),
        in_flight: processes.then_some(2),
        wait: processes.then_some(Wait::Sleep),
        affinity: (model != Model::Serial).then_some(Affinity::Free),
        ..Config::new(model, Measure::Work)
    }
}

/// Nanoseconds per empty item of the work phase of one run.
pub fn run_model(config: Config, items: u64) -> f64 {
    run_task("empty", &Settings::default(), config, items)
}

fn run_task(task: &str, settings: &Settings, config: Config, items: u64) -> f64 {
    phases_of(task, settings, config, items)[1] / items as f64
}

/// Nanoseconds of start, work and join of one run over empty items.
pub fn run_phases(config: Config, items: u64) -> [f64; 3] {
    phases_of("empty", &Settings::default(), config, items)
}

fn phases_of(task: &str, settings: &Settings, config: Config, items: u64) -> [f64; 3] {
    let (tasks, program) = (Tasks::builtin(), Program::current());
    let brief = JobSpec {
        workload: String::new(),
        environment: Default::default(),
        task: task.into(),
        settings: settings.clone(),
        seed: 1,
        items,
        round: 0,
        folder: std::path::PathBuf::new(),
        config,
        purpose: Purpose::Timed,
        runtime: runner::internal::setting::Runtime::Native,
        interpreter: None,
        fault: None,
        trace: false,
        server: None,
        stages: Vec::new(),
    };
    let prefix = format!("/runner-bench-{}", std::process::id());
    let deadline = Instant::now() + Duration::from_secs(60);
    let ran = model::run(&RunContext { tasks: &tasks, program: &program, brief, deadline, prefix, copied: &|| {} });
    assert_eq!((ran.trouble, ran.done), (None, items));
    ran.phases.map(|phase| phase.wall as f64)
}

fn job() -> Box<dyn Job> {
    let place = Place { seed: 1, items: 1, folder: std::path::PathBuf::new(), server: None };
    let tasks = Tasks::builtin();
    let task = tasks.get("empty").expect("a built-in task");
    task.prepare(&Settings::default(), &place).expect("a job")
}

/// What a model does with an item, written by hand.
#[inline]
fn item(job: &dyn Job, reply: &mut Vec<u8>, context: &mut Context<'_>, number: u64) -> u64 {
    let request: &[u8] = black_box(&[]);
    let seen = digest(request);
    reply.clear();
    job.run(request, reply, context).expect("an empty item");
    item_digest(number, seen, digest(reply))
}

fn sum_of(job: &dyn Job, items: std::ops::Range<u64>) -> u64 {
    let (mut reply, mut context) = (Vec::new(), Context::native());
    items.fold(0, |sum, number| u64::wrapping_add(sum, item(job, &mut reply, &mut context, number)))
}

/// Threads over equal halves: the least that any threads could do.
fn by_hand(threads: u64, items: u64) -> f64 {
    let job = job();
    let part = items / threads;
    let barrier = std::sync::Barrier::new(threads as usize + 1);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|i| {
                let (job, barrier) = (&job, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    black_box(sum_of(job.as_ref(), i * part..(i + 1) * part))
                })
            })
            .collect();
        let start = Instant::now();
        barrier.wait();
        handles.into_iter().for_each(|handle| assert!(handle.join().is_ok()));
        start.elapsed().as_nanos() as f64 / (part * threads) as f64
    })
}

/// Counts the primes of the same blocks as the task, without anything of the program: trial division, block by block.
fn primes_by_hand(limit: u64, items: std::ops::Range<u64>) -> u64 {
    let is_prime = |n: u64| {
        n == 2 || (n > 2 && n % 2 == 1 && (3..).step_by(2).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d)))
    };
    let block = |item: u64| limit * (item % 64) / 64..limit * (item % 64 + 1) / 64;
    items.map(|item| black_box(block(item).filter(|n| is_prime(*n)).count() as u64)).sum()
}

/// Nanoseconds per item where `workers` threads claim items one by one and run `work` on each.
fn claimed_by_hand(workers: usize, items: u64, work: impl Fn(u64) + Sync) -> f64 {
    let next = std::sync::atomic::AtomicU64::new(0);
    let barrier = std::sync::Barrier::new(workers + 1);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                barrier.wait();
                loop {
                    let item = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if item >= items {
                        break;
                    }
                    work(item);
                }
                barrier.wait();
            });
        }
        barrier.wait();
        let start = Instant::now();
        barrier.wait();
        start.elapsed().as_nanos() as f64 / items as f64
    })
}

/// Three configurations against the same work without the program: what is reported must be what the work takes.
pub fn agreement() {
    const LIMIT: u64 = 200_000;
    const ITEMS: u64 = 256;
    let mut settings = Settings::default();
    settings.put("limit", Value::Whole(LIMIT));
    let primes = |config: Config| -> Box<dyn FnMut() -> f64> {
        let settings = settings.clone();
        Box::new(move || run_task("primes", &settings, config.clone(), ITEMS))
    };
    let serial = || {
        let start = Instant::now();
        black_box(primes_by_hand(LIMIT, 0..ITEMS));
        start.elapsed().as_nanos() as f64 / ITEMS as f64
    };
    compare(
        "agreement: primes below 200000, serial",
        vec![("a loop by hand", Box::new(serial)), ("serial", primes(config(Model::Serial, 1, 1)))],
    );
    let by_hand = || {
        claimed_by_hand(2, ITEMS, |item| {
            black_box(primes_by_hand(LIMIT, item..item + 1));
        })
    };
    compare(
        "agreement: primes below 200000, two threads",
        vec![("threads by hand", Box::new(by_hand)), ("threads × 2", primes(config(Model::Threads, 2, 1)))],
    );
    let mut waits = Settings::default();
    waits.put("duration", Value::Whole(2_000_000));
    let by_hand = || claimed_by_hand(8, 64, |_| std::thread::sleep(Duration::from_millis(2)));
    let ours = move || run_task("sleep", &waits, config(Model::Threads, 8, 1), 64);
    compare(
        "agreement: waits of 2 ms, eight threads",
        vec![("threads by hand", Box::new(by_hand)), ("threads × 8", Box::new(ours))],
    );
}

/// rayon's own parallel iterator over the same items, in jobs of at most `most` items.
fn par_iter(pool: &rayon::ThreadPool, items: u64, most: usize) -> f64 {
    let job = job();
    let start = Instant::now();
    let sum: u64 = pool.install(|| {
        (0..items as usize)
            .into_par_iter()
            .with_max_len(most)
            .fold(
                || (0u64, Vec::new(), Context::native()),
                |(sum, mut reply, mut context), number| {
                    let digest = item(job.as_ref(), &mut reply, &mut context, number as u64);
                    (sum.wrapping_add(digest), reply, context)
                },
            )
            .map(|(sum, ..)| sum)
            .reduce(|| 0, u64::wrapping_add)
    });
    black_box(sum);
    start.elapsed().as_nanos() as f64 / items as f64
}

pub fn run() {
    const MANY: u64 = 2_000_000;
    for workers in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(workers as usize).build().expect("a pool");
        compare(
            &format!("ns per empty item, {workers} worker(s), against a hand-written loop"),
            vec![
                ("a loop by hand over the same task", Box::new(move || by_hand(workers.into(), MANY))),
                ("threads, chunk 64", Box::new(move || run_model(config(Model::Threads, workers, 64), MANY))),
                ("threads, chunk 1", Box::new(move || run_model(config(Model::Threads, workers, 1), MANY))),
                ("rayon, chunk 64", Box::new(move || run_model(config(Model::Rayon, workers, 64), MANY))),
                ("rayon, chunk 1", Box::new(move || run_model(config(Model::Rayon, workers, 1), MANY))),
            ],
        );
        compare(
            &format!("ns per empty item, {workers} worker(s), against rayon's par_iter"),
            vec![
                ("par_iter, one job per item", Box::new(|| par_iter(&pool, MANY / 10, 1))),
                ("par_iter, as it splits by itself", Box::new(|| par_iter(&pool, MANY, usize::MAX))),
                ("rayon, chunk 1", Box::new(move || run_model(config(Model::Rayon, workers, 1), MANY))),
                ("processes, shared table, chunk 1", table(workers, 1, MANY)),
                ("processes, shared table, chunk 64", table(workers, 64, MANY)),
            ],
        );
    }
    for (chunk, items) in [(1, 20_000), (64, 200_000)] {
        let stream = |method| -> Box<dyn FnMut() -> f64> {
            let config = Config { ipc: Some(method), ..config(Model::Processes, 2, chunk) };
            Box::new(move || run_model(config.clone(), items))
        };
        let sides: Vec<Side<'_>> = vec![
            ("shared memory, table", table(2, chunk, items * 10)),
            ("shared memory, stream", stream(Method::SharedMemory)),
            ("pipe, stream", stream(Method::Pipe)),
            ("queue, stream", stream(Method::Queue)),
            ("manager, stream", stream(Method::Manager)),
        ];
        compare(&format!("ns per empty item, processes × 2, chunk {chunk}, wait sleep"), sides);
    }
}

/// A shared table of empty items, claimed by worker processes.
pub fn table(workers: u32, chunk: u32, items: u64) -> Box<dyn FnMut() -> f64> {
    let config = Config {
        ipc: Some(Method::SharedMemory),
        dispatch: Some(Dispatch::Claim),
        in_flight: None,
        ..config(Model::Processes, workers, chunk)
    };
    Box::new(move || run_model(config.clone(), items))
}
