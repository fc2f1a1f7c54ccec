//! Plausible results for tests, with a derived section as the verdicts room would write it.

use std::collections::BTreeMap;

use crate::results::*;
use crate::setting::{Affinity, ChartKind, Config, Dispatch, Measure, Wait};

/// Results in the making.
pub(crate) struct Fixture {
    pub(crate) results: Results,
    seconds: Vec<Option<f64>>,
    pub(crate) spread: f64,
}

/// One configuration as a test writes it: model, workers (0 for serial), IPC method (or empty) and seconds.
pub(crate) type Row<'a> = (&'a str, u32, &'a str, Option<f64>);

impl Fixture {
    pub(crate) fn new(name: &str, charts: &[ChartKind]) -> Self {
        let text = String::new;
        let scenario =
            ScenarioRecord { name: name.into(), title: name.into(), about: text(), text: text(), hash: text() };
        let run = RunRecord {
            budget: None,
            seed: 1,
            rounds: 15,
            quick: false,
            complete: true,
            filter: None,
            margin: 0.03,
            timeout: 30.0,
            started: text(),
            resumed: 0,
            candidate: None,
            baseline: None,
        };
        let machine = Machine { cpu: "AMD EPYC".into(), arch: "x86_64".into(), cores: 2, ..Machine::default() };
        let results = Results {
            format: FORMAT,
            tool: "0.1.0".into(),
            scenario,
            run,
            machine,
            variants: Vec::new(),
            workloads: Vec::new(),
            configurations: Vec::new(),
            skipped: Vec::new(),
            expectations: Vec::new(),
            charts: charts.iter().map(|kind| (*kind).into()).collect(),
            trials: Vec::new(),
            latencies: Vec::new(),
            timelines: vec![],
            derived: Derived::default(),
        };
        Self { results, seconds: Vec::new(), spread: 0.015 }
    }

    pub(crate) fn workload(mut self, label: &str, describe: &str, rows: &[Row]) -> Self {
        let id = self.results.workloads.len();
        let first = self.results.configurations.len();
        for (model, workers, ipc, seconds) in rows {
            let mut config = Config::new((*model).into(), Measure::Work);
            config.workers = (*workers > 0).then_some(*workers);
            config.chunk = config.workers.map(|_| 1);
            if !ipc.is_empty() {
                config.ipc = Some((*ipc).into());
                (config.dispatch, config.in_flight) = (Some(Dispatch::Stream), Some(2));
                (config.wait, config.affinity) = (Some(Wait::Sleep), Some(Affinity::Free));
            }
            let mut label = config.model.shown().to_owned();
            label += &config.workers.map_or(String::new(), |workers| format!(" × {workers}"));
            label += &config.ipc.map_or(String::new(), |ipc| format!(", {}", ipc.shown()));
            self.results.configurations.push(Configuration {
                id: self.results.configurations.len(),
                workload: id,
                label,
                config,
                items: 1000,
                checked: false,
                variant: None,
                partner: None,
                oversubscribed: false,
            });
            self.seconds.push(*seconds);
        }
        let configurations = (first..self.results.configurations.len()).collect();
        self.results.workloads.push(workload(id, label, describe, configurations));
        self
    }

    /// Sets the payload of the last workload, and one item in flight for its configurations.
    pub(crate) fn payload(mut self, bytes: u64) -> Self {
        let workload = self.results.workloads.last_mut().unwrap();
        workload.payload = Some(bytes);
        workload.task = "echo".into();
        workload.settings.insert("payload".into(), bytes.into());
        for configuration in &workload.configurations {
            let configuration = &mut self.results.configurations[*configuration];
            configuration.config.in_flight = configuration.config.ipc.map(|_| 1);
        }
        self
    }

    fn interval(&self, median: f64, seed: usize) -> Interval {
        let spread = self.spread * (1.0 + (seed % 5) as f64 * 0.4);
        let (low, high) = (Some(median * (1.0 - spread)), Some(median * (1.0 + spread * 1.3)));
        Interval { median, low, high, level: 0.9648, ranks: (4, 12), n: 15 }
    }

    /// Fills the derived section: configurations within three per cent of the fastest share the first place.
    pub(crate) fn derive(mut self) -> Results {
        let mut derived = Derived::default();
        for configuration in &self.results.configurations {
            let workload = &self.results.workloads[configuration.workload];
            let seconds = self.seconds[configuration.id];
            let base = self.seconds[workload.reference];
            let speedup = seconds.zip(base).map(|(seconds, base)| self.interval(base / seconds, configuration.id));
            derived.estimates.push(ConfigurationEstimate {
                configuration: configuration.id,
                time: seconds.map(|seconds| self.interval(seconds, configuration.id)),
                per_item: seconds.map(|seconds| self.interval(seconds / configuration.items as f64, configuration.id)),
                speedup: speedup.filter(|_| configuration.id != workload.reference),
                phases: seconds.map(|seconds| [seconds * 0.15, seconds * 0.8, seconds * 0.05]),
                throughput: None,
                cpu: None,
                switches: None,
                resources: None,
                memory: None,
                fault: None,
                lives: None,
                lock: None,
                seen: vec![],
                pipeline: None,
                breakdown: None,
                ok: if seconds.is_some() { 15 } else { 0 },
                trials: 15,
                too_short: 0,
                bimodal: false,
                note: if seconds.is_some() { String::new() } else { "15 of 15 timed out".into() },
            });
        }
        for workload in &self.results.workloads {
            derived.workloads.push(self.verdict(workload));
        }
        self.results.derived = derived;
        self.results
    }

