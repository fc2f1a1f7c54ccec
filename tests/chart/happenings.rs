//! Results with timelines, memory and faults that tests draw and people look at.

use super::fixture::{Fixture, Row};
use crate::results::{Event, EventKind, FaultEstimate, MemoryEstimate, Results, Timeline};
use crate::setting::ChartKind;

/// Every kind of picture of what happened beside the times.
pub(super) fn happenings() -> Vec<(&'static str, Results)> {
    let mut quick = crashed();
    quick.scenario.name = "quick-happenings".into();
    quick.run.quick = true;
    quick.timelines.clear();
    let mut dead = faults();
    dead.scenario.name = "all-dead".into();
    for estimate in &mut dead.derived.estimates {
        let hung = u32::from(estimate.configuration % 4 == 3) * 5;
        let fault = FaultEstimate { trials: 5, hung, died: 5 - hung, lost: 64.0, ..FaultEstimate::default() };
        estimate.fault = Some(fault);
    }
    vec![
        ("died", crashed()),
        ("lock", locked()),
        ("plain", plain()),
        ("crowd", crowd()),
        ("blur", blur()),
        ("weights", weights()),
        ("weights-named", heavy_names()),
        ("faults", faults()),
        ("one-fault", one_fault()),
        ("all-dead", dead),
        ("quick-happenings", quick),
    ]
}

/// Numbers that look drawn by lot and are the same every time.
struct Lot(u64);

impl Lot {
    fn next(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (self.0 >> 33) % (high - low)
    }
}

const MS: u64 = 1_000_000;

/// A worker's events: it starts at `start`, is ready at `ready`, and runs items of about `item` until `end`.
fn worker(events: &mut Vec<Event>, lane: u32, (start, ready, end): (u64, u64, u64), item: u64, lot: &mut Lot) {
    events.push(Event(lane, EventKind::Start, start, ready));
    items(events, lane, (ready, end), item, lot);
}

fn items(events: &mut Vec<Event>, lane: u32, (ready, end): (u64, u64), item: u64, lot: &mut Lot) {
    let mut at = ready + lot.next(item / 100 + 1, item / 40 + 2);
    while at + item / 2 < end {
        let to = at + lot.next(item / 2, item * 3 / 2);
        events.push(Event(lane, EventKind::Item, at, to));
        at = to + lot.next(item / 100 + 1, item / 15 + 2);
    }
}

pub(super) fn crashed() -> Results {
    let rows: [Row; 3] =
        [("serial", 0, "", Some(1.2)), ("processes", 4, "pipe", Some(0.4)), ("processes", 8, "pipe", Some(0.24))];
    let mut results =
        Fixture::new("died", &[ChartKind::Timeline]).workload("primes, kill in item 19", "40 rounds", &rows).derive();
    for configuration in &mut results.configurations[1..] {
        (configuration.config.start, configuration.config.on_crash) = (Some("spawn".into()), Some("restart".into()));
    }
    results.workloads[0].fault = Some(crate::results::Fault { kind: "kill".into(), item: 19 });
    let mut lot = Lot(7);
    for configuration in [1, 2] {
        let mut events = Vec::new();
        let count = results.configurations[configuration].config.workers.unwrap_or(1);
        for lane in 1..=count {
            let start = MS * u64::from(lane) / 2;
            let ready = start + lot.next(5 * MS, 7 * MS);
            if lane == 3 {
                worker(&mut events, lane, (start, ready, 38 * MS), 9 * MS, &mut lot);
                events.retain(|event| event.0 != lane || event.3 < 36 * MS);
                events.push(Event(lane, EventKind::Crash, 38 * MS, 38 * MS + MS / 3));
                events.push(Event(lane, EventKind::Start, 38 * MS + MS / 3, 44 * MS));
                items(&mut events, lane, (44 * MS, 80 * MS), 9 * MS, &mut lot);
            } else {
                worker(&mut events, lane, (start, ready, 78 * MS), 9 * MS, &mut lot);
            }
            events.push(Event(lane, EventKind::Join, 88 * MS, 89 * MS + lot.next(0, MS)));
        }
        results.timelines.push(Timeline { configuration, events, left_out: 0 });
    }
    results
}

