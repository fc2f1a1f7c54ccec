//! Whole charts: the same bytes again, well formed, readable, and never claiming more than the verdicts.

use std::collections::BTreeSet;
use std::path::Path;

use resvg::usvg::roxmltree::Document;

use super::fixture::{Fixture, cpu_bound};
use super::gallery::{dots, end_to_end, failed, gained, gallery, hard_names, lost, payloads};
use super::happenings::{crashed, faults, locked, plain, weights};
use super::specimens::{builds, few, runs, tails};
use super::*;
use crate::results::{Configuration, Event, EventKind, Timeline};

/// Every picture of the gallery with its name.
pub(super) fn pictures() -> Vec<(String, Chart, Picture)> {
    let of = |(name, results): (&str, Results)| -> Vec<(String, Chart, Picture)> {
        let drawn = charts(&results).into_iter();
        drawn.filter_map(|chart| Some((format!("{name}-{}", chart.stem), chart.clone(), chart.picture.ok()?))).collect()
    };
    let (old, new, compared) = runs();
    let two = comparison(&old, &new, &compared).into_iter();
    let two = two.map(|chart| (format!("runs-{}", chart.stem), chart.clone(), chart.picture.unwrap()));
    gallery().into_iter().flat_map(of).chain(two).collect()
}

fn only(results: &Results, kind: ChartKind) -> Chart {
    let mut found: Vec<Chart> = charts(results).into_iter().filter(|chart| chart.kind == kind).collect();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn svg(chart: &Chart) -> String {
    chart.picture.as_ref().unwrap().svg(Theme::Light)
}

#[test]
fn a_second_rendering_has_the_same_bytes() {
    let all = |theme| -> Vec<String> { pictures().iter().map(|(.., picture)| picture.svg(theme)).collect() };
    assert_eq!(all(Theme::Light), all(Theme::Light));
    assert_eq!(all(Theme::Dark), all(Theme::Dark));
}

#[test]
fn every_picture_is_well_formed_and_says_what_it_shows() {
    let mut ids = BTreeSet::new();
    for (name, chart, picture) in pictures() {
        for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
            let text = picture.svg(theme);
            assert!(!text.contains('\u{1}'), "{name} has a colour token left");
            let document = Document::parse(&text).unwrap();
            let root = document.root_element();
            assert_eq!(root.attribute("role"), Some("img"));
            let child = |tag: &str| root.children().find(|node| node.has_tag_name(tag)).and_then(|node| node.text());
            assert_eq!(child("title"), Some(chart.title.as_str()), "{name}");
            assert!(child("desc").is_some_and(|text| !text.is_empty()), "{name}");
            let own: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
            if theme == Theme::Light {
                assert!(own.iter().all(|id| ids.insert((*id).to_owned())), "{name} shares an id");
            }
            let used = document.descendants().filter_map(|node| node.attribute("href"));
            assert!(used.into_iter().all(|href| own.contains(&&href[1..])), "{name} uses what is not there");
        }
    }
}

/// What is wrong with where texts stand: outside the picture, or over one another.
pub(super) fn misplaced(picture: &Picture) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, (text, a)) in picture.written.iter().enumerate() {
        if a[0] < 8.0 || a[2] > picture.size.0 - 4.0 || a[1] < 8.0 || a[3] > picture.size.1 - 4.0 {
            wrong.push(format!("`{text}` {a:?} leaves the picture of {:?}", picture.size));
        }
        for (other, b) in &picture.written[index + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            if !apart {
                wrong.push(format!("`{text}` {a:?} and `{other}` {b:?} overlap"));
            }
        }
    }
    wrong
}

#[test]
fn texts_do_not_overlap_and_stay_inside() {
    for (name, _, picture) in pictures() {
        assert!(picture.written.len() > 8, "{name}");
        assert_eq!(misplaced(&picture), Vec::<String>::new(), "{name}");
    }
}

