//! `hash`: SHA-256 of a buffer that starts with the item number.

use sha2::{Digest as _, Sha256};

use super::{Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};
use crate::name::show_bytes;

/// Bytes from which CPython's hashlib lets the interpreter lock go (`HASHLIB_GIL_MINSIZE`).
const LETS_GO: usize = 2048;

pub(super) struct Hash;

impl Task for Hash {
    fn name(&self) -> &'static str {
        "hash"
    }
    fn about(&self) -> &'static str {
        "SHA-256 of n bytes: computing in one long call"
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "bytes",
            about: "how many bytes are hashed",
            kind: SettingKind::Bytes { min: 8, max: 1 << 30 },
            default: "64 KiB",
        }]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        Some(Effort::computing(2e-7 + settings.whole("bytes") as f64 / 1.5e9))
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("SHA-256 of {}", show_bytes(settings.whole("bytes")))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(HashJob { rest: numbered::bytes(place.seed, 0, settings.whole("bytes") as usize - 8) }))
    }
}

struct HashJob {
    /// What follows the item number.
    rest: Vec<u8>,
}

impl Job for HashJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        numbered::read(request)?;
        context.check_point();
        let hash = || Sha256::new().chain_update(request).chain_update(&self.rest).finalize();
        let lets_go = request.len() + self.rest.len() >= LETS_GO;
        reply.extend_from_slice(&if lets_go { context.unlocked(hash) } else { hash() });
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, 32)
    }

    fn constants(&self) -> Vec<Vec<u8>> {
        vec![self.rest.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sha256_of_number_and_buffer() {
        let job = HashJob { rest: b"abc".to_vec() };
        let mut reply = Vec::new();
        job.run(&7u64.to_le_bytes(), &mut reply, &mut Context::native()).unwrap();
        assert_eq!(reply, Sha256::digest(b"\x07\0\0\0\0\0\0\0abc").to_vec());
    }
}
