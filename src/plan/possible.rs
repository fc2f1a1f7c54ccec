//! What cannot be run, and why: said in the plan, and never dropped silently.

use super::FEWEST_AT_A_RATE;
use super::build::Builder;
use super::built::Common;
use super::together::not_in_python;
use crate::ipc::{Dispatch, Method};
use crate::model::{Measure, Model, OnCrash, Setup};
use crate::runtime::{Interpreter, Runtime};
use crate::scenario::{Fault, Items, TaskChoice, Ways, word_of};
use crate::task::{Bound, Settings, Task, Topology};
use crate::text::{plural, show_bytes};

impl Builder<'_> {
    /// Whether an interpreter can run the items in this way.
    pub(super) fn is_possible_in(
        &mut self,
        found: &Interpreter,
        task: &dyn Task,
        settings: &Settings,
        setup: &Setup,
    ) -> bool {
        let label = found.label();
        if let Some((way, why)) = not_in_python(task.topology(settings), setup) {
            self.skip(format!("{} × {way}", task.name()), why);
            return false;
        }
        if setup.model == Model::Interpreters && !found.interpreters {
            self.skip(
                format!("interpreters × {label}"),
                "this CPython has no sub-interpreters of its own lock (3.12 or newer has)",
            );
            return false;
        }
        if setup.model == Model::Async && task.bound() != Bound::Waiting {
            self.skip(
                format!("async × {}", task.name()),
                "an event loop helps work that waits, and this task does not",
            );
            return false;
        }
        let start = setup.start.map_or("fork", word_of);
        if setup.model == Model::Processes && !found.start_methods.iter().any(|method| method == start) {
            self.skip(format!("{start} × {label}"), "this CPython does not have that start method");
            return false;
        }
        true
    }

    /// Whether a way can be run at all.
    pub(super) fn is_possible(&mut self, settings: &Settings, setup: &Setup, ways: &Ways) -> bool {
        if setup.dispatch == Some(Dispatch::Table) {
            if let Some(method) = setup.ipc.filter(|method| *method != Method::SharedMemory) {
                self.skip(format!("processes × table × {}", method.word()), "a table of items lies in shared memory");
                return false;
            }
            if let Some(answer) = setup.on_crash.filter(|answer| *answer != OnCrash::Stop) {
                let why = "workers claim items from a table themselves: nobody hands out what a dead one had claimed";
                self.skip(format!("processes × table × {}", word_of(answer)), why);
                return false;
            }
            for (given, word) in [(ways.in_flight.is_some(), "in_flight"), (ways.wait.is_some(), "wait")] {
                if given {
                    self.collapse(
                        format!("`{word}` under `table`"),
                        "workers claim items themselves: nothing is sent or waited for".into(),
                    );
                }
            }
        }
        let in_flight = u64::from(setup.in_flight.unwrap_or(0))
            * u64::from(setup.workers.unwrap_or(0))
            * u64::from(setup.chunk.unwrap_or(1));
        let needed = settings.whole("payload").saturating_mul(2).saturating_mul(in_flight);
        if let Some(free) = self.options.memory.filter(|free| needed > *free) {
            let what = format!(
                "{} in flight to {}",
                show_bytes(settings.whole("payload")),
                plural(u64::from(setup.workers.unwrap_or(0)), "worker")
            );
            let why = format!("payloads in flight need {}, and {} are free", show_bytes(needed), show_bytes(free));
            self.skip(what, &why);
            return false;
        }
        true
    }

    /// Whether a way can run items that hang together like this.
    pub(super) fn holds_together(&mut self, task: &dyn Task, common: &Common, setup: &Setup) -> bool {
        let topology = task.topology(&common.settings);
        let table = setup.dispatch == Some(Dispatch::Table);
        if common.rate.is_some()
            && let Some(why) = closed(topology, setup)
        {
            self.skip(format!("{} × {} × rate", task.name(), setup.model.entry().word), why);
            return false;
        }
        let why = match topology {
            Topology::Finding { .. } if table => "a table is a fixed set, and this task's items yield further items",
            Topology::Rounds { .. } if table => "items of a table know nothing of each other, and these come in rounds",
            _ if setup.model == Model::Async && common.runtime == Runtime::Native && !task.is_async() => {
                "an event loop helps work that waits, and this task has no way to await"
            }
            Topology::Rounds { .. } if setup.model == Model::Async => {
                "an event loop has one thread, and rounds wait for others"
            }
            Topology::Gathering if table => "the replies of a table stay with its workers, and these have a consumer",
            _ => return self.survives(task, topology, setup),
        };
        let way = if table { "processes × table" } else { setup.model.entry().word };
        self.skip(format!("{} × {way}", task.name()), why);
        false
    }

    /// Refuses items that come at a rate but are too few for the percentile that stands for it.
    pub(super) fn too_few(&mut self, choice: &TaskChoice, items: Items) -> bool {
        let rated = self.scenario.models.iter().any(|model| self.scenario.ways_of(choice, model).rate.is_some());
        let Items::Fixed(count @ ..FEWEST_AT_A_RATE) = items else { return false };
        if rated {
            let message = format!("{} at a `rate` leave under ten above the 95th percentile", plural(count, "item"));
            let help = format!("give {FEWEST_AT_A_RATE} at least, or `auto`");
            self.problems.push(Fault::new(message, help).at(&self.scenario.text, &choice.items.place));
        }
        rated
    }

    /// Whether a run of such items can go on after a worker died, where it is to.
    fn survives(&mut self, task: &dyn Task, topology: Topology, setup: &Setup) -> bool {
        let answer = setup.on_crash.filter(|answer| *answer != OnCrash::Stop);
        let (Some(answer), Topology::Rounds { .. }) = (answer, topology) else { return true };
        let why = "what a worker keeps from round to round dies with it";
        self.skip(format!("{} × {}", task.name(), word_of(answer)), why);
        false
    }
}

/// Why items cannot come at a rate, if they cannot.
fn closed(topology: Topology, setup: &Setup) -> Option<&'static str> {
    match topology {
        Topology::Independent if setup.dispatch == Some(Dispatch::Table) => {
            Some("a table is a fixed set: nothing comes")
        }
        Topology::Independent if setup.measure == Measure::EndToEnd => Some("items come when all workers are ready"),
        Topology::Independent => None,
        _ => Some("items that hang together come when others say so"),
    }
}
