//! Results made by hand for tests: a machine that drifts from round to round, configurations with known times.

use std::ops::Range;

use super::derive;
use crate::results::{
    Configuration, Derived, Details, Ended, FORMAT, Kind, Looks, Machine, MemoryUse, Phase, Results, RunRecord,
    ScenarioRecord, Spent, Trial, Usage, Workload,
};
use crate::setting::{Config, EnumWords, Measure, Method, Model, Outcome};

/// The configuration that a label such as `processes × 2, pipe` names, as far as it names one.
fn configured(label: &str) -> Config {
    let (head, rest) = label.split_once(", ").unwrap_or((label, ""));
    let (model, workers) = head.split_once(" × ").unwrap_or((head, ""));
    let mut config = Config::new(Model::of_word(model).unwrap_or(Model::Serial), Measure::Work);
    config.workers = workers.parse().ok();
    let method = rest.split(", ").next().unwrap_or_default();
    config.ipc = Method::ROWS.iter().position(|row| row.shown == method).map(|at| Method::VALUES[at]);
    config
}

/// Results in the making, of one workload.
#[derive(Clone)]
pub(crate) struct Made {
    /// What is made.
    pub results: Results,
    rounds: u32,
    noise: f64,
}

impl Made {
    /// A complete run of so many rounds without configurations yet, with noise of 0.2 %.
    pub fn new(rounds: u32) -> Self {
        let text = |text: &str| text.to_owned();
        let scenario = ScenarioRecord {
            name: text("made"),
            title: text("Made by hand"),
            about: text("What is it?"),
            text: text(""),
            hash: text("0"),
        };
        let run = RunRecord {
            seed: 1,
            rounds,
            budget: None,
            quick: false,
            complete: true,
            filter: None,
            margin: 0.03,
            timeout: 30.0,
            started: text("2026-11-23 14:02"),
            resumed: 0,
            candidate: None,
            baseline: None,
        };
        let machine = Machine {
            cpu: text("A CPU"),
            arch: text("x86_64"),
            cores: 2,
            cores_online: 2,
            kernel: text("Linux 6.1"),
            ..Machine::default()
        };
        let results = Results {
            format: FORMAT,
            tool: text("0.1.0"),
            scenario,
            run,
            machine,
            variants: Vec::new(),
            workloads: vec![workload()],
            configurations: vec![],
            skipped: vec![],
            expectations: vec![],
            charts: vec![],
            trials: vec![],
            latencies: vec![],
            timelines: vec![],
            derived: Derived::default(),
        };
        Self { results, rounds, noise: 0.002 }
    }

    /// The same with another noise, as a share of the time.
    pub fn noise(mut self, noise: f64) -> Self {
        self.noise = noise;
        self
    }

    /// Adds the serial configuration.
    pub fn serial(self, seconds: f64) -> Self {
        self.configuration("serial", seconds)
    }

    /// Adds a configuration whose trials take about so long.
    pub fn configuration(mut self, label: &str, seconds: f64) -> Self {
        let id = self.results.configurations.len();
        let workload = self.results.workloads.len() - 1;
        self.results.configurations.push(Configuration {
            id,
            workload,
            label: label.to_owned(),
            config: configured(label),
            items: 64,
            checked: false,
            variant: None,
            partner: None,
            oversubscribed: false,
        });
        self.results.workloads[workload].configurations.push(id);
        let mut random = fastrand::Rng::with_seed(1000 + id as u64);
        for round in 0..self.rounds {
            let noise = 1.0 + self.noise * (random.f64() + random.f64() + random.f64() - 1.5);
            let trial = trial(id, round, seconds * drift(round) * noise);
            self.results.trials.push(trial);
        }
        self
    }

    /// Says how many workers the configuration that was added last has.
    pub fn of(mut self, workers: u32) -> Self {
        if let Some(configuration) = self.results.configurations.last_mut() {
            configuration.config.workers = Some(workers);
        }
        self
    }

    /// Adds the configurations of a line over workers, such as `processes × 2, pipe`, with their seconds.
    pub fn line(mut self, model: &str, method: &str, seconds: &[(u32, f64)]) -> Self {
        for (workers, seconds) in seconds {
            self = self.configuration(&format!("{model} × {workers}{method}"), *seconds).of(*workers);
        }
        self
    }

    /// Gives the payload of the current workload, or of a new one where it has configurations already.
    pub fn payload(mut self, bytes: u64, shown: &str) -> Self {
        let last = self.results.workloads.len() - 1;
        let mut workload = self.results.workloads[last].clone();
        workload.payload = Some(bytes);
        workload.label = format!("echo, payload {shown}");
        workload.settings.insert("payload".into(), bytes.into());
        if workload.configurations.is_empty() {
            self.results.workloads[last] = workload;
        } else {
            (workload.id, workload.reference, workload.configurations) =
                (last + 1, self.results.configurations.len(), vec![]);
            self.results.workloads.push(workload);
        }
        self
    }

