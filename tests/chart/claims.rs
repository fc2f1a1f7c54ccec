//! That titles claim no more than their pictures show, and that what is refused is refused for the right reason.

use super::fixture::{Fixture, Row, cpu_bound};
use super::gallery::{lost, payloads};
use super::happenings::{faults, weights};
use super::specimens::{clocked, tails};
use super::{Chart, charts};
use crate::results::*;
use crate::setting::{ChartKind, Key, Model};

fn only(results: &Results, kind: ChartKind) -> Chart {
    charts(results).into_iter().find(|chart| chart.kind == kind).unwrap()
}

fn title(results: &Results, kind: ChartKind) -> String {
    only(results, kind).title
}

#[test]
fn the_slowest_items_are_told_beside_a_high_percentile_near_the_median() {
    let mut results = tails();
    for latency in &mut results.latencies {
        let times = &mut latency.service;
        (times.p95, times.p99) = (Some(times.p50 * 13 / 10), None);
        times.max = times.p50 * 40;
    }
    let title = title(&results, ChartKind::Service);
    assert_eq!(title, "With any configuration, 95% of the items take up to 1.3× the median, and the slowest 40×");
}

#[test]
fn times_of_items_that_nobody_clocked_were_not_run() {
    let mut results = tails();
    results.latencies.clear();
    results.trials.clear();
    let why = only(&results, ChartKind::Service).picture.unwrap_err();
    assert!(why.ends_with("was run"), "{why}");
    results.workloads.iter_mut().for_each(|workload| workload.rate = Some(100));
    let why = only(&results, ChartKind::Service).picture.unwrap_err();
    assert!(why.starts_with("with a rate there are no profiling trials") && why.contains("`latency`"), "{why}");
}

#[test]
fn oversubscription_is_the_cause_only_where_nobody_else_was_seen() {
    let mut results = lost();
    results
        .configurations
        .iter_mut()
        .for_each(|configuration| configuration.oversubscribed = configuration.config.workers == Some(4));
    assert!(title(&results, ChartKind::Breakdown).starts_with("Oversubscription costs threads × 4 the most"));
    results.derived.noise = Noise { units: 15, noisy: 1, ..Noise::default() };
    let told = title(&results, ChartKind::Breakdown);
    assert_eq!(told, "CPU contention (oversubscription or other load) costs threads × 4 the most: 1.8 of 4");
    let threads = |configuration: &Configuration| {
        configuration.config.model == Model::Threads && configuration.config.workers == Some(4)
    };
    let kept = results.configurations.iter().find(|configuration| threads(configuration)).unwrap().id;
    results.derived.estimates.iter_mut().filter(|one| one.configuration != kept).for_each(|one| one.breakdown = None);
    let told = title(&results, ChartKind::Breakdown);
    assert_eq!(told, "CPU contention (oversubscription or other load) takes 1.8 of 4 from threads × 4");
}

#[test]
fn memory_is_told_by_runtime_and_only_above_its_noise() {
    let told = title(&weights(), ChartKind::Memory);
    let (native, python) = told.split_once("; CPython 3.11.2: ").unwrap();
    assert!(native.starts_with("Native: a spawned process costs 1.11 MiB") && native.contains("a thread 25.6 KiB"));
    assert!(python.starts_with("a spawned process costs 8.8 MiB"), "{told}");
    let mut single = weights();
    single.workloads.truncate(1);
    for memory in single.derived.estimates.iter_mut().filter_map(|estimate| estimate.memory.as_mut()) {
        memory.trials = 1;
    }
    assert!(title(&single, ChartKind::Memory).starts_with("From 3 MiB with serial"));
    // Parts of one workload are told together, whatever the parts are.
    let mut parted = weights();
    parted.workloads.truncate(1);
    parted.charts[0].group = Some(Key::Model);
    let told = title(&parted, ChartKind::Memory);
    assert!(told.starts_with("A spawned process costs 1.11 MiB") && !told.contains(" of "), "{told}");
    let mut used = weights();
    used.workloads.truncate(1);
    used.configurations.iter_mut().for_each(|configuration| configuration.config.parent_use = Some("read".into()));
    assert!(title(&used, ChartKind::Memory).starts_with("A spawned process (memory read) costs"));
}

#[test]
fn survivors_are_told_of_where_they_survive() {
    let told = title(&faults(), ChartKind::Crash);
    assert!(told.contains("with restart, where they survive, processes lose none of 64 items"), "{told}");
    let mut classes = faults();
    for configuration in
        classes.configurations.iter_mut().filter(|configuration| configuration.config.on_crash == Some("skip".into()))
    {
        (configuration.config.on_crash, configuration.config.model, configuration.label) =
            (None, "Pool".into(), "Pool × 4".into());
    }
    let chart = only(&classes, ChartKind::Crash);
    assert!(!chart.title.contains("nder Pool"), "{}", chart.title);
    assert!(chart.alt.contains(". Under Pool they lose up to 24 of 64, and hang on 1 fault."), "{}", chart.alt);
}

