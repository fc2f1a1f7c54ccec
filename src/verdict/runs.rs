//! Two results files side by side. The runs are not paired: whatever the machine did between them is in the differences, so
//! that this is advice, and the way to know is to run both builds in the same rounds.

use schemars::JsonSchema;
use serde::Serialize;

use super::FEWEST_ROUNDS;
use super::samples::turned;
use crate::results::{Configuration, ConfigurationEstimate, Interval, Results, Workload};
use crate::setting::{ALL, Key, Part};

/// Everything in which two runs differ.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Comparison {
    /// The scenario of the later run.
    pub name: String,
    /// The practical margin of the later run, as a share.
    pub margin: f64,
    /// When the runs were started.
    pub started: (String, String),
    /// How far the reference of each workload moved.
    pub drift: Vec<Drift>,
    /// Configurations that both have.
    pub matched: Vec<Matched>,
    /// Configurations of both runs of which fewer trials end right now than did before, with how they end. A time-out is infinitely
    /// slow, and never left out.
    pub failing: Vec<String>,
    /// How many configurations both runs have.
    pub common: usize,
    /// Configurations that the earlier run alone has.
    pub only_old: Vec<String>,
    /// Configurations that the later run alone has.
    pub only_new: Vec<String>,
    /// Which of the runs, earlier and later, was not quiet. Nothing is then said to be worse.
    pub disturbed: Vec<&'static str>,
    /// What else differs and may move numbers, as (what, earlier, later): machine, version, how it was run.
    pub differences: Vec<(String, String, String)>,
}

/// How far the reference of a workload moved between the runs. Whether the machine or the work changed, it cannot tell.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Drift {
    /// The workload's label.
    pub workload: String,
    /// The reference's label; null if the runs have different references.
    pub reference: Option<String>,
    /// Ratio of medians, later over earlier.
    pub ratio: Option<f64>,
}

/// A configuration of both runs. Ratios are of medians, later over earlier: above one is slower.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Matched {
    /// The workload's label in the later run.
    pub workload: String,
    /// The configuration's label in the later run.
    pub label: String,
    /// Its configurations in the earlier and in the later run.
    #[serde(skip)]
    pub configurations: (usize, usize),
    /// Whether it is the reference of its workload, whose change cannot be told from a drift of the machine.
    pub reference: bool,
    /// Whether times are per item, since the item counts differ.
    pub per_item: bool,
    /// The times, or times per item, in seconds.
    pub time: Unpaired,
    /// The times relative to the reference's: what a drift of the machine moves less. Null if the runs have no common
    /// reference, or for itself.
    pub relative: Option<Unpaired>,
}

/// One quantity in two runs.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Unpaired {
    /// In the earlier run; of relative times, inverted from those of reference over configuration.
    pub old: Interval,
    /// In the later run.
    pub new: Interval,
    /// Ratio of the medians.
    pub ratio: f64,
    /// The word.
    pub side: Side,
}

/// A careful word on two intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The later interval lies above the earlier one by more than margin.
    Slower,
    /// The later interval lies below the earlier one by more than margin.
    Faster,
    /// The intervals do not overlap, but may lie within margin of each other.
    Apart,
    /// The intervals overlap.
    Overlapping,
    /// One of them has no interval.
    Unknown,
}

impl Matched {
    /// Whether both views call it slower: by its time, and relative to the reference.
    #[must_use]
    pub fn slower(&self) -> bool {
        let relative = self.relative.is_some_and(|relative| relative.side == Side::Slower);
        self.time.side == Side::Slower && relative
    }
}

/// Whether two workloads are the same work under the same conditions. Their item counts, where both scenarios fix them, may
/// differ where `items` says so: then they are compared per item.
fn same_work(old: (&Results, &Workload), new: (&Results, &Workload), items: bool) -> bool {
    let conditions = |(results, workload): (&Results, &Workload)| {
        let config = workload
            .configurations
            .first()
            .and_then(|id| results.configurations.get(*id))
            .map(|configuration| &configuration.config);
        let shared = ALL.iter().filter(|row| row.part == Part::Workload && (!items || row.key != Key::Items));
        config.map(|config| shared.map(|row| config.fact(row.key)).collect::<Vec<_>>())
    };
    let task = |workload: &Workload| (workload.task.clone(), workload.settings.clone());
    task(old.1) == task(new.1) && conditions(old) == conditions(new)
}

