//! How late are replies at which rate, and where does a way fall behind? Latency over the rate at which items come.

use super::frame::Frame;
use super::latency_plot::{Layout, is_wide};
use super::lines::{self, Line, Point};
use super::theme::SHADES;
use super::words::{self, estimate};
use super::{Chart, finding, view};
use crate::results::{Cell, Group, Results, SaturationPoint};
use crate::setting::{ChartKind, Key};
use crate::text::{plural, show_count, show_seconds};

const MOST_LINES: usize = 24;

/// Groups that differ in nothing but their rate.
pub(super) struct Family<'a> {
    /// Groups by rate, rising.
    pub(super) groups: Vec<(u32, &'a Group)>,
    /// What sets it apart from other families of the file.
    label: String,
}

/// A line with its points.
pub(super) struct Drawn<'a> {
    pub(super) line: Line<'a>,
    pub(super) points: Vec<Point>,
    /// For every point, whether it is shown that the way falls behind there.
    pub(super) behind: Vec<bool>,
}

/// One chart for each family; one line that says why where there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let families = families(results);
    let several: Vec<&Family> = families.iter().filter(|family| family.groups.len() > 1).collect();
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
    let alike = |a: &Group, b: &Group| {
        (&a.task, &a.settings, &a.runtime, &a.interpreter, &a.fault)
            == (&b.task, &b.settings, &b.runtime, &b.interpreter, &b.fault)
    };
    for group in &results.groups {
        let Some(rate) = group.rate else { continue };
        match families.iter_mut().find(|family| alike(family.groups[0].1, group)) {
            Some(family) => family.groups.push((rate, group)),
            None => {
                let label = group.label.split(", ").filter(|part| !part.ends_with("/s")).collect::<Vec<_>>().join(", ");
                families.push(Family { groups: vec![(rate, group)], label });
            }
        }
    }
    families.iter_mut().for_each(|family| family.groups.sort_by_key(|(rate, _)| *rate));
    families
}

/// A rate in words: `1200/s`.
pub(super) fn per_second(rate: u32) -> String {
    format!("{}/s", show_count(u64::from(rate)))
}