pub(super) fn locked() -> Results {
    let rows: [Row; 2] = [("threads", 2, "", Some(0.4)), ("threads", 4, "", Some(0.4))];
    let mut results =
        Fixture::new("lock", &[ChartKind::Timeline]).workload("primes", "π(200 000) in 64 blocks", &rows).derive();
    results.workloads[0].runtime = "gil_emulation".into();
    let mut lot = Lot(3);
    let mut events = Vec::new();
    for lane in 1..=4_u32 {
        worker(&mut events, lane, (0, MS / 5, 120 * MS), 22 * MS, &mut lot);
        events.push(Event(lane, EventKind::Join, 132 * MS, 133 * MS));
    }
    let (mut at, mut lane) = (MS / 4, 1);
    while at < 122 * MS {
        let to = at + lot.next(4 * MS, 5 * MS + MS / 10);
        events.push(Event(lane, EventKind::Held, at, to));
        (at, lane) = (to + 20_000, 1 + (lane + lot.next(0, 3) as u32) % 4);
    }
    results.timelines.push(Timeline { configuration: 1, events, left_out: 0 });
    results
}

pub(super) fn plain() -> Results {
    let rows: [Row; 4] = [
        ("serial", 0, "", Some(0.2)),
        ("threads", 1, "", Some(0.2)),
        ("rayon", 2, "", Some(0.1)),
        ("processes", 2, "shared_memory", Some(0.1)),
    ];
    let mut results =
        Fixture::new("plain", &[ChartKind::Timeline]).workload("hash", "SHA-256 of 1 MiB", &rows).derive();
    let long = "a configuration whose name goes on and on until sixty characters are full";
    results.configurations[3].label = long.into();
    let mut lot = Lot(11);
    for configuration in 0..4 {
        let mut events = Vec::new();
        match results.configurations[configuration].config.workers {
            None => items(&mut events, 0, (0, 200 * 1000), 12 * 1000, &mut lot),
            Some(count) => {
                for lane in 1..=count {
                    let ready = [60 * 1000, 3 * MS][usize::from(configuration == 3)];
                    worker(&mut events, lane, (10_000, ready, 100 * MS), 5 * MS, &mut lot);
                    events.push(Event(lane, EventKind::Join, 103 * MS, 104 * MS));
                }
            }
        }
        results.timelines.push(Timeline { configuration, events, left_out: 0 });
    }
    results
}

fn crowd() -> Results {
    let rows: [Row; 1] = [("processes", 64, "pipe", Some(0.4))];
    let mut results = Fixture::new("crowd", &[ChartKind::Timeline]).workload("sleep", "sleeping 5 ms", &rows).derive();
    let mut lot = Lot(5);
    let mut events = Vec::new();
    for lane in 1..=64 {
        let start = 700 * 1000 * u64::from(lane);
        worker(&mut events, lane, (start, start + 3 * MS, 150 * MS), 5 * MS, &mut lot);
        if lane == 20 {
            events.push(Event(lane, EventKind::Crash, 100 * MS, 101 * MS));
        }
        events.push(Event(lane, EventKind::Join, 160 * MS, 160 * MS + u64::from(lane) * 100 * 1000));
    }
    results.timelines.push(Timeline { configuration: 0, events, left_out: 0 });
    results
}

fn blur() -> Results {
    let rows: [Row; 1] = [("threads", 2, "", Some(0.4))];
    let mut results = Fixture::new("blur", &[ChartKind::Timeline]).workload("empty", "nothing", &rows).derive();
    results.workloads[0].runtime = "gil_emulation".into();
    let mut lot = Lot(9);
    let mut events = Vec::new();
    for lane in 1..=2 {
        let mut own = Vec::new();
        worker(&mut own, lane, (0, 60_000, 100 * MS), 40_000, &mut lot);
        own.truncate(401);
        events.append(&mut own);
        for at in 0..300 {
            let from = (at * 2 + u64::from(lane)) * 25_000;
            events.push(Event(lane, EventKind::Held, from, from + 24_000));
        }
        events.push(Event(lane, EventKind::Join, 40 * MS, 40 * MS + 80_000));
    }
    results.timelines.push(Timeline { configuration: 0, events, left_out: 1234 });
    results
}

fn weigh(results: &mut Results, configuration: usize, (private, shared, rss): (f64, f64, f64), trials: u32) {
    let mib = 1024.0 * 1024.0;
    results.derived.estimates[configuration].memory = Some(MemoryEstimate {
        private: private * mib,
        shared: shared * mib,
        pss: (private + shared) * mib,
        rss: rss * mib,
        growth: 0.0,
        per_worker: None,
        trials,
    });
}

