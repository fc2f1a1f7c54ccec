//! The program under test with tasks that only tests need: items of known cost, items that go wrong, items in every
//! topology.
//!
//! Hosts and workers are this program again, so they know the tasks as well. It is an example and no binary of the
//! package, since a binary would be installed with `runner`.

mod items;
mod meter;
mod numbered;
mod topology;

fn main() -> std::process::ExitCode {
    let tasks = runner::task::Tasks::builtin()
        .with(items::Blocking)
        .with(items::Steps)
        .with(items::Tree)
        .with(items::Fault)
        .with(topology::Circle)
        .with(topology::Funnel)
        .with(topology::Web)
        .with(meter::Burn)
        .with(meter::Hold);
    runner::cli::main(&tasks)
}