/// Whether a test makes the raster of a chart. An unoptimised build takes long for one, so that it makes a quarter of them.
fn rasterised(name: &str) -> bool {
    !cfg!(debug_assertions) || crc32fast::hash(name.as_bytes()).is_multiple_of(4)
}

#[test]
fn files_stay_small_and_rasters_have_two_pixels_for_one() {
    for (name, chart, picture) in pictures() {
        let most = if chart.kind == ChartKind::Timeline { 100_000 } else { 60_000 };
        for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
            let bytes = picture.svg(theme).len();
            assert!(bytes < most, "{name} has {bytes} bytes");
        }
        if rasterised(&name) {
            let png = picture.png(Theme::Light).unwrap();
            assert!(png.len() < 200_000, "{name} has a raster of {} bytes", png.len());
        }
    }
    let chart = only(&cpu_bound("threads"), ChartKind::Speedup);
    let png = chart.picture.unwrap().png(Theme::Dark).unwrap();
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (1520, 912));
}

#[test]
fn titles_follow_the_winner() {
    let title = |fastest: &str, kind| only(&cpu_bound(fastest), kind).title;
    assert_eq!(
        title("threads", ChartKind::Speedup),
        "Threads are fastest: 2.1× serial; processes over pipe reach 1.7×"
    );
    assert_eq!(
        title("rayon", ChartKind::Speedup),
        "Work stealing (rayon) is fastest: 2.0× serial; processes over pipe reach 1.7×"
    );
    assert_eq!(title("threads", ChartKind::Time), "Threads are fastest: 2.1× serial");
    assert_eq!(title("rayon", ChartKind::Time), "Work stealing (rayon) is fastest: 2.0× serial");
    // Within the margin of each other: the simpler model, with the fewest workers.
    let tied = "Threads and work stealing (rayon) are equally fast (1.9× serial); use threads, which are simpler";
    assert_eq!(title("nobody", ChartKind::Time), tied);
    assert_eq!(title("nobody", ChartKind::Speedup), format!("{tied}; 2 workers are enough"));
}

#[test]
fn nothing_is_claimed_where_the_verdict_is_withheld() {
    for quick in [true, false] {
        let mut results = cpu_bound("threads");
        results.run.quick = quick;
        results.derived.workloads[0].suppressed = Some("the A/A check of serial failed".into());
        for kind in [ChartKind::Speedup, ChartKind::Time] {
            let chart = only(&results, kind);
            let mark = if quick { "(quick run: no pick)" } else { "(no pick)" };
            assert!(chart.title.ends_with(mark), "{}", chart.title);
            assert!(!chart.title.contains("fastest") && !chart.title.contains("lead"), "{}", chart.title);
            assert_eq!(chart.subtitle.contains("Quick run"), quick, "{}", chart.subtitle);
        }
    }
}

#[test]
fn serial_at_the_top_is_no_speed_up() {
    let rows = [("serial", 0, "", Some(1.0)), ("threads", 1, "", Some(1.2)), ("threads", 2, "", Some(1.1))];
    let results = Fixture::new("slow", &[ChartKind::Speedup]).workload("slow", "slow", &rows).derive();
    let title = only(&results, ChartKind::Speedup).title;
    assert_eq!(title, "Everything else is slower than serial: threads reach 0.91× on 2 workers");
    let rows = [("serial", 0, "", Some(1.0)), ("threads", 1, "", Some(1.2)), ("threads", 2, "", Some(0.99))];
    let results = Fixture::new("slow", &[ChartKind::Speedup]).workload("slow", "slow", &rows).derive();
    let title = only(&results, ChartKind::Speedup).title;
    assert_eq!(title, "Serial and threads are equally fast (1 s); use serial, which is simpler");
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let speedup = only(&dots(), ChartKind::Speedup);
    assert_eq!(speedup.picture, Err("only one worker count (2) was run, and a line over workers needs two".into()));
    let rows = [("serial", 0, "", None), ("threads", 1, "", None), ("threads", 2, "", None)];
    let all = [ChartKind::Speedup, ChartKind::Time, ChartKind::Ipc];
    let results = Fixture::new("none", &all).workload("none", "nothing works", &rows).derive();
    for chart in charts(&results) {
        let why = chart.picture.unwrap_err();
        let expected =
            if chart.kind == ChartKind::Ipc { "no task of this scenario has a payload" } else { "15 of 15 timed out" };
        assert!(why.contains(expected) && !why.contains('\n'), "{why}");
    }
}

