//! What a run that decides by itself when to end promises, on simulated machines whose truth is known.
//!
//! A machine is simulated in continuous time, since what disturbs a real one lasts about a second and hits whole rounds: spells
//! in which some configurations are slower, or another program that comes and goes. The rounds are those of the engine, with its
//! looks, budgets and sit-outs; the times alone are made up.

use std::fmt::Write as _;

use super::turns::Turns;
use super::{blank, blank_trial};
use crate::plan::{Plan, of_text};
use crate::results::{Answer, Expectation, Machine, Results, Trial};
use crate::setting::Metric;
use crate::stats::median;
use crate::stats::simulation::normal;
use crate::verdict;

/// What disturbs a machine.
#[derive(Clone, Copy, Debug)]
enum Disturbance {
    Nothing,
    /// Spells of so many seconds on average, for such a share of the time.
    Spells(f64, f64),
    /// Another program runs for the first of these seconds in every so many.
    Hog(f64, f64),
    /// Another program runs for the first so many seconds of the run.
    HogAtFirst(f64),
}

/// How the configurations of a simulated workload differ.
#[derive(Clone, Copy, Debug)]
enum Truth {
    /// All take the same time.
    Tied,
    /// The simplest is the fastest; all others are a hair over the margin behind.
    JustBeyond,
    /// Spread evenly from nothing to 6%.
    Spread,
    /// The simplest is the slowest, by 6%, and the others lie evenly below.
    Reversed,
    /// Half as fast, the others 1% apart.
    HalfFar,
}

impl Truth {
    /// Times relative to the fastest.
    fn times(self, k: usize) -> Vec<f64> {
        let of = |i: usize| match self {
            Self::Tied => 1.0,
            Self::JustBeyond => {
                if i == 0 {
                    1.0
                } else {
                    1.055
                }
            }
            Self::Spread => 1.0 + 0.06 * i as f64 / (k - 1) as f64,
            Self::Reversed => 1.06 - 0.06 * i as f64 / (k - 1) as f64,
            Self::HalfFar => {
                if i.is_multiple_of(2) {
                    1.0 + 0.01 * i as f64 / k as f64
                } else {
                    2.0
                }
            }
        };
        (0..k).map(of).collect()
    }
}

/// A machine and what it runs.
#[derive(Clone, Copy, Debug)]
struct Shape {
    name: &'static str,
    k: usize,
    truth: Truth,
    noise: f64,
    disturbance: Disturbance,
    /// By how much a disturbance slows a configuration that it hits; the first, which is alone on its core, is not hit.
    hits: f64,
    /// The share of the disturbances that is seen, as CPU time of others.
    seen: f64,
    /// The share of trials of one configuration that crash, and of one that time out.
    fails: (f64, f64),
    /// Pairs of the expectation, whose bound is exactly what is true.
    pairs: usize,
    /// Whether every other configuration has eight times the items, and an eighth of the fixed costs per item.
    unequal_counts: bool,
    /// Whether there are three models, with one, one and all other configurations.
    unequal_models: bool,
    /// The budget in seconds, where it is not the default.
    budget: Option<f64>,
    /// By how much second runs are slower than first ones, which the A/A check is there to find.
    second: f64,
}

const QUIET: Shape = Shape {
    name: "quiet",
    k: 5,
    truth: Truth::Tied,
    noise: 0.01,
    disturbance: Disturbance::Nothing,
    hits: 0.0,
    seen: 0.0,
    fails: (0.0, 0.0),
    pairs: 1,
    unequal_counts: false,
    unequal_models: false,
    budget: None,
    second: 0.0,
};

impl Shape {
    /// How far beyond the truth of a quiet machine a claim has to be, as a share, to be counted as false. A disturbance that
    /// hits one configuration more often than another moves the median of their ratio itself.
    fn tolerance(&self) -> f64 {
        if matches!(self.disturbance, Disturbance::Nothing) { 0.0 } else { 0.02 }
    }

    /// Whether a disturbance is one that the promises cover: spells up to a quarter of the time. Another program for seconds
    /// on end is what warnings are for.
    fn is_promised(&self) -> bool {
        match self.disturbance {
            Disturbance::Nothing => true,
            Disturbance::Spells(_, share) => share <= 0.25,
            Disturbance::Hog(..) | Disturbance::HogAtFirst(_) => false,
        }
    }
}

