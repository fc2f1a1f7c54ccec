//! What cannot be run, and why: said in the plan, and never dropped silently.

use super::FEWEST_AT_A_RATE;
use super::build::Builder;
use super::matrix::WorkloadKey;
use super::together::not_in_python;
use crate::runtime::Interpreter;
use crate::scenario::{ConfigSettings, Fault, Items, TaskChoice};
use crate::setting::{Config, Dispatch, GilState, Key, Measure, Method, Model, OnCrash, Runtime, Start, Value};
use crate::task::{Bound, Settings, Task, Topology};
use crate::text::{plural, show_bytes, show_count, show_seconds};

/// The way in which arrays of numpy cannot cross, or not beside their pickles, and why.
fn without_arrays(out_of_band: bool, config: &Config) -> Option<(&'static str, &'static str)> {
    let own =
        "pickles what it is given by itself: only a pipe of one's own can take the numbers of an array apart from it";
    match (config.model, config.ipc) {
        (Model::Interpreters, _) => Some((config.model.word(), "numpy cannot be imported in a sub-interpreter")),
        (Model::Pool | Model::ProcessPoolExecutor, _) if out_of_band => Some((config.model.word(), own)),
        (Model::Processes, Some(method @ (Method::Queue | Method::Manager))) if out_of_band => {
            Some((method.word(), own))
        }
        (Model::Processes, Some(method @ Method::SharedMemory)) if out_of_band => {
            Some((method.word(), "in shared memory an array lies as it is: that is `ndarray`"))
        }
        _ => None,
    }
}