#[test]
fn failed_configurations_are_shown_with_their_note() {
    let chart = only(&failed(), ChartKind::Time);
    assert!(chart.alt.contains("threads × 4 15 of 15 timed out"), "{}", chart.alt);
    let titles = |chart: &Chart, text: &str| svg(chart).matches(text).count();
    assert_eq!(titles(&chart, "<title>processes × 2, pipe: 120 ms (115 ms to 126 ms)</title>"), 1);
    let texts = chart.picture.unwrap().written.len();
    // A label and a value or a note for each of seven rows, one value with a note beside it, five ticks, and the furniture.
    assert!(texts >= 7 * 2 + 1 + 4 + 4, "{texts}");
}

#[test]
fn phases_are_drawn_as_shades_where_they_are_measured() {
    let phased = only(&end_to_end(), ChartKind::Time);
    let plain = only(&cpu_bound("rayon"), ChartKind::Time);
    assert!(svg(&phased).contains("; start 15%</title>") && svg(&phased).contains("; join 5%</title>"));
    assert!(!svg(&plain).contains("; start"));
}

#[test]
fn workloads_of_unequal_counts_are_shown_per_item() {
    let mut results = payloads();
    assert!(only(&results, ChartKind::Time).subtitle.starts_with("Time of the work phase: payloads"));
    results.configurations[0].items = 10;
    let chart = only(&results, ChartKind::Time);
    assert!(chart.subtitle.starts_with("Time of the work phase per item: payloads"), "{}", chart.subtitle);
    assert!(chart.alt.contains("processes × 1, pipe 12 µs;"), "{}", chart.alt);
}

#[test]
fn payloads_give_round_trips_or_throughput() {
    let chart = only(&payloads(), ChartKind::Ipc);
    assert_eq!(
        chart.title,
        "Threads are fastest at every size: 1 µs at 64 B; among IPC methods, shared memory is fastest from 64 B to 64 KiB; no \
         significant difference at 1 MiB"
    );
    assert!(chart.subtitle.starts_with("Round trip") && chart.subtitle.contains("wait sleep, affinity free"));
    let mut several = payloads();
    for configuration in several.configurations.iter_mut().filter(|configuration| configuration.config.ipc.is_some()) {
        configuration.config.in_flight = Some(4);
    }
    let chart = only(&several, ChartKind::Ipc);
    assert!(
        chart.subtitle.starts_with("Payload per second over the payload of an item, 1 worker, 4 in flight"),
        "{}",
        chart.subtitle
    );
    assert!(
        chart.title.contains("shared memory has the highest throughput") && chart.alt.contains("MB/s"),
        "{}",
        chart.alt
    );
    for configuration in several.configurations.iter_mut().filter(|configuration| configuration.config.ipc.is_some()) {
        configuration.config.dispatch = Some("claim".into());
    }
    assert!(only(&several, ChartKind::Ipc).picture.is_err());
}

#[test]
fn a_crossing_is_marked_with_its_interval_and_settings_that_are_none_are_not_named() {
    let chart = only(&payloads(), ChartKind::Ipc);
    let words = "pipe gets faster than shared memory at 850 KiB (64 KiB to 1 MiB)";
    assert!(svg(&chart).contains(&format!("<title>{words}</title>")), "{}", chart.alt);
    assert_eq!(chart.picture.unwrap().written.iter().filter(|(text, _)| text == words).count(), 1);
    let mut bare = payloads();
    for configuration in &mut bare.configurations {
        (configuration.config.wait, configuration.config.affinity) = (None, None);
    }
    let subtitle = only(&bare, ChartKind::Ipc).subtitle;
    assert!(subtitle.starts_with("Round trip of one item in flight over its payload; median"), "{subtitle}");
}

