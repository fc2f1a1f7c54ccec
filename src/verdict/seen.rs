//! What was measured of a workload, as its sentence is made from it.

use crate::results::{ConfigurationEstimate, Results, Workload};

/// What a sentence is made from.
pub(super) struct Seen<'a> {
    pub results: &'a Results,
    pub workload: &'a Workload,
    pub estimates: &'a [ConfigurationEstimate],
}
