//! Which IPC method at which size? Round trip or throughput over the payload, on two logarithmic axes.

use super::finding::{self, verdict_of};
use super::frame::Frame;
use super::ipc_family::{Drawn, Family, Quantity, families, is_method};
use super::ipc_plot::Layout;
use super::ipc_title::title;
use super::words::{self};
use super::{Chart, view};
use crate::results::{LOCK_MODEL, Results, Workload};
use crate::setting::{ChartKind, Measure};
use crate::text::show_bytes;

const MOST_LINES: usize = 24;

/// One chart for each family; one line that says why where there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let families = families(results);
    let refused = |why: &str| {
        vec![Chart::refused(ChartKind::Ipc, base.to_owned(), "IPC methods over the payload".to_owned(), why.to_owned())]
    };
    if !results.workloads.iter().any(|workload| workload.payload.is_some()) {
        return refused("no task of this scenario has a payload");
    }
    if !results.configurations.iter().any(is_method) {
        return refused("no configuration sends its items over an IPC method");
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

fn chart(results: &Results, family: &Family, stem: String) -> Chart {
    let all = family.drawn(results);
    let refused = |why: String| {
        Chart::refused(ChartKind::Ipc, stem.clone(), format!("IPC methods over the payload, {}", family.label), why)
    };
    let longest =
        all.iter().filter(|drawn| drawn.line.configurations.iter().any(|configuration| is_method(configuration)));
    if longest.map(|drawn| drawn.points.iter().filter(|point| point.value.is_some()).count()).max().unwrap_or(0) < 2 {
        let trouble = words::trouble(results, family.configurations.iter().map(|configuration| configuration.id), 2);
        let trouble = trouble.map_or(String::new(), |notes| format!(" ({notes})"));
        return refused(format!("no method has a value at two sizes{trouble}"));
    }
    if all.len() > MOST_LINES {
        return refused(format!("{} lines are too many for one picture; the table has their numbers", all.len()));
    }
    let title = title(results, family);
    let subtitle = subtitle(family, &all, results.run.quick);
    let workloads: Vec<&Workload> = family.workloads.iter().map(|(_, workload)| *workload).collect();
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, &workloads, &title, &subtitle, &notes(results, family));
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
    let what = match family.quantity {
        Quantity::RoundTrip => "Round trip of one item in flight over its payload",
        Quantity::Bytes => "Payload per second over the payload of an item",
    };
    let direction = match family.quantity {
        Quantity::RoundTrip => "Lower is better",
        Quantity::Bytes => "Higher is better",
    };
    let measure = if family.workloads[0].1.measure == Measure::EndToEnd { ", end to end" } else { "" };
    let model = if family.workloads[0].1.is_lock_model() { format!(" ({LOCK_MODEL})") } else { String::new() };
    let values = all.iter().flat_map(|drawn| &drawn.points).filter_map(|point| point.value.as_ref());
    let quick = if quick { ". Quick run" } else { "" };
    let config = family.manner.words();
    let config = if config.is_empty() { config } else { format!(", {config}") };
    format!(
        "{what}{measure}{model}{config}; {}{quick}. {}",
        words::trials_and_interval(values),
        words::unbroken(direction)
    )
}

fn notes(results: &Results, family: &Family) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let configurations = || family.configurations.iter().map(|configuration| configuration.id);
    notes.extend(family.workloads.iter().find_map(|(_, workload)| finding::suppressed(verdict_of(results, workload))));
    notes.extend(words::trouble(results, configurations(), 2));
    if family.configurations.iter().any(|configuration| !is_method(configuration)) {
        notes.push("For reference, without IPC: workers within one process".to_owned());
    }
    notes
}
