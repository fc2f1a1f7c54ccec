//! Requests that hold one number, and numbers derived from a seed: shared by the tasks whose items are told apart by number.

use super::TaskError;

/// Writes a number as a request.
pub(super) fn write(number: u64, request: &mut Vec<u8>) {
    request.extend_from_slice(&number.to_le_bytes());
}

/// Reads the number of a request written by [`write`].
pub(super) fn read(request: &[u8]) -> Result<u64, TaskError> {
    Ok(u64::from_le_bytes(request.try_into().map_err(|_| TaskError::BadRequest)?))
}

/// A number that looks random, from a seed and an index (the finaliser of splitmix64, Steele et al. 2014).
pub(crate) fn mix(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `size` bytes that look random.
pub(super) fn bytes(seed: u64, index: u64, size: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(mix(seed, index));
    let mut bytes = vec![0; size];
    random.fill(&mut bytes);
    bytes
}