    /// Adds a profiling trial of a configuration that takes so long, with where its workers' time went.
    pub fn instrument(&mut self, configuration: usize, seconds: f64, spent: Spent) {
        let made = trial(configuration, 0, seconds);
        self.results.trials.push(Trial {
            kind: Kind::Profiling,
            details: Details { spent: Some(spent), ..Details::default() },
            ..made
        });
    }

    /// Adds memory trials of a configuration.
    pub fn occupy(&mut self, configuration: usize, uses: &[MemoryUse]) {
        for (round, memory) in uses.iter().enumerate() {
            let made = trial(configuration, round as u32, 1.0);
            self.results.trials.push(Trial {
                kind: Kind::Memory,
                details: Details { memory: Some(memory.clone()), ..Details::default() },
                ..made
            });
        }
    }

    /// Lets the trials of a configuration in these rounds end otherwise.
    pub fn fail(&mut self, configuration: usize, rounds: &Range<u32>, outcome: &Outcome) {
        for trial in
            self.results.trials.iter_mut().filter(|t| t.configuration == configuration && rounds.contains(&t.round))
        {
            trial.outcome = outcome.clone();
        }
    }

    /// Gives a configuration an item count of its own.
    pub fn items(&mut self, configuration: usize, items: u64) {
        self.results.configurations[configuration].items = items;
        self.results
            .trials
            .iter_mut()
            .filter(|t| t.configuration == configuration)
            .for_each(|trial| trial.done = items);
    }

    /// What the trials say, looked at once, after the last round.
    pub fn derive(&self) -> Derived {
        derive(&looked_at(self.results.clone()))
    }

    /// The results with what the trials say.
    pub fn finish(mut self) -> Results {
        self.results = looked_at(self.results);
        self.results.derived = derive(&self.results);
        self.results
    }
}

/// The results with one look at every workload, after its last round, unless they say otherwise.
pub(crate) fn looked_at(mut results: Results) -> Results {
    let rounds = if results.run.complete { results.run.rounds } else { u32::MAX };
    for workload in results.workloads.iter_mut().filter(|workload| workload.looks == Looks::default()) {
        let planned = vec![results.run.rounds];
        let (completed, ended) = if rounds <= results.run.rounds { (1, Some(Ended::Rounds)) } else { (0, None) };
        workload.looks = Looks { planned, units: vec![(0, 1)], completed, ended, ..Looks::default() };
    }
    results
}

/// A workload that has no configurations yet.
fn workload() -> Workload {
    Workload {
        id: 0,
        label: "primes, limit 200 000".into(),
        task: "primes".into(),
        describe: "π(200 000) in 64 blocks".into(),
        bound: "computing".into(),
        settings: std::collections::BTreeMap::new(),
        payload: None,
        rate: None,
        runtime: "native".into(),
        interpreter: None,
        fault: None,
        measure: "work".into(),
        configurations: vec![],
        reference: 0,
        per_item: false,
        looks: Looks::default(),
    }
}

/// The machine gets slower by 2 % a round.
fn drift(round: u32) -> f64 {
    1.0 + 0.02 * f64::from(round)
}

fn trial(configuration: usize, round: u32, seconds: f64) -> Trial {
    let nanos = (seconds * 1e9) as u64;
    let work = Phase { wall: nanos, usage: Usage { user: nanos, voluntary: 10, ..Usage::default() } };
    Trial {
        configuration,
        round,
        order: 0,
        at: u64::from(round) * 1000,
        took: 100,
        kind: Kind::Timed,
        duplicate: false,
        outcome: Outcome::Ok,
        measured: nanos,
        phases: [Phase { wall: 10_000_000, ..Phase::default() }, work, Phase { wall: 1_000_000, ..Phase::default() }],
        done: 64,
        lost: 0,
        digest: "0".into(),
        first_item: 0,
        details: Details::default(),
        others: 0.0,
        flags: vec![],
        stderr: String::new(),
    }
}

/// Adds second runs of a configuration that take `factor` times as long as the first, give or take.
pub(crate) fn check_configuration(results: &mut Results, configuration: usize, factor: f64) {
    results.configurations[configuration].checked = true;
    let first: Vec<Trial> = results.timed(configuration).cloned().collect();
    for trial in first {
        let wobble = if trial.round % 2 == 0 { 1.001 } else { 0.999 };
        let measured = (trial.measured as f64 * factor * wobble) as u64;
        results.trials.push(Trial { duplicate: true, measured, ..trial });
    }
}
