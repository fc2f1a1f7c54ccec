//! The one digest that all configurations use: whoever receives bytes folds every one of them, inside the clock.

use sha2::{Digest as _, Sha256};

/// A 64-bit digest.
pub type Digest = u64;

const K0: u64 = 0xa076_1d64_78bd_642f;
const K1: u64 = 0xe703_7ed1_a0b4_28db;
const K2: u64 = 0x8ebc_6af0_9c88_c6e3;
const K3: u64 = 0x5899_65cc_7537_4cc3;

/// Full 64×64→128 bit product, folded; the mixing step of Wang Yi's wyhash.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    let mut buffer = [0; 8];
    buffer[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(buffer)
}

/// Digest of all bytes of a message. It tells damaged bytes apart; it is not meant against an adversary.
#[inline]
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    let mut state = K0 ^ bytes.len() as u64;
    let mut wide = bytes.chunks_exact(32);
    if bytes.len() >= 32 {
        let mut lanes = [state, K1, K2, K3];
        for block in &mut wide {
            lanes[0] = fold(lanes[0] ^ word(&block[0..8]), K1);
            lanes[1] = fold(lanes[1] ^ word(&block[8..16]), K2);
            lanes[2] = fold(lanes[2] ^ word(&block[16..24]), K3);
            lanes[3] = fold(lanes[3] ^ word(&block[24..32]), K0);
        }
        state = fold(lanes[0] ^ K2, lanes[1] ^ K3) ^ fold(lanes[2] ^ K0, lanes[3] ^ K1);
    }
    for rest in wide.remainder().chunks(8) {
        state = fold(state ^ word(rest), K1);
    }
    fold(state ^ K2, K3)
}

/// Digest of one finished item. Sums of these, wrapping, do not depend on the order in which items finish.
/// Never 0, so that 0 can mean "not done" in a shared table.
#[inline]
#[must_use]
pub fn item_digest(item: u64, request: Digest, reply: Digest) -> Digest {
    fold(item ^ K0, fold(request ^ K1, reply ^ K2) ^ K3) | 1
}

/// The number of an item that item `parent` yielded as its `ordinal`th: the same in whatever order items run, and apart
/// from the numbers of the first items, which have no top bit.
#[must_use]
pub fn yielded_item(parent: u64, ordinal: u64) -> u64 {
    fold(parent ^ K2, ordinal ^ K1) | 1 << 63
}

/// The number of an item that is the only one with this request, whoever yields it: 63 bits of its SHA-256, which CPython
/// has too, since crawls are compared across runtimes.
#[must_use]
pub fn once_item(request: &[u8]) -> u64 {
    let hash = Sha256::digest(request);
    u64::from_le_bytes(std::array::from_fn(|at| hash[at])) | 1 << 63
}

/// Digest of all bytes of a message for work that another language does too: CPython computes this one in C, while the
/// other would take longer there than most items.
#[must_use]
pub fn checksum(bytes: &[u8]) -> Digest {
    u64::from(crc32fast::hash(bytes)) | (bytes.len() as u64) << 32
}

/// What [`item_digest`] is to [`digest`], of checksums.
#[must_use]
pub fn item_checksum(item: u64, request: Digest, reply: Digest) -> Digest {
    let request = request.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let reply = reply.wrapping_mul(0x94d0_49bb_1331_11eb);
    let mixed = item.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(request).wrapping_add(reply);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_that_python_computes() {
        // zlib.crc32(b"123456789") | 9 << 32
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926 | 9 << 32);
        assert_eq!(checksum(b""), 0);
        // item_checksum(3, checksum(b"a"), checksum(b"bc")) of the driver
        assert_eq!(item_checksum(3, checksum(b"a"), checksum(b"bc")), 0x8384_2988_f972_c0a8);
    }

    #[test]
    fn every_byte_counts() {
        for size in [0usize, 1, 7, 8, 9, 31, 32, 33, 64, 100, 1000] {
            let bytes: Vec<u8> = (0..size).map(|i| i as u8).collect();
            let whole = digest(&bytes);
            for i in 0..size {
                let mut damaged = bytes.clone();
                damaged[i] ^= 0x10;
                assert_ne!(digest(&damaged), whole, "byte {i} of {size}");
            }
            let mut longer = bytes.clone();
            longer.push(0);
            assert_ne!(digest(&longer), whole);
        }
    }
}
