//! Small tasks that prove how items hang together: iterations, one consumer, items that are found more than once.

use std::path::PathBuf;

use runner::task::{
    Bound, Consumer, Context, Iterations, Job, Made, Place, Setting, SettingKind, Settings, Task, TaskError, Topology,
};

use crate::numbered;

/// Items in iterations, each of which hears from its neighbours, keeps a number, and is told the sum of all.
pub struct Circle;
/// Items whose replies go to one consumer, which writes them into a file.
pub struct Funnel;
/// Items that are yielded by many others and run once.
pub struct Web;

impl Task for Circle {
    fn name(&self) -> &'static str {
        "probe_iterations"
    }
    fn about(&self) -> &'static str {
        "engine test: items in iterations, which hear from their neighbours and of the sum of all"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "parts",
            about: "items of an iteration",
            kind: SettingKind::Count { min: 1, max: 1024 },
            default: "4",
        }]
    }
    fn topology(&self, settings: &Settings) -> Topology {
        Topology::Iterations { parts: settings.whole("parts") }
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("iterations of {} parts", settings.whole("parts"))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(CircleJob { seed: place.seed, parts: settings.whole("parts") }))
    }
}

struct CircleJob {
    seed: u64,
    parts: u64,
}

impl Job for CircleJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let part = numbered::read(request)? % self.parts;
        let turn = &mut context.turn;
        let mut state = numbered::mix(self.seed, numbered::read(&turn.told)?);
        for (from, bytes) in std::mem::take(&mut turn.received) {
            state = numbered::mix(state, from) ^ numbered::read(&bytes)?;
        }
        let kept = turn.kept(|| part);
        *kept = numbered::mix(*kept, state);
        let kept = *kept;
        for neighbour in [(part + 1) % self.parts, (part + self.parts - 1) % self.parts] {
            turn.sent.push((neighbour, kept.to_le_bytes().to_vec()));
        }
        numbered::write(kept, reply);
        Ok(())
    }

    fn iterations(&self) -> Option<&dyn Iterations> {
        Some(self)
    }
}

impl Iterations for CircleJob {
    fn first(&self, told: &mut Vec<u8>) {
        numbered::write(self.seed, told);
    }

    fn reduce(&self, _: u64, replies: &[Vec<u8>], told: &mut Vec<u8>) -> Result<(), TaskError> {
        let mut sum = numbered::read(told)?;
        for reply in replies {
            sum = numbered::mix(sum, numbered::read(reply)?);
        }
        told.clear();
        numbered::write(sum, told);
        Ok(())
    }
}

impl Task for Funnel {
    fn name(&self) -> &'static str {
        "probe_gather"
    }
    fn about(&self) -> &'static str {
        "engine test: replies that go to one consumer, which writes them into a file"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "fails_at",
            about: "after how many replies the consumer fails; 0 for never",
            kind: SettingKind::Count { min: 0, max: 1_000_000 },
            default: "0",
        }]
    }
    fn topology(&self, _: &Settings) -> Topology {
        Topology::FanIn
    }
    fn is_async(&self) -> bool {
        true
    }
    fn needs_folder(&self) -> bool {
        true
    }
    fn describe(&self, _: &Settings) -> String {
        "replies to one consumer".into()
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let file = place.folder.join("numbers");
        Ok(Box::new(FunnelJob { items: place.items, file, fails_at: settings.whole("fails_at") }))
    }
}

struct FunnelJob {
    items: u64,
    file: PathBuf,
    fails_at: u64,
}

impl Job for FunnelJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        reply.extend_from_slice(request);
        Ok(())
    }

    fn consumer(&self) -> Result<Option<Box<dyn Consumer>>, TaskError> {
        let (file, fails_at) = (self.file.clone(), self.fails_at);
        Ok(Some(Box::new(Numbers { file, fails_at, last: Vec::new(), all: Vec::new() })))
    }

    fn review(&self) -> Result<(), TaskError> {
        let bytes = std::fs::read(&self.file)
            .map_err(|source| TaskError::Io { what: "reading what the consumer wrote".into(), source })?;
        let mut numbers: Vec<u64> = bytes.chunks(8).map(numbered::read).collect::<Result<_, _>>()?;
        numbers.sort_unstable();
        if numbers.into_iter().eq(0..self.items) {
            return Ok(());
        }
        Err(TaskError::Settings("the consumer has not written every reply once".into()))
    }
}

struct Numbers {
    file: PathBuf,
    fails_at: u64,
    /// The last turn of each producer.
    last: Vec<Option<u64>>,
    all: Vec<u8>,
}

impl Consumer for Numbers {
    fn take(&mut self, made: &Made<'_>, _: &mut Context<'_>) -> Result<(), TaskError> {
        if self.fails_at > 0 && self.all.len() as u64 >= self.fails_at * 8 {
            return Err(TaskError::Settings("the consumer was asked to fail".into()));
        }
        let known = self.last.len().max(made.producer + 1);
        self.last.resize(known, None);
        let last = self.last[made.producer].replace(made.turn);
        if last.is_some_and(|last| last >= made.turn) {
            return Err(TaskError::Settings(format!("producer {}: turn {} came late", made.producer, made.turn)));
        }
        self.all.extend_from_slice(made.reply);
        Ok(())
    }

    fn finish(&mut self, _: &mut Context<'_>) -> Result<(), TaskError> {
        std::fs::write(&self.file, &self.all)
            .map_err(|source| TaskError::Io { what: "writing what the consumer got".into(), source })
    }
}

impl Task for Web {
    fn name(&self) -> &'static str {
        "probe_web"
    }
    fn about(&self) -> &'static str {
        "engine test: items that others yield again and again, and that run once"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "nodes",
            about: "how many different requests can be reached from each first item",
            kind: SettingKind::Count { min: 1, max: 100_000 },
            default: "50",
        }]
    }
    fn topology(&self, _: &Settings) -> Topology {
        Topology::Dynamic { once: true }
    }
    fn is_async(&self) -> bool {
        true
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("webs of {} nodes", settings.whole("nodes"))
    }
    fn prepare(&self, settings: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(WebJob { nodes: settings.whole("nodes") }))
    }
}

struct WebJob {
    nodes: u64,
}

impl Job for WebJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item * self.nodes, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let node = numbered::read(request)?;
        let (web, node) = (node / self.nodes, node % self.nodes);
        // Each leads to the next, so that all are reached, and further ahead, and back to the first.
        for to in [node + 1, node * 3 + 1, 0] {
            let mut child = Vec::with_capacity(8);
            numbered::write(web * self.nodes + to % self.nodes, &mut child);
            context.yield_item(child);
        }
        reply.extend_from_slice(request);
        Ok(())
    }
}
