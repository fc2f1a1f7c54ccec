//! The finding of a timeline: a death, what the interpreter lock left, or how long workers started and were busy.

use super::timeline_lanes::{Lane, Story, What};
use super::words::capital;
use crate::name::show_seconds;
use crate::results::Cell;

/// From this share of the time on, the lock is what bounds the work.
const MOSTLY: f64 = 0.8;

/// Deaths are told first, then what the lock left, then starts and work.
pub(super) fn title(cell: &Cell, story: &Story) -> String {
    let found = deaths(story).or_else(|| lock(cell, story)).or_else(|| work(cell, story));
    found.unwrap_or_else(|| capital(&format!("{} in {}", cell.label, seconds(story.end))))
}

fn seconds(nanos: u64) -> String {
    show_seconds(nanos as f64 / 1e9)
}

fn deaths(story: &Story) -> Option<String> {
    let died = |lane: &Lane| {
        let crash = *lane.bars.iter().find(|bar| bar.what == What::Crash)?;
        let again = lane.bars.iter().find(|bar| bar.what == What::Restart && bar.to >= crash.from);
        Some((lane.name.clone(), crash.from, again.map(|again| again.to - crash.from)))
    };
    let mut dead: Vec<(String, u64, Option<u64>)> = story.single.iter().filter_map(died).collect();
    dead.sort_by_key(|(_, at, _)| *at);
    let (name, at, again) = dead.first()?;
    if let [_] = dead.as_slice() {
        let rest = again
            .map_or("; nobody took its place".to_owned(), |time| format!(" and was replaced within {}", seconds(time)));
        return Some(capital(&format!("{name} died after {}{rest}", seconds(*at))));
    }
    let replaced: Vec<u64> = dead.iter().filter_map(|(.., again)| *again).collect();
    let longest = replaced.iter().max().map_or(String::new(), |most| format!(" within {} or less", seconds(*most)));
    let rest = match replaced.len() {
        0 => "nobody took their place".to_owned(),
        all if all == dead.len() => format!("all were replaced{longest}"),
        some => format!("{some} were replaced{longest}"),
    };
    Some(format!("{} workers died, the first after {}; {rest}", dead.len(), seconds(*at)))
}

/// How many of a kind, in words while that is short.
fn workers(cell: &Cell, count: u32) -> String {
    let number = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"].get(count as usize);
    let number = number.map_or_else(|| count.to_string(), |word| (*word).to_owned());
    let (one, many) = match cell.model.as_str() {
        "processes" => ("process", "processes"),
        "threads" => ("thread", "threads"),
        "rayon" => ("work-stealing thread", "work-stealing threads"),
        "interpreters" => ("sub-interpreter", "sub-interpreters"),
        _ => ("worker", "workers"),
    };
    format!("{number} {}", if count == 1 { one } else { many })
}

fn lock(cell: &Cell, story: &Story) -> Option<String> {
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
        return Some(capital(&format!("every process has a lock of its own: {share:.1} are held at a time")));
    }
    let who = workers(cell, holders);
    if holders == 1 {
        return Some(capital(&format!("{who} holds the lock {:.0} % of the time", share * 100.0)));
    }
    if share >= MOSTLY {
        let who = format!("{holders} {}", who.split_once(' ').map_or("workers", |(_, noun)| noun));
        return Some(format!("One thread at a time holds the lock: {who} keep {share:.1} cores busy"));
    }
    Some(format!("The lock is held {:.0} % of the time, by {who} in turn", share * 100.0))
}

fn work(cell: &Cell, story: &Story) -> Option<String> {
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
    let parties = if cell.workers.is_none() { 1 } else { parties.max(1) };
    let share = worked as f64 / ((to - from) as f64 * parties as f64);
    let percent = format!("{:.0} %", share.min(1.0) * 100.0);
    let Some(count) = cell.workers else {
        return Some(capital(&format!("{} is busy {percent} of the time until the last reply", cell.label)));
    };
    let (was, were) = if count == 1 { ("was", "was") } else { ("were", "were") };
    let who = workers(cell, count);
    Some(capital(&match ready {
        Some(ready) => format!("{who} {was} ready after {} and busy {percent} of the time", seconds(ready)),
        None => format!("{who} {were} busy {percent} of the time until the last reply"),
    }))
}