#[test]
fn what_is_lost_under_classes_of_python_is_told_too() {
    let mut results = faults();
    results.workloads.truncate(2);
    for configuration in
        results.configurations.iter_mut().filter(|configuration| configuration.config.on_crash == Some("skip".into()))
    {
        (configuration.config.on_crash, configuration.config.model, configuration.label) =
            (None, "Pool".into(), "Pool × 4".into());
    }
    let title = only(&results, ChartKind::Crash).title;
    assert!(title.contains("; under Pool they lose "), "{title}");
}

#[test]
fn the_text_of_a_bar_ends_before_what_lies_on_it() {
    let mut results = crashed();
    results.timelines.truncate(1);
    let at = results.timelines[0].events.iter().find(|event| event.1 == EventKind::Crash).unwrap().3;
    // The join overlaps the restart, as clocks of both ends may.
    results.timelines[0].events.retain(|event| event.0 != 3 || event.2 <= at);
    results.timelines[0].events.push(Event(3, EventKind::Start, at, at + 30_000_000));
    results.timelines[0].events.push(Event(3, EventKind::Join, at + 2_000_000, at + 40_000_000));
    let picture = charts(&results).remove(0).picture.unwrap();
    assert!(picture.written.iter().all(|(text, _)| !text.starts_with("restart 3")), "{:?}", picture.written);
}

#[test]
fn items_are_told_by_percentiles_that_have_ten_items_beyond_them() {
    let chart = only(&tails(), ChartKind::Service);
    assert!(
        chart.title.starts_with("With ") && chart.title.contains("the slowest 1% of items take"),
        "{}",
        chart.title
    );
    assert!(chart.alt.contains("serial: p50 ") && chart.alt.contains("; response p50 "), "{}", chart.alt);
    let few = only(&few(), ChartKind::Service);
    let drawn = few.picture.as_ref().unwrap();
    // Three items have no percentile, forty a median alone.
    assert_eq!(drawn.written.iter().filter(|(text, _)| text == "–").count(), 3 + 2 + 2);
    assert!(svg(&few).contains("<title>serial: 1 of 1 ns</title>"), "single items are points");
    let mut quick = tails();
    quick.run.quick = true;
    quick.latencies.clear();
    assert!(only(&quick, ChartKind::Service).picture.unwrap_err().contains("quick run"));
}

#[test]
fn two_builds_are_told_by_their_verdicts() {
    let chart = only(&builds(false), ChartKind::Compare);
    assert_eq!(
        chart.title,
        "3 of 13 configurations are slower by more than 3%: work stealing (rayon) × 2 +150%, serial +25% and 1 more; 1 \
         slower; 3 faster; 3 not significant"
    );
    assert!(svg(&chart).contains("<title>serial: +25% (+23 to +28%)</title>"), "{}", chart.alt);
    let equal = only(&builds(true), ChartKind::Compare);
    assert_eq!(equal.title, "All 13 configurations are equivalent within ±3%");
    // Grey is what no verdict tells from the other build.
    assert!(!svg(&equal).contains("#dd5005") && svg(&chart).contains("#dd5005"));
    let mut one = builds(false);
    one.run.baseline = None;
    assert!(only(&one, ChartKind::Compare).picture.unwrap_err().contains("there was no baseline"));
    let (old, new, compared) = runs();
    let titles: Vec<String> = comparison(&old, &new, &compared).into_iter().map(|chart| chart.title).collect();
    assert_eq!(titles, ["1 of 6 configurations is slower by more than 3%: threads × 2 +40%"]);
}

