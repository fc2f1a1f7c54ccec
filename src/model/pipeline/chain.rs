//! The stages of a pipeline as one job: an item runs through all of them, one after the other. It is what one thread does
//! without a pipeline, and what the replies of every pipeline are checked against.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::ipc::Requests;
use crate::model::spec::JobSpec;
use crate::model::worker::request_source::RequestSource;
use crate::model::worker::trail::{needs_request, passed, sealed, seen};
use crate::record::RunError;
use crate::task::{Context, Job, Moment, TaskError, Tasks, expected_in_stage, run_in_stage};

/// All stages of a pipeline.
pub struct Chain {
    links: Vec<Link>,
}

/// A stage. Its requests are prepared when the chain's own are, which is before the clock.
struct Link {
    job: Box<dyn Job>,
    items: u64,
    supply: OnceLock<Supply>,
}

/// Requests, or the few buffers of bulk payloads, which are stamped one by one.
enum Supply {
    Shared(Requests),
    Stamped(Mutex<Vec<Vec<u8>>>),
}

impl Chain {
    /// Prepares the jobs of all stages.
    ///
    /// # Errors
    /// What their tasks say.
    pub fn new(brief: &JobSpec, tasks: &Tasks) -> Result<Self, RunError> {
        let link = |stage| {
            let job = brief.of_stage(stage).prepare(tasks)?;
            Ok(Link { job, items: brief.items, supply: OnceLock::new() })
        };
        Ok(Self { links: (0..brief.stages.len()).map(link).collect::<Result<_, RunError>>()? })
    }

    /// Runs an item through all stages by `run`.
    fn go<'a>(
        &self,
        item: &[u8],
        reply: &mut Vec<u8>,
        context: &mut Context<'a>,
        run: impl Fn(&dyn Job, u64, Option<&[u8]>, &[u8], &mut Vec<u8>, &mut Context<'a>) -> Result<(), TaskError>,
    ) -> Result<(), TaskError> {
        let item = item.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let (mut trail, mut input, mut output) = (item, Vec::new(), Vec::new());
        for (at, link) in self.links.iter().enumerate() {
            output.clear();
            let mut pass = |request: &[u8]| {
                trail = passed(trail, seen(&input, request));
                run(link.job.as_ref(), item, (at > 0).then_some(&input), request, &mut output, context)
            };
            match needs_request(link.job.as_ref(), at) {
                true => link.with_request(item, pass)?,
                false => pass(&[])?,
            }
            std::mem::swap(&mut input, &mut output);
        }
        reply.extend_from_slice(&sealed(trail, &input));
        Ok(())
    }
}

impl Link {
    fn supply(&self) -> &Supply {
        let nothing = Requests::default();
        self.supply.get_or_init(|| match RequestSource::new(self.job.as_ref(), &nothing) {
            RequestSource::Stamped(buffers) => Supply::Stamped(Mutex::new(buffers)),
            RequestSource::Shared(_) => Supply::Shared(RequestSource::prepare(self.job.as_ref(), self.items)),
        })
    }

    fn with_request<T>(&self, item: u64, use_it: impl FnOnce(&[u8]) -> T) -> T {
        match self.supply() {
            Supply::Shared(requests) => use_it(requests.get(item)),
            Supply::Stamped(buffers) => {
                let mut buffers = buffers.lock().unwrap_or_else(PoisonError::into_inner);
                let mut feed = RequestSource::Stamped(std::mem::take(&mut *buffers));
                let used = use_it(feed.get(item));
                if let RequestSource::Stamped(back) = feed {
                    *buffers = back;
                }
                used
            }
        }
    }
}

impl Job for Chain {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        self.links.iter().for_each(|link| {
            link.supply();
        });
        request.extend_from_slice(&item.to_le_bytes());
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        self.go(request, reply, context, run_in_stage)
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        self.go(request, reply, context, expected_in_stage)
    }

    fn sizes(&self) -> (usize, usize) {
        let sizes = self.links.iter().map(|link| link.job.sizes());
        sizes.fold((8, 8), |all, stage| (all.0 + stage.0, all.1 + stage.1))
    }

    fn around(&self, moment: Moment) -> Result<(), TaskError> {
        self.links.iter().try_for_each(|link| link.job.around(moment))
    }

    fn review(&self) -> Result<(), TaskError> {
        self.links.iter().try_for_each(|link| link.job.review())
    }
}