    /// As the verdicts order them, as far as these tests have models.
    fn simplicity(&self, id: usize) -> (usize, Option<u32>) {
        let config = &self.results.configurations[id].config;
        let models = ["serial", "threads", "async", "rayon"];
        (models.iter().position(|model| *model == config.model.word()).unwrap_or(models.len()), config.workers)
    }

    fn verdict(&self, workload: &Workload) -> WorkloadVerdict {
        let time = |configuration: usize| self.seconds[configuration].unwrap_or(f64::INFINITY);
        let mut ranking = workload.configurations.clone();
        ranking.sort_by(|a, b| time(*a).total_cmp(&time(*b)));
        let mut pairs = Vec::new();
        for (index, a) in ranking.iter().enumerate() {
            for b in &ranking[index + 1..] {
                let ratio = time(*b) / time(*a);
                if ratio.is_finite() {
                    let word = if ratio > 1.03 { Word::Faster } else { Word::NoSignificantDifference };
                    let ratio = self.interval(ratio, *a);
                    pairs.push(Pair { a: *a, b: *b, ratio, word });
                }
            }
        }
        let best = time(ranking[0]);
        let winners: Vec<usize> =
            ranking.iter().copied().filter(|configuration| time(*configuration) <= best * 1.03).collect();
        let simplest = winners.iter().copied().min_by_key(|id| self.simplicity(*id)).unwrap_or(ranking[0]);
        let picks = picks(&ranking, &winners, simplest);
        WorkloadVerdict {
            variants: vec![],
            workload: workload.id,
            ranking,
            picks,
            warnings: Vec::new(),
            winners,
            pairs,
            checks: Vec::new(),
            suppressed: None,
            sentence: String::new(),
            recommendation: None,
        }
    }
}

/// The pick of a ranking, with the other winners as good and the rest slower.
fn picks(ranking: &[usize], winners: &[usize], simplest: usize) -> Vec<Pick> {
    let slower = ranking.iter().filter(|id| !winners.contains(id));
    let pick = Pick {
        configuration: simplest,
        wait: None,
        by: PickedBy::Simplicity,
        price: Some(0.01),
        fastest: winners.len() == 1,
        speedup: None,
        failures: 0,
        as_good: winners.iter().copied().filter(|id| *id != simplest).collect(),
        slower: slower.map(|id| SlowerBy { configuration: *id, at_least: 0.1 }).collect(),
        too_close: vec![],
        models: vec![],
    };
    vec![pick]
}

/// A workload of these configurations.
fn workload(id: usize, label: &str, describe: &str, configurations: Vec<usize>) -> Workload {
    Workload {
        id,
        label: label.to_owned(),
        task: "primes".into(),
        describe: describe.to_owned(),
        bound: "computing".into(),
        settings: BTreeMap::new(),
        payload: None,
        rate: None,
        runtime: "native".into(),
        interpreter: None,
        fault: None,
        measure: "work".into(),
        reference: configurations[0],
        configurations,
        per_item: false,
        looks: Looks {
            planned: vec![15],
            units: vec![(0, 1)],
            completed: 1,
            ended: Some(Ended::Rounds),
            ..Looks::default()
        },
    }
}

/// A computing task on two cores, whose fastest configuration is the given one.
pub(crate) fn cpu_bound(fastest: &str) -> Results {
    cpu_fixture(fastest).derive()
}

pub(crate) fn cpu_fixture(fastest: &str) -> Fixture {
    let mut rows: Vec<Row> = vec![("serial", 0, "", Some(1.84))];
    for (model, ipc, at) in [
        ("threads", "", [1.85, 0.965, 0.962]),
        ("rayon", "", [1.86, 0.990, 0.988]),
        ("processes", "pipe", [1.90, 1.060, 1.10]),
        ("processes", "shared_memory", [1.88, 1.030, 1.05]),
    ] {
        let factor = if model == fastest { 0.93 } else { 1.0 };
        for (workers, seconds) in [1, 2, 4].into_iter().zip(at) {
            let factor = if workers == 2 && ipc != "pipe" { factor } else { 1.0 };
            rows.push((model, workers, ipc, Some(seconds * factor)));
        }
    }
    Fixture::new("cpu-bound", &[ChartKind::Speedup, ChartKind::Time]).workload(
        "primes, limit 200 000",
        "π(200 000) in 64 blocks, 640 items",
        &rows,
    )
}
