//! Whatever results hold, every kind of chart is drawn without a panic and with every text in its place, or says in one line
//! why it is not.

use proptest::prelude::*;
use resvg::usvg::roxmltree::Document;

use super::fixture::Fixture;
use super::specimens::quantiles;
use super::whole::misplaced;
use super::{Chart, Theme, charts};
use crate::results::*;
use crate::setting::{ChartKind, EnumWords as _, Key, Model};

/// A configuration as it is drawn by lot: model, workers, method and the logarithm of its time, where it has one.
type Way = (usize, usize, usize, Option<f64>);

const MODELS: [&str; 6] = ["serial", "threads", "rayon", "processes", "async", "ThreadPoolExecutor"];
const WORKERS: [u32; 9] = [1, 2, 3, 4, 7, 16, 64, 500, 1024];
const METHODS: [&str; 5] = ["", "pipe", "shared_memory", "queue", "manager"];
const NAMES: [&str; 6] = [
    "primes",
    "a name that goes on and on until all of sixty characters are full",
    "<&\"'> 100% of 中文 𝄞",
    "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
    "",
    "x",
];

fn ways() -> impl Strategy<Value = Vec<Way>> {
    let time = prop_oneof![
        6 => (-9.0..4.0_f64).prop_map(Some),
        4 => (-1.05..-0.95_f64).prop_map(Some),
        1 => Just(None),
    ];
    prop::collection::vec((0..MODELS.len(), 0..WORKERS.len(), 0..METHODS.len(), time), 1..28)
}

fn results() -> impl Strategy<Value = Results> {
    (prop::collection::vec(ways(), 1..3), any::<u64>()).prop_map(|(workloads, seed)| {
        let mut lot = Lot(fastrand::Rng::with_seed(seed));
        let mut results = lot.skeleton(&workloads);
        lot.configurations(&mut results);
        lot.workloads(&mut results);
        lot.estimates(&mut results);
        lot.happened(&mut results);
        lot.builds(&mut results);
        lot.run(&mut results);
        lot.shapes(&mut results);
        results
    })
}

/// Draws by lot what the shape of the results leaves open.
struct Lot(fastrand::Rng);

impl Lot {
    fn chance(&mut self, of: u32) -> bool {
        self.0.u32(0..of) == 0
    }

    fn name(&mut self) -> String {
        NAMES[self.0.usize(0..NAMES.len())].to_owned()
    }

    /// A number whose logarithm is drawn evenly.
    fn size(&mut self, low: f64, high: f64) -> f64 {
        10.0_f64.powf(low + (high - low) * self.0.f64())
    }

    fn skeleton(&mut self, workloads: &[Vec<Way>]) -> Results {
        let kinds: Vec<ChartKind> = ChartKind::VALUES.to_vec();
        let mut fixture = Fixture::new("lot", &kinds);
        fixture.spread = self.size(-5.0, -0.05);
        let payloads = self.chance(2);
        for (index, ways) in workloads.iter().enumerate() {
            let rows: Vec<_> = ways
                .iter()
                .map(|(model, workers, ipc, time)| {
                    let (model, ipc) = (MODELS[*model], METHODS[*ipc]);
                    let workers = if model == "serial" { 0 } else { WORKERS[*workers] };
                    let ipc = if model == "processes" { ipc } else { "" };
                    (model, workers, ipc, time.map(|log| 10.0_f64.powf(log)))
                })
                .collect();
            let (label, describe) = (format!("{} {index}", self.name()), self.name());
            fixture = fixture.workload(&label, &describe, &rows);
            if payloads {
                let bytes = [1, 64, 1 << 20, 1 << 40][(index + usize::from(self.chance(3))) % 4];
                fixture = fixture.payload(bytes);
            }
        }
        fixture.derive()
    }

