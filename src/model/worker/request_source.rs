//! Where a worker in this process gets requests from.

use crate::ipc::Requests;
use crate::task::Job;

/// Requests as a worker in this process reads them: shared ones, or a few bulk buffers of its own that are stamped.
pub enum RequestSource<'a> {
    Shared(&'a Requests),
    Stamped(Vec<Vec<u8>>),
}

impl<'a> RequestSource<'a> {
    /// Prepares all requests, where the job has no bulk payloads.
    pub fn prepare(job: &dyn Job, items: u64) -> Requests {
        if job.repeats().is_some() {
            Requests::unwritten(items)
        } else {
            Requests::prepare(items, |i, out| job.request(i, out))
        }
    }

    pub fn new(job: &dyn Job, shared: &'a Requests) -> Self {
        let Some(count) = job.repeats() else { return Self::Shared(shared) };
        let buffer = |item| {
            let mut buffer = Vec::with_capacity(job.sizes().0);
            job.request(item, &mut buffer);
            buffer
        };
        Self::Stamped((0..count).map(buffer).collect())
    }

    #[inline(always)]
    pub fn get(&mut self, item: u64) -> &[u8] {
        match self {
            Self::Shared(requests) => requests.get(item),
            Self::Stamped(buffers) => {
                let index = (item % buffers.len() as u64) as usize;
                let buffer = &mut buffers[index];
                if let Some(stamp) = buffer.first_chunk_mut::<8>() {
                    *stamp = item.to_le_bytes();
                }
                buffer
            }
        }
    }
}