#[test]
fn a_shaped_chart_shows_its_configurations_and_keeps_its_claim_computed() {
    let results = gallery().into_iter().find(|(name, _)| *name == "shaped").unwrap().1;
    let all = charts(&results);
    let stems: Vec<&str> = all.iter().map(|chart| chart.stem.as_str()).collect();
    assert_eq!(stems[..2], ["time", "time--workers-2-model-by-ipc"]);
    assert_eq!(stems.iter().collect::<BTreeSet<_>>().len(), stems.len());
    let ways = &all[1];
    assert!(ways.subtitle.ends_with(". Shown: workers 2") && !ways.alt.contains("× 4"), "{}", ways.alt);
    assert!(ways.alt.contains("Pipe: processes 1.06 s. Shared memory: processes 1.03 s"), "{}", ways.alt);
    let titled = all.iter().find(|chart| chart.title.starts_with("Who wins?")).unwrap();
    assert!(titled.subtitle.starts_with("Threads are fastest: 2.1× serial. "), "{}", titled.subtitle);
    assert!(
        svg(titled).contains("<title id=") && svg(titled).contains("Who wins? &lt;&amp;&quot;&apos;&gt; 100% of 中文")
    );
    let by_workers = all.iter().find(|chart| chart.stem == "time--workers").unwrap();
    assert!(
        by_workers.alt.contains("serial 1.84 s; threads × 1 1.85 s; work stealing (rayon) × 1"),
        "{}",
        by_workers.alt
    );
}

#[test]
fn several_workloads_get_files_of_their_own_and_names_are_escaped() {
    let results = hard_names();
    let stems: BTreeSet<String> = charts(&results).into_iter().map(|chart| chart.stem).collect();
    assert_eq!(stems.len(), 3, "{stems:?}");
    let chart = charts(&results).remove(0);
    let escaped = "goes on and on and on &amp; &lt;never&gt; seems to end";
    assert!(svg(&chart).contains(escaped), "the picture keeps the name as it is");
}

#[test]
fn the_title_of_breakdown_names_the_largest() {
    let mut results = lost();
    let idle = only(&results, ChartKind::Breakdown);
    assert_eq!(idle.title, "CPU contention (oversubscription or other load) costs threads × 4 the most: 1.8 of 4");
    results
        .configurations
        .iter_mut()
        .for_each(|configuration| configuration.oversubscribed = configuration.config.workers == Some(4));
    let chart = only(&results, ChartKind::Breakdown);
    assert_eq!(chart.title, "Oversubscription costs threads × 4 the most: 1.8 of 4");
    assert!(
        chart.subtitle.contains("from 2 profiling trials") && chart.alt.contains("threads × 4 1.91× of 4, lost to")
    );
    // Where hardly anything is missing, no part of it is a finding, whatever the clocks add.
    let mut near = results.clone();
    for breakdown in near.derived.estimates.iter_mut().filter_map(|estimate| estimate.breakdown.as_mut()) {
        breakdown.measured = f64::from(breakdown.workers) * 0.99;
    }
    assert!(only(&near, ChartKind::Breakdown).title.starts_with("Almost no speedup is lost"));
    for estimate in results.derived.estimates.iter_mut().filter_map(|estimate| estimate.breakdown.as_mut()) {
        let waiting = if estimate.workers == 2 { 9.0 } else { 0.0 };
        estimate.parts[2].1 = waiting;
        // No part is told as more than what is missing in all.
        estimate.measured = if estimate.workers == 2 { 0.1 } else { estimate.measured };
    }
    assert!(only(&results, ChartKind::Breakdown).title.starts_with("Idle time costs threads × 2 the most: 1.9 of 2"));
}

