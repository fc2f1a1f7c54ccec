//! What happened when in a trial: lives of workers, timelines, what each saw of a global, and what a lock cost.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, EventKind, MOST_EVENTS, plausible};

/// What happened when in one profiling trial of a configuration; only where the scenario asks for the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// The configuration.
    pub configuration: usize,
    /// The events, at most 400 of a lane and kind: the first ones.
    pub events: Vec<Event>,
    /// Events beyond those.
    #[serde(rename = "dropped")]
    pub left_out: u64,
}

/// Most workers that a timeline can have: as many as a scenario may ask for.
const MOST_WORKERS: u32 = 1024;

impl Timeline {
    /// A timeline that a file can hold, of whatever a host sent: events beyond what is kept are counted instead, and clocks
    /// of different threads may put an end a little before its start.
    #[must_use]
    pub fn of(configuration: usize, events: &[Event], left_out: u64) -> Self {
        let mut timeline = Self { configuration, events: Vec::with_capacity(events.len()), left_out };
        let mut counts: BTreeMap<(u32, EventKind), usize> = BTreeMap::new();
        for Event(lane, kind, start, end) in events {
            let count = counts.entry((*lane, *kind)).or_default();
            *count += 1;
            if *lane > MOST_WORKERS || *count > MOST_EVENTS {
                timeline.left_out += 1;
            } else {
                timeline.events.push(Event(*lane, *kind, *start, *end.max(start)));
            }
        }
        timeline
    }

    /// Whether every event is on a lane that can be, ends after it starts, and is plausible.
    pub(super) fn check(&self) -> Result<(), String> {
        plausible(self.left_out)?;
        let mut counts: BTreeMap<(u32, EventKind), usize> = BTreeMap::new();
        for Event(lane, kind, start, end) in &self.events {
            plausible(*end)?;
            if *lane > MOST_WORKERS {
                return Err(format!("a timeline of configuration {} has a lane {lane}", self.configuration));
            }
            if start > end {
                return Err(format!("an event of configuration {} ends before it starts", self.configuration));
            }
            let count = counts.entry((*lane, *kind)).or_default();
            *count += 1;
            if *count > MOST_EVENTS {
                return Err(format!(
                    "a timeline of configuration {} has too many events of one kind on lane {lane}",
                    self.configuration
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_host_sent_becomes_a_timeline_that_is_read_again() {
        let mut events: Vec<Event> = (0..500).map(|at| Event(1, EventKind::Held, at, at + 1)).collect();
        events.extend([Event(2, EventKind::Crash, 9, 7), Event(9_999, EventKind::Item, 1, 2)]);
        assert!(Timeline { configuration: 0, events: events.clone(), left_out: 0 }.check().is_err());
        let timeline = Timeline::of(0, &events, 5);
        timeline.check().unwrap();
        assert_eq!((timeline.events.len(), timeline.left_out), (401, 106));
        assert_eq!(timeline.events.last(), Some(&Event(2, EventKind::Crash, 9, 9)));
    }
}
