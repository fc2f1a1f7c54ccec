//! Results of every kind that tests draw and people look at.

use super::fixture::{Fixture, Row, cpu_bound};
use crate::results::{BreakEven, BreakPoint, Breakdown, Crossing, FitKind, FitRecord, Fitted, Loss, Results, Word};
use crate::setting::{ChartKind, Model};

/// Every kind of picture that the tests look at, by name.
pub(super) fn gallery() -> Vec<(&'static str, Results)> {
    let mut quick = cpu_bound("threads");
    quick.scenario.name = "quick".into();
    quick.run.quick = true;
    quick.derived.workloads[0].suppressed = Some("this was a quick run".into());
    let wide: Vec<Row> = [1, 2, 4, 8, 16]
        .into_iter()
        .flat_map(|workers| {
            let n = f64::from(workers);
            [
                ("processes", workers, "pipe", Some(16.0 / n.powf(0.8))),
                ("rayon", workers, "", Some(16.0 / n.powf(0.72))),
                ("threads", workers, "", Some(16.3 / n.powf(0.02))),
                ("async", workers, "", Some(16.0)),
            ]
        })
        .collect();
    let mut sixteen = Fixture::new("wide", &[ChartKind::Speedup, ChartKind::Time])
        .workload("hash", "SHA-256 of 64 MiB", &wide)
        .derive();
    sixteen.machine.cores = 16;
    let fitted = |value: f64| Fitted { value, low: value * 0.8, high: value * 1.2 };
    sixteen.derived.fits = vec![FitRecord {
        workload: 0,
        line: "processes, pipe".into(),
        configurations: sixteen
            .configurations
            .iter()
            .filter(|configuration| configuration.config.model == Model::Processes)
            .map(|configuration| configuration.id)
            .collect(),
        kind: FitKind::Amdahl,
        sigma: fitted(0.05),
        kappa: None,
        residual: 0.02,
        most: 32,
        peak: None,
    }];
    let mut all = vec![
        ("cpu", cpu_bound("threads")),
        ("quick", quick),
        ("wide", sixteen),
        ("three", three_groups()),
        ("ends", end_to_end()),
        ("failed", failed()),
        ("dots", dots()),
        ("ipc", payloads()),
        ("names", hard_names()),
        ("many", many_lines()),
        ("dispatch", dispatch()),
        ("losses", lost()),
        ("gained", gained()),
    ];
    all.extend(super::happenings::happenings());
    all.extend(super::specimens::specimens());
    all
}

/// A split by these shares of the workers' time: start, dispatch, waiting, lock, oversubscription. The rest is unexplained.
fn split(results: &mut Results, configuration: usize, shares: [f64; 5]) {
    let workers = results.configurations[configuration].config.workers.unwrap_or(1);
    let Some(measured) = results.derived.estimates[configuration].speedup.map(|speedup| speedup.median) else { return };
    let mut parts: Vec<(Loss, f64)> =
        Loss::ALL.into_iter().zip(shares.map(|share| share * f64::from(workers))).collect();
    let seen: f64 = parts.iter().map(|(_, part)| part).sum();
    parts.push((Loss::Unexplained, f64::from(workers) - measured - seen));
    results.derived.estimates[configuration].breakdown =
        Some(Breakdown { workers, measured, parts, inflation: 1.04, trials: 2 });
}

/// Computing on two cores with up to four workers, each of which lost something else.
pub(super) fn lost() -> Results {
    let mut results = cpu_bound("threads");
    results.scenario.name = "losses".into();
    results.charts = vec![ChartKind::Breakdown.into()];
    for configuration in 0..results.configurations.len() {
        let two = results.configurations[configuration].config.workers == Some(2);
        let over_pipe = results.configurations[configuration].config.ipc == Some("pipe".into());
        let dispatch = if over_pipe { 0.11 } else { 0.012 };
        match results.configurations[configuration].config.workers {
            Some(count) if count > 1 => {
                let threads = results.configurations[configuration].config.model == "threads".into();
                let none = if two {
                    0.004
                } else if threads {
                    0.445
                } else {
                    0.41
                };
                split(&mut results, configuration, [0.0, dispatch, if two { 0.02 } else { 0.035 }, 0.0, none]);
            }
            _ => {}
        }
    }
    results
}

