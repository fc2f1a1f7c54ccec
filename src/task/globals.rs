//! `globals`: a probe of isolation. Beside items that echo their request, it has a variable that is global to its process;
//! the models have main and every worker write to it, and report what each found there.

use std::sync::atomic::AtomicU64;

use super::{Bound, Context, Effort, Job, Place, Settings, Task, TaskError, numbered};

pub(super) struct Globals;

/// The variable. A program starts with 1 in it.
static GLOBAL: AtomicU64 = AtomicU64::new(1);

impl Task for Globals {
    fn name(&self) -> &'static str {
        "globals"
    }
    fn about(&self) -> &'static str {
        "who sees a global variable: main sets it to 2, worker n to 100 + n; reports what each found before and after"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, _: &Settings) -> Option<Effort> {
        Some(Effort::computing(3e-8))
    }
    fn describe(&self, _: &Settings) -> String {
        "a global variable, written by main and by every worker".into()
    }
    fn prepare(&self, _: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(GlobalsJob))
    }
}

struct GlobalsJob;

impl Job for GlobalsJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        numbered::read(request)?;
        reply.extend_from_slice(request);
        Ok(())
    }

    fn global(&self) -> Option<&AtomicU64> {
        Some(&GLOBAL)
    }
}
