//! Stages of pipelines that work on data: on their own in the first stage, in later ones on what the stage before has made of
//! the item.

use super::{Context, Job, TaskError};

/// What a stage works on.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// The item's own, as the request says: this is the first stage.
    Own(&'a [u8]),
    /// The reply of the stage before.
    Came(&'a [u8]),
}

/// What a job does with an item in a stage of a pipeline.
pub trait Transform {
    /// Works on an item's data and writes what goes on to the next stage into `reply`, which is empty. It depends on the item
    /// and the data alone.
    ///
    /// # Errors
    /// As [`Job::run`].
    fn run(&self, item: u64, data: Data<'_>, reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError>;

    /// The same without touching anything outside, as [`Job::expected`]. The default works on the item.
    ///
    /// # Errors
    /// As [`Transform::run`].
    fn expected(
        &self,
        item: u64,
        data: Data<'_>,
        reply: &mut Vec<u8>,
        context: &mut Context<'_>,
    ) -> Result<(), TaskError> {
        self.run(item, data, reply, context)
    }

    /// About how many bytes at most go on, in the first stage or where so many came.
    fn room(&self, came: Option<usize>) -> usize;
}

/// Runs an item in a stage of a pipeline: `input` is the reply of the stage before, none in the first stage.
///
/// # Errors
/// As [`Job::run`].
pub fn run_in_stage(
    job: &dyn Job,
    item: u64,
    input: Option<&[u8]>,
    request: &[u8],
    reply: &mut Vec<u8>,
    context: &mut Context<'_>,
) -> Result<(), TaskError> {
    match job.transform() {
        Some(transform) => transform.run(item, input.map_or(Data::Own(request), Data::Came), reply, context),
        None => job.run(request, reply, context),
    }
}

/// The right reply of an item in a stage, as [`run_in_stage`].
///
/// # Errors
/// As [`Job::expected`].
pub fn expected_in_stage(
    job: &dyn Job,
    item: u64,
    input: Option<&[u8]>,
    request: &[u8],
    reply: &mut Vec<u8>,
    context: &mut Context<'_>,
) -> Result<(), TaskError> {
    match job.transform() {
        Some(transform) => transform.expected(item, input.map_or(Data::Own(request), Data::Came), reply, context),
        None => job.expected(request, reply, context),
    }
}
