//! Results with clocked items and with two builds that tests draw and people look at, and charts that a scenario shaped.

use super::fixture::{Fixture, Row, cpu_bound};
use crate::results::{
    Change, ChartShape, Details, Interval, Kind, Latency, Phase, Quantiles, RatePoint, Regression, Results,
    SaturationPoint, Spent, Trial,
};
use crate::setting::{ChartKind, Key, Outcome};
use crate::verdict::{Comparison, compare_runs};

/// Every such kind of picture.
pub(super) fn specimens() -> Vec<(&'static str, Results)> {
    let mut shaped = cpu_bound("threads");
    shaped.scenario.name = "shaped".into();
    let plain = ChartShape::from(ChartKind::Time);
    let two: Vec<usize> = shaped
        .configurations
        .iter()
        .filter(|configuration| configuration.config.workers == Some(2))
        .map(|configuration| configuration.id)
        .collect();
    shaped.charts = vec![
        plain.clone(),
        ChartShape {
            x: Some(Key::Model),
            group: Some(Key::Ipc),
            configurations: Some(two),
            chosen: "workers 2".into(),
            ..plain.clone()
        },
        ChartShape { group: Some(Key::Model), ..ChartKind::Speedup.into() },
        ChartShape { title: Some("Who wins? <&\"'> 100% of 中文".into()), ..plain.clone() },
        ChartShape { x: Some(Key::Workers), ..plain },
    ];
    vec![
        ("tails", tails()),
        ("few", few()),
        ("rates", rates()),
        ("builds", builds(false)),
        ("equal", builds(true)),
        ("shaped", shaped),
    ]
}

/// Times in nanoseconds that look drawn by lot: a body around `middle`, and a tail of a share of them that is `far` times as
/// long.
fn times(count: u64, middle: f64, (share, far): (f64, f64), seed: u64) -> Vec<u64> {
    let mut random = fastrand::Rng::with_seed(seed);
    let one = |_| {
        let body = middle * (0.15 * (random.f64() + random.f64() + random.f64() - 1.5)).exp();
        let tail = if random.f64() < share { far * (0.5 + random.f64()) } else { 1.0 };
        (body * tail) as u64
    };
    (0..count).map(one).collect()
}

/// Items that come at three rates; processes do not sustain the highest.
fn rates() -> Results {
    let mut fixture = Fixture::new("rates", &[ChartKind::Latency]);
    for (rate, threads, processes) in [(100, 2.1e-3, 2.9e-3), (400, 2.4e-3, 4.4e-3), (1600, 5.2e-3, 0.41)] {
        let rows: [Row; 2] = [("threads", 4, "", Some(threads)), ("processes", 4, "pipe", Some(processes))];
        fixture = fixture.workload(&format!("echo, {rate}/s"), "echoes of 1 KiB", &rows);
        fixture.results.workloads.last_mut().unwrap().rate = Some(rate);
    }
    let mut results = fixture.derive();
    for (at, (sustains, saturates_at)) in [(1600, None), (400, Some(1600))].into_iter().enumerate() {
        let configuration = results.configurations[at].label.clone();
        let point = |workload: &crate::results::Workload| {
            let rate = workload.rate.unwrap();
            let median = if saturates_at == Some(rate) { 0.71 } else { 1.0 };
            let share =
                Interval { median, low: Some(median), high: Some(median), level: 0.9648, ranks: (4, 12), n: 15 };
            RatePoint { workload: workload.id, configuration: workload.configurations[at], rate, share }
        };
        let points = results.workloads.iter().map(point).collect();
        let sentence = String::new();
        let sustains = Some(sustains);
        results.derived.saturation.push(SaturationPoint { configuration, sustains, saturates_at, sentence, points });
    }
    results
}

/// What an engine keeps of times.
pub(super) fn quantiles(mut times: Vec<u64>) -> Quantiles {
    times.sort_unstable();
    let count = times.len();
    let at = |share: f64| times[((count as f64 * share) as usize).min(count - 1)];
    let known = |share: f64| (count as f64 * (1.0 - share) >= 10.0).then(|| at(share));
    let (low, high) = (times[0].max(1) as f64, times[count - 1].max(2) as f64);
    let mut histogram: Vec<(u64, u64)> = Vec::new();
    for time in &times {
        let step = ((*time as f64 / low).ln() / (high / low).ln() * 60.0).ceil() / 60.0;
        let bound = (low * (high / low).powf(step)).ceil() as u64;
        match histogram.last_mut() {
            Some((last, count)) if *last >= bound => *count += 1,
            _ => histogram.push((bound, 1)),
        }
    }
    let (p50, p95, p99) = (at(0.5), known(0.95), known(0.99));
    Quantiles { count: count as u64, min: times[0], p50, p95, p99, max: times[count - 1], histogram }
}

fn latency(configuration: usize, service: Vec<u64>, around: f64) -> Latency {
    let response = service.iter().map(|time| time + (around * (1.0 + (time % 7) as f64 / 3.0)) as u64).collect();
    Latency {
        configuration,
        trials: 2,
        service: quantiles(service),
        response: quantiles(response),
        service_by_trial: Vec::new(),
    }
}

/// Some thousand items of every configuration of the computing task, some with tails.
pub(super) fn tails() -> Results {
    let mut results = cpu_bound("threads");
    results.scenario.name = "tails".into();
    results.charts = vec![ChartKind::Service.into()];
    let all = results.configurations.iter().map(|configuration| {
        let workers = f64::from(configuration.config.workers.unwrap_or(1));
        let tail = if workers > 2.0 { (0.04, 6.0 + workers) } else { (0.008, 2.0) };
        let around = if configuration.config.ipc.is_some() { 40_000.0 } else { 900.0 };
        latency(configuration.id, times(2560, 2.9e6, tail, configuration.id as u64), around)
    });
    results.latencies = all.collect();
    results
}

