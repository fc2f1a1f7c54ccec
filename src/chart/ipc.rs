//! Which IPC method at which size? Round trip or throughput over the payload, on two logarithmic axes.

use std::collections::BTreeMap;

use super::finding::{self, verdict_of};
use super::ipc_plot::Layout;
use super::ipc_title::title;
use super::lines::{self, Line, Point};
use super::sheet::Sheet;
use super::words::{self, estimate};
use super::{Chart, view};
use crate::results::{Cell, Group, Interval, LOCK_MODEL, Results};
use crate::text::{fixed_three_digits, show_bytes, show_seconds, three_digits};
use crate::vocab::ChartKind;

const MOST_LINES: usize = 24;

/// What a line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Seconds of one item: one request was in flight, so that is a round trip.
    RoundTrip,
    /// Bytes of payload a second.
    Bytes,
}

/// The groups that differ in nothing but their payload, and the settings that an IPC comparison holds constant.
pub(super) struct Family<'a> {
    /// Groups by payload, rising.
    pub(super) groups: Vec<(u64, &'a Group)>,
    setup: Setup,
    pub(super) cells: Vec<&'a Cell>,
    pub(super) measure: Measure,
    /// What sets it apart from other families of the file.
    label: String,
}

/// Workers, chunk, in flight, wait and placement: equal for all methods of one chart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Setup {
    workers: Option<u32>,
    chunk: Option<u32>,
    in_flight: Option<u32>,
    wait: Option<String>,
    placement: Option<String>,
}

impl Setup {
    fn of(cell: &Cell) -> Self {
        let (wait, placement) = (cell.wait.clone(), cell.placement.clone());
        Self { workers: cell.workers, chunk: cell.chunk, in_flight: cell.in_flight, wait, placement }
    }

    fn measure(&self) -> Measure {
        let one = Some(1);
        if self.workers == one && self.chunk == one && self.in_flight == one {
            Measure::RoundTrip
        } else {
            Measure::Bytes
        }
    }

