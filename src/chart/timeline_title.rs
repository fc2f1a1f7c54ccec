//! The finding of a timeline: a death, what the interpreter lock left, or how long workers started and were busy.

use super::timeline_lanes::{Bar, Lane, Story, What};
use super::words::capital;
use crate::results::Configuration;
use crate::setting::Model;
use crate::text::{show_fixed_percent, show_seconds};

/// From this share of the time on, the lock is what bounds the work.
const MOSTLY: f64 = 0.8;

/// Deaths are told first, then what the lock left, then starts and work.
pub(super) fn title(configuration: &Configuration, story: &Story) -> String {
    let found = deaths(story).or_else(|| lock(configuration, story)).or_else(|| work(configuration, story));
    found.unwrap_or_else(|| capital(&format!("{} in {}", configuration.label, seconds(story.end))))
}

fn seconds(nanos: u64) -> String {
    show_seconds(nanos as f64 / 1e9)
}

/// A death: whose, when, and how long it took until another was ready in its place.
struct Death<'a> {
    name: &'a str,
    at: u64,
    again: Option<u64>,
}

/// Every death of a lane.
fn of_lane(lane: &Lane) -> Vec<Death<'_>> {
    let of = |what: What| lane.bars.iter().filter(move |bar| bar.what == what);
    let death = |crash: &Bar| {
        let next = of(What::Crash).map(|other| other.from).filter(|from| *from > crash.from).min();
        let mut after =
            of(What::Restart).filter(|bar| bar.from >= crash.from && next.is_none_or(|next| bar.from < next));
        Death { name: &lane.name, at: crash.from, again: after.next().map(|bar| bar.to - crash.from) }
    };
    of(What::Crash).map(death).collect()
}

fn deaths(story: &Story) -> Option<String> {
    let mut dead: Vec<Death> = story.single.iter().flat_map(of_lane).collect();
    dead.sort_by_key(|death| death.at);
    let first = dead.first()?;
    let after = seconds(first.at);
    if let [only] = dead.as_slice() {
        let rest = only
            .again
            .map_or("; it was not replaced".to_owned(), |time| format!(" and was replaced within {}", seconds(time)));
        return Some(capital(&format!("{} died after {after}{rest}", only.name)));
    }
    let replaced: Vec<u64> = dead.iter().filter_map(|death| death.again).collect();
    let longest = replaced.iter().max().map_or(String::new(), |most| format!(" within {}", seconds(*most)));
    let rest = match replaced.len() {
        0 => "; they were not replaced".to_owned(),
        all if all == dead.len() => format!("; each was replaced{longest}"),
        1 => format!("; one was replaced{longest}"),
        some => format!("; {some} were replaced{longest}"),
    };
    let one = dead.iter().all(|death| death.name == first.name);
    let who =
        if one { format!("{} died {} times", first.name, dead.len()) } else { format!("{} workers died", dead.len()) };
    Some(capital(&format!("{who}, first after {after}{rest}")))
}

/// How many of a kind, in words while that is short.
fn workers(configuration: &Configuration, count: u32) -> String {
    let number = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"].get(count as usize);
    let number = number.map_or_else(|| count.to_string(), |word| (*word).to_owned());
    let (one, many) = match configuration.config.model {
        model if model.has_processes() => ("process", "processes"),
        model if model.has_threads() => ("thread", "threads"),
        Model::Rayon => ("work-stealing thread", "work-stealing threads"),
        model if model.has_interpreters() => ("sub-interpreter", "sub-interpreters"),
        _ => ("worker", "workers"),
    };
    format!("{number} {}", if count == 1 { one } else { many })
}

fn lock(configuration: &Configuration, story: &Story) -> Option<String> {
    let (from, to) = story.window()?;
    let mut held: Vec<(u64, u64)> = story.single.iter().flat_map(|lane| lane.held.iter().copied()).collect();
    held.iter_mut().for_each(|(start, end)| (*start, *end) = ((*start).max(from), (*end).min(to)));
    held.retain(|(start, end)| start < end);
    held.sort_unstable();
    let sum: u64 = held.iter().map(|(start, end)| end - start).sum();
    let (mut union, mut reach) = (0, 0);
    for (start, end) in &held {
        union += end.saturating_sub((*start).max(reach));
        reach = reach.max(*end);
    }
    let holders = story.single.iter().filter(|lane| !lane.held.is_empty()).count() as u32;
    if sum == 0 || holders == 0 {
        return None;
    }
    let share = sum as f64 / (to - from) as f64;
    // Processes have a lock each, so that several are held at a time; clocks of different threads may differ by a little.
    if sum as f64 > union as f64 * 1.02 {
        return Some(capital(&format!("every process has its own GIL: {share:.1} are held at a time")));
    }
    let who = workers(configuration, holders);
    if holders == 1 {
        return Some(capital(&format!("{who} holds the GIL {:.0}% of the time", share * 100.0)));
    }
    if share >= MOSTLY {
        let who = format!("{holders} {}", who.split_once(' ').map_or("workers", |(_, noun)| noun));
        let cores = if share >= 0.95 { "one core".to_owned() } else { format!("{share:.1} of a core") };
        return Some(format!("One thread at a time holds the GIL: {who} keep {cores} busy"));
    }
    Some(format!("The GIL is held {:.0}% of the time, by {who} in turn", share * 100.0))
}

fn work(configuration: &Configuration, story: &Story) -> Option<String> {
    let busy: Vec<&Lane> =
        story.single.iter().filter(|lane| lane.bars.iter().any(|bar| bar.what == What::Item)).collect();
    let ready = story.single.iter().filter(|lane| !lane.main).flat_map(|lane| &lane.bars);
    let ready = ready.filter(|bar| bar.what == What::Start).map(|bar| bar.to).max();
    let (from, to) = story.window()?;
    // Who is not ready is not idle: waiting begins where all could work.
    let from = ready.filter(|ready| (from..to).contains(ready)).unwrap_or(from);
    let items = busy.iter().flat_map(|lane| &lane.bars).filter(|bar| bar.what == What::Item);
    let worked: u64 = items.map(|bar| bar.to.min(to).saturating_sub(bar.from.max(from))).sum();
    let parties = story.single.iter().filter(|lane| !lane.main || busy.iter().any(|other| other.main)).count();
    let parties = if configuration.config.workers.is_none() { 1 } else { parties.max(1) };
    let share = worked as f64 / ((to - from) as f64 * parties as f64);
    let percent = show_fixed_percent(share.min(1.0), 0);
    let Some(count) = configuration.config.workers else {
        return Some(capital(&format!("{} is busy {percent} of the time until the last reply", configuration.label)));
    };
    let (was, were) = if count == 1 { ("was", "was") } else { ("were", "were") };
    let who = workers(configuration, count);
    Some(capital(&match ready {
        Some(ready) => format!("{who} {was} ready after {} and busy {percent} of the time", seconds(ready)),
        None => format!("{who} {were} busy {percent} of the time until the last reply"),
    }))
}