/// The workload of another run that is the same as this one: the one that has as many items, else the only one that has
/// other numbers of them.
fn counterpart_of<'a>(results: &'a Results, of: (&Results, &Workload)) -> Option<&'a Workload> {
    let exact = results.workloads.iter().find(|workload| same_work((results, workload), of, false));
    let mut other = results.workloads.iter().filter(|workload| same_work((results, workload), of, true));
    let alone = of.0.workloads.iter().filter(|workload| same_work((of.0, workload), of, true)).count() == 1;
    exact.or_else(|| other.next().filter(|_| alone && other.next().is_none()))
}

/// Compares two runs, the earlier one first.
#[must_use]
pub fn compare_runs(old: &Results, new: &Results) -> Comparison {
    let mut comparison = Comparison {
        name: new.scenario.name.clone(),
        margin: new.run.margin,
        started: (old.run.started.clone(), new.run.started.clone()),
        drift: Vec::new(),
        matched: Vec::new(),
        failing: Vec::new(),
        common: 0,
        only_old: missing_in(new, old),
        only_new: missing_in(old, new),
        disturbed: disturbed(old, new),
        differences: differences(old, new),
    };
    for workload in &new.workloads {
        if let Some(before) = counterpart_of(old, (new, workload)) {
            comparison.workload(old, before, new, workload);
        }
    }
    comparison
}

fn disturbed(old: &Results, new: &Results) -> Vec<&'static str> {
    let runs = [("earlier", old), ("later", new)];
    runs.into_iter().filter(|(_, run)| run.derived.noise.is_disturbed()).map(|(which, _)| which).collect()
}

/// The configuration of another run that is the same one, of the same build.
fn counterpart<'a>(results: &'a Results, of: &Results, configuration: &Configuration) -> Option<&'a Configuration> {
    let workload = counterpart_of(results, (of, of.workloads.get(configuration.workload)?))?;
    let configurations = workload.configurations.iter().filter_map(|id| results.configurations.get(*id));
    let same = |other: &Configuration| {
        let items = |configuration: &Configuration| configuration.config.without(&[Key::Items]);
        other.is_of_baseline() == configuration.is_of_baseline() && items(other) == items(configuration)
    };
    configurations.into_iter().find(|other| same(other))
}

/// Configurations of `of` that `results` has not.
fn missing_in(results: &Results, of: &Results) -> Vec<String> {
    let missing = of.configurations.iter().filter(|configuration| counterpart(results, of, configuration).is_none());
    missing
        .map(|configuration| format!("{}: {}", of.workloads[configuration.workload].shown(), configuration.label))
        .collect()
}

impl Comparison {
    fn workload(&mut self, old: &Results, before: &Workload, new: &Results, after: &Workload) {
        let (first, second) = (&old.configurations[before.reference], &new.configurations[after.reference]);
        let common = counterpart(old, new, second).is_some_and(|same| same.id == first.id);
        let estimates = |a: &Configuration, b: &Configuration| {
            Some((old.derived.estimates.get(a.id)?, new.derived.estimates.get(b.id)?))
        };
        let mut drift = Drift { workload: after.shown(), reference: None, ratio: None };
        if common {
            let per_item = first.items != second.items;
            let time =
                estimates(first, second).and_then(|(a, b)| unpaired(time(a, per_item)?, time(b, per_item)?, 0.0));
            (drift.reference, drift.ratio) = (Some(second.label.clone()), time.map(|time| time.ratio));
        }
        self.drift.push(drift);
        for configuration in after.configurations.iter().filter_map(|id| new.configurations.get(*id)) {
            let Some(other) = counterpart(old, new, configuration) else { continue };
            let Some((a, b)) = estimates(other, configuration) else { continue };
            self.common += 1;
            self.failing.extend(failing(&after.shown(), &configuration.label, a, b));
            let per_item = other.items != configuration.items || before.per_item || after.per_item;
            let Some(time) = time(a, per_item).zip(time(b, per_item)).and_then(|(a, b)| unpaired(a, b, self.margin))
            else {
                continue;
            };
            let reference = configuration.id == after.reference;
            let speedups = a.speedup.zip(b.speedup).filter(|_| common && !reference);
            // One over a speed-up is the time relative to the reference.
            let relative = speedups.and_then(|(a, b)| unpaired(turned(&a)?, turned(&b)?, self.margin));
            let (workload, label) = (after.shown(), configuration.label.clone());
            self.matched.push(Matched {
                workload,
                label,
                configurations: (other.id, configuration.id),
                reference,
                per_item,
                time,
                relative,
            });
        }
    }
}