#[test]
fn every_part_of_a_loss_is_drawn_and_a_gain_is_told() {
    let (lost, gained) = (only(&lost(), ChartKind::Breakdown), only(&gained(), ChartKind::Breakdown));
    let drawn = svg(&lost);
    assert_eq!(drawn.matches(": measured ").count(), 8);
    for part in [
        "dispatch and serialization 0.44",
        "idle 0.14",
        "CPU contention (oversubscription, other load) 1.78",
        "unattributed slowdown",
    ] {
        assert!(drawn.contains(part), "{part}");
    }
    assert!(!drawn.contains("faster than in the reference, by 1.") && !drawn.contains(": start and join"));
    let drawn = svg(&gained);
    assert!(
        drawn.contains("work stealing (rayon) × 4: items ran faster than in the reference, by 1.16</title>"),
        "{drawn}"
    );
    assert!(drawn.contains("start and join 0.56") && drawn.contains("waiting for the GIL 2.44"));
}

#[test]
fn a_fit_is_dashed_and_named_in_the_footer() {
    let with = gallery().into_iter().find(|(name, _)| *name == "wide").unwrap().1;
    let mut without = with.clone();
    without.derived.fits.clear();
    let [with, without] = [with, without].map(|results| svg(&only(&results, ChartKind::Speedup)));
    let title = "<title>Dashed: Amdahl&apos;s law fitted to processes, pipe, serial part 5.0% (4.0 to 6.0%)</title>";
    assert_eq!((with.matches(title).count(), without.matches("Dashed").count()), (1, 0));
    assert_eq!(with.matches("stroke-dasharray=\"5 3\"").count(), 1);
}

#[test]
fn breakdown_without_a_split_say_why_there_is_none() {
    let why = |change: fn(&mut Results)| {
        let mut results = cpu_bound("threads");
        results.charts = vec![ChartKind::Breakdown.into()];
        change(&mut results);
        only(&results, ChartKind::Breakdown).picture.unwrap_err()
    };
    assert!(why(|_| {}).contains("no profiling trials"));
    assert!(why(|results| results.run.quick = true).contains("quick run"));
    assert!(
        why(|results| results.configurations.iter_mut().for_each(|configuration| configuration.config.workers = None))
            .contains("two workers")
    );
    assert!(why(|results| results.workloads[0].reference = 2).contains("one worker to refer to"));
}

#[test]
fn a_timeline_tells_of_deaths_locks_and_work() {
    let titles = |results: &Results| charts(results).into_iter().map(|chart| chart.title).collect::<Vec<_>>();
    let died = charts(&crashed()).remove(0);
    assert_eq!(died.title, "Worker 3 died after 38 ms and was replaced within 6 ms");
    let drawn = svg(&died);
    assert!(drawn.contains("<title>worker 3: died; detected and reaped within 333 µs</title>"), "{drawn}");
    assert!(drawn.contains("<title>worker 3: restart 5.67 ms</title>") && drawn.contains("worker 1: item "));
    assert_eq!(titles(&locked()), ["One thread at a time holds the GIL: 4 threads keep one core busy"]);
    assert!(charts(&locked())[0].subtitle.contains("(GIL emulation)"));
    let plain = titles(&plain());
    assert!(plain[0].starts_with("Serial is busy 9") && plain[3].starts_with("Two processes were ready after 3 ms"));
    let mut several = crashed();
    let again = several.timelines[1].events.iter().map(|event| Event(9 - event.0.min(8), event.1, event.2, event.3));
    let again: Vec<Event> = again.filter(|event| event.1 == EventKind::Crash).collect();
    several.timelines[1].events.extend(again);
    assert_eq!(titles(&several)[0], "2 workers died, first after 38 ms; one was replaced within 6 ms");
    let mut thrice = crashed();
    let events = &mut thrice.timelines[0].events;
    for at in [50_000_000, 60_000_000] {
        events.push(Event(3, EventKind::Crash, at, at + 10));
        events.push(Event(3, EventKind::Start, at + 20, at + 7_000_000));
    }
    thrice.timelines.truncate(1);
    assert_eq!(titles(&thrice), ["Worker 3 died 3 times, first after 38 ms; each was replaced within 7 ms"]);
}

