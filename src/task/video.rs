//! `video`: encodes a film as AV1, segment by segment, as a streaming service does. Built with the feature `video`.

use rav1e::prelude::{ChromaSampling, Config, EncoderConfig, EncoderStatus, Frame};

use super::{Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};

/// Room for what the encoder writes beside a frame's pixels.
const MARGIN: usize = 4 << 10;
/// How coarsely coefficients are rounded, of 255: the encoder's own default.
const QUANTIZER: usize = 100;

pub(super) struct Video;

impl Task for Video {
    fn name(&self) -> &'static str {
        "video"
    }
    fn about(&self) -> &'static str {
        "encodes segments of a film as AV1: computing for long"
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "frames",
                about: "frames of a segment, the first of which is encoded by itself",
                kind: SettingKind::Count { min: 1, max: 1000 },
                default: "8",
            },
            Setting {
                name: "width",
                about: "width of the film in pixels; it is 9/16 as high",
                kind: SettingKind::Count { min: 32, max: 4096 },
                default: "160",
            },
            Setting {
                name: "speed",
                about: "how fast the encoder is, from 0 (small) to 10 (fast)",
                kind: SettingKind::Count { min: 0, max: 10 },
                default: "10",
            },
        ]
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let (width, height) = size(settings);
        let pixels = (width * height) as f64 * settings.whole("frames") as f64;
        // Each step towards 0 takes about half as long again.
        let slower = 1.5f64.powi(10 - settings.whole("speed") as i32);
        Some(Effort::computing(pixels * 5e-7 * slower))
    }
    fn describe(&self, settings: &Settings) -> String {
        let ((width, height), frames) = (size(settings), settings.whole("frames"));
        format!("AV1 segments of {frames} frames of {width} × {height}, at speed {}", settings.whole("speed"))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let (width, height) = size(settings);
        let (frames, speed) = (settings.whole("frames"), settings.whole("speed") as u8);
        let job = VideoJob { seed: place.seed, frames, width, height, speed };
        job.config().validate().map_err(|error| TaskError::Settings(format!("the encoder: {error}")))?;
        Ok(Box::new(job))
    }
}

/// Width and height: even, since colours have half of the resolution.
fn size(settings: &Settings) -> (usize, usize) {
    let width = settings.whole("width") as usize / 2 * 2;
    (width, (width * 9 / 16 / 2 * 2).max(16))
}

struct VideoJob {
    seed: u64,
    frames: u64,
    width: usize,
    height: usize,
    speed: u8,
}

impl VideoJob {
    /// One thread, so that who runs the items decides what runs at once, and equal frames give equal bytes.
    fn config(&self) -> Config {
        let mut encoder = EncoderConfig::with_speed_preset(self.speed);
        (encoder.width, encoder.height) = (self.width, self.height);
        encoder.chroma_sampling = ChromaSampling::Cs420;
        encoder.quantizer = QUANTIZER;
        Config::new().with_encoder_config(encoder).with_threads(1)
    }

    /// Frame `number` of the film: shades that move to the right, a square that moves over them, and the noise of a sensor.
    fn draw(&self, number: u64, frame: &mut Frame<u8>) {
        for (plane, to) in frame.planes.iter_mut().enumerate() {
            let (width, height) =
                if plane == 0 { (self.width, self.height) } else { (self.width / 2, self.height / 2) };
            let (at, side) = ((number as usize * 3) % width, height / 3);
            let mut random = fastrand::Rng::with_seed(numbered::mix(self.seed, number * 3 + plane as u64));
            let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            let shades = pixels.map(|(x, y)| {
                let inside = (at..at + side).contains(&x) && (side..2 * side).contains(&y);
                let shade = if inside { 200 } else { (x + y + number as usize * 2) * 160 / (width + height) % 160 };
                (shade + random.usize(..8)) as u8
            });
            to.copy_from_raw_u8(&shades.collect::<Vec<_>>(), width, 1);
        }
    }

