//! What a chart of IPC methods compares, and its lines.

use std::collections::BTreeMap;

use super::lines::{self, Line, Point};
use super::words::{self, estimate};
use crate::results::{Configuration, Interval, Results, Workload};
use crate::setting::{Config, Dispatch, Key, Value};
use crate::text::{fixed_three_digits, show_bytes, show_seconds, three_digits};

/// What a line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Seconds of one item: one request was in flight, so that is a round trip.
    RoundTrip,
    /// Bytes of payload a second.
    Bytes,
}

/// The workloads that differ in nothing but their payload, and the settings that an IPC comparison holds constant.
pub(super) struct Family<'a> {
    /// Workloads by payload, rising.
    pub(super) workloads: Vec<(u64, &'a Workload)>,
    pub(super) manner: Manner,
    pub(super) configurations: Vec<&'a Configuration>,
    pub(super) quantity: Quantity,
    /// What sets it apart from other families of the file.
    pub(super) label: String,
}

/// What the configurations of a chart have in common: everything but the IPC method.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Manner(Config);

impl Manner {
    fn of(configuration: &Configuration) -> Self {
        Self(configuration.config.without(&[Key::Ipc]))
    }

    fn quantity(&self) -> Quantity {
        let one = Some(1);
        if self.0.workers == one && self.0.chunk == one && self.0.in_flight == one {
            Quantity::RoundTrip
        } else {
            Quantity::Bytes
        }
    }

    /// `2 workers, 4 in flight, wait spin, affinity free`; the chunk is named where it is more than one item, and a round
    /// trip has one of each.
    pub(super) fn words(&self) -> String {
        let plain = self.quantity() == Quantity::RoundTrip;
        let named = |key: Key| self.0.get(key).map(|value| format!("{} {}", key.name(), value.plain()));
        let parts = [
            self.0.shown(Key::Workers).filter(|_| !plain),
            self.0.shown(Key::Chunk).filter(|_| self.0.chunk != Some(1)),
            self.0.shown(Key::InFlight).filter(|_| !plain),
            named(Key::Wait),
            named(Key::Affinity),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Whether the configuration is one of the methods that this chart compares: a shared table is no method to send anything.
pub(super) fn is_method(configuration: &Configuration) -> bool {
    configuration.config.ipc.is_some() && configuration.config.dispatch == Some(Dispatch::Stream)
}

/// Workloads by everything but the payload.
fn kin(results: &Results) -> Vec<Vec<(u64, &Workload)>> {
    let rest = |workload: &Workload| -> BTreeMap<String, Value> {
        workload
            .settings
            .iter()
            .filter(|(name, _)| *name != "payload")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let mut kin: Vec<Vec<(u64, &Workload)>> = Vec::new();
    for workload in &results.workloads {
        let Some(payload) = workload.payload.filter(|payload| *payload > 0) else { continue };
        let same = |other: &Workload| {
            other.task == workload.task
                && other.runtime == workload.runtime
                && other.measure == workload.measure
                && rest(other) == rest(workload)
        };
        match kin.iter_mut().find(|members| same(members[0].1)) {
            Some(members) => members.push((payload, workload)),
            None => kin.push(vec![(payload, workload)]),
        }
    }
    for members in &mut kin {
        members.sort_by_key(|(payload, _)| *payload);
    }
    kin
}

pub(super) fn families(results: &Results) -> Vec<Family<'_>> {
    let mut families = Vec::new();
    for workloads in kin(results) {
        let members = || {
            workloads
                .iter()
                .flat_map(|(_, workload)| &workload.configurations)
                .filter_map(|configuration| results.configurations.get(*configuration))
        };
        let mut manners: Vec<Manner> = Vec::new();
        for manner in members().filter(|configuration| is_method(configuration)).map(Manner::of) {
            if !manners.contains(&manner) {
                manners.push(manner);
            }
        }
        for manner in manners {
            // Threads and the like stand beside the methods as a reference, at equal workers.
            let reference = |configuration: &Configuration| {
                configuration.config.ipc.is_none()
                    && configuration.config.workers.is_some()
                    && configuration.config.workers == manner.0.workers
            };
            let configurations: Vec<&Configuration> = members()
                .filter(|configuration| {
                    (is_method(configuration) && Manner::of(configuration) == manner) || reference(configuration)
                })
                .collect();
            let mut sizes: Vec<u64> = workloads
                .iter()
                .filter(|(_, workload)| {
                    configurations
                        .iter()
                        .any(|configuration| configuration.workload == workload.id && is_method(configuration))
                })
                .map(|(payload, _)| *payload)
                .collect();
            sizes.dedup();
            if sizes.len() > 1 {
                let first = workloads[0].1;
                let quantity = manner.quantity();
                let label = format!("{} {} {}", first.task, first.measure.shown(), manner.words());
                families.push(Family { workloads: workloads.clone(), manner, configurations, quantity, label });
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
    fn payload(&self, configuration: &Configuration) -> Option<u64> {
        self.workloads.iter().find(|(_, workload)| workload.id == configuration.workload).map(|(payload, _)| *payload)
    }

    /// What the chart shows of a configuration.
    pub(super) fn value(&self, results: &Results, configuration: &Configuration) -> Option<Interval> {
        let seconds = estimate(results, configuration.id).filter(|estimate| estimate.ok > 0)?.per_item?;
        let payload = self.payload(configuration)? as f64;
        let value = match self.quantity {
            Quantity::RoundTrip => seconds,
            Quantity::Bytes => Interval {
                median: payload / seconds.median,
                // The slowest is the lowest throughput; an infinite time is none at all, which a log axis cannot show.
                low: seconds.high.map(|high| payload / high),
                high: seconds.low.map(|low| payload / low),
                ..seconds
            },
        };
        words::drawable(value)
    }

    pub(super) fn drawn<'a>(&'a self, results: &'a Results) -> Vec<Drawn<'a>> {
        let lines = lines::lines(results, &[], self.configurations.iter().map(|configuration| configuration.id));
        let drawn = lines.into_iter().map(|mut line| {
            line.configurations.sort_by_key(|configuration| self.payload(configuration));
            let points = line.configurations.iter().filter_map(|configuration| {
                let payload = self.payload(configuration)?;
                let value = self.value(results, configuration);
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
        self.quantity == Quantity::RoundTrip
    }

    /// A value for axes and sentences.
    pub(super) fn show(&self, value: f64) -> String {
        match self.quantity {
            Quantity::RoundTrip => show_seconds(value),
            Quantity::Bytes => format!("{}/s", show_rate(value, three_digits)),
        }
    }

    /// A value for labels: the digits of rates are kept, so that they line up.
    pub(super) fn show_in_column(&self, value: f64) -> String {
        match self.quantity {
            Quantity::RoundTrip => show_seconds(value),
            Quantity::Bytes => format!("{}/s", show_rate(value, fixed_three_digits)),
        }
    }
}

/// A number of bytes in decimal units, as throughput is given.
fn show_rate(bytes: f64, digits: fn(f64) -> String) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")];
    let (factor, unit) = units.into_iter().find(|(factor, _)| bytes >= factor * 0.9995).unwrap_or((1.0, "B"));
    format!("{} {unit}", digits(bytes / factor))
}

/// The name of a method's line: the model is the same for all of them, so the method alone says it.
pub(super) fn method_name(line: &Line, name: &str) -> String {
    let first = line.configurations.first();
    match first.and_then(|configuration| configuration.ipc_shown()) {
        Some(method) => method,
        None => name.to_owned(),
    }
}