/// Too few items for a curve, and for some of the percentiles; over nine orders of magnitude.
pub(super) fn few() -> Results {
    let rows: [Row; 5] = [
        ("serial", 0, "", Some(1.2)),
        ("threads", 2, "", Some(0.4)),
        ("rayon", 2, "", Some(0.24)),
        ("processes", 2, "pipe", Some(0.24)),
        ("processes", 2, "queue", Some(0.24)),
    ];
    let mut results =
        Fixture::new("few", &[ChartKind::Service]).workload("convoy", "one waits, others compute", &rows).derive();
    results.configurations[4].label =
        "a configuration whose name goes on and on until sixty characters are full".into();
    results.latencies = vec![
        latency(0, vec![52_000_000, 51_000_000, 1], 10.0),
        latency(1, times(40, 3e7, (0.2, 4.0), 3), 1e6),
        latency(2, times(120, 3e7, (0.2, 4.0), 4), 1e6),
        latency(3, vec![5_000_000_000; 1500], 0.0),
        latency(4, times(1500, 3e3, (0.02, 1e6), 4), 1e6),
    ];
    results
}

/// One trial that tells where its workers' time went.
pub(super) fn clocked() -> Vec<Trial> {
    let mut trials = trials(0, 1.0, false, 1);
    trials.truncate(1);
    trials.iter_mut().for_each(|trial| trial.details.spent = Some(Spent::default()));
    trials
}

/// The trials of a configuration around a time in seconds.
fn trials(configuration: usize, seconds: f64, peaks: bool, seed: u64) -> Vec<Trial> {
    let mut random = fastrand::Rng::with_seed(seed);
    let one = |round: u32| {
        let apart = if peaks && round.is_multiple_of(2) { 1.4 } else { 1.0 };
        Trial {
            at: 0,
            took: 0,
            configuration,
            round,
            order: round,
            kind: Kind::Timed,
            duplicate: false,
            outcome: Outcome::Ok,
            measured: (seconds * apart * (1.0 + 0.04 * random.f64()) * 1e9) as u64,
            phases: [Phase::default(); 3],
            done: 1000,
            lost: 0,
            digest: String::new(),
            first_item: 0,
            details: Details::default(),
            others: 0.0,
            flags: vec![],
            stderr: String::new(),
        }
    };
    (0..15).map(one).collect()
}

/// The computing task with every configuration twice: by this build and by another.
pub(super) fn builds(equal: bool) -> Results {
    let mut results = cpu_bound("threads");
    results.scenario.name = if equal { "equal".into() } else { "builds".into() };
    results.charts = vec![ChartKind::Compare.into()];
    results.run.baseline = Some("0.0.9".into());
    let own = results.configurations.clone();
    let changes = [1.25, 1.0, 0.85, 1.03, 1.002, 2.5, 0.97, 1.0, 1.01, 0.6];
    for configuration in &own {
        let seconds = results.derived.estimates[configuration.id].time.map_or(1.0, |time| time.median);
        let id = results.configurations.len();
        let label = format!("{} (other build)", configuration.label);
        results.configurations.push(crate::results::Configuration {
            id,
            partner: Some(configuration.id),
            label,
            ..configuration.clone()
        });
        results.workloads[0].configurations.push(id);
        let estimate = crate::results::ConfigurationEstimate {
            configuration: id,
            ..results.derived.estimates[configuration.id].clone()
        };
        results.derived.estimates.push(estimate);
        let ratio = if equal { 1.0 } else { changes[configuration.id % changes.len()] };
        results.trials.extend(trials(
            configuration.id,
            seconds * ratio,
            configuration.id == 3,
            configuration.id as u64,
        ));
        results.trials.extend(trials(id, seconds, false, id as u64));
        let word = match ratio {
            _ if equal => Change::Equivalent,
            ratio if ratio > 1.1 => Change::Regression,
            ratio if ratio > 1.02 => Change::Slower,
            ratio if ratio < 0.95 => Change::Faster,
            1.0 => Change::Equivalent,
            _ => Change::NoSignificantDifference,
        };
        let ratio = Interval {
            median: ratio,
            low: Some(ratio * 0.98),
            high: Some(ratio * 1.025),
            level: 0.99,
            ranks: (2, 14),
            n: 15,
        };
        results.derived.regressions.push(Regression {
            new: configuration.id,
            old: id,
            ratio,
            word,
            smallest_effect: None,
            rounds_needed: None,
        });
    }
    results
}

/// Two runs of two groups, the later of which is slower in one configuration, and their comparison.
pub(super) fn runs() -> (Results, Results, Comparison) {
    let rows = |factor: f64| -> Vec<Row<'static>> {
        vec![
            ("serial", 0, "", Some(1.0)),
            ("threads", 2, "", Some(0.5 * factor)),
            ("processes", 2, "pipe", Some(0.6 / factor)),
        ]
    };
    let made = |factor: f64| {
        let mut results = Fixture::new("runs", &[])
            .workload("primes", "π", &rows(factor))
            .workload("<&\"'> 中", "no", &rows(1.0))
            .derive();
        results.workloads[1].task = "sleep".into();
        for configuration in 0..results.configurations.len() {
            let seconds = results.derived.estimates[configuration].time.map_or(1.0, |time| time.median);
            results.trials.extend(trials(configuration, seconds, configuration == 4, configuration as u64));
        }
        results
    };
    let (old, new) = (made(1.0), made(1.4));
    let comparison = compare_runs(&old, &new);
    (old, new, comparison)
}
