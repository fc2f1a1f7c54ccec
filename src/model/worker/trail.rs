//! The digests of an item on its way through the stages of a pipeline.

use crate::task::{Digest, Job, digest, item_digest};

/// What whoever takes an item into a stage has seen of it: the reply of the stage before, and the stage's own request.
#[inline]
pub fn seen(input: &[u8], request: &[u8]) -> Digest {
    item_digest(0, digest(input), digest(request))
}

/// The trail of an item from stage to stage: it tells whether every stage saw what it should have, in its turn. The trail
/// begins with the item's number.
#[inline]
pub fn passed(trail: Digest, seen: Digest) -> Digest {
    item_digest(trail, seen, 0)
}

/// The reply to an item of the whole chain: its trail, with the reply of the last stage.
#[inline]
pub fn sealed(trail: Digest, reply: &[u8]) -> [u8; 8] {
    item_digest(trail, 0, digest(reply)).to_le_bytes()
}

/// The digest of an item of the whole chain.
#[inline]
pub fn chain_digest(item: u64, trail: Digest, reply: &[u8]) -> Digest {
    item_digest(item, digest(&item.to_le_bytes()), digest(&sealed(trail, reply)))
}

/// Whether the items of stage `at`, from 0, need requests of their own: not where they take what the stage before has made.
#[inline]
pub fn needs_request(job: &dyn Job, at: usize) -> bool {
    at == 0 || job.transform().is_none()
}
