//! Small tasks that prove the engine: blocking sections, check points, items that yield items, items that go wrong.

use std::time::Duration;

use runner::task::{Bound, Context, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Topology};

use crate::numbered;

/// Items that compute and wait in turns, each wait marked as a blocking section.
pub struct Blocking;
/// Items that pass many check points.
pub struct Steps;
/// Items that yield further items: a tree of set fan-out and depth.
pub struct Tree;
/// Items of which one goes wrong.
pub struct Fault;

const TURNS: Setting = Setting {
    name: "turns",
    about: "how many times an item does its step",
    kind: SettingKind::Count { min: 1, max: 1_000_000 },
    default: "8",
};

impl Task for Blocking {
    fn name(&self) -> &'static str {
        "probe_blocking"
    }
    fn about(&self) -> &'static str {
        "engine test: computing and short waits in turns, marked as blocking sections"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[TURNS]
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("{} blocking sections an item", settings.whole("turns"))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(TurnsJob { seed: place.seed, turns: settings.whole("turns"), pause: Duration::from_micros(50) }))
    }
}

impl Task for Steps {
    fn name(&self) -> &'static str {
        "probe_steps"
    }
    fn about(&self) -> &'static str {
        "engine test: items that pass check points, at which they may be handed over"
    }
    fn settings(&self) -> &'static [Setting] {
        &[TURNS]
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("{} check points an item", settings.whole("turns"))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(TurnsJob { seed: place.seed, turns: settings.whole("turns"), pause: Duration::ZERO }))
    }
}

struct TurnsJob {
    seed: u64,
    turns: u64,
    pause: Duration,
}

impl Job for TurnsJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let mut state = numbered::mix(self.seed, numbered::read(request)?);
        for turn in 0..self.turns {
            if self.pause.is_zero() {
                context.check_point();
            } else {
                context.blocking(|| std::thread::sleep(self.pause));
            }
            state = numbered::mix(state, turn);
        }
        reply.extend_from_slice(&state.to_le_bytes());
        Ok(())
    }
}

impl Task for Tree {
    fn name(&self) -> &'static str {
        "probe_tree"
    }
    fn about(&self) -> &'static str {
        "engine test: every item yields further ones, down to a set depth"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "fan_out",
                about: "items that an item yields",
                kind: SettingKind::Count { min: 0, max: 64 },
                default: "3",
            },
            Setting {
                name: "depth",
                about: "levels below the first items",
                kind: SettingKind::Count { min: 0, max: 8 },
                default: "3",
            },
            Setting {
                name: "delay",
                about: "how long an item waits before it yields",
                kind: SettingKind::Duration { min: 0, max: 10_000_000_000 },
                default: "0 s",
            },
        ]
    }
    fn topology(&self, _: &Settings) -> Topology {
        Topology::Dynamic { once: false }
    }
    fn is_async(&self) -> bool {
        true
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("trees of {} branches and {} levels", settings.whole("fan_out"), settings.whole("depth"))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let (fan_out, depth) = (settings.whole("fan_out"), settings.whole("depth"));
        Ok(Box::new(TreeJob { seed: place.seed, fan_out, depth, pause: settings.duration("delay") }))
    }
}

struct TreeJob {
    seed: u64,
    fan_out: u64,
    depth: u64,
    pause: Duration,
}

impl Job for TreeJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(numbered::mix(self.seed, item), request);
        numbered::write(self.depth, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        if !self.pause.is_zero() {
            context.blocking(|| std::thread::sleep(self.pause));
        }
        self.expected(request, reply, context)
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let (node, depth) = request.split_at_checked(8).ok_or(TaskError::BadRequest)?;
        let (node, depth) = (numbered::read(node)?, numbered::read(depth)?);
        if depth > 0 {
            for branch in 0..self.fan_out {
                let mut child = Vec::with_capacity(16);
                numbered::write(numbered::mix(node, branch), &mut child);
                numbered::write(depth - 1, &mut child);
                context.yield_item(child);
            }
        }
        reply.extend_from_slice(&node.to_le_bytes());
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (16, 8)
    }
}

impl Task for Fault {
    fn name(&self) -> &'static str {
        "probe_fault"
    }
    fn about(&self) -> &'static str {
        "engine test: one item goes wrong, in a way that you choose"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "how",
                about: "what goes wrong",
                kind: SettingKind::Word(&["none", "wrong_reply", "error", "panic", "exit", "abort", "hang"]),
                default: "none",
            },
            Setting {
                name: "item",
                about: "which item it happens to",
                kind: SettingKind::Count { min: 0, max: 1_000_000_000 },
                default: "5",
            },
        ]
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("item {}: {}", settings.whole("item"), settings.word("how"))
    }
    fn prepare(&self, settings: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(FaultJob { kind: settings.word("how").to_owned(), item: settings.whole("item") }))
    }
}

struct FaultJob {
    kind: String,
    item: u64,
}

impl Job for FaultJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let item = numbered::read(request)?;
        if item == self.item {
            match self.kind.as_str() {
                "wrong_reply" => reply.push(0),
                "error" => return Err(TaskError::Settings(format!("item {item} was asked to fail"))),
                "panic" => panic!("item {item} was asked to panic"),
                "exit" => std::process::exit(7),
                "abort" => std::process::abort(),
                "hang" => loop {
                    context.blocking(|| std::thread::sleep(Duration::from_secs(3600)));
                },
                _ => {}
            }
        }
        self.expected(request, reply, context)
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        numbered::read(request)?;
        reply.extend_from_slice(request);
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, 16)
    }
}