/// `sleep: threads × 2: ok 15 of 15, later 15 of 15 timed out`, where a smaller share ends right.
fn failing(workload: &str, label: &str, old: &ConfigurationEstimate, new: &ConfigurationEstimate) -> Option<String> {
    let fewer = u64::from(new.ok) * u64::from(old.trials) < u64::from(old.ok) * u64::from(new.trials);
    let right = format!("ok {} of {}", old.ok, old.trials);
    fewer.then(|| format!("{workload}: {label}: {right}, later {}", new.note))
}

fn time(estimate: &ConfigurationEstimate, per_item: bool) -> Option<Interval> {
    if per_item { estimate.per_item } else { estimate.time }
}

/// Two intervals beside each other; nothing where a median is no positive number.
fn unpaired(old: Interval, new: Interval, margin: f64) -> Option<Unpaired> {
    let sound = |median: f64| median > 0.0 && median.is_finite();
    (sound(old.median) && sound(new.median)).then(|| Unpaired {
        old,
        new,
        ratio: new.median / old.median,
        side: side(&old, &new, margin),
    })
}

fn side(old: &Interval, new: &Interval, margin: f64) -> Side {
    // An interval whose upper end is missing although there is a lower one reaches to infinity.
    let ends = |interval: &Interval| interval.low.map(|low| (low, interval.high.unwrap_or(f64::INFINITY)));
    let (Some(old), Some(new)) = (ends(old), ends(new)) else { return Side::Unknown };
    if new.0 > old.1 * (1.0 + margin) {
        Side::Slower
    } else if new.1 * (1.0 + margin) < old.0 {
        Side::Faster
    } else if new.0 > old.1 || new.1 < old.0 {
        Side::Apart
    } else {
        Side::Overlapping
    }
}

/// What differs beside the times and may be why they do.
fn differences(old: &Results, new: &Results) -> Vec<(String, String, String)> {
    let word = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let facts = |results: &Results| {
        let run = &results.run;
        [
            ("scenario", results.scenario.name.clone()),
            ("scenario text (hash)", short(&results.scenario.hash)),
            ("version of runner", results.tool.clone()),
            ("rounds", run.rounds.to_string()),
            ("seed", run.seed.to_string()),
            ("quick", word(run.quick)),
            ("complete", word(run.complete)),
            ("margin", format!("{}%", run.margin * 100.0)),
            ("load at the start", load_words(results)),
        ]
    };
    let both = facts(old).into_iter().zip(facts(new)).filter(|(a, b)| a.1 != b.1);
    let mut all: Vec<(String, String, String)> = both.map(|((what, a), (_, b))| (what.to_owned(), a, b)).collect();
    let machine = new.machine.differs_from(&old.machine);
    all.extend(machine.into_iter().map(|(what, a, b)| (format!("machine: {what}"), a, b)));
    for configuration in &new.configurations {
        let workload = &new.workloads[configuration.workload];
        let other = counterpart(old, new, configuration);
        let by = |results: &Results, one| results.interpreter_of(one).map(|found| found.label.clone());
        if let Some((before, now)) = other.and_then(|other| by(old, other)).zip(by(new, configuration))
            && before != now
            && !all.iter().any(|(what, a, b)| what == "interpreter" && (a, b) == (&before, &now))
        {
            all.push(("interpreter".into(), before, now));
        }
        if let Some(other) = other.filter(|other| other.items != configuration.items) {
            let what = format!("items of {}: {}", workload.label, configuration.label);
            all.push((what, other.items.to_string(), configuration.items.to_string()));
        }
    }
    all
}