#[test]
fn timelines_are_at_most_four_and_the_others_are_counted() {
    let mut results = plain();
    let workload = results.workloads[0].clone();
    for (configuration, workers) in [(4, 1), (5, 3)] {
        results.configurations.push(Configuration {
            id: configuration,
            label: format!("t{configuration}"),
            ..results.configurations[1].clone()
        });
        let config = &mut results.configurations[configuration].config;
        (config.workers, config.switch_interval) = (Some(workers), Some(configuration as u64));
        results.workloads[0].configurations.push(configuration);
        results.timelines.push(Timeline { configuration, ..results.timelines[1].clone() });
    }
    let chosen = charts(&results);
    assert_eq!((chosen.len(), workload.configurations.len()), (4, 4));
    assert!(svg(&chosen[0]).len() > 1000 && chosen.iter().all(|chart| !chart.subtitle.contains("with serial")));
    results.run.quick = true;
    results.timelines.clear();
    assert!(only(&results, ChartKind::Timeline).picture.unwrap_err().contains("quick run"));
}

#[test]
fn memory_tells_what_a_worker_costs() {
    let chart = only(&weights(), ChartKind::Memory);
    assert_eq!(
        chart.title,
        "Native: a spawned process costs 1.11 MiB, a thread 25.6 KiB; CPython 3.11.2: a spawned process costs 8.8 MiB, a \
         thread 25.6 KiB"
    );
    let drawn = svg(&chart);
    assert!(drawn.contains("<title>processes × 8, pipe, fork: summed RSS 33 MiB</title>"), "{drawn}");
    assert!(chart.alt.contains("threads × 8 3.2 MiB, 2.3 MiB private, 922 KiB shared"), "{}", chart.alt);
    let mut one = weights();
    one.workloads.truncate(1);
    let title = |results: &Results| only(results, ChartKind::Memory).title;
    assert_eq!(title(&one), "A spawned process costs 1.11 MiB, a thread 25.6 KiB");
    one.configurations.iter_mut().for_each(|configuration| configuration.config.workers = None);
    assert_eq!(title(&one), "From 3 MiB with serial to 11.9 MiB with processes × 8, pipe, spawn");
    one.derived.estimates.iter_mut().for_each(|estimate| estimate.memory = None);
    assert!(only(&one, ChartKind::Memory).picture.unwrap_err().contains("no trial that read memory"));
}

#[test]
fn a_matrix_of_faults_tells_who_survives_what() {
    let chart = only(&faults(), ChartKind::Crash);
    assert_eq!(
        chart.title,
        "Threads die from 6 of 8 faults; with restart, where they survive, processes lose none of 64 items, and hang on 1 fault"
    );
    assert_eq!(svg(&chart).matches(" retried").count(), 2 * 40, "a title on each field, and all in the description");
    let mut two = faults();
    two.workloads.truncate(3);
    let title = only(&two, ChartKind::Crash).title;
    assert_eq!(title, "No thread survives an abort or a segfault; with restart, processes lose none of 64 items");
    two.workloads.iter_mut().for_each(|workload| workload.fault = None);
    assert!(only(&two, ChartKind::Crash).picture.unwrap_err().contains("no workload"));
    let dead = gallery().into_iter().find(|(name, _)| *name == "all-dead").unwrap().1;
    assert_eq!(only(&dead, ChartKind::Crash).title, "No configuration survives any of 8 faults");
}

/// Writes every picture of the gallery into the folder that RUNNER_LOOK names, for looking at them.
#[test]
fn pictures_can_be_looked_at() {
    let Some(folder) = std::env::var_os("RUNNER_LOOK") else { return };
    for (name, chart, picture) in pictures() {
        let path = |ending: &str| Path::new(&folder).join(format!("{name}{ending}"));
        std::fs::write(path(".png"), picture.png(Theme::Light).unwrap()).unwrap();
        std::fs::write(path("-dark.png"), picture.png(Theme::Dark).unwrap()).unwrap();
        std::fs::write(path(".svg"), picture.svg(Theme::Light)).unwrap();
        eprintln!("{name}: {}\n   {}\n   {}", chart.title, chart.subtitle, chart.alt);
    }
}