/// Every machine that is simulated.
fn shapes() -> Vec<Shape> {
    let mut all = Vec::new();
    for k in [2, 3, 5, 10, 15] {
        all.push(Shape { name: "quiet, tied", k, ..QUIET });
        all.push(Shape { name: "quiet, a hair beyond the margin", k, truth: Truth::JustBeyond, ..QUIET });
    }
    all.push(Shape { name: "quiet, 0 to 6%", truth: Truth::Spread, ..QUIET });
    all.push(Shape { name: "quiet, half far behind", k: 10, truth: Truth::HalfFar, ..QUIET });
    all.push(Shape { name: "noise of 4%", noise: 0.04, truth: Truth::Spread, ..QUIET });
    all.push(Shape { name: "noise of 8%, late looks", noise: 0.08, truth: Truth::Spread, ..QUIET });
    for pairs in [3, 5] {
        all.push(Shape { name: "noise of 4%, tied, expectations of several pairs", k: 6, noise: 0.04, pairs, ..QUIET });
    }
    all.push(Shape { name: "quiet, item counts 1 : 8", unequal_counts: true, ..QUIET });
    all.push(Shape { name: "noise of 4%, item counts 1 : 8", unequal_counts: true, noise: 0.04, ..QUIET });
    for k in [5, 10] {
        let (truth, unequal_models) = (Truth::Spread, true);
        all.push(Shape { name: "noise of 4%, models of unequal size", k, noise: 0.04, truth, unequal_models, ..QUIET });
    }
    for budget in [11.0, 14.3, 31.7] {
        let (truth, budget) = (Truth::Spread, Some(budget));
        all.push(Shape { name: "noise of 8%, a budget between looks", noise: 0.08, truth, budget, ..QUIET });
    }
    for (name, noise) in [("quiet, second runs 3% slower", 0.01), ("noise of 4%, second runs 8% slower", 0.04)] {
        let second = if noise < 0.02 { 0.03 } else { 0.08 };
        all.push(Shape { name, noise, second, truth: Truth::Spread, ..QUIET });
    }
    disturbed(&mut all);
    all
}

/// Those that something disturbs.
fn disturbed(all: &mut Vec<Shape>) {
    for (name, length, share) in [
        ("spells of 0.05 s, 18%", 0.05, 0.18),
        ("spells of 0.3 s, 18%", 0.3, 0.18),
        ("spells of 1 s, 10%", 1.0, 0.10),
        ("spells of 1 s, 18%", 1.0, 0.18),
        ("spells of 1 s, 25%", 1.0, 0.25),
        ("spells of 1 s, 40%", 1.0, 0.40),
        ("spells of 2 s, 18%", 2.0, 0.18),
    ] {
        let disturbance = Disturbance::Spells(length, share);
        all.push(Shape { name, disturbance, hits: 1.0, truth: Truth::Spread, ..QUIET });
    }
    for k in [2, 5, 10] {
        all.push(Shape { name: "quiet, simplest 6% behind", k, truth: Truth::Reversed, ..QUIET });
        let name = "noise of 4%, simplest 6% behind";
        all.push(Shape { name, k, noise: 0.04, truth: Truth::Reversed, ..QUIET });
        let (name, disturbance) = ("spells of 1 s, 25%, simplest 6% behind", Disturbance::Spells(1.0, 0.25));
        all.push(Shape { name, k, disturbance, hits: 1.0, truth: Truth::Reversed, ..QUIET });
    }
    let spells = Disturbance::Spells(1.0, 0.18);
    all.push(Shape {
        name: "spells of 1 s, 18%, two",
        k: 2,
        disturbance: spells,
        hits: 1.0,
        truth: Truth::JustBeyond,
        ..QUIET
    });
    all.push(Shape {
        name: "spells of 1 s, 18%, ten",
        k: 10,
        disturbance: spells,
        hits: 1.0,
        truth: Truth::Spread,
        ..QUIET
    });
    seen(all);
    all.push(Shape { name: "40% of one crash, one times out", fails: (0.4, 1.0), truth: Truth::Spread, ..QUIET });
}