    fn configurations(&mut self, results: &mut Results) {
        for configuration in &mut results.configurations {
            if self.chance(6) {
                configuration.label = format!("{} {}", self.name(), configuration.id);
            }
            configuration.items = self.size(0.0, 12.0) as u64;
            configuration.oversubscribed = self.chance(3);
            if configuration.config.model == Model::Processes {
                configuration.config.start = Some(["fork", "spawn", "forkserver"][self.0.usize(0..3)].into());
                configuration.config.on_crash =
                    self.chance(2).then(|| ["stop", "restart", "skip"][self.0.usize(0..3)].into());
                configuration.config.model = ["processes", "Pool", "ProcessPoolExecutor"][self.0.usize(0..3)].into();
            }
            configuration.config.chunk = self.chance(2).then(|| self.size(0.0, 6.0) as u32);
            configuration.config.parent_memory = self.chance(4).then(|| self.size(0.0, 12.0) as u64);
            configuration.config.switch_interval = self.chance(4).then(|| self.size(0.0, 12.0) as u64);
        }
    }

    fn workloads(&mut self, results: &mut Results) {
        for workload in &mut results.workloads {
            workload.runtime = ["native", "gil_emulation", "python"][self.0.usize(0..3)].into();
            workload.measure = ["work", "end_to_end"][self.0.usize(0..2)].into();
            workload.per_item = self.chance(4);
            workload.reference = workload.configurations[self.0.usize(0..workload.configurations.len())];
            if self.chance(2) {
                let kind = ["kill", "panic", "stack_overflow", "memory"][self.0.usize(0..4)].into();
                workload.fault = Some(Fault { kind, item: 7 });
            }
        }
        for verdict in &mut results.derived.workloads {
            verdict.suppressed = self.chance(5).then(|| "the A/A check of something failed".into());
            for pair in &mut verdict.pairs {
                if self.chance(4) {
                    pair.word = [Word::Faster, Word::Slower, Word::Equivalent, Word::NoSignificantDifference]
                        [self.0.usize(0..4)];
                }
            }
        }
    }

    fn interval(&mut self, interval: &mut Interval) {
        if self.chance(5) {
            interval.high = None;
        }
        if self.chance(8) {
            (interval.low, interval.high, interval.level) = (None, None, 0.0);
        }
        interval.n = self.0.u32(1..60);
    }

    fn estimates(&mut self, results: &mut Results) {
        for index in 0..results.derived.estimates.len() {
            let workers = results.configurations[index].config.workers.unwrap_or(1);
            let estimate = &mut results.derived.estimates[index];
            for interval in [&mut estimate.time, &mut estimate.per_item, &mut estimate.speedup].into_iter().flatten() {
                self.interval(interval);
            }
            if self.chance(10) {
                (estimate.time, estimate.per_item, estimate.speedup) = (None, None, None);
            }
            if self.chance(5) {
                estimate.note = format!("3 of 15 failed: {}", self.name());
            }
            if self.chance(2) {
                let part = |lot: &mut Self| (lot.0.f64() - 0.2) * f64::from(workers);
                let parts = Loss::ALL.into_iter().map(|loss| (loss, part(self))).collect();
                let measured = self.size(-3.0, 3.0);
                estimate.breakdown =
                    Some(Breakdown { workers, measured, parts, inflation: self.size(-0.2, 0.5), trials: 2 });
            }
            if self.chance(2) {
                let (private, shared) = (self.size(3.0, 12.0), self.size(3.0, 12.0));
                let rss = (private + shared) * self.size(0.0, 1.5);
                let pss = private + shared;
                estimate.memory =
                    Some(MemoryEstimate { private, shared, pss, rss, growth: 0.0, per_worker: None, trials: 2 });
            }
            if self.chance(2) {
                let mut counts = || self.0.u32(0..4);
                let (survived, died, hung) = (counts(), counts(), counts());
                let (done, lost, retried) = (self.size(0.0, 9.0), self.size(-1.0, 9.0), self.size(-1.0, 6.0));
                let trials = survived + died + hung;
                estimate.fault =
                    Some(FaultEstimate { trials, survived, died, hung, done, lost, retried, recovered: None });
            }
        }
    }

