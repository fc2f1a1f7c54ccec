//! `compress`: deflates text-like data and inflates it again, as a service does that stores and serves it.

use std::io::{Read as _, Write as _};

use fastrand::Rng;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::{
    Context, Data, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Transform, checksum, numbered,
};
use crate::text::show_bytes;

/// Different words of the text.
const VOCABULARY: usize = 2000;

pub(super) struct Compress;

impl Task for Compress {
    fn name(&self) -> &'static str {
        "compress"
    }
    fn about(&self) -> &'static str {
        "deflates n bytes of text and inflates them again: computing in two long calls"
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "size",
                about: "how many bytes are compressed",
                kind: SettingKind::Bytes { min: 8, max: 1 << 28 },
                default: "64 KiB",
            },
            Setting {
                name: "level",
                about: "how hard zlib tries, from 1 (fast) to 9 (small)",
                kind: SettingKind::Count { min: 1, max: 9 },
                default: "6",
            },
        ]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let level = settings.whole("level") as f64;
        Some(Effort::computing(1e-5 + settings.whole("size") as f64 * (6e-9 + level * 4e-9)))
    }
    fn describe(&self, settings: &Settings) -> String {
        let (bytes, level) = (show_bytes(settings.whole("size")), settings.whole("level"));
        format!("{bytes} of text, deflated at level {level} and inflated")
    }
    fn describe_stage(&self, settings: &Settings, later: bool) -> String {
        let (bytes, level) = (show_bytes(settings.whole("size")), settings.whole("level"));
        if later {
            format!("what comes, deflated at level {level}")
        } else {
            format!("{bytes} of text, deflated at level {level}")
        }
    }
    fn own_data(&self) -> Option<&'static [&'static str]> {
        Some(&["size"])
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let rest = text(place.seed, settings.whole("size") as usize - 8);
        Ok(Box::new(CompressJob { rest, level: Compression::new(settings.whole("level") as u32) }))
    }
}

/// Text of words that are as unequally common as those of a language (Zipf's law: the nth most common has a share of about
/// 1/n), in sentences.
fn text(seed: u64, size: usize) -> Vec<u8> {
    let mut random = Rng::with_seed(numbered::mix(seed, 0));
    let word = |random: &mut Rng| -> Vec<u8> { (0..random.usize(2..10)).map(|_| random.lowercase() as u8).collect() };
    let words: Vec<Vec<u8>> = (0..VOCABULARY).map(|_| word(&mut random)).collect();
    let mut text = Vec::with_capacity(size + 16);
    while text.len() < size {
        // A power that is uniform up to that of the vocabulary makes each word as common as its inverse rank.
        let rank = (VOCABULARY as f64).powf(random.f64()) as usize - 1;
        text.extend_from_slice(&words[rank.min(VOCABULARY - 1)]);
        text.extend_from_slice(if random.u8(..10) == 0 { b".\n" } else { b" " });
    }
    text.truncate(size);
    text
}

struct CompressJob {
    /// What follows the item number.
    rest: Vec<u8>,
    level: Compression,
}

/// Why compressing fails, which needs nothing but memory.
fn refused(source: std::io::Error) -> TaskError {
    TaskError::Io { what: "compressing in memory".into(), source }
}

impl CompressJob {
    fn deflate(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), self.level);
        encoder.write_all(bytes)?;
        encoder.finish()
    }
}

fn inflate(packed: &[u8], size: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(size);
    ZlibDecoder::new(packed).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Job for CompressJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    /// The reply is the number of the item and the checksum of what came back, since compressed bytes differ between
    /// implementations of zlib. Both calls let an interpreter's lock go, as CPython's zlib does.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        numbered::read(request)?;
        context.check_point();
        let whole = [request, &self.rest].concat();
        let packed = context.unlocked(|| self.deflate(&whole));
        let back = packed.and_then(|packed| context.unlocked(|| inflate(&packed, whole.len())));
        let back = back.map_err(refused)?;
        reply.extend_from_slice(request);
        reply.extend_from_slice(&checksum(&back).to_le_bytes());
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, 16)
    }

    fn transform(&self) -> Option<&dyn Transform> {
        Some(self)
    }

    fn constants(&self) -> Vec<Vec<u8>> {
        vec![self.rest.clone()]
    }
}

/// A stage compresses, and hands on what has become of it.
impl Transform for CompressJob {
    fn run(&self, _: u64, data: Data<'_>, reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        context.check_point();
        let packed = match data {
            Data::Own(request) => {
                numbered::read(request)?;
                let whole = [request, &self.rest].concat();
                context.unlocked(|| self.deflate(&whole))
            }
            Data::Came(bytes) => context.unlocked(|| self.deflate(bytes)),
        };
        reply.extend_from_slice(&packed.map_err(refused)?);
        Ok(())
    }

    /// What cannot be compressed becomes longer, by five bytes in each block of some 16 KiB.
    fn room(&self, came: Option<usize>) -> usize {
        let bytes = came.unwrap_or(self.rest.len() + 8);
        bytes + bytes / 1024 + 64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(size: usize, level: u32) -> CompressJob {
        CompressJob { rest: text(1, size), level: Compression::new(level) }
    }

    #[test]
    fn it_inflates_what_zlib_has_deflated() {
        // zlib.compress(b"to be or not to be", 9) of CPython.
        let packed = b"\x78\xda\x2b\xc9\x57\x48\x4a\x55\xc8\x2f\x52\xc8\xcb\x2f\x51\x28\x01\x71\x00\x3a\xa2\x06\x27";
        assert_eq!(inflate(packed, 18).unwrap(), b"to be or not to be");
    }

    #[test]
    fn the_reply_is_the_number_and_the_checksum_of_the_block() {
        for level in [1, 6, 9] {
            let (job, mut reply) = (job(5000, level), Vec::new());
            Job::run(&job, &7u64.to_le_bytes(), &mut reply, &mut Context::native()).unwrap();
            let whole = [&7u64.to_le_bytes()[..], &job.rest].concat();
            assert_eq!(reply, [&7u64.to_le_bytes()[..], &checksum(&whole).to_le_bytes()].concat());
        }
    }

    #[test]
    fn a_stage_hands_on_what_it_has_compressed() {
        let job = job(5000, 6);
        let whole = [&7u64.to_le_bytes()[..], &job.rest].concat();
        let stage = job.transform().unwrap();
        let random = numbered::bytes(1, 1, 1 << 20);
        for (data, came) in [(Data::Own(&7u64.to_le_bytes()), &whole), (Data::Came(&random), &random)] {
            let mut reply = Vec::new();
            stage.run(7, data, &mut reply, &mut Context::native()).unwrap();
            assert_eq!(inflate(&reply, came.len()).unwrap(), *came);
            // Of what cannot be compressed too.
            assert!(reply.len() <= stage.room(Some(came.len())), "{} of {}", reply.len(), came.len());
        }
    }

    #[test]
    fn the_text_packs_as_text_does_and_better_at_higher_levels() {
        let sizes: Vec<usize> = [1, 6, 9].map(|level| job(0, level).deflate(&text(1, 1 << 16)).unwrap().len()).into();
        // What is won at the highest level depends on the library that the build has chosen for all.
        assert!(sizes[0] > sizes[1] && sizes[2] as f64 <= sizes[1] as f64 * 1.01, "{sizes:?}");
        let ratio = f64::from(1 << 16) / sizes[1] as f64;
        assert!((1.8..4.0).contains(&ratio), "{ratio}");
        assert_ne!(text(1, 100), text(2, 100));
    }
}