impl<'a> Family<'a> {
    fn cells(&self, results: &'a Results) -> impl Iterator<Item = &'a Cell> {
        self.groups.iter().flat_map(|(_, group)| &group.cells).filter_map(|cell| results.cells.get(*cell))
    }

    /// The numbers of workers that ways have, rising; none for those without.
    fn counts(&self, results: &'a Results) -> Vec<Option<u32>> {
        let mut counts: Vec<Option<u32>> = self.cells(results).map(|cell| cell.config.workers).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// A line for every way, workers included.
    fn drawn(&self, results: &'a Results) -> Vec<Drawn<'a>> {
        let counts = self.counts(results);
        let several = counts.iter().flatten().count() > 1;
        let mut all = Vec::new();
        for (nth, count) in counts.iter().enumerate() {
            let cells = self.cells(results).filter(|cell| cell.config.workers == *count).map(|cell| cell.id);
            for mut line in lines::lines(results, &[Key::Rate], cells) {
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
        for (rate, group) in &self.groups {
            let Some(cell) = line.cells.iter().find(|cell| cell.group == group.id) else { continue };
            let known = estimate(results, cell.id).filter(|estimate| estimate.ok > 0);
            let value = known.and_then(|known| known.time).and_then(words::drawable);
            let shown = value.map_or("no value".to_owned(), |value| show_seconds(value.median));
            let late = knee(results, cell).and_then(|knee| knee.saturated).is_some_and(|first| first <= *rate);
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

/// The knee of the way that a cell belongs to: other work may have ways of the same name.
fn knee<'a>(results: &'a Results, cell: &Cell) -> Option<&'a SaturationPoint> {
    results.derived.knees.iter().find(|knee| knee.points.iter().any(|point| point.cell == cell.id))
}

fn chart(results: &Results, family: &Family, stem: String) -> Chart {
    let all = family.drawn(results);
    let refused = |why: String| {
        Chart::refused(ChartKind::Latency, stem.clone(), format!("Latency over the rate, {}", family.label), why)
    };
    let known = |drawn: &Drawn| drawn.points.iter().filter(|point| point.value.is_some()).count();
    if all.iter().map(known).max().unwrap_or(0) < 2 {
        let trouble = words::trouble(results, family.cells(results).map(|cell| cell.id), 2);
        return refused(format!(
            "no configuration has a value at two rates{}",
            trouble.map_or(String::new(), |notes| format!(" ({notes})"))
        ));
    }
    if all.len() > MOST_LINES {
        return refused(format!("{} lines are too many for one picture; the table has their numbers", all.len()));
    }
    let (title, subtitle) = view::headline(results, title(results, family), subtitle(results, family, &all));
    let groups: Vec<&Group> = family.groups.iter().map(|(_, group)| *group).collect();
    let sheet = Frame::new(results, &groups, &title, &subtitle, &notes(results, family, &all));
    let numbers = all.iter().map(|drawn| {
        let values = drawn.points.iter().filter_map(|point| Some((point.x, point.value?)));
        let values = values.map(|(x, value)| format!("{} at {}", show_seconds(value.median), per_second(x as u32)));
        format!("{}: {}", drawn.line.name, values.collect::<Vec<_>>().join(", "))
    });
    let alt = format!("{title}. {subtitle}. {}.", numbers.collect::<Vec<_>>().join("; "));
    let rates = family.groups.iter().map(|(rate, _)| *rate).collect();
    let picture = Layout::new(&sheet, rates, &all).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Latency, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

/// The finding: who keeps up with the highest rate, and from which rate on others do not.
fn title(results: &Results, family: &Family) -> String {
    let mut knees: Vec<&SaturationPoint> = Vec::new();
    for found in family.cells(results).filter_map(|cell| knee(results, cell)) {
        if !knees.iter().any(|known| std::ptr::eq(*known, found)) {
            knees.push(found);
        }
    }
    let highest = family.groups.last().map_or(0, |(rate, _)| *rate);
    let names =
        |knees: &[&SaturationPoint]| words::listed(&knees.iter().map(|knee| knee.way.clone()).collect::<Vec<_>>());
    let Some(best) = knees.iter().filter_map(|knee| knee.keeps_up).max() else {
        let behind: Vec<&SaturationPoint> = knees.iter().copied().filter(|knee| knee.saturated.is_some()).collect();
        return match behind.len() {
            0 => format!("p95 latency over the rate{}", suffix(results, family)),
            _ => format!("No configuration is shown to sustain {}", per_second(family.groups[0].0)),
        };
    };
    let first: Vec<&SaturationPoint> = knees.iter().copied().filter(|knee| knee.keeps_up == Some(best)).collect();
    if first.len() == knees.len() {
        let keeps = if best == highest { "every rate up to " } else { "" };
        return format!("Every configuration sustains {keeps}{}", per_second(best));
    }
    let sustain = if first.len() > 1 || lines::is_plural(&first[0].way) && !first[0].way.contains('×') {
        "sustain"
    } else {
        "sustains"
    };
    let head = if first.len() > 3 {
        format!("{} sustain {}", plural(first.len() as u64, "configuration"), per_second(best))
    } else {
        format!("{} {sustain} {}", names(&first), per_second(best))
    };
    let worst =
        knees.iter().filter(|knee| knee.keeps_up != Some(best)).filter_map(|knee| Some((knee.saturated?, knee)));
    let tail = worst.min_by_key(|(rate, _)| *rate).map_or(String::new(), |(rate, knee)| {
        let saturates = if lines::is_plural(&knee.way) && !knee.way.contains('×') { "saturate" } else { "saturates" };
        format!("; {} {saturates} at {}", knee.way, per_second(rate))
    });
    words::capital(&(head + &tail))
}

fn suffix(results: &Results, family: &Family) -> &'static str {
    family.groups.first().map_or("", |(_, group)| finding::suffix(results, finding::verdict_of(results, group)))
}

fn subtitle(results: &Results, family: &Family, all: &[Drawn]) -> String {
    let first = family.groups[0].1;
    let values = all.iter().flat_map(|drawn| &drawn.points).filter_map(|point| point.value.as_ref());
    let counts: Vec<u32> = family.counts(results).into_iter().flatten().collect();
    let workers = match counts[..] {
        [only] => format!(", {}", plural(u64::from(only), "worker")),
        _ => String::new(),
    };
    let quick = if results.run.quick { ". Quick run" } else { "" };
    let rates = (family.groups[0].0, family.groups.last().map_or(0, |(rate, _)| *rate));
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
    let cells = || family.cells(results).map(|cell| cell.id);
    notes.extend(words::trouble(results, cells(), 2));
    notes.extend(words::disturbed(results, cells()));
    notes
}