    fn happened(&mut self, results: &mut Results) {
        for configuration in 0..results.configurations.len() {
            if self.chance(2) {
                let count = self.size(0.0, 3.1) as usize + 1;
                let (middle, spread) = (self.size(0.0, 10.0), self.size(-3.0, 3.0));
                let times =
                    |lot: &mut Self| (0..count).map(|_| (middle * lot.size(0.0, spread)) as u64 % (1 << 50)).collect();
                let (service, response) = (quantiles(times(self)), quantiles(times(self)));
                results.latencies.push(Latency {
                    configuration,
                    trials: 2,
                    service,
                    response,
                    service_by_trial: vec![],
                });
            }
            if self.chance(8) {
                let workers = results.configurations[configuration].config.workers.unwrap_or(0).min(80);
                let timeline = self.timeline(configuration, workers);
                results.timelines.push(timeline);
            }
        }
    }

    fn timeline(&mut self, configuration: usize, workers: u32) -> Timeline {
        let unit = self.size(0.0, 8.0);
        let mut events = Vec::new();
        for lane in 0..=workers {
            let mut at = self.size(-1.0, 1.0);
            for _ in 0..self.0.usize(0..[30, 6][usize::from(workers > 8)]) {
                let kind = [
                    EventKind::Start,
                    EventKind::Item,
                    EventKind::Item,
                    EventKind::Held,
                    EventKind::Crash,
                    EventKind::Join,
                ][self.0.usize(0..6)];
                let to = at + self.size(-2.0, 1.0);
                events.push(Event(lane, kind, (at * unit) as u64, (to * unit) as u64));
                at = to + if self.chance(3) { -0.05 } else { self.size(-2.0, 0.5) };
            }
        }
        let left_out = if self.chance(3) { 7 } else { 0 };
        Timeline::of(configuration, &events, left_out)
    }

    fn builds(&mut self, results: &mut Results) {
        if self.chance(2) {
            results.run.baseline = Some("0.0.9".into());
            for new in 0..results.configurations.len() {
                let old = self.0.usize(0..results.configurations.len());
                let median = if self.chance(12) { crate::verdict::UNBOUNDED } else { self.size(-3.0, 3.0) };
                let mut ratio = Interval {
                    median,
                    low: Some(median * 0.9),
                    high: Some(median * 1.2),
                    level: 0.99,
                    ranks: (2, 14),
                    n: 15,
                };
                self.interval(&mut ratio);
                let word = [
                    Change::Regression,
                    Change::Slower,
                    Change::Faster,
                    Change::Equivalent,
                    Change::NoSignificantDifference,
                ][self.0.usize(0..5)];
                let found = Regression { new, old, ratio, word, smallest_effect: None, rounds_needed: None };
                results.derived.regressions.push(found);
            }
        }
    }

    fn run(&mut self, results: &mut Results) {
        results.run.quick = self.chance(6);
        results.run.margin = self.size(-3.0, 0.0);
        results.machine.cores = WORKERS[self.0.usize(0..WORKERS.len())];
        results.machine.cpu = self.name();
        results.tool = "0.1.0".into();
        let methods: Vec<usize> = results
            .configurations
            .iter()
            .filter(|configuration| configuration.config.ipc.is_some())
            .map(|configuration| configuration.id)
            .collect();
        if let [a, b, ..] = methods.as_slice() {
            let at = Some(self.size(0.0, 12.0));
            let point = BreakPoint { value: 64.0, shown: String::new(), a: *a, b: *b, ratio: 1.0, word: Word::Faster };
            results.derived.break_evens.push(BreakEven {
                axis: "payload".into(),
                of: "echo".into(),
                workloads: vec![0],
                measure: "work".into(),
                a: "a".into(),
                b: "b".into(),
                points: vec![point],
                crossing: Crossing::From,
                at,
                low: at.map(|at| at / 3.0).filter(|_| self.chance(2)),
                high: at.map(|at| at * 3.0).filter(|_| self.chance(2)),
                sentence: String::new(),
            });
        }
    }

