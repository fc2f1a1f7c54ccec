//! `empty`: nothing to do, so that what is measured is dispatch alone.

use super::{Bound, Context, Effort, Job, Place, Settings, Task, TaskError};

pub(super) struct Empty;

impl Task for Empty {
    fn name(&self) -> &'static str {
        "empty"
    }
    fn about(&self) -> &'static str {
        "nothing: measures the cost of dispatch"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, _: &Settings) -> Option<Effort> {
        Some(Effort::computing(2e-8))
    }
    fn describe(&self, _: &Settings) -> String {
        "empty items".into()
    }
    fn prepare(&self, _: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(EmptyJob))
    }
}

struct EmptyJob;

impl Job for EmptyJob {
    fn request(&self, _: u64, _: &mut Vec<u8>) {}
    fn run(&self, request: &[u8], _: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        if request.is_empty() { Ok(()) } else { Err(TaskError::BadRequest) }
    }
    fn sizes(&self) -> (usize, usize) {
        (0, 0)
    }
}
