//! Where did the time go? A lane for main and for every worker, from start to join, of one profiling trial.

use super::frame::Frame;
use super::theme::Hue;
use super::timeline_lanes::{Story, What};
use super::timeline_plot::Layout;
use super::timeline_title::title;
use super::words;
use super::{Chart, view};
use crate::results::{Configuration, EventKind, Results, Timeline};
use crate::setting::{ChartKind, OnCrash};

/// More timelines than these are not looked at; the others are named in a note.
const MOST: usize = 4;

/// The most telling timelines, or one line that says why there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let chosen = chosen(results);
    if chosen.is_empty() {
        let title = "Who did what, and when".to_owned();
        return vec![Chart::refused(ChartKind::Timeline, base.to_owned(), title, why_not(results).to_owned())];
    }
    let several = results.workloads.len() > 1;
    let labels: Vec<String> = chosen
        .iter()
        .map(|(configuration, _)| match results.workloads.get(configuration.workload) {
            Some(workload) if several => format!("{} {}", configuration.label, workload.label),
            _ => configuration.label.clone(),
        })
        .collect();
    let stems = words::stems(base, &labels);
    let counts = (chosen.len(), results.timelines.len());
    chosen
        .iter()
        .zip(stems)
        .map(|((configuration, timeline), stem)| chart(results, configuration, timeline, stem, counts))
        .collect()
}

fn why_not(results: &Results) -> &'static str {
    if results.run.quick {
        "a quick run has no profiling trials, whose events this chart shows"
    } else if results.timelines.is_empty() {
        "these results hold no events: they are kept of successful profiling trials, and of those in which the program \
         survived the injected fault"
    } else {
        "the events of these results span no time"
    }
}

/// Of every workload the configuration of most workers of each model, start method and class; the first of each workload before the
/// second of any.
fn chosen(results: &Results) -> Vec<(&Configuration, &Timeline)> {
    let mut ranked: Vec<(usize, &Configuration, &Timeline)> = Vec::new();
    for workload in &results.workloads {
        let mut chosen: Vec<(&Configuration, &Timeline)> = Vec::new();
        for configuration in
            workload.configurations.iter().filter_map(|configuration| results.configurations.get(*configuration))
        {
            let mut own = results.timelines.iter().filter(|timeline| timeline.configuration == configuration.id);
            let Some(timeline) = own.find(|timeline| timeline.events.iter().any(|event| event.3 > 0)) else { continue };
            let kind = |configuration: &Configuration| {
                (
                    configuration.config.model,
                    configuration.config.start,
                    configuration.config.on_crash,
                    configuration.config.switch_interval,
                )
            };
            match chosen.iter_mut().find(|(known, _)| kind(known) == kind(configuration)) {
                Some(known) if known.0.config.workers < configuration.config.workers => {
                    *known = (configuration, timeline)
                }
                Some(_) => {}
                None => chosen.push((configuration, timeline)),
            }
        }
        // One that works alone tells least, a death and a replacement tell most.
        chosen.sort_by_key(|(configuration, timeline)| {
            let restarted = configuration.config.on_crash == Some(OnCrash::Restart) && died(timeline);
            std::cmp::Reverse((restarted, configuration.config.workers.unwrap_or(0).min(2)))
        });
        ranked.extend(
            chosen.into_iter().enumerate().map(|(rank, (configuration, timeline))| (rank, configuration, timeline)),
        );
    }
    ranked.sort_by_key(|(rank, ..)| *rank);
    ranked.truncate(MOST);
    ranked.sort_by_key(|(_, configuration, _)| configuration.id);
    ranked.into_iter().map(|(_, configuration, timeline)| (configuration, timeline)).collect()
}

fn died(timeline: &Timeline) -> bool {
    timeline.events.iter().any(|event| event.1 == EventKind::Crash)
}

fn chart(
    results: &Results,
    configuration: &Configuration,
    timeline: &Timeline,
    stem: String,
    counts: (usize, usize),
) -> Chart {
    let story = Story::of(timeline, configuration);
    let title = title(configuration, &story);
    let Some(workload) = results.workloads.get(configuration.workload) else {
        return Chart::refused(ChartKind::Timeline, stem, title, "its workload is missing".to_owned());
    };
    let subtitle = format!(
        "Who did what, when, with {}{}; one profiling trial",
        configuration.label,
        words::what(results, workload),
    );
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, &[workload], &title, &subtitle, &notes(&story, counts));
    let alt = format!("{title}. {subtitle}. {}.", in_words(&story));
    let hue = Hue::of_model(configuration.config.model);
    let picture = Layout::new(&sheet, &story, hue).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Timeline, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

fn notes(story: &Story, (drawn, all): (usize, usize)) -> Vec<String> {
    let mut notes = Vec::new();
    if story.aggregated() {
        let whose = if story.lanes.iter().any(|lane| lane.workers > 1) { "a lane's workers" } else { "the time" };
        let (lanes, bars) = (story.single.len(), story.bars);
        notes.push(format!("{lanes} lanes and {bars} bars are too many: heights are shares of {whose}"));
    } else if story.has(What::Crash) {
        notes.push("Faint: from a worker's last result to its death".to_owned());
    }
    if story.left_out > 0 {
        notes.push(format!("Dotted: {} later events were not kept", story.left_out));
    }
    if all > drawn {
        notes.push(format!("{drawn} of {all} timelines are drawn; for all of them: runner export --perfetto"));
    }
    notes
}

/// For those who do not see the picture: what each lane did, as far as a sentence holds it.
fn in_words(story: &Story) -> String {
    let lanes = story.lanes.iter().take(8).map(|lane| {
        let count = |what: What| lane.bars.iter().filter(|bar| bar.what == what).count();
        let mut parts = Vec::new();
        match count(What::Item) {
            0 => {}
            1 => parts.push("1 item".to_owned()),
            items => parts.push(format!("{items} items")),
        }
        if let Some(start) = lane.bars.iter().find(|bar| bar.what == What::Start) {
            parts.push(format!("start {}", start.length()));
        }
        if count(What::Crash) > 0 {
            parts.push("died".to_owned());
        }
        if let Some(again) = lane.bars.iter().find(|bar| bar.what == What::Restart) {
            parts.push(format!("restart {}", again.length()));
        }
        if let Some(join) = lane.bars.iter().find(|bar| bar.what == What::Join) {
            parts.push(format!("join {}", join.length()));
        }
        if parts.is_empty() {
            format!("{}: waiting", lane.name)
        } else {
            format!("{}: {}", lane.name, parts.join(", "))
        }
    });
    let mut lanes: Vec<String> = lanes.collect();
    if story.lanes.len() > lanes.len() {
        lanes.push(format!("{} more lanes", story.lanes.len() - lanes.len()));
    }
    lanes.join("; ")
}