    /// More charts of the same kinds, shaped as they can be.
    fn shapes(&mut self, results: &mut Results) {
        for _ in 0..2 {
            let kind = ChartKind::VALUES[self.0.usize(0..ChartKind::VALUES.len())];
            let keys: Vec<Key> = Key::of_configurations().collect();
            let pick = |lot: &mut Self, takes: &dyn Fn(Key) -> bool| {
                let key = keys[lot.0.usize(0..keys.len())];
                takes(key).then_some(key)
            };
            let x = pick(self, &|key| kind.takes_x(key));
            let group = pick(self, &|key| kind.takes_group(key)).filter(|group| Some(*group) != x);
            let configurations: Vec<usize> = (0..results.configurations.len()).filter(|_| !self.chance(3)).collect();
            let configurations = (self.chance(2) && !configurations.is_empty()).then_some(configurations);
            let chosen = if configurations.is_some() { self.name() } else { String::new() };
            let title = self.chance(2).then(|| self.name()).filter(|title| !title.is_empty());
            results.charts.push(ChartShape { kind, x, group, configurations, chosen, title });
        }
    }
}

/// What is wrong with a chart.
fn faults(chart: &Chart) -> Vec<String> {
    let picture = match &chart.picture {
        Ok(picture) => picture,
        Err(why) if why.is_empty() || why.contains('\n') => return vec![format!("an odd reason: {why:?}")],
        Err(_) => return Vec::new(),
    };
    let mut wrong = misplaced(picture);
    let text = picture.svg(Theme::Light);
    match Document::parse(&text) {
        Err(error) => wrong.push(error.to_string()),
        Ok(document) => {
            for node in document.descendants() {
                for attribute in
                    node.attributes().filter(|attribute| !["id", "href", "aria-labelledby"].contains(&attribute.name()))
                {
                    if attribute.value().contains("NaN") || attribute.value().contains("inf") {
                        wrong.push(format!("{} is {}", attribute.name(), attribute.value()));
                    }
                }
            }
            let title = document.root_element().children().find(|node| node.has_tag_name("title"));
            if title.and_then(|title| title.text()).unwrap_or_default() != chart.title.replace(char::is_control, " ") {
                wrong.push("the title is not that of the chart".to_owned());
            }
        }
    }
    wrong
}

fn hold(results: &Results) -> Result<(), TestCaseError> {
    let drawn = charts(results);
    for kind in ChartKind::VALUES {
        prop_assert!(drawn.iter().any(|chart| chart.kind == *kind), "no {} chart", kind.word());
    }
    for (index, chart) in drawn.iter().enumerate() {
        prop_assert!(drawn[..index].iter().all(|other| other.stem != chart.stem), "two are called {}", chart.stem);
        let wrong = faults(chart);
        prop_assert!(wrong.is_empty(), "{} ({}): {}", chart.stem, chart.title, wrong.join("; "));
    }
    Ok(())
}

/// A file that holds the results is read again, so that what is drawn are results that can be.
fn is_valid(results: &Results) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    write(&path, results).unwrap();
    let back = read(&path);
    prop_assert!(back.is_ok(), "{:?}", back.err());
    Ok(())
}

/// Drawings in each of two tests, so that two cores share them. An unoptimised build takes ten times as long for one, so
/// that there are fewer in it.
const DRAWN: u32 = if cfg!(debug_assertions) { 60 } else { 600 };

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(DRAWN))]

    #[test]
    fn any_results_are_drawn_with_every_text_in_its_place(results in results()) {
        hold(&results)?;
    }

    #[test]
    fn any_other_results_are_drawn_with_every_text_in_its_place(results in results()) {
        hold(&results)?;
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn such_results_can_be_read_from_a_file(results in results()) {
        is_valid(&results)?;
    }
}