/// Those whose disturbances are seen, so that units in them are left out.
fn seen(all: &mut Vec<Shape>) {
    for (name, seen) in [("spells of 1 s, 25%, 22% of them seen", 0.22), ("spells of 1 s, 25%, all seen", 1.0)] {
        let disturbance = Disturbance::Spells(1.0, 0.25);
        all.push(Shape { name, disturbance, hits: 1.0, seen, truth: Truth::Spread, ..QUIET });
    }
    for k in [2, 5] {
        let (name, disturbance) = ("a hog throughout", Disturbance::Hog(1.0, 1.0));
        all.push(Shape { name, k, disturbance, hits: 1.0, seen: 1.0, truth: Truth::Spread, ..QUIET });
    }
    all.push(Shape {
        name: "a hog 3 s of 10",
        disturbance: Disturbance::Hog(3.0, 10.0),
        seen: 1.0,
        hits: 1.0,
        truth: Truth::Spread,
        ..QUIET
    });
    all.push(Shape {
        name: "a hog over the first 4 s",
        disturbance: Disturbance::HogAtFirst(4.0),
        seen: 1.0,
        hits: 1.0,
        truth: Truth::Spread,
        ..QUIET
    });
    all.push(Shape {
        name: "a hog over the first 8 s",
        disturbance: Disturbance::HogAtFirst(8.0),
        seen: 1.0,
        hits: 1.0,
        truth: Truth::HalfFar,
        ..QUIET
    });
}

/// Seconds of a trial of the fastest, and around every trial.
const TRIAL: f64 = 0.03;
const AROUND: f64 = 0.02;

/// A disturbance over time.
struct Weather {
    kind: Disturbance,
    bad: bool,
    until: f64,
    /// Whether the disturbance that there is, or was last, is seen; and the share of those that are.
    is_seen: bool,
    seen: f64,
}

impl Weather {
    fn is_bad(&mut self, now: f64, random: &mut fastrand::Rng) -> bool {
        match self.kind {
            Disturbance::Nothing => false,
            Disturbance::Hog(on, every) => now % every < on,
            Disturbance::HogAtFirst(on) => now < on,
            Disturbance::Spells(length, share) => {
                while self.until <= now {
                    self.bad = !self.bad;
                    self.is_seen = random.f64() < self.seen;
                    let mean = if self.bad { length } else { length * (1.0 - share) / share };
                    self.until += -mean * (1.0 - random.f64()).ln();
                }
                self.bad
            }
        }
    }
}

/// Seconds within the clock that no item has a share in.
const FIXED: f64 = 0.01 * TRIAL;

/// A plan of a shape's configurations, of which none is on a line over workers.
fn plan_of(shape: &Shape) -> Plan {
    let threads = if shape.unequal_models { "{kind: threads, workers: 2}, " } else { "" };
    let first = if shape.unequal_models { 2 } else { 1 };
    let chunks: Vec<String> = (first..shape.k).map(|chunk| chunk.to_string()).collect();
    let text = format!(
        "version: 1\nname: simulated\ntasks: [{{kind: empty, items: 1000}}]\nmodels: [serial, {threads}{{kind: processes, ipc: \
         pipe, workers: 2, chunk: [{}]}}]\n",
        chunks.join(", ")
    );
    let mut plan = of_text(&text);
    (plan.profiling, plan.memory) = (0, 0);
    plan.budget = shape.budget.map_or(plan.budget, std::time::Duration::from_secs_f64);
    assert_eq!(plan.configurations.len(), shape.k);
    plan
}

