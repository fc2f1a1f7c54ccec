//! `hash`: SHA-256 of a buffer that starts with the item number.

use sha2::{Digest as _, Sha256};

use super::{Context, Data, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Transform, numbered};
use crate::text::show_bytes;

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
            name: "size",
            about: "how many bytes are hashed",
            kind: SettingKind::Bytes { min: 8, max: 1 << 30 },
            default: "64 KiB",
        }]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        Some(Effort::computing(2e-7 + settings.whole("size") as f64 / 1.5e9))
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("SHA-256 of {}", show_bytes(settings.whole("size")))
    }
    fn describe_stage(&self, settings: &Settings, later: bool) -> String {
        if later { "SHA-256 of what comes".into() } else { self.describe(settings) }
    }
    fn own_data(&self) -> Option<&'static [&'static str]> {
        Some(&["size"])
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(HashJob { rest: numbered::bytes(place.seed, 0, settings.whole("size") as usize - 8) }))
    }
}

struct HashJob {
    /// What follows the item number.
    rest: Vec<u8>,
}

impl HashJob {
    fn hash(parts: [&[u8]; 2], reply: &mut Vec<u8>, context: &mut Context<'_>) {
        context.check_point();
        let hash = || Sha256::new().chain_update(parts[0]).chain_update(parts[1]).finalize();
        let lets_go = parts[0].len() + parts[1].len() >= LETS_GO;
        reply.extend_from_slice(&if lets_go { context.unlocked(hash) } else { hash() });
    }
}

impl Job for HashJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        numbered::read(request)?;
        Self::hash([request, &self.rest], reply, context);
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, 32)
    }

    fn transform(&self) -> Option<&dyn Transform> {
        Some(self)
    }

    fn constants(&self) -> Vec<Vec<u8>> {
        vec![self.rest.clone()]
    }
}

impl Transform for HashJob {
    fn run(&self, _: u64, data: Data<'_>, reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        match data {
            Data::Own(request) => Job::run(self, request, reply, context)?,
            Data::Came(bytes) => Self::hash([bytes, &[]], reply, context),
        }
        Ok(())
    }

    fn room(&self, _: Option<usize>) -> usize {
        32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sha256_of_number_and_buffer() {
        let job = HashJob { rest: b"abc".to_vec() };
        let mut reply = Vec::new();
        Job::run(&job, &7u64.to_le_bytes(), &mut reply, &mut Context::native()).unwrap();
        assert_eq!(reply, Sha256::digest(b"\x07\0\0\0\0\0\0\0abc").to_vec());
        reply.clear();
        job.transform().unwrap().run(7, Data::Came(b"xyz"), &mut reply, &mut Context::native()).unwrap();
        assert_eq!(reply, Sha256::digest(b"xyz").to_vec());
    }
}
