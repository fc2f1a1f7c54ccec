//! Timelines as Chrome trace events, which Perfetto and `chrome://tracing` draw.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::results::{Event, EventKind, Results, Timeline};

/// Tracks of the lock stand beside those of the lanes: an item and a time with the lock need not lie in one another, and
/// events of one track must.
const LOCK_TRACKS: u64 = 100_000;

/// The timelines of these results in the JSON format of trace events: a process per configuration, a track per lane.
#[must_use]
pub fn perfetto(results: &[Results]) -> Value {
    let mut events: Vec<Value> = Vec::new();
    let mut process = 0_u64;
    for one in results {
        for timeline in &one.timelines {
            process += 1;
            add_timeline(one, timeline, process, &mut events);
        }
    }
    let tool = results.first().map_or("", |one| one.tool.as_str());
    json!({"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"tool": format!("runner {tool}")}})
}

/// How many timelines there are.
#[must_use]
pub fn timelines(results: &[Results]) -> usize {
    results.iter().map(|one| one.timelines.len()).sum()
}

fn add_timeline(results: &Results, timeline: &Timeline, process: u64, events: &mut Vec<Value>) {
    let configuration = results.configurations.get(timeline.configuration);
    let workload = configuration.and_then(|configuration| results.workloads.get(configuration.workload));
    let label = configuration.map_or("", |configuration| configuration.label.as_str());
    let workload = workload.map_or(String::new(), crate::results::Workload::shown);
    let meta = |name: &str, thread: u64, arguments: Value| json!({"ph": "M", "name": name, "pid": process, "tid": thread, "args": arguments});
    events.push(meta("process_name", 0, json!({"name": format!("{}: {label} ({workload})", results.scenario.name)})));
    events.push(meta("process_sort_index", 0, json!({"sort_index": process})));
    if timeline.left_out > 0 {
        let left_out = format!("{} later events were not kept", timeline.left_out);
        events.push(meta("process_labels", 0, json!({"labels": left_out})));
    }
    let tracks: BTreeSet<(u64, String)> = timeline.events.iter().map(|event| (track(event), name(event))).collect();
    for (order, (thread, name)) in tracks.iter().enumerate() {
        events.push(meta("thread_name", *thread, json!({"name": name})));
        events.push(meta("thread_sort_index", *thread, json!({"sort_index": order})));
    }
    let mut own: Vec<&Event> = timeline.events.iter().collect();
    own.sort_by_key(|event| (track(event), event.2, event.3, event.1));
    let micros = |nanos: u64| nanos as f64 / 1e3;
    events.extend(own.into_iter().map(|event| {
        let Event(_, kind, start, end) = *event;
        json!({
            "ph": "X",
            "name": word(kind),
            "cat": "runner",
            "pid": process,
            "tid": track(event),
            "ts": micros(start),
            "dur": micros(end.saturating_sub(start)),
        })
    }));
}

/// The number of the track on which an event stands. Perfetto takes the track 0 for the idle one, so main is 1.
fn track(event: &Event) -> u64 {
    let lane = u64::from(event.0) + 1;
    if event.1 == EventKind::Held { lane + LOCK_TRACKS } else { lane }
}

fn name(event: &Event) -> String {
    let lane = if event.0 == 0 { "main".to_owned() } else { format!("worker {}", event.0) };
    if event.1 == EventKind::Held { format!("{lane}: GIL") } else { lane }
}

fn word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Start => "start",
        EventKind::Item => "item",
        EventKind::Held => "GIL held",
        EventKind::Crash => "died",
        EventKind::Join => "join",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::fixture::Made;

    #[test]
    fn every_event_is_on_a_named_track_in_microseconds() {
        let mut results = Made::new(2).configuration("threads × 2", 1.0).finish();
        let events = vec![
            Event(1, EventKind::Start, 0, 1_500),
            Event(1, EventKind::Item, 2_000, 9_000),
            Event(1, EventKind::Held, 1_000, 5_000),
            Event(0, EventKind::Join, 9_000, 10_250),
        ];
        results.timelines.push(Timeline { configuration: 0, events, left_out: 3 });
        let trace = perfetto(&[results.clone(), results]);
        let all = trace["traceEvents"].as_array().unwrap();
        let whole: Vec<&Value> = all.iter().filter(|event| event["ph"] == "X").collect();
        assert_eq!(whole.len(), 8);
        assert_eq!((&whole[0]["name"], &whole[0]["ts"], &whole[0]["dur"]), (&json!("join"), &json!(9.0), &json!(1.25)));
        let of = |pid: u64, name: &str| {
            let found = all.iter().filter(|event| event["pid"] == pid && event["name"] == name);
            found.map(|event| event["args"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of(2, "process_name"), [json!({"name": "made: threads × 2 (primes, limit 200 000)"})]);
        let names: Vec<Value> = of(1, "thread_name").iter().map(|args| args["name"].clone()).collect();
        assert_eq!(names, ["main", "worker 1", "worker 1: GIL"]);
        assert_eq!(of(1, "process_labels").len(), 1);
    }
}