#[test]
fn a_crossing_beside_an_undecided_size_is_not_marked() {
    let marked = |results: &Results| {
        let written = only(results, ChartKind::Ipc).picture.unwrap().written;
        written.iter().filter(|(text, _)| text.contains("gets faster than")).count()
    };
    let mut results = payloads();
    assert_eq!(marked(&results), 1);
    results.derived.break_evens[0].points[2].word = Word::NoSignificantDifference;
    assert_eq!(marked(&results), 0);
    let told = only(&results, ChartKind::Ipc);
    assert!(told.title.contains("mong IPC methods, shared memory") && told.subtitle.contains("over its payload"));
}

#[test]
fn one_model_that_leads_at_several_counts_is_not_several_ways() {
    let mut results = cpu_bound("threads");
    let winners = |configuration: &Configuration| {
        configuration.config.model == Model::Threads && configuration.config.workers > Some(1)
    };
    let leading = results.configurations.iter().filter(|configuration| winners(configuration));
    let leading: Vec<usize> = leading.map(|configuration| configuration.id).collect();
    let verdict = &mut results.derived.workloads[0];
    let pick = &mut verdict.picks[0];
    (pick.configuration, pick.fastest, pick.as_good) = (leading[0], false, leading[1..].to_vec());
    verdict.winners = leading;
    let told = title(&results, ChartKind::Speedup);
    assert_eq!(told, "Use threads (2.1× serial): nothing comparable is more than 1% faster; 2 workers are enough");
}

#[test]
fn what_a_selector_leaves_out_is_not_said_not_to_have_been_run() {
    let shaped = |kind: ChartKind, wanted: fn(&Configuration) -> bool, chosen: &str| {
        let mut results = lost();
        let configurations = results
            .configurations
            .iter()
            .filter(|configuration| wanted(configuration))
            .map(|configuration| configuration.id)
            .collect();
        results.charts =
            vec![ChartShape { configurations: Some(configurations), chosen: chosen.into(), ..kind.into() }];
        // The splits were made, but what is left out tells nothing of what is shown.
        results.trials = clocked();
        results.derived.estimates[2].breakdown.iter_mut().for_each(|breakdown| breakdown.inflation = 3.0);
        only(&results, kind).picture.unwrap_err()
    };
    let why = shaped(ChartKind::Speedup, |configuration| configuration.config.workers == Some(2), "workers: 2");
    assert!(why.starts_with("`where` (workers: 2) leaves only one worker count (2)"), "{why}");
    let why =
        shaped(ChartKind::Breakdown, |configuration| configuration.config.model == Model::Serial, "model: serial");
    assert_eq!(why, "no configuration that is shown has two workers or more");
}

#[test]
fn twenty_lines_have_names_of_their_own_in_a_small_file() {
    let rows: Vec<Row> = (0..20)
        .flat_map(|way| {
            [1, 2, 4, 8].map(|workers| ("processes", workers, METHODS[way % 4], Some(f64::from(9 - workers))))
        })
        .collect();
    let mut fixture = Fixture::new("twenty", &[ChartKind::Speedup]).workload("primes", "a lot of work", &rows);
    for configuration in &mut fixture.results.configurations {
        let way = configuration.id / 4;
        (configuration.config.chunk, configuration.config.in_flight) =
            (Some([1, 16][way / 4 % 2]), Some([2, 4, 16][way / 8]));
        configuration.label =
            format!("processes × {}, {way}, chunk and in flight", configuration.config.workers.unwrap_or(1));
    }
    let picture = only(&fixture.derive(), ChartKind::Speedup).picture.unwrap();
    let mut names: Vec<&str> = picture.written.iter().map(|(text, _)| text.as_str()).collect();
    names.retain(|text| text.contains("in fl") && !text.contains("simpler"));
    names.sort_unstable();
    names.dedup();
    assert!(names.len() == 20 && names.iter().all(|name| !name.contains('…')), "{names:?}");
    let bytes = picture.svg(crate::chart::Theme::Light).len();
    assert!(bytes < 60_000, "{bytes}");
}

const METHODS: [&str; 4] = ["pipe", "shared_memory", "queue", "manager"];

/// Results with one pick, whose price is changed.
fn priced(price: Option<f64>, by: PickedBy) -> Results {
    let mut results = cpu_bound("nobody");
    let pick = &mut results.derived.workloads[0].picks[0];
    (pick.price, pick.by, pick.fastest, pick.as_good) = (price, by, false, vec![]);
    results
}

