//! From samples to estimates, intervals and decisions. Pure: nothing here reads a clock, a file or another room.
//!
//! Samples are times or logarithms of ratios. A time may be `+∞` (a trial that timed out); it takes its place
//! among the order statistics, which is why every method here is one of ranks. `NaN` is never a sample.
//!
//! | question | method |
//! |---|---|
//! | where is the median? | exact interval between two order statistics ([`estimate`]) |
//! | is a ratio one? | exact sign test, the dual of that interval ([`two_sided_p`]) |
//! | is it practically one? | two one-sided sign tests against ±margin ([`equivalence_p`]) |
//! | where is it, at any look at growing data? | exact sequential sign test ([`bounds`], [`look_ranks`]) |
//! | how many such questions at once? | Holm's step-down ([`holm`]) |
//! | what could have been seen? | power of the exact sign test ([`smallest_effect`], [`rounds_needed`]) |
//! | what could be seen, before a run? | the same, at Holm's first step ([`rounds_to_show`]) |
//! | how often does it happen? | exact interval of Clopper and Pearson ([`share_interval`]) |
//! | how does it scale? | least squares, and a bootstrap over whole rounds ([`amdahl`], [`usl`]) |

mod binomial;
mod fit;
mod median;
mod modes;
mod paired;
mod power;
mod sequential;
mod sign;
#[cfg(test)]
pub(crate) mod simulation;

pub use binomial::share_interval;
pub use fit::{Fit, Line, Parameter, amdahl, usl};
pub use median::{Estimate, estimate, median, quantile};
pub use modes::bimodal;
pub use paired::log_ratios;
pub use power::{rounds_needed, rounds_to_show, smallest_effect};
pub use sequential::{Bounds, LOOKS, bounds, look_ranks};
pub use sign::{FAMILY_ERROR, Step, below_p, equivalence_p, holm, two_sided_p};
