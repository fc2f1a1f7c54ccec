//! How late are replies at which rate, and where does a configuration fall behind? Latency over the rate at which items come.

use super::frame::Frame;
use super::latency_line::{Drawn, per_second};
use super::latency_plot::{Layout, is_wide};
use super::lines::{self, Line, Point};
use super::theme::SHADES;
use super::words::{self, estimate};
use super::{Chart, finding, view};
use crate::results::{Configuration, Results, SaturationPoint, Workload};
use crate::setting::{ChartKind, Key};
use crate::text::{plural, show_seconds};

const MOST_LINES: usize = 24;

/// Workloads that differ in nothing but their rate.
pub(super) struct Family<'a> {
    /// Workloads by rate, rising.
    pub(super) workloads: Vec<(u32, &'a Workload)>,
    /// What sets it apart from other families of the file.
    label: String,
}

/// One chart for each family; one line that says why where there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let families = families(results);
    let several: Vec<&Family> = families.iter().filter(|family| family.workloads.len() > 1).collect();
    if several.is_empty() {
        let why = match families.is_empty() {
            true => "this scenario sets no arrival rate",
            false => "only one rate was run, and a line over rates needs two",
        };
        let title = "Latency over the rate".to_owned();
        return vec![Chart::refused(ChartKind::Latency, base.to_owned(), title, why.to_owned())];
    }
    let labels: Vec<String> = several.iter().map(|family| family.label.clone()).collect();
    let stems = words::stems(base, &labels);
    several.into_iter().zip(stems).map(|(family, stem)| chart(results, family, stem)).collect()
}

fn families(results: &Results) -> Vec<Family<'_>> {
    let mut families: Vec<Family> = Vec::new();
    let alike = |a: &Workload, b: &Workload| {
        (&a.task, &a.settings, &a.runtime, &a.interpreter, &a.fault)
            == (&b.task, &b.settings, &b.runtime, &b.interpreter, &b.fault)
    };
    for workload in &results.workloads {
        let Some(rate) = workload.rate else { continue };
        match families.iter_mut().find(|family| alike(family.workloads[0].1, workload)) {
            Some(family) => family.workloads.push((rate, workload)),
            None => {
                let label =
                    workload.label.split(", ").filter(|part| !part.ends_with("/s")).collect::<Vec<_>>().join(", ");
                families.push(Family { workloads: vec![(rate, workload)], label });
            }
        }
    }
    families.iter_mut().for_each(|family| family.workloads.sort_by_key(|(rate, _)| *rate));
    families
}

