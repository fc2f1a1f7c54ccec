//! Expectations: bounds in the units of their metric, and words that go together.

use super::leaf::Bound;
use super::problem::Fault;
use super::raw::{self, One};
use super::resolve::{Resolver, entry_path};
use super::spans::Path;
use super::valid::Expectation;
use crate::setting::{Metric, OutcomeKind, Unit};

impl Resolver<'_> {
    pub(super) fn expectations(&mut self) -> Vec<Expectation> {
        let Some(axis) = self.document().expect.clone() else { return Vec::new() };
        let path = Path::default().key("expect");
        let entries = axis.values.iter().enumerate();
        entries.filter_map(|(i, entry)| self.expectation(entry, &entry_path(&path, i, axis.list))).collect()
    }

    fn expectation(&mut self, entry: &raw::Expect, path: &Path) -> Option<Expectation> {
        let metric = entry.metric.as_ref().map_or(Metric::Speedup, |metric| metric.0);
        let place = self.value_place(path);
        let damaged = self.reading.cut.iter().any(|cut| cut.0.starts_with(&path.0));
        let unbounded = entry.at_least.is_none() && entry.at_most.is_none();
        if unbounded && metric != Metric::Outcome && !damaged {
            self.report(Fault::new("this expectation has no bound", "add `at_least:` or `at_most:`"), &place);
        }
        let unit = metric.unit(entry.to.is_some());
        let at_least = self.bound(entry.at_least.as_ref(), metric, unit, &path.key("at_least"));
        let at_most = self.bound(entry.at_most.as_ref(), metric, unit, &path.key("at_most"));
        if let (Some(low), Some(high)) = (at_least, at_most)
            && low > high
        {
            let fault =
                Fault::new("`at_least` is above `at_most`", "nothing can meet both: exchange them, or keep one");
            let place = self.value_place(&path.key("at_least"));
            self.report(fault, &place);
        }
        self.outcome_words(entry, metric, path);
        let to = entry.to.as_ref().map(|selector| self.selector(selector, &path.key("to")));
        let Some(compare) = &entry.compare else {
            if !damaged {
                self.report(
                    Fault::new(
                        "this expectation names no configurations",
                        "add `compare:`, such as `compare: {model: threads}`",
                    ),
                    &place,
                );
            }
            return None;
        };
        let compare = self.selector(compare, &path.key("compare"));
        let ending = entry.is.as_ref().map_or(OutcomeKind::Ok, |ending| ending.0);
        let is = (metric == Metric::Outcome).then_some(ending);
        let at_least = if unbounded && is.is_some() { Some(1.0) } else { at_least };
        Some(Expectation { compare, to, metric, is, at_least, at_most })
    }

    /// `is` belongs to outcomes, and `to` does not.
    fn outcome_words(&mut self, entry: &raw::Expect, metric: Metric, path: &Path) {
        if metric == Metric::Outcome && entry.to.is_some() {
            let place = self.key_place(&path.key("to"));
            let help = "remove it: an outcome is a share of the trials of each compared configuration by itself";
            self.report(Fault::new("`to` has no meaning where the metric is `outcome`", help), &place);
        }
        if metric != Metric::Outcome && entry.is.is_some() {
            let place = self.key_place(&path.key("is"));
            let message = format!("`is` has no meaning where the metric is `{}`", metric.word());
            self.report(Fault::new(message, "remove it, or use `metric: outcome`"), &place);
        }
    }

    /// A bound in the unit of its metric. A bare number is in the metric's own unit: seconds, bytes, items a second.
    fn bound(&mut self, bound: Option<&One<Bound>>, metric: Metric, unit: Unit, path: &Path) -> Option<f64> {
        let bound = bound?.0;
        let fault = match (bound, unit) {
            (Bound::Number(value) | Bound::Share(value), Unit::Share) if value <= 1.0 => return Some(value),
            (Bound::Number(_) | Bound::Share(_), Unit::Share) => {
                Fault::new("no share is above 1", "it is a share of the trials, such as `0.9` or `90%`")
            }
            (Bound::Number(_), _) | (Bound::Seconds(_), Unit::Seconds) | (Bound::Bytes(_), Unit::Bytes) => {
                if bound.value() > 0.0 {
                    return Some(bound.value());
                }
                Fault::new("this bound is 0", "give a bound above 0")
            }
            _ => wrong_unit(bound, metric, unit),
        };
        let place = self.value_place(path);
        self.report(fault, &place);
        None
    }
}

/// What is given, and what belongs there.
fn wrong_unit(bound: Bound, metric: Metric, unit: Unit) -> Fault {
    let given = match bound {
        Bound::Number(_) => "a bare number",
        Bound::Seconds(_) => "a duration",
        Bound::Bytes(_) => "a size",
        Bound::Share(_) => "a percentage",
    };
    let (what, help) = match unit {
        Unit::Factor if metric == Metric::Speedup => {
            ("a factor", "write a factor such as `1.5`, or use another `metric:`")
        }
        Unit::Factor => {
            ("a factor where it is compared with `to`", "write how many times as much, such as `1.5`, or remove `to`")
        }
        Unit::Seconds => ("a duration", "write a duration such as `2 s` or `50 ms`"),
        Unit::PerSecond => ("a number of items per second", "write a number such as `1000`"),
        Unit::Bytes => ("a size", "write a size such as `64 MiB`"),
        Unit::Share => ("a share of the trials", "write a share such as `0.9` or `90%`"),
    };
    Fault::new(format!("a bound of `{}` is {what}, not {given}", metric.word()), help)
}
