//! Which items that hang together the Python driver can run, and by which of its ways.

use crate::model::{Api, Model, Setup};
use crate::scenario::word_of;
use crate::task::Topology;

/// The way that cannot run items that hang together like this in CPython, and why; `None` where it can.
pub(super) fn not_in_python(topology: Topology, setup: &Setup) -> Option<(String, &'static str)> {
    let pool = setup.api == Some(Api::Pool);
    let interpreters = setup.model == Model::Interpreters;
    let way = |why| Some((if pool { word_of(Api::Pool).into() } else { word_of(setup.model).into() }, why));
    match topology {
        Topology::Independent => None,
        Topology::Rounds { .. } => Some(("python".into(), "the Python driver has no items that come in rounds")),
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
        Topology::Finding { .. } | Topology::Gathering => None,
    }
}