    /// `2 workers, 4 in flight, wait spin, placement free`; the chunk is named where it is more than one item, and a round
    /// trip has one of each.
    fn words(&self) -> String {
        let plain = self.measure() == Measure::RoundTrip;
        let workers =
            self.workers.map(|count| if count == 1 { "1 worker".to_owned() } else { format!("{count} workers") });
        let parts = [
            workers.filter(|_| !plain),
            self.chunk.filter(|chunk| *chunk != 1).map(|chunk| format!("chunk {chunk}")),
            self.in_flight.filter(|_| !plain).map(|count| format!("{count} in flight")),
            self.wait.as_ref().map(|wait| format!("wait {wait}")),
            self.placement.as_ref().map(|placement| format!("placement {placement}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Whether the cell is one of the methods that this chart compares: a shared table is no method to send anything.
pub(super) fn is_method(cell: &Cell) -> bool {
    cell.ipc.is_some() && cell.dispatch.as_deref() == Some("stream")
}

/// One chart for each family; one line that says why where there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let families = families(results);
    let refused = |why: &str| {
        vec![Chart::refused(ChartKind::Ipc, base.to_owned(), "IPC methods over the payload".to_owned(), why.to_owned())]
    };
    if !results.groups.iter().any(|group| group.payload.is_some()) {
        return refused("no task of this scenario has a payload");
    }
    if !results.cells.iter().any(is_method) {
        return refused("no cell sends its items over an IPC method");
    }
    if families.is_empty() {
        return refused(
            "only one payload size above zero was run with equal settings, and a line over sizes needs two",
        );
    }
    let labels: Vec<String> = families.iter().map(|family| family.label.clone()).collect();
    let stems = words::stems(base, &labels);
    families.iter().zip(stems).map(|(family, stem)| chart(results, family, stem)).collect()
}

/// Groups by everything but the payload.
fn kin(results: &Results) -> Vec<Vec<(u64, &Group)>> {
    let rest = |group: &Group| -> BTreeMap<String, serde_json::Value> {
        group
            .settings
            .iter()
            .filter(|(name, _)| *name != "payload")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let mut kin: Vec<Vec<(u64, &Group)>> = Vec::new();
    for group in &results.groups {
        let Some(payload) = group.payload.filter(|payload| *payload > 0) else { continue };
        let same = |other: &Group| {
            other.task == group.task
                && other.runtime == group.runtime
                && other.measure == group.measure
                && rest(other) == rest(group)
        };
        match kin.iter_mut().find(|members| same(members[0].1)) {
            Some(members) => members.push((payload, group)),
            None => kin.push(vec![(payload, group)]),
        }
    }
    for members in &mut kin {
        members.sort_by_key(|(payload, _)| *payload);
    }
    kin
}

fn families(results: &Results) -> Vec<Family<'_>> {
    let mut families = Vec::new();
    for groups in kin(results) {
        let members = || groups.iter().flat_map(|(_, group)| &group.cells).filter_map(|cell| results.cells.get(*cell));
        let mut setups: Vec<Setup> = Vec::new();
        for setup in members().filter(|cell| is_method(cell)).map(Setup::of) {
            if !setups.contains(&setup) {
                setups.push(setup);
            }
        }
        for setup in setups {
            // Threads and the like stand beside the methods as a reference, at equal workers.
            let reference = |cell: &Cell| cell.ipc.is_none() && cell.workers.is_some() && cell.workers == setup.workers;
            let cells: Vec<&Cell> =
                members().filter(|cell| (is_method(cell) && Setup::of(cell) == setup) || reference(cell)).collect();
            let mut sizes: Vec<u64> = groups
                .iter()
                .filter(|(_, group)| cells.iter().any(|cell| cell.group == group.id && is_method(cell)))
                .map(|(payload, _)| *payload)
                .collect();
            sizes.dedup();
            if sizes.len() > 1 {
                let first = groups[0].1;
                let measure = setup.measure();
                let label = format!("{} {} {}", first.task, first.measure.replace('_', " "), setup.words());
                families.push(Family { groups: groups.clone(), setup, cells, measure, label });
            }
        }
    }
    families
}

/// A line with its points.
pub(super) struct Drawn<'a> {
    pub(super) line: Line<'a>,
    pub(super) points: Vec<Point>,
}

impl Family<'_> {
    fn payload(&self, cell: &Cell) -> Option<u64> {
        self.groups.iter().find(|(_, group)| group.id == cell.group).map(|(payload, _)| *payload)
    }

    /// What the chart shows of a cell.
    pub(super) fn value(&self, results: &Results, cell: &Cell) -> Option<Interval> {
        let seconds = estimate(results, cell.id).filter(|estimate| estimate.ok > 0)?.per_item?;
        let payload = self.payload(cell)? as f64;
        let value = match self.measure {
            Measure::RoundTrip => seconds,
            Measure::Bytes => Interval {
                median: payload / seconds.median,
                // The slowest is the lowest throughput; an infinite time is none at all, which a log axis cannot show.
                low: seconds.high.map(|high| payload / high),
                high: seconds.low.map(|low| payload / low),
                ..seconds
            },
        };
        words::drawable(value)
    }

    fn drawn<'a>(&'a self, results: &'a Results) -> Vec<Drawn<'a>> {
        let lines = lines::lines(results, self.cells.iter().map(|cell| cell.id));
        let drawn = lines.into_iter().map(|mut line| {
            line.cells.sort_by_key(|cell| self.payload(cell));
            let points = line.cells.iter().filter_map(|cell| {
                let payload = self.payload(cell)?;
                let value = self.value(results, cell);
                let shown = value.map_or("no value".to_owned(), |value| self.show(value.median));
                Some(Point {
                    x: payload as f64,
                    value,
                    title: format!("{}, {}: {shown}", line.name, show_bytes(payload)),
                })
            });
            let points = points.collect();
            Drawn { line, points }
        });
        drawn.filter(|drawn| drawn.points.iter().any(|point| point.value.is_some())).collect()
    }

    /// Whether less is better of what is shown.
    pub(super) fn lower_is_better(&self) -> bool {
        self.measure == Measure::RoundTrip
    }

    /// A value for axes and sentences.
    pub(super) fn show(&self, value: f64) -> String {
        match self.measure {
            Measure::RoundTrip => show_seconds(value),
            Measure::Bytes => format!("{}/s", show_rate(value, three_digits)),
        }
    }

    /// A value for labels: the digits of rates are kept, so that they line up.
    pub(super) fn show_in_column(&self, value: f64) -> String {
        match self.measure {
            Measure::RoundTrip => show_seconds(value),
            Measure::Bytes => format!("{}/s", show_rate(value, fixed_three_digits)),
        }
    }
}

/// A number of bytes in decimal units, as throughput is given.
fn show_rate(bytes: f64, digits: fn(f64) -> String) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")];
    let (factor, unit) = units.into_iter().find(|(factor, _)| bytes >= factor * 0.9995).unwrap_or((1.0, "B"));
    format!("{} {unit}", digits(bytes / factor))
}

fn chart(results: &Results, family: &Family, stem: String) -> Chart {
    let all = family.drawn(results);
    let refused = |why: String| {
        Chart::refused(ChartKind::Ipc, stem.clone(), format!("IPC methods over the payload, {}", family.label), why)
    };
    let longest = all.iter().filter(|drawn| drawn.line.cells.iter().any(|cell| is_method(cell)));
    if longest.map(|drawn| drawn.points.iter().filter(|point| point.value.is_some()).count()).max().unwrap_or(0) < 2 {
        let trouble = words::trouble(results, family.cells.iter().map(|cell| cell.id), 2);
        let trouble = trouble.map_or(String::new(), |notes| format!(" ({notes})"));
        return refused(format!("no method has a value at two sizes{trouble}"));
    }
    if all.len() > MOST_LINES {
        return refused(format!("{} lines cannot be told apart; the table has their numbers", all.len()));
    }
    let title = title(results, family);
    let subtitle = subtitle(family, &all, results.run.quick);
    let groups: Vec<&Group> = family.groups.iter().map(|(_, group)| *group).collect();
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Sheet::new(results, &groups, &title, &subtitle, &notes(results, family));
    let numbers: Vec<String> = all
        .iter()
        .map(|drawn| {
            let values = drawn.points.iter().filter_map(|point| Some((point.x, point.value?)));
            let values: Vec<String> =
                values.map(|(x, value)| format!("{} at {}", family.show(value.median), show_bytes(x as u64))).collect();
            format!("{}: {}", drawn.line.name, values.join(", "))
        })
        .collect();
    let alt = format!("{title}. {subtitle}. {}.", numbers.join("; "));
    let picture = Layout::new(results, &sheet, family, &all).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Ipc, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

fn subtitle(family: &Family, all: &[Drawn], quick: bool) -> String {
    let what = match family.measure {
        Measure::RoundTrip => "Round trip of one item in flight over its payload",
        Measure::Bytes => "Payload a second over the payload of an item",
    };
    let direction = match family.measure {
        Measure::RoundTrip => "Lower is better",
        Measure::Bytes => "Higher is better",
    };
    let measure = if family.groups[0].1.measure == "end_to_end" { ", end to end" } else { "" };
    let model = if family.groups[0].1.is_lock_model() { format!(" ({LOCK_MODEL})") } else { String::new() };
    let values = all.iter().flat_map(|drawn| &drawn.points).filter_map(|point| point.value.as_ref());
    let quick = if quick { ". Quick run" } else { "" };
    let setup = family.setup.words();
    let setup = if setup.is_empty() { setup } else { format!(", {setup}") };
    format!(
        "{what}{measure}{model}{setup}; {}{quick}. {}",
        words::trials_and_interval(values),
        words::unbroken(direction)
    )
}

fn notes(results: &Results, family: &Family) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let cells = || family.cells.iter().map(|cell| cell.id);
    notes.extend(family.groups.iter().find_map(|(_, group)| finding::withheld(verdict_of(results, group))));
    notes.extend(words::trouble(results, cells(), 2));
    notes.extend(words::disturbed(results, cells()));
    if family.cells.iter().any(|cell| !is_method(cell)) {
        notes.push("For reference, without IPC: workers within one process".to_owned());
    }
    notes
}
