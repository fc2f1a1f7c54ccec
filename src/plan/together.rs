//! Which items that depend on each other the Python driver can run, and under which of its models.

use crate::setting::{Config, Model};
use crate::task::Topology;

/// What cannot run items that depend on each other like this in CPython, and why; `None` where the model can.
pub(super) fn not_in_python(topology: Topology, config: &Config) -> Option<(&'static str, &'static str)> {
    let model = config.model;
    let maps = matches!(model, Model::Pool | Model::ThreadPool);
    let interpreters = model.has_interpreters();
    let why = match topology {
        Topology::Independent => return None,
        Topology::Iterations { .. } if model.has_processes() && model.is_pool() => {
            "a pool gives an item to whichever process is free, and what a part keeps stays with one"
        }
        Topology::Iterations { .. } if interpreters => {
            "sub-interpreters claim from a fixed set, and these items come in iterations"
        }
        Topology::Dynamic { once: false } => {
            return Some(("python", "the Python driver knows items by their requests, and here equal ones are many"));
        }
        Topology::Dynamic { .. } if maps => "`map` takes all items at once, and these are found while others run",
        Topology::FanIn if maps => "`map` gives results when all are made, and these have a consumer",
        Topology::Dynamic { .. } if interpreters => {
            "sub-interpreters claim from a fixed set, and these items are found while others run"
        }
        Topology::FanIn if interpreters => "results stay with their sub-interpreters, and these have a consumer",
        Topology::Dynamic { .. } | Topology::FanIn | Topology::Iterations { .. } => return None,
    };
    Some((model.word(), why))
}
