//! Whole charts, drawn from results made up for them. They belong to the room `chart`, which reaches them with `#[path]`, since
//! they look into pictures.

pub(super) mod fixture;

mod claims;
mod gallery;
mod happenings;
mod property;
mod snapshots;
mod specimens;
mod whole;

use super::*;