/// Threads, and processes by their start method, native and in Python.
pub(super) fn weights() -> Results {
    let rows: [Row; 5] = [
        ("serial", 0, "", Some(1.2)),
        ("threads", 8, "", Some(0.4)),
        ("processes", 8, "pipe", Some(0.24)),
        ("processes", 8, "pipe", Some(0.24)),
        ("processes", 8, "pipe", Some(0.24)),
    ];
    let mut results = Fixture::new("weights", &[ChartKind::Memory])
        .workload("native", "64 rounds of primes", &rows)
        .workload("CPython 3.11.2", "64 rounds of primes", &rows)
        .derive();
    for (at, start) in [(2, "fork"), (3, "forkserver"), (4, "spawn")] {
        for configuration in [at, at + 5] {
            results.configurations[configuration].config.start = Some(start.into());
            results.configurations[configuration].label = format!("processes × 8, pipe, {start}");
        }
    }
    for (configuration, use_) in [
        (0, (2.1, 0.9, 4.0)),
        (1, (2.3, 0.9, 4.3)),
        (2, (5.6, 1.5, 33.0)),
        (3, (8.0, 1.9, 36.0)),
        (4, (9.9, 2.0, 38.0)),
        (5, (8.0, 1.5, 11.0)),
        (6, (8.2, 1.5, 11.3)),
        (7, (18.0, 3.1, 91.0)),
        (8, (44.2, 3.4, 99.0)),
        (9, (76.0, 3.9, 104.0)),
    ] {
        weigh(&mut results, configuration, use_, 2);
    }
    results
}

fn heavy_names() -> Results {
    let rows: [Row; 3] =
        [("threads", 1, "", Some(1.2)), ("threads", 64, "", Some(0.4)), ("processes", 64, "pipe", Some(0.24))];
    let mut results =
        Fixture::new("weights-named", &[ChartKind::Memory]).workload("memory", "a large object", &rows).derive();
    results.configurations[2].label =
        "a configuration whose name goes on and on until sixty characters are full".into();
    results.configurations[2].config.parent_memory = Some(256 << 20);
    results.configurations[2].config.parent_use = Some("read".into());
    for (configuration, use_) in [(0, (2.0, 1.0, 4.0)), (1, (3.0, 1.0, 5.0))] {
        weigh(&mut results, configuration, use_, 1);
    }
    results
}

/// Configurations under faults: threads fall together, processes one by one.
pub(super) fn faults() -> Results {
    let rows: [Row; 5] = [
        ("threads", 4, "", Some(1.0)),
        ("processes", 4, "pipe", Some(1.0)),
        ("processes", 4, "pipe", Some(1.0)),
        ("processes", 4, "pipe", Some(1.0)),
        ("rayon", 4, "", Some(1.0)),
    ];
    let kinds = ["panic", "abort", "segfault", "exit", "kill", "hang", "stack_overflow", "memory"];
    let mut fixture = Fixture::new("faults", &[ChartKind::Crash]);
    for kind in kinds {
        fixture = fixture.workload(&format!("primes, {kind} in item 7"), "64 rounds of primes", &rows);
    }
    let mut results = fixture.derive();
    for (workload, kind) in kinds.iter().enumerate() {
        results.workloads[workload].fault = Some(crate::results::Fault { kind: (*kind).into(), item: 7 });
        for at in 0..5 {
            let configuration = workload * 5 + at;
            results.configurations[configuration].items = 64;
            let on_crash = ["", "stop", "skip", "restart", ""][at];
            if !on_crash.is_empty() {
                results.configurations[configuration].config.on_crash = Some(on_crash.into());
                results.configurations[configuration].label = format!("processes × 4, pipe, {on_crash}");
            }
            let alone = on_crash.is_empty();
            let (survived, died, hung) = match (alone, *kind) {
                (_, "hang") => (0, 0, 5),
                (true, "panic") => (5, 0, 0),
                (true, _) => (0, 5, 0),
                (false, _) => (if workload == 3 { 4 } else { 5 }, 0, u32::from(workload == 3)),
            };
            let (done, retried) = match (on_crash, survived) {
                ("restart", 1..) => (64.0, 2.0),
                ("skip", 1..) => (63.0, 0.0),
                (_, 1..) => (31.0, 0.0),
                _ if hung > 0 => (40.0, 0.0),
                _ => (0.0, 0.0),
            };
            let recovered = (retried > 0.0).then_some(0.0041);
            results.derived.estimates[configuration].fault =
                Some(FaultEstimate { trials: 5, survived, died, hung, done, lost: 64.0 - done, retried, recovered });
        }
    }
    results
}

fn one_fault() -> Results {
    let mut results = faults();
    results.scenario.name = "one-fault".into();
    results.workloads.truncate(1);
    results.configurations.truncate(5);
    results.derived.estimates.truncate(5);
    results.derived.workloads.truncate(1);
    results.configurations[0].label =
        "a configuration whose name goes on and on until sixty characters are full".into();
    results
}