    /// Encodes a segment; gives its temporal units, one for each frame.
    fn encode(&self, segment: u64) -> Result<Vec<Vec<u8>>, TaskError> {
        let wrong = |error: &dyn std::fmt::Display| TaskError::Settings(format!("the encoder: {error}"));
        let mut encoder = self.config().new_context::<u8>().map_err(|error| wrong(&error))?;
        for frame in 0..self.frames {
            let mut picture = encoder.new_frame();
            self.draw(segment.wrapping_mul(self.frames).wrapping_add(frame), &mut picture);
            encoder.send_frame(picture).map_err(|error| wrong(&error))?;
        }
        encoder.flush();
        let mut units = Vec::new();
        loop {
            match encoder.receive_packet() {
                Ok(packet) => units.push(packet.data),
                Err(EncoderStatus::Encoded) => {}
                Err(EncoderStatus::LimitReached) => return Ok(units),
                Err(error) => return Err(wrong(&error)),
            }
        }
    }
}

impl Job for VideoJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    /// The request is the number of a segment; the reply is the segment in AV1's low-overhead format. Encoding lets an
    /// interpreter's lock go, as calls of such libraries do.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let segment = numbered::read(request)?;
        context.check_point();
        let units = context.unlocked(|| self.encode(segment))?;
        units.iter().for_each(|unit| reply.extend_from_slice(unit));
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, self.frames as usize * (self.width * self.height * 3 / 2 + MARGIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types of open bitstream units (AV1 specification, 6.2.2).
    const SEQUENCE_HEADER: u8 = 1;
    const TEMPORAL_DELIMITER: u8 = 2;
    const FRAME_HEADER: u8 = 3;
    const TILE_GROUP: u8 = 4;
    const FRAME: u8 = 6;

    fn job() -> VideoJob {
        VideoJob { seed: 4, frames: 3, width: 64, height: 36, speed: 10 }
    }

    /// The types of all units of a stream (5.3.2): a header of a byte, one more with an extension, and a size in LEB128.
    fn types(mut stream: &[u8]) -> Vec<u8> {
        let mut types = Vec::new();
        while let [header, rest @ ..] = stream {
            assert_eq!(header & 0x81, 0, "the forbidden bit and the reserved one are 0");
            assert_eq!(header & 2, 2, "units have a size");
            stream = if header & 4 == 0 { rest } else { &rest[1..] };
            let bytes = stream.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
            let size = stream[..bytes].iter().rev().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
            types.push(header >> 3 & 15);
            stream = &stream[bytes + size..];
        }
        types
    }

    #[test]
    fn a_segment_is_a_temporal_unit_for_each_frame() {
        let units = job().encode(0).unwrap();
        assert_eq!(units.len(), 3);
        for (at, unit) in units.iter().enumerate() {
            let types = types(unit);
            assert_eq!(types.iter().filter(|kind| **kind == TEMPORAL_DELIMITER).count(), 1);
            assert_eq!(types[0], TEMPORAL_DELIMITER);
            // A decoder can begin with the first.
            assert_eq!(types[1] == SEQUENCE_HEADER, at == 0, "{types:?}");
            assert!(types.iter().any(|kind| [FRAME, FRAME_HEADER].contains(kind)), "{types:?}");
            let known = [SEQUENCE_HEADER, TEMPORAL_DELIMITER, FRAME_HEADER, TILE_GROUP, FRAME];
            assert!(types.iter().all(|kind| known.contains(kind)), "{types:?}");
        }
    }

    #[test]
    fn equal_segments_give_equal_bytes_and_others_do_not() {
        let run = |segment: u64| {
            let (job, mut reply) = (job(), Vec::new());
            job.run(&segment.to_le_bytes(), &mut reply, &mut Context::native()).unwrap();
            assert!(reply.len() <= job.sizes().1);
            reply
        };
        let first = run(0);
        assert_eq!(first, run(0));
        assert_ne!(first, run(1));
        assert_eq!(types(&first).iter().filter(|kind| **kind == TEMPORAL_DELIMITER).count(), 3);
    }
}