/// Four cores: end to end, with a lock, with items that ran faster than in the reference, and a rough split.
pub(super) fn gained() -> Results {
    let rows = [
        ("serial", 0, "", Some(2.0)),
        ("threads", 4, "", Some(1.9)),
        ("rayon", 4, "", Some(0.42)),
        ("processes", 4, "pipe", Some(0.9)),
        ("processes", 8, "shared_memory", Some(0.26)),
    ];
    let mut results = Fixture::new("gained", &[ChartKind::Breakdown])
        .workload("matrix", "products of matrices of 256 × 256", &rows)
        .derive();
    results.workloads[0].measure = "end_to_end".into();
    results.machine.cores = 8;
    split(&mut results, 1, [0.01, 0.02, 0.03, 0.61, 0.03]);
    split(&mut results, 2, [0.02, 0.03, 0.05, 0.0, 0.0]);
    split(&mut results, 3, [0.14, 0.09, 0.11, 0.0, 0.01]);
    split(&mut results, 4, [0.06, 0.01, 0.04, 0.0, 0.0]);
    if let Some(breakdown) = &mut results.derived.estimates[3].breakdown {
        breakdown.inflation = 1.35;
    }
    results
}

fn three_groups() -> Results {
    let rows = |seconds: [f64; 4]| -> Vec<Row<'static>> {
        let [a, b, c, d] = seconds.map(Some);
        vec![("processes", 8, "pipe", a), ("rayon", 8, "", b), ("threads", 8, "", c), ("async", 8, "", d)]
    };
    let mut fixture = Fixture::new("three", &[ChartKind::Time])
        .workload("primes", "64 × SHA-256", &rows([1.84, 2.08, 12.4, 12.2]))
        .workload("sleep", "512 × 20 ms sleep", &rows([1.52, 1.43, 1.33, 0.42]))
        .workload("mixed", "½ CPU, ½ I/O", &rows([2.21, 2.47, 7.1, 6.8]));
    fixture.spread = 0.03;
    fixture.derive()
}

pub(super) fn end_to_end() -> Results {
    let mut results = cpu_bound("rayon");
    results.scenario.name = "ends".into();
    results.workloads[0].measure = "end_to_end".into();
    results
}

pub(super) fn failed() -> Results {
    let rows = [
        ("serial", 0, "", Some(0.2)),
        ("threads", 2, "", Some(0.11)),
        ("threads", 4, "", None),
        ("threads", 8, "", Some(0.1)),
        ("processes", 2, "pipe", Some(0.12)),
        ("processes", 4, "pipe", None),
        ("processes", 8, "pipe", None),
    ];
    let mut results = Fixture::new("failed", &[ChartKind::Speedup, ChartKind::Time])
        .workload("sleep", "sleeping 5 ms", &rows)
        .derive();
    results.derived.estimates[1].note = "2 of 15 timed out".into();
    results.derived.estimates[1].time.as_mut().unwrap().high = None;
    results
}

pub(super) fn dots() -> Results {
    let rows = [
        ("serial", 0, "", Some(0.9)),
        ("threads", 2, "", Some(0.000_004)),
        ("rayon", 2, "", Some(0.0031)),
        ("processes", 2, "pipe", Some(0.021)),
        ("processes", 2, "shared_memory", Some(0.0052)),
        ("processes", 2, "queue", Some(0.055)),
        ("processes", 2, "manager", Some(4012.0)),
    ];
    Fixture::new("dots", &[ChartKind::Speedup, ChartKind::Time])
        .workload("empty", "nothing at all, 4096 times", &rows)
        .derive()
}