#[test]
fn a_title_is_as_strong_as_its_pick() {
    for (share, expected) in [
        (0.02, "Use threads (1.9× serial): nothing comparable is more than 2% faster"),
        (0.121, "Use threads (1.9× serial): at most 13% slower than the best"),
        (0.6, "Use threads (1.9× serial): at most 60% slower than the best"),
    ] {
        let by = if share < 0.03 { PickedBy::Simplicity } else { PickedBy::Price };
        assert_eq!(title(&priced(Some(share), by), ChartKind::Time), expected);
        assert_eq!(title(&priced(Some(share), by), ChartKind::Speedup), expected);
    }
    // Bounded by nothing, it is no more than a median.
    let told = title(&priced(None, PickedBy::Price), ChartKind::Time);
    assert!(told.starts_with("Threads × 4 has the lowest median time, 962 ms"), "{told}");
    let mut failing = priced(Some(0.02), PickedBy::Simplicity);
    failing.derived.workloads[0].picks[0].failures = 2;
    assert!(title(&failing, ChartKind::Time).ends_with("; 2 trials of it went wrong"));
    failing.workloads[0].rate = Some(1400);
    assert_eq!(title(&failing, ChartKind::Time), "At 1400 per second, use threads × 2; 2 trials of it went wrong");
}

#[test]
fn a_number_in_a_title_is_no_finer_than_its_interval() {
    let mut results = priced(Some(0.02), PickedBy::Simplicity);
    let ends = |median: f64, by: f64| Interval {
        median,
        low: Some(median - by),
        high: Some(median + by),
        level: 0.95,
        ranks: (4, 12),
        n: 15,
    };
    for (speedup, told) in [(ends(1.9173, 0.004), "1.92×"), (ends(1.9173, 0.06), "1.9×"), (ends(15.83, 2.0), "16×")]
    {
        results.derived.workloads[0].picks[0].speedup = Some(speedup);
        let title = title(&results, ChartKind::Time);
        assert!(title.starts_with(&format!("Use threads ({told} serial): ")), "{title}");
    }
    // A time where nothing is a speedup.
    let pick = &mut results.derived.workloads[0].picks[0];
    (pick.configuration, pick.speedup) = (0, None);
    for (by, told) in [(0.001, "1.84 s"), (0.1, "1.8 s")] {
        results.derived.estimates[0].time = Some(ends(1.8401, by));
        assert!(title(&results, ChartKind::Time).starts_with(&format!("Use serial ({told}): ")), "{told}");
    }
}

#[test]
fn those_that_sleep_and_those_that_spin_are_not_ranked_together_in_a_title() {
    let mut results = cpu_bound("nobody");
    let verdict = &mut results.derived.workloads[0];
    let other = Pick { wait: Some("spin".into()), price: Some(0.2), configuration: 9, ..verdict.picks[0].clone() };
    verdict.picks[0].wait = Some("sleep".into());
    verdict.picks.push(other);
    for kind in [ChartKind::Time, ChartKind::Speedup] {
        assert_eq!(
            title(&results, kind),
            "Where both sides sleep, use threads × 2; where both sides spin, use processes × 4, pipe (at most 20% \
             slower than the best)"
        );
    }
}

#[test]
fn several_workloads_are_told_by_their_contrast_or_by_the_scenario() {
    let waits = [("serial", 0, "", Some(4.0)), ("threads", 4, "", Some(1.0)), ("processes", 4, "pipe", Some(1.1))];
    let computes = [("serial", 0, "", Some(1.0)), ("threads", 4, "", Some(1.0)), ("processes", 4, "pipe", Some(0.6))];
    let of = |second: &[Row], label: &str| {
        let mut results = Fixture::new("gil", &[ChartKind::Time])
            .workload("waiting", "it waits", &waits)
            .workload(label, "it computes", second)
            .derive();
        results.scenario.title = "what the lock costs".into();
        results
    };
    let told = title(&of(&computes, "computing"), ChartKind::Time);
    assert_eq!(told, "Use threads in waiting (4.0× serial); processes in computing (1.7× serial)");
    assert_eq!(title(&of(&waits, "other"), ChartKind::Time), "Use threads throughout (4.0× serial)");
    // What a label is too long for, and what has no pick, is what the scenario is about.
    let long = of(&computes, "computing with a label that no headline has any room for");
    assert_eq!(title(&long, ChartKind::Time), "What the lock costs");
    let mut open = of(&computes, "computing");
    open.derived.workloads[1].suppressed = Some("why".into());
    assert_eq!(title(&open, ChartKind::Time), "What the lock costs");
    open.derived.workloads[0].suppressed = Some("why".into());
    assert_eq!(title(&open, ChartKind::Time), "What the lock costs (no pick)");
    let mut weak = of(&computes, "computing");
    weak.derived.workloads[0].picks[0].price = Some(0.3);
    assert!(title(&weak, ChartKind::Time).ends_with("; at most 30% slower than the best"));
}

#[test]
fn a_part_of_a_workload_that_lacks_the_pick_has_none() {
    let mut results = cpu_bound("threads");
    let shown: Vec<usize> =
        results.configurations.iter().filter(|one| one.config.ipc.is_some()).map(|one| one.id).collect();
    results.charts = vec![ChartShape { configurations: Some(shown), chosen: "ipc".into(), ..ChartKind::Time.into() }];
    let told = title(&results, ChartKind::Time);
    assert!(!told.contains("hreads") && !told.contains("Use "), "{told}");
}