/// Whether the machine had other things to do: the number itself differs in every run.
fn load_words(results: &Results) -> String {
    let machine = &results.machine;
    let busy = machine.cores > 0 && machine.load > 0.5 * f64::from(machine.cores);
    if busy { format!("{:.1}, more than half of the cores", machine.load) } else { "low".into() }
}

impl Comparison {
    /// The references that are slower by their times alone: a slower machine and a slower build look the same there.
    pub fn slower_references(&self) -> impl Iterator<Item = &Matched> {
        self.matched.iter().filter(|matched| matched.relative.is_none() && matched.time.side == Side::Slower)
    }

    /// Whether a gate stays shut: a configuration fails where it did not, or is slower by both views. A reference has one view alone,
    /// in which a slower machine looks like a slower build, so that it is said and fails nothing; and where a machine was not quiet,
    /// no time does.
    #[must_use]
    pub fn worse(&self) -> bool {
        !self.failing.is_empty() || self.disturbed.is_empty() && self.matched.iter().any(Matched::slower)
    }

    /// Whether neither run has enough rounds for intervals.
    #[must_use]
    pub fn too_few_rounds(&self) -> Option<usize> {
        let unknown = self.matched.iter().all(|matched| matched.time.side == Side::Unknown);
        (unknown && !self.matched.is_empty()).then_some(FEWEST_ROUNDS)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::*;

    fn run(serial: f64, threads: f64) -> Results {
        let mut made = Made::new(15).serial(serial).configuration("threads × 2", threads);
        made.results.configurations[1].config.workers = Some(2);
        made.finish()
    }

    #[test]
    fn a_way_that_is_slower_by_both_views_counts() {
        let found = compare_runs(&run(1.0, 0.5), &run(1.0, 1.0));
        let threads = &found.matched[1];
        assert_eq!((threads.label.as_str(), threads.time.side), ("threads × 2", Side::Slower));
        assert!(threads.slower() && (threads.time.ratio - 2.0).abs() < 0.02, "{threads:?}");
        assert!((threads.relative.unwrap().ratio - 2.0).abs() < 0.02);
        assert!(found.matched[0].reference && found.matched[0].time.side == Side::Overlapping);
        assert!(found.differences.is_empty() && found.only_old.is_empty() && found.only_new.is_empty());
        let turned = compare_runs(&run(1.0, 1.0), &run(1.0, 0.5));
        assert!(turned.matched[1].time.side == Side::Faster && !turned.matched[1].slower());
    }

    #[test]
    fn a_slower_machine_moves_the_times_and_not_the_relative_ones() {
        let found = compare_runs(&run(1.0, 0.5), &run(2.0, 1.0));
        assert!((found.drift[0].ratio.unwrap() - 2.0).abs() < 0.02);
        assert_eq!(found.drift[0].reference.as_deref(), Some("serial"));
        let threads = &found.matched[1];
        assert_eq!((threads.time.side, threads.relative.unwrap().side), (Side::Slower, Side::Overlapping));
        assert!(!threads.slower() && found.matched[0].relative.is_none() && !found.matched[0].slower());
        assert_eq!(found.slower_references().map(|matched| matched.label.as_str()).collect::<Vec<_>>(), ["serial"]);
        assert!(!found.worse(), "nothing tells the build from the machine");
        assert!(compare_runs(&run(1.0, 0.5), &run(2.0, 2.0)).worse());
    }

    #[test]
    fn a_way_that_times_out_now_is_named_and_worse() {
        let mut late = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        late.results.configurations[1].config.workers = Some(2);
        late.fail(1, &(0..15), &crate::setting::Outcome::TimedOut);
        let late = late.finish();
        let found = compare_runs(&run(1.0, 0.5), &late);
        let line = "primes, limit 200 000: threads × 2: ok 15 of 15, later 15 of 15 timed out";
        assert_eq!((found.failing.as_slice(), found.common, found.matched.len()), (&[line.to_owned()][..], 2, 1));
        assert!(found.worse() && !compare_runs(&late, &late).worse());
    }

    #[test]
    fn ways_are_matched_by_what_they_are() {
        let old = run(1.0, 0.5);
        let mut new = old.clone();
        new.configurations.swap(0, 1);
        for (id, configuration) in new.configurations.iter_mut().enumerate() {
            configuration.id = id;
        }
        new.trials.iter_mut().for_each(|trial| trial.configuration = 1 - trial.configuration);
        new.workloads[0].reference = 1;
        new.configurations[0].label = "threads × 2, by another name".into();
        new.derived = crate::verdict::derive(&new);
        let found = compare_runs(&old, &new);
        assert_eq!(found.matched.len(), 2);
        assert!(found.matched.iter().all(|matched| (matched.time.ratio - 1.0).abs() < 1e-9), "{:?}", found.matched);
        new.configurations[0].config.workers = Some(4);
        new.workloads[0].payload = None;
        new.machine.kernel = "Linux 7.0".into();
        new.configurations[1].items = 128;
        let found = compare_runs(&old, &new);
        assert_eq!(found.only_old, ["primes, limit 200 000: threads × 2"]);
        assert_eq!(found.only_new, ["primes, limit 200 000: threads × 2, by another name"]);
        let whats: Vec<&str> = found.differences.iter().map(|row| row.0.as_str()).collect();
        assert_eq!(whats, ["machine: kernel", "items of primes, limit 200 000: serial"]);
        assert!(found.matched[0].per_item);
        new.configurations.iter_mut().for_each(|configuration| configuration.config.runtime = "python".into());
        assert!(compare_runs(&old, &new).matched.is_empty());
    }

    #[test]
    fn a_run_compared_with_itself_pairs_every_configuration_with_itself_whatever_they_differ_in() {
        for (row, one, other) in crate::setting::pairs::all() {
            let mut made = Made::new(15).configuration("a", 1.0);
            if row.part == Part::Workload {
                made = made.payload(64, "64 B");
                made.results.workloads[1].settings = made.results.workloads[0].settings.clone();
                made.results.workloads[1].payload = None;
            }
            let mut made = made.configuration("b", 5.0);
            (made.results.configurations[0].config, made.results.configurations[1].config) = (one, other);
            let run = made.finish();
            let found = compare_runs(&run, &run);
            assert_eq!(found.matched.len(), 2, "{}", row.setting.name);
            assert!(
                found.matched.iter().all(|matched| matched.configurations.0 == matched.configurations.1),
                "{}",
                row.setting.name
            );
            let same = |matched: &Matched| matched.time.side == Side::Overlapping;
            assert!(found.matched.iter().all(same) && !found.worse(), "{}", row.setting.name);
            assert!(found.only_old.is_empty() && found.only_new.is_empty(), "{}", row.setting.name);
        }
    }

    #[test]
    fn without_intervals_nothing_is_claimed() {
        let few = |seconds| Made::new(3).serial(1.0).configuration("threads × 2", seconds).finish();
        let found = compare_runs(&few(0.5), &few(5.0));
        assert!(found.matched.iter().all(|matched| matched.time.side == Side::Unknown && !matched.slower()));
        assert_eq!(found.too_few_rounds(), Some(FEWEST_ROUNDS));
        let interval = |low, high| Interval { median: 1.0, low, high, level: 0.96, ranks: (4, 12), n: 15 };
        assert_eq!(side(&interval(Some(1.0), Some(1.0)), &interval(Some(1.02), None), 0.03), Side::Apart);
        assert_eq!(side(&interval(Some(1.0), None), &interval(Some(9.0), Some(9.5)), 0.03), Side::Overlapping);
    }
}