pub(super) fn payloads() -> Results {
    let mut fixture = Fixture::new("ipc", &[ChartKind::Ipc, ChartKind::Time]);
    for bytes in [64, 4096, 65_536, 1 << 20] {
        let size = bytes as f64;
        let rows = [
            ("threads", 1, "", Some(1e-3 + size * 2e-7)),
            ("processes", 1, "pipe", Some(12e-3 + size * 6e-7)),
            ("processes", 1, "shared_memory", Some(4e-3 + size * 6.1e-7)),
            ("processes", 1, "queue", Some(31e-3 + size * 9e-7)),
            ("processes", 1, "manager", Some(45e-3 + size * 25e-7)),
        ];
        let label = format!("payload {}", crate::text::show_bytes(bytes));
        fixture = fixture.workload(&label, "payloads round trip", &rows).payload(bytes);
    }
    let mut results = fixture.derive();
    let point = |workload: usize| BreakPoint {
        value: [64.0, 4096.0, 65_536.0, 1_048_576.0][workload],
        shown: String::new(),
        a: workload * 5 + 2,
        b: workload * 5 + 1,
        ratio: 1.0,
        word: if workload == 3 { Word::Slower } else { Word::Faster },
    };
    results.derived.break_evens = vec![BreakEven {
        axis: "payload".into(),
        of: "echo".into(),
        workloads: vec![0, 1, 2, 3],
        measure: "work".into(),
        a: "processes × 1, shared memory".into(),
        b: "processes × 1, pipe".into(),
        points: (0..4).map(point).collect(),
        crossing: Crossing::From,
        at: Some(870_000.0),
        low: Some(65_536.0),
        high: Some(1_048_576.0),
        sentence: String::new(),
    }];
    results
}

pub(super) fn hard_names() -> Results {
    let rows = [("serial", 0, "", Some(1.0)), ("threads", 1, "", Some(0.9)), ("threads", 2, "", Some(0.5))];
    let long = "a workload whose label goes on and on and on & <never> seems to end although the picture does";
    Fixture::new("names", &[ChartKind::Speedup, ChartKind::Time])
        .workload(long, "words, words, words, words, words, words, words, words, words, words, words", &rows)
        .workload("short", "", &rows)
        .derive()
}

fn dispatch() -> Results {
    let mut rows: Vec<Row> =
        vec![("serial", 0, "", Some(0.1)), ("threads", 2, "", Some(0.12)), ("rayon", 2, "", Some(0.11))];
    for (index, ipc) in ["shared_memory", "pipe", "queue", "manager"].into_iter().enumerate() {
        for chunk in [1.0, 16.0] {
            rows.push(("processes", 2, ipc, Some((index + 2) as f64 / chunk)));
        }
    }
    let mut results = Fixture::new("dispatch", &[ChartKind::Time, ChartKind::Ipc])
        .workload("empty", "nothing, 40 000 times", &rows)
        .derive();
    for (index, configuration) in
        results.configurations.iter_mut().enumerate().filter(|(_, configuration)| configuration.config.ipc.is_some())
    {
        let chunk = if index % 2 == 1 { 1 } else { 64 };
        configuration.config.chunk = Some(chunk);
        configuration.label += &format!(", stream, chunk {chunk}");
    }
    results
}

fn many_lines() -> Results {
    let time = |index: u32, workers: u32| 30.0 / f64::from(workers).powf(0.05 * f64::from(index));
    let rows: Vec<Row> = (0..20)
        .flat_map(|index| (1..=64).map(move |workers| ("threads", workers, "", Some(time(index, workers)))))
        .collect();
    let charts = [ChartKind::Speedup, ChartKind::Time];
    let mut results = Fixture::new("many", &charts).workload("many", "a lot of work", &rows).derive();
    for configuration in &mut results.configurations {
        let chunk = configuration.id as u32 / 64 + 1;
        configuration.config.chunk = Some(chunk);
        configuration.label += &format!(", chunk {chunk}");
    }
    results
}
