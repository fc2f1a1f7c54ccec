//! Which items that hang together the Python driver can run, and by which of its ways.

use crate::model::{Api, Config, Model};
use crate::scenario::word_of;
use crate::task::Topology;

/// The way that cannot run items that hang together like this in CPython, and why; `None` where it can.
pub(super) fn not_in_python(topology: Topology, config: &Config) -> Option<(String, &'static str)> {
    let pool = config.api == Some(Api::Pool);
    let stock = config.model == Model::Processes && config.api.is_some_and(|api| api != Api::Process);
    let interpreters = config.model == Model::Interpreters;
    let way = |why| Some((if pool { word_of(Api::Pool).into() } else { word_of(config.model).into() }, why));
    let stock_way = |why| config.api.map(|api| (format!("{} × {}", word_of(config.model), word_of(api)), why));
    match topology {
        Topology::Independent => None,
        Topology::Iterations { .. } if stock => {
            stock_way("a pool gives an item to whichever process is free, and what a part keeps stays with one")
        }
        Topology::Iterations { .. } if interpreters => {
            way("sub-interpreters claim from a fixed set, and these items come in iterations")
        }
        Topology::Dynamic { once: false } => {
            Some(("python".into(), "the Python driver knows items by their requests, and here equal ones are many"))
        }
        Topology::Dynamic { .. } if pool => way("`map` takes all items at once, and these are found while others run"),
        Topology::FanIn if pool => way("`map` gives replies when all are made, and these have a consumer"),
        Topology::Dynamic { .. } if interpreters => {
            way("sub-interpreters claim from a fixed set, and these items are found while others run")
        }
        Topology::FanIn if interpreters => way("replies stay with their sub-interpreters, and these have a consumer"),
        Topology::Dynamic { .. } | Topology::FanIn | Topology::Iterations { .. } => None,
    }
}