impl Builder<'_> {
    /// Whether an interpreter can run the items in this way.
    pub(super) fn is_possible_in(
        &mut self,
        found: &Interpreter,
        task: &dyn Task,
        settings: &Settings,
        config: &Config,
    ) -> bool {
        let label = found.label();
        if let Some((way, why)) = not_in_python(task.topology(settings), config) {
            self.skip(format!("{} × {way}", task.name()), why);
            return false;
        }
        if task.needs_numpy(settings)
            && let Some((way, why)) = without_arrays(task.crosses_out_of_band(settings), config)
        {
            self.skip(format!("{} × {way}", task.describe(settings)), why);
            return false;
        }
        if task.needs_numpy(settings) && !found.numpy {
            self.want(format!("{} × {label}", task.describe(settings)), "numpy is not installed there");
            return false;
        }
        if task.crosses_out_of_band(settings) && ["3.6.", "3.7."].iter().any(|old| found.version.starts_with(old)) {
            self.skip(format!("{} × {label}", task.describe(settings)), "protocol 5 of pickle came with 3.8");
            return false;
        }
        if config.gil == Some(GilState::Disabled) && !found.free_threaded {
            self.skip(
                format!("GIL disabled × {label}"),
                "this CPython cannot run without its GIL: 3.13t and newer can",
            );
            return false;
        }
        if config.model == Model::Interpreters && !found.interpreters {
            self.skip(
                format!("interpreters × {label}"),
                "this CPython has no sub-interpreters with their own GIL (3.12 or newer has)",
            );
            return false;
        }
        if config.model == Model::InterpreterPoolExecutor && !found.interpreter_pool {
            let what = format!("{} × {label}", config.model.word());
            self.skip(what, "this CPython has no `InterpreterPoolExecutor` (3.14 or newer has)");
            return false;
        }
        if config.model == Model::InterpreterPoolExecutor {
            let what = format!("{} × {label}", config.model.word());
            self.skip(what, "the Python driver does not run it: `interpreters` is its model of sub-interpreters");
            return false;
        }
        if config.model == Model::Async && task.bound() != Bound::Waiting {
            self.skip(
                format!("async × {}", task.name()),
                "an event loop helps work that waits, and this task does not",
            );
            return false;
        }
        let start = config.start.map_or("fork", Start::word);
        if config.model.has_processes() && !found.start_methods.iter().any(|method| method == start) {
            self.skip(format!("{start} × {label}"), "this CPython does not have that start method");
            return false;
        }
        true
    }

    /// Whether a configuration can be run at all.
    pub(super) fn is_possible(&mut self, settings: &Settings, config: &Config, given: &ConfigSettings) -> bool {
        if config.dispatch == Some(Dispatch::Claim) {
            if let Some(method) = config.ipc.filter(|method| *method != Method::SharedMemory) {
                self.skip(format!("processes × claim × {}", method.word()), "a table of items lies in shared memory");
                return false;
            }
            if let Some(answer) = config.on_crash.filter(|answer| *answer != OnCrash::Stop) {
                let why = "workers claim items themselves, so items that a dead worker had claimed are not retried";
                self.skip(format!("processes × claim × {}", answer.word()), why);
                return false;
            }
            for key in [Key::InFlight, Key::Wait] {
                if given.has(key) {
                    self.collapse(
                        format!("`{}` under `claim`", key.name()),
                        "workers claim items themselves: nothing is sent or waited for".into(),
                    );
                }
            }
        }
        let in_flight = u64::from(config.in_flight.unwrap_or(0))
            * u64::from(config.workers.unwrap_or(0))
            * u64::from(config.chunk.unwrap_or(1));
        let needed = settings.whole("payload").saturating_mul(2).saturating_mul(in_flight);
        if let Some(free) = self.options.memory.filter(|free| needed > *free) {
            let what = format!(
                "{} in flight to {}",
                show_bytes(settings.whole("payload")),
                plural(u64::from(config.workers.unwrap_or(0)), "worker")
            );
            let why = format!("payloads in flight need {}, and {} are free", show_bytes(needed), show_bytes(free));
            self.skip(what, &why);
            return false;
        }
        true
    }

    /// Whether a configuration can run items that hang together like this.
    pub(super) fn holds_together(&mut self, task: &dyn Task, key: &WorkloadKey, config: &Config) -> bool {
        let topology = task.topology(&key.settings);
        let table = config.dispatch == Some(Dispatch::Claim);
        if key.config.rate.is_some()
            && let Some(why) = closed(topology, config)
        {
            self.skip(format!("{} × {} × rate", task.name(), config.model.word()), why);
            return false;
        }
        let why = match topology {
            Topology::Dynamic { .. } if table => "a table is a fixed set, and this task's items yield further items",
            Topology::Iterations { .. } if table => {
                "claimed items are independent of each other, and these come in iterations"
            }
            _ if config.model == Model::Async && key.config.runtime == Runtime::Native && !task.is_async() => {
                "an event loop helps work that waits, and this task has no support for await"
            }
            Topology::Iterations { .. } if config.model == Model::Async => {
                "an event loop has one thread, and iterations wait for others"
            }
            Topology::FanIn if table => "the replies of a table stay with its workers, and these have a consumer",
            _ => return self.survives(task, topology, config),
        };
        let way = if table { "processes × claim" } else { config.model.word() };
        self.skip(format!("{} × {way}", task.name()), why);
        false
    }

    /// Refuses items that come at a rate but are too few for the percentile that stands for it.
    pub(super) fn too_few(&mut self, choice: &TaskChoice, items: Items) -> bool {
        let rated = self.scenario.models.iter().any(|model| self.scenario.given_for(choice, model).has(Key::Rate));
        let Items::Fixed(count @ ..FEWEST_AT_A_RATE) = items else { return false };
        if rated {
            let message = format!("{} at a `rate` leave under ten above the 95th percentile", plural(count, "item"));
            let help = format!("give {FEWEST_AT_A_RATE} at least, or `auto`");
            self.problems.push(Fault::new(message, help).at(&self.scenario.text, &choice.items.place));
        }
        rated
    }

    /// Refuses items that take longer to arrive than a trial may last: each trial would time out.
    pub(super) fn outlasts(&mut self, choice: &TaskChoice, items: Items) -> bool {
        let Items::Fixed(count) = items else { return false };
        let given = self.scenario.models.iter().map(|model| self.scenario.given_for(choice, model));
        let rates: Vec<u64> = given
            .filter_map(|given| given.get(Key::Rate).map(|rates| rates.values.clone()))
            .flatten()
            .filter_map(|rate| match rate.value()? {
                Value::Whole(rate) => Some(rate),
                _ => None,
            })
            .collect();
        let timeout = self.scenario.timeout.as_secs_f64();
        let Some(slowest) = rates.into_iter().min().filter(|rate| count as f64 / *rate as f64 >= timeout) else {
            return false;
        };
        let takes = show_seconds(count as f64 / slowest as f64);
        let message = format!(
            "{} at {} per second take {takes} to arrive, and a trial may last {}",
            plural(count, "item"),
            show_count(slowest),
            show_seconds(timeout)
        );
        let most = (timeout * 0.8 * slowest as f64) as u64;
        let help = format!("give {} items at most, a higher `rate`, or a longer `timeout`", show_count(most));
        self.problems.push(Fault::new(message, help).at(&self.scenario.text, &choice.items.place));
        true
    }

    /// Whether a run of such items can go on after a worker died, where it is to.
    fn survives(&mut self, task: &dyn Task, topology: Topology, config: &Config) -> bool {
        let answer = config.on_crash.filter(|answer| *answer != OnCrash::Stop);
        let (Some(answer), Topology::Iterations { .. }) = (answer, topology) else { return true };
        let why = "what a worker keeps from iteration to iteration dies with it";
        self.skip(format!("{} × {}", task.name(), answer.word()), why);
        false
    }
}

/// Why items cannot come at a rate, if they cannot.
fn closed(topology: Topology, config: &Config) -> Option<&'static str> {
    match topology {
        Topology::Independent if config.dispatch == Some(Dispatch::Claim) => {
            Some("a table is a fixed set: nothing arrives")
        }
        Topology::Independent if config.measure == Measure::EndToEnd => Some("items come when all workers are ready"),
        Topology::Independent => None,
        _ => Some("items that depend on each other arrive when others complete"),
    }
}
