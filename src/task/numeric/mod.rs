//! `numeric`: two classics of scientific computing, one whose parts exchange borders and one whose parts are apart.

mod pi;
mod stencil;

use super::{
    Context, Effort, Iterations, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Topology, numbered,
};
use crate::text::show_count;

pub(super) struct Numeric;

impl Task for Numeric {
    fn name(&self) -> &'static str {
        "numeric"
    }
    fn about(&self) -> &'static str {
        "heat that spreads over a grid cut into parts, or π by chance: with and without neighbours"
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "of",
                about: "`stencil`: a step of the heat equation for each part of a grid, in iterations; `pi`: points of a square \
                        that are in its circle",
                kind: SettingKind::Word(&["stencil", "pi"]),
                default: "stencil",
            },
            Setting {
                name: "side",
                about: "side of the grid of the stencil",
                kind: SettingKind::Count { min: 1, max: 16_384 },
                default: "1024",
            },
            Setting {
                name: "parts",
                about: "strips that the grid of the stencil is cut into: items of an iteration",
                kind: SettingKind::Count { min: 1, max: 1024 },
                default: "4",
            },
            Setting {
                name: "points",
                about: "points that an item of `pi` throws",
                kind: SettingKind::Count { min: 1, max: 1_000_000_000 },
                default: "200000",
            },
        ]
    }
    fn topology(&self, settings: &Settings) -> Topology {
        match settings.word("of") {
            "pi" => Topology::Independent,
            _ => Topology::Iterations { parts: settings.whole("parts") },
        }
    }
    fn in_python(&self) -> bool {
        true
    }
    fn check(&self, settings: &Settings) -> Result<(), String> {
        let (side, parts) = (settings.whole("side"), settings.whole("parts"));
        if settings.word("of") == "stencil" && parts > side {
            return Err(format!("a grid of {side} rows cannot be cut into {parts} parts"));
        }
        Ok(())
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        // Bytecode has to make an object of every number, and those of 64 bits are not small; Rust computes several at once.
        let (seconds, times) = match settings.word("of") {
            "pi" => (settings.whole("points") as f64 * 2e-9, 400.0),
            _ => ((settings.whole("side") as f64).powi(2) / settings.whole("parts") as f64 * 1.5e-9, 180.0),
        };
        Some(Effort::computing(seconds).holding_the_lock(times))
    }
    fn describe(&self, settings: &Settings) -> String {
        let (side, parts) = (show_count(settings.whole("side")), show_count(settings.whole("parts")));
        match settings.word("of") {
            "pi" => format!("π by {} random points", show_count(settings.whole("points"))),
            _ => format!("steps of heat on a grid of {side} × {side} in {parts} parts"),
        }
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        self.check(settings).map_err(TaskError::Settings)?;
        Ok(match settings.word("of") {
            "pi" => Box::new(pi::Pi::new(place.seed, settings.whole("points"))),
            _ => Box::new(stencil::Stencil::new(place.seed, settings.whole("side"), settings.whole("parts"))),
        })
    }
}