impl<'a> Family<'a> {
    fn configurations(&self, results: &'a Results) -> impl Iterator<Item = &'a Configuration> {
        self.workloads
            .iter()
            .flat_map(|(_, workload)| &workload.configurations)
            .filter_map(|configuration| results.configurations.get(*configuration))
    }

    /// The numbers of workers that configurations have, rising; none for those without.
    fn counts(&self, results: &'a Results) -> Vec<Option<u32>> {
        let mut counts: Vec<Option<u32>> =
            self.configurations(results).map(|configuration| configuration.config.workers).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// A line for every configuration, workers included.
    fn drawn(&self, results: &'a Results) -> Vec<Drawn<'a>> {
        let counts = self.counts(results);
        let several = counts.iter().flatten().count() > 1;
        let mut all = Vec::new();
        for (nth, count) in counts.iter().enumerate() {
            let configurations = self
                .configurations(results)
                .filter(|configuration| configuration.config.workers == *count)
                .map(|configuration| configuration.id);
            for mut line in lines::lines(results, &[Key::Rate], configurations) {
                if let Some(count) = count.filter(|_| several) {
                    line.name = format!("{} × {count}", line.name);
                    line.shade = (line.shade + nth) % SHADES;
                }
                all.extend(self.points(results, line));
            }
        }
        all
    }

    fn points(&self, results: &Results, line: Line<'a>) -> Option<Drawn<'a>> {
        let (mut points, mut behind) = (Vec::new(), Vec::new());
        for (rate, workload) in &self.workloads {
            let Some(configuration) =
                line.configurations.iter().find(|configuration| configuration.workload == workload.id)
            else {
                continue;
            };
            let known = estimate(results, configuration.id).filter(|estimate| estimate.ok > 0);
            let value = known.and_then(|known| known.time).and_then(words::drawable);
            let shown = value.map_or("no value".to_owned(), |value| show_seconds(value.median));
            let late = saturation_point(results, configuration)
                .and_then(|saturation| saturation.saturates_at)
                .is_some_and(|first| first <= *rate);
            let note = if late { ", saturates" } else { "" };
            points.push(Point {
                x: f64::from(*rate),
                value,
                title: format!("{}, {}: {shown}{note}", line.name, per_second(*rate)),
            });
            behind.push(late);
        }
        points.iter().any(|point| point.value.is_some()).then_some(Drawn { line, points, behind })
    }
}

/// The saturation point of a configuration: other work may have configurations of the same name.
fn saturation_point<'a>(results: &'a Results, configuration: &Configuration) -> Option<&'a SaturationPoint> {
    results
        .derived
        .saturation
        .iter()
        .find(|saturation| saturation.points.iter().any(|point| point.configuration == configuration.id))
}

fn chart(results: &Results, family: &Family, stem: String) -> Chart {
    let all = family.drawn(results);
    let refused = |why: String| {
        Chart::refused(ChartKind::Latency, stem.clone(), format!("Latency over the rate, {}", family.label), why)
    };
    let known = |drawn: &Drawn| drawn.points.iter().filter(|point| point.value.is_some()).count();
    if all.iter().map(known).max().unwrap_or(0) < 2 {
        let trouble = words::trouble(results, family.configurations(results).map(|configuration| configuration.id), 2);
        return refused(format!(
            "no configuration has a value at two rates{}",
            trouble.map_or(String::new(), |notes| format!(" ({notes})"))
        ));
    }
    if all.len() > MOST_LINES {
        return refused(format!("{} lines are too many for one picture; the table has their numbers", all.len()));
    }
    let (title, subtitle) = view::headline(results, title(results, family), subtitle(results, family, &all));
    let workloads: Vec<&Workload> = family.workloads.iter().map(|(_, workload)| *workload).collect();
    let sheet = Frame::new(results, &workloads, &title, &subtitle, &notes(results, family, &all));
    let numbers = all.iter().map(|drawn| {
        let values = drawn.points.iter().filter_map(|point| Some((point.x, point.value?)));
        let values = values.map(|(x, value)| format!("{} at {}", show_seconds(value.median), per_second(x as u32)));
        format!("{}: {}", drawn.line.name, values.collect::<Vec<_>>().join(", "))
    });
    let alt = format!("{title}. {subtitle}. {}.", numbers.collect::<Vec<_>>().join("; "));
    let rates = family.workloads.iter().map(|(rate, _)| *rate).collect();
    let picture = Layout::new(&sheet, rates, &all).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Latency, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

/// The finding: who keeps up with the highest rate, and from which rate on others do not.
fn title(results: &Results, family: &Family) -> String {
    let mut saturations: Vec<&SaturationPoint> = Vec::new();
    for found in family.configurations(results).filter_map(|configuration| saturation_point(results, configuration)) {
        if !saturations.iter().any(|known| std::ptr::eq(*known, found)) {
            saturations.push(found);
        }
    }
    let highest = family.workloads.last().map_or(0, |(rate, _)| *rate);
    let names = |saturations: &[&SaturationPoint]| {
        words::listed(&saturations.iter().map(|saturation| saturation.configuration.clone()).collect::<Vec<_>>())
    };
    let Some(best) = saturations.iter().filter_map(|saturation| saturation.sustains).max() else {
        let behind: Vec<&SaturationPoint> =
            saturations.iter().copied().filter(|saturation| saturation.saturates_at.is_some()).collect();
        return match behind.len() {
            0 => format!("p95 latency over the rate{}", suffix(results, family)),
            _ => format!("No configuration is shown to sustain {}", per_second(family.workloads[0].0)),
        };
    };
    let first: Vec<&SaturationPoint> =
        saturations.iter().copied().filter(|saturation| saturation.sustains == Some(best)).collect();
    if first.len() == saturations.len() {
        let keeps = if best == highest { "every rate up to " } else { "" };
        return format!("Every configuration sustains {keeps}{}", per_second(best));
    }
    let sustain =
        if first.len() > 1 || lines::is_plural(&first[0].configuration) && !first[0].configuration.contains('×') {
            "sustain"
        } else {
            "sustains"
        };
    let head = if first.len() > 3 {
        format!("{} sustain {}", plural(first.len() as u64, "configuration"), per_second(best))
    } else {
        format!("{} {sustain} {}", names(&first), per_second(best))
    };
    let worst = saturations
        .iter()
        .filter(|saturation| saturation.sustains != Some(best))
        .filter_map(|saturation| Some((saturation.saturates_at?, saturation)));
    let tail = worst.min_by_key(|(rate, _)| *rate).map_or(String::new(), |(rate, saturation)| {
        let saturates = if lines::is_plural(&saturation.configuration) && !saturation.configuration.contains('×') {
            "saturate"
        } else {
            "saturates"
        };
        format!("; {} {saturates} at {}", saturation.configuration, per_second(rate))
    });
    words::capital(&(head + &tail))
}

fn suffix(results: &Results, family: &Family) -> &'static str {
    family
        .workloads
        .first()
        .map_or("", |(_, workload)| finding::suffix(results, finding::verdict_of(results, workload)))
}

fn subtitle(results: &Results, family: &Family, all: &[Drawn]) -> String {
    let first = family.workloads[0].1;
    let values = all.iter().flat_map(|drawn| &drawn.points).filter_map(|point| point.value.as_ref());
    let counts: Vec<u32> = family.counts(results).into_iter().flatten().collect();
    let workers = match counts[..] {
        [only] => format!(", {}", plural(u64::from(only), "worker")),
        _ => String::new(),
    };
    let quick = if results.run.quick { ". Quick run" } else { "" };
    let rates = (family.workloads[0].0, family.workloads.last().map_or(0, |(rate, _)| *rate));
    let axis = if is_wide(f64::from(rates.0), f64::from(rates.1)) { "; both axes logarithmic" } else { "" };
    format!(
        "p95 latency, from an item's arrival to its result: {}{workers}; {}{axis}{quick}. {}",
        if first.describe.is_empty() { &first.label } else { &first.describe },
        words::trials_and_interval(values),
        words::unbroken("Lower is better")
    )
}

fn notes(results: &Results, family: &Family, all: &[Drawn]) -> Vec<String> {
    let mut notes = Vec::new();
    if all.iter().any(|drawn| drawn.behind.contains(&true)) {
        notes.push("Hollow: saturated (completed under 95% of arrivals)".to_owned());
    }
    let configurations = || family.configurations(results).map(|configuration| configuration.id);
    notes.extend(words::trouble(results, configurations(), 2));
    notes
}