/// One simulated run, with one expectation, all of whose pairs lie exactly on its bound.
fn run(shape: &Shape, plan: &Plan, times: &[f64], random: &mut fastrand::Rng) -> Results {
    let mut results = blank(plan, Machine { cores: 2, ..Machine::default() }, String::new());
    let at_least = Some(times[0] / times[1] / (1.0 + shape.tolerance()));
    let pairs = (1..=shape.pairs).map(|id| (id, Some(0))).collect();
    results.workloads[0].per_item = shape.unequal_counts;
    results.expectations =
        vec![Expectation { text: String::new(), metric: Metric::Speedup, is: None, pairs, at_least, at_most: None }];
    let (mut turns, mut now) = (Turns::default(), 0.0);
    let mut weather =
        Weather { kind: shape.disturbance, bad: true, until: 0.0, is_seen: shape.seen > 0.0, seen: shape.seen };
    while let Some(next) = turns.next(plan, &mut results) {
        let id = next.configuration;
        let (begun, last) = (now, id + 1 == shape.k && shape.k > 2);
        let is_bad = weather.is_bad(now + AROUND / 2.0, random);
        let slower = if id > 0 && is_bad { 1.0 + shape.hits } else { 1.0 };
        let second = if next.duplicate { 1.0 + shape.second } else { 1.0 };
        let counts: u32 = if shape.unequal_counts && id % 2 == 1 { 8 } else { 1 };
        let fixed = if shape.unequal_counts { FIXED } else { 0.0 };
        let seconds =
            TRIAL * f64::from(counts) * times[id] * slower * second * (shape.noise * normal(random)).exp() + fixed;
        let outcome = if last && random.f64() < shape.fails.0 {
            crate::setting::Outcome::ResultMismatch
        } else if id == 1 && shape.k > 2 && random.f64() < shape.fails.1 {
            crate::setting::Outcome::TimedOut
        } else {
            crate::setting::Outcome::Ok
        };
        now += seconds + AROUND;
        let order = results.trials.len() as u32;
        let mut trial = Trial { configuration: id, round: next.round, order, kind: next.kind, ..blank_trial() };
        (trial.duplicate, trial.outcome, trial.measured) = (next.duplicate, outcome, (seconds * 1e9) as u64);
        (trial.at, trial.took, trial.done) =
            ((begun * 1e3) as u64, ((now - begun) * 1e3) as u64, 1000 * u64::from(counts));
        // Another program takes one of the two cores.
        trial.others = if is_bad && weather.is_seen { now - begun } else { 0.0 };
        results.trials.push(trial);
    }
    results.run.complete = true;
    results.run.rounds = super::turns::most_rounds(&results);
    results.derived = verdict::derive(&results);
    results
}

/// How often what was said is wrong.
#[derive(Default)]
struct Tally {
    runs: usize,
    picked: usize,
    exceeded: usize,
    /// By more than two points.
    far: usize,
    within: usize,
    slower: usize,
    as_good: usize,
    not_met: usize,
    met: usize,
    alarms: usize,
    uncovered: usize,
    models: usize,
    seconds: Vec<f64>,
}

impl Tally {
    fn take(&mut self, shape: &Shape, times: &[f64], results: &Results) {
        let verdict = &results.derived.workloads[0];
        let able = |id: usize| !(shape.fails.1 > 0.0 && id == 1);
        let best = (0..times.len()).filter(|id| able(*id)).map(|id| times[id]).fold(f64::INFINITY, f64::min);
        self.runs += 1;
        let last = results.trials.last().map_or(0, |trial| trial.at + trial.took);
        self.seconds.push(last as f64 / 1e3);
        self.alarms += usize::from(verdict.checks.iter().any(|check| !check.passed));
        match results.derived.expectations[0].answer {
            // What always times out is rightly said to be slower than anything.
            Answer::NotMet => self.not_met += usize::from(shape.fails.1 == 0.0),
            Answer::Met => self.met += 1,
            Answer::Inconclusive => {}
        }
        let Some(pick) = verdict.picks.first() else { return };
        self.picked += 1;
        let margin = results.run.margin;
        let costs = |id: usize| times[id] / best - 1.0;
        let price = pick.price.unwrap_or(f64::INFINITY);
        self.within += usize::from(price <= margin);
        self.exceeded += usize::from(costs(pick.configuration) > price + 1e-9);
        self.far += usize::from(costs(pick.configuration) > price + 0.02);
        let model = |id: usize| results.configurations[id].config.model;
        let least = |of: &dyn Fn(usize) -> bool| {
            (0..times.len()).filter(|id| able(*id) && of(*id)).map(|id| times[id]).fold(f64::INFINITY, f64::min)
        };
        let dear = |price: &crate::results::ModelPrice| {
            let (own, others) = (least(&|id| model(id) == price.model), least(&|id| model(id) != price.model));
            price.price.is_some_and(|price| own / others - 1.0 > price + shape.tolerance() + 1e-9)
        };
        self.models += usize::from(pick.models.iter().any(dear));
        let own = times[pick.configuration];
        let wrong = |slower: &crate::results::SlowerBy| {
            let truth = times[slower.configuration] / own - 1.0;
            able(slower.configuration) && truth + shape.tolerance() < slower.at_least - 1e-9
        };
        self.slower += usize::from(pick.slower.iter().any(wrong));
        self.as_good += usize::from(pick.as_good.iter().any(|id| costs(*id) > margin + shape.tolerance() + 1e-9));
        if let Some(speedup) = pick.speedup {
            let truth = times[0] / own;
            let covered = speedup.low.is_none_or(|low| low <= truth * (1.0 + shape.tolerance()))
                && speedup.high.is_none_or(|high| truth <= high * (1.0 + shape.tolerance()));
            self.uncovered += usize::from(!covered);
        }
    }

    fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.runs.max(1) as f64
    }
}

fn simulate(shape: &Shape, runs: usize) -> Tally {
    let (plan, times) = (plan_of(shape), shape.truth.times(shape.k));
    let mut random = fastrand::Rng::with_seed(17 + shape.k as u64);
    let mut tally = Tally::default();
    for seed in 0..runs {
        // The order of rounds is random too.
        let plan = Plan { seed: seed as u64, ..plan.clone() };
        let results = run(shape, &plan, &times, &mut random);
        tally.take(shape, &times, &results);
    }
    tally
}

fn row(shape: &Shape, tally: &Tally) -> String {
    let p = |count| format!("{:.1}%", tally.percent(count));
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} s |",
        shape.name,
        shape.k,
        p(tally.exceeded),
        p(tally.far),
        p(tally.slower),
        p(tally.as_good),
        p(tally.not_met),
        p(tally.met),
        p(tally.alarms),
        p(tally.uncovered),
        p(tally.models),
        p(tally.within),
        median(&tally.seconds).unwrap_or(0.0)
    )
}

const HEAD: &str = "| machine | configurations | price exceeded | by over 2 points | false *slower* | false *as good* | false *not met* | \
                    false *met* | A/A alarms | speedup not covered | price of a model exceeded | price within the margin | median duration |\n\
                    |:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

/// Whether nothing is said wrongly more often than promised: 5%, and three standard errors of so many runs.
fn keeps_its_promise(shape: &Shape, tally: &Tally) {
    let most = 5.0 + 3.0 * 100.0 * (0.05 * 0.95 / tally.runs as f64).sqrt();
    let told = row(shape, tally);
    // Whoever says nothing is never wrong.
    assert_eq!(tally.picked, tally.runs, "{told}");
    let exceeded = if shape.tolerance() > 0.0 { tally.far } else { tally.exceeded };
    let counts = [exceeded, tally.slower, tally.as_good, tally.not_met, tally.uncovered, tally.models];
    assert!(!shape.is_promised() || counts.into_iter().all(|count| tally.percent(count) <= most), "{told}");
    // Where another program is there all the time, nothing is called not met.
    assert!(shape.name != "a hog throughout" || tally.not_met == 0, "{told}");
    // Exactly on its bound, an expectation is met; with tolerance it lies below.
    assert!(shape.tolerance() > 0.0 || tally.percent(tally.met) <= most, "{told}");
}

#[test]
fn a_pick_and_what_is_said_of_it_hold() {
    for shape in shapes().iter().filter(|shape| {
        matches!(shape.name, "quiet, tied" | "spells of 1 s, 18%" | "quiet, half far behind" | "a hog throughout")
    }) {
        // In full where it is fast (`cargo test --release --lib simulation`).
        keeps_its_promise(shape, &simulate(shape, if cfg!(debug_assertions) { 20 } else { 100 }));
    }
}

/// `cargo test --release --lib every_machine -- --ignored --nocapture` writes the table of docs/explanation/statistics.md.
#[test]
#[ignore = "it takes minutes, and writes a table into the documents"]
fn every_machine_is_simulated_at_length() {
    let mut table = HEAD.to_owned();
    for shape in &shapes() {
        let tally = simulate(shape, 400);
        let row = row(shape, &tally);
        println!("{row}");
        let _ = write!(table, "\n{row}");
        keeps_its_promise(shape, &tally);
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explanation/statistics.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- simulation:begin -->\n", "<!-- simulation:end -->");
    let (head, rest) = text.split_once(begin).unwrap();
    let (_, tail) = rest.split_once(end).unwrap();
    let commit = std::process::Command::new("git").args(["rev-parse", "--short", "HEAD"]).output().unwrap();
    let commit = String::from_utf8(commit.stdout).unwrap();
    let from = format!("Of 400 runs each, at commit {}:", commit.trim());
    std::fs::write(&path, format!("{head}{begin}{from}\n\n{table}\n{end}{tail}")).unwrap();
}
