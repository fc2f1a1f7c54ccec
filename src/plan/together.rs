//! Which items that hang together the Python driver can run, and by which of its ways.

use crate::model::{Api, Model, Setup};
use crate::scenario::word_of;
use crate::task::Topology;

/// The way that cannot run items that hang together like this in CPython, and why; `None` where it can.
pub(super) fn not_in_python(topology: Topology, setup: &Setup) -> Option<(String, &'static str)> {
    let pool = setup.api == Some(Api::Pool);
    let stock = setup.model == Model::Processes && setup.api.is_some_and(|api| api != Api::Process);
    let interpreters = setup.model == Model::Interpreters;
    let way = |why| Some((if pool { word_of(Api::Pool).into() } else { word_of(setup.model).into() }, why));
    let stock_way = |why| setup.api.map(|api| (format!("{} × {}", word_of(setup.model), word_of(api)), why));
    match topology {
        Topology::Independent => None,
        Topology::Rounds { .. } if stock => {
            stock_way("a pool gives an item to whichever process is free, and what a part keeps stays with one")
        }
        Topology::Rounds { .. } if interpreters => {
            way("sub-interpreters claim from a fixed set, and these items come in rounds")
        }
        Topology::Finding { once: false } => {
            Some(("python".into(), "the Python driver knows items by their requests, and here equal ones are many"))
        }
        Topology::Finding { .. } if pool => way("`map` takes all items at once, and these are found while others run"),
        Topology::Gathering if pool => way("`map` gives replies when all are made, and these have a consumer"),
        Topology::Finding { .. } if interpreters => {
            way("sub-interpreters claim from a fixed set, and these items are found while others run")
        }
        Topology::Gathering if interpreters => {
            way("replies stay with their sub-interpreters, and these have a consumer")
        }
        Topology::Finding { .. } | Topology::Gathering | Topology::Rounds { .. } => None,
    }
}
