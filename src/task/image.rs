//! `image`: reads PNG or JPEG images, makes them smaller, blurs them, and encodes them again, as a gallery does.

use std::ffi::OsStr;
use std::io::Cursor;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use ::image::codecs::jpeg::JpegEncoder;
use ::image::codecs::png::PngEncoder;
use ::image::imageops::FilterType;
use ::image::{DynamicImage, ImageReader, RgbImage};

use super::{
    Context, Data, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Transform, checksum, numbered,
};
use crate::text::show_count;

/// Different images that are generated.
const IMAGES: u64 = 4;
/// Endings of names of images, without case.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];
/// Most bytes of the name of a user's folder.
const LONGEST_PATH: usize = 4 << 10;
/// Room for what an encoder writes beside pixels.
const MARGIN: usize = 64 << 10;
/// Quality of the generated JPEG images: that of a camera.
const CAMERA: u8 = 92;

pub(super) struct Image;

impl Task for Image {
    fn name(&self) -> &'static str {
        "image"
    }
    fn about(&self) -> &'static str {
        "decodes PNG or JPEG images, resizes and blurs them, and encodes them again"
    }
    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }
    fn check(&self, settings: &Settings) -> Result<(), String> {
        match settings.text("folder") {
            "" => Ok(()),
            folder => listed(folder).map(drop),
        }
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let (from, to) = (settings.whole("width") as f64, settings.whole("to") as f64);
        // Nobody knows how large the user's own images are: about as large as those of a camera.
        let read = if settings.text("folder").is_empty() { from * from * 0.75 } else { 4e6 };
        let blurred = if settings.whole("blur") > 0 { 6e-8 } else { 0.0 };
        Some(Effort::computing(read * 1.5e-8 + to * to * 0.75 * (4e-8 + blurred)))
    }
    fn describe(&self, settings: &Settings) -> String {
        let (to, format) = (show_count(settings.whole("to")), format_of(settings).word().to_uppercase());
        match settings.text("folder") {
            "" => {
                let (width, height) = size(settings);
                format!("{format} images of {width} × {height}, made {to} wide, blurred and encoded")
            }
            folder => format!("images of {folder}, fitted into {to} × {to}, blurred and encoded as {format}"),
        }
    }
    fn describe_stage(&self, settings: &Settings, later: bool) -> String {
        let (to, format) = (show_count(settings.whole("to")), format_of(settings).word().to_uppercase());
        match later {
            true => format!("images that come, fitted into {to} × {to}, blurred and encoded as {format}"),
            false => self.describe(settings),
        }
    }
    fn own_data(&self) -> Option<&'static [&'static str]> {
        Some(&["width", "folder"])
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let format = format_of(settings);
        let source = match settings.text("folder") {
            "" => {
                let (width, height) = size(settings);
                let images = 0..IMAGES.min(place.items.max(1));
                let encoded = |index| format.encode(&photograph(place.seed, index, width, height), CAMERA);
                Source::Generated(images.map(encoded).collect::<Result<_, _>>()?)
            }
            folder => Source::Folder { names: listed(folder).map_err(TaskError::Settings)?, folder: folder.into() },
        };
        Ok(Box::new(ImageJob {
            source,
            format,
            to: settings.whole("to") as u32,
            blur: settings.whole("blur") as u8,
            quality: settings.whole("quality") as u8,
            whole: settings.word("returns") != "digest",
        }))
    }
}

const SETTINGS: &[Setting] = &[
    Setting {
        name: "format",
        about: "what images are encoded as, generated ones before and all of them after",
        kind: SettingKind::Word(&["jpeg", "png"]),
        default: "jpeg",
    },
    Setting {
        name: "width",
        about: "width of generated images in pixels; they are three quarters as high",
        kind: SettingKind::Count { min: 4, max: 8192 },
        default: "640",
    },
    Setting {
        name: "folder",
        about: "a folder with your images (.png, .jpg, .jpeg), from where runner is started, instead of generated ones",
        kind: SettingKind::Text { longest: LONGEST_PATH },
        default: "''",
    },
    Setting {
        name: "to",
        about: "side in pixels of the square that images are fitted into",
        kind: SettingKind::Count { min: 1, max: 8192 },
        default: "320",
    },
    Setting {
        name: "blur",
        about: "standard deviation of the blur in pixels; 0 for none",
        kind: SettingKind::Count { min: 0, max: 100 },
        default: "2",
    },
    Setting {
        name: "quality",
        about: "quality of JPEG images, from 1 to 100",
        kind: SettingKind::Count { min: 1, max: 100 },
        default: "80",
    },
    Setting {
        name: "returns",
        about: "what comes back: the encoded `image`, or its `digest` of eight bytes",
        kind: SettingKind::Word(&["image", "digest"]),
        default: "image",
    },
];

/// Width and height of generated images.
fn size(settings: &Settings) -> (u32, u32) {
    let width = settings.whole("width") as u32;
    (width, width * 3 / 4)
}

fn format_of(settings: &Settings) -> Format {
    match settings.word("format") {
        "png" => Format::Png,
        _ => Format::Jpeg,
    }
}

/// The names of all images of a folder, sorted, so that every process has the same order.
fn listed(folder: &str) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("the folder `{folder}`: {error}"))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = PathBuf::from(entry.map_err(|error| format!("the folder `{folder}`: {error}"))?.file_name());
        let ending = name.extension().and_then(OsStr::to_str).map(str::to_lowercase);
        if ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
            names.push(name);
        }
    }
    names.sort();
    if names.is_empty() {
        return Err(format!("the folder `{folder}` holds no .png, .jpg or .jpeg"));
    }
    Ok(names)
}

#[derive(Clone, Copy)]
enum Format {
    Png,
    Jpeg,
}

impl Format {
    fn word(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
        }
    }

    fn encode(self, image: &DynamicImage, quality: u8) -> Result<Vec<u8>, TaskError> {
        let mut bytes = Vec::new();
        let encoded = match self {
            Self::Png => image.write_with_encoder(PngEncoder::new(&mut bytes)),
            Self::Jpeg => image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)),
        };
        encoded.map_err(|error| TaskError::Settings(format!("encoding an image: {error}")))?;
        Ok(bytes)
    }
}

/// An image that has for an encoder what a photograph has: soft shades, a few hard edges, and the noise of a sensor. Computed
/// in whole numbers, so that every machine makes the same.
fn photograph(seed: u64, index: u64, width: u32, height: u32) -> DynamicImage {
    let seed = numbered::mix(seed, index);
    let mut random = fastrand::Rng::with_seed(seed);
    // Discs before a sky: where, how large, and which colour.
    let discs: Vec<([u32; 3], [u32; 3])> = (0..12)
        .map(|_| {
            let radius = random.u32(2..=(width / 6).max(2));
            ([random.u32(..width), random.u32(..height), radius], std::array::from_fn(|_| random.u32(..200)))
        })
        .collect();
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        for x in 0..width {
            let inside = |[left, top, radius]: [u32; 3]| {
                let (across, down) = (u64::from(x.abs_diff(left)), u64::from(y.abs_diff(top)));
                across * across + down * down < u64::from(radius).pow(2)
            };
            let disc = discs.iter().rev().find(|(place, _)| inside(*place));
            let sky = [x * 180 / width, y * 160 / height, 200 - (x + y) * 150 / (width + height)];
            let noise = random.u32(..);
            for (channel, value) in disc.map_or(sky, |(_, colour)| *colour).into_iter().enumerate() {
                // Within a disc it grows darker downwards; four bits of noise for each channel.
                let shade = if disc.is_some() { value * (height * 2 - y) / (height * 2) } else { value };
                pixels.push((shade + (noise >> (channel * 4) & 15)).min(255) as u8);
            }
        }
    }
    let image = RgbImage::from_raw(width, height, pixels).unwrap_or_default();
    DynamicImage::ImageRgb8(image)
}

/// Where images come from.
enum Source {
    /// Encoded ones in memory.
    Generated(Vec<Vec<u8>>),
    /// Files of the user's.
    Folder { folder: PathBuf, names: Vec<PathBuf> },
}

struct ImageJob {
    source: Source,
    format: Format,
    to: u32,
    blur: u8,
    quality: u8,
    /// Whether the reply is the image, and not its checksum.
    whole: bool,
}

fn decode(bytes: &[u8], name: &str) -> Result<DynamicImage, TaskError> {
    let wrong = |error: String| TaskError::Settings(format!("{name}: {error}"));
    let reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| wrong(error.to_string()))?;
    let image = reader.decode().map_err(|error| wrong(error.to_string()))?;
    // JPEG knows neither transparency nor more than eight bits.
    Ok(DynamicImage::ImageRgb8(image.into_rgb8()))
}

impl ImageJob {
    /// Every step lets an interpreter's lock go, as those of Pillow do.
    fn process(&self, bytes: &[u8], name: &str, context: &mut Context<'_>) -> Result<Vec<u8>, TaskError> {
        let image = context.unlocked(|| decode(bytes, name))?;
        let small = context.unlocked(|| image.resize(self.to, self.to, FilterType::Triangle));
        let soft = match self.blur {
            0 => small,
            sigma => context.unlocked(|| small.fast_blur(f32::from(sigma))),
        };
        context.unlocked(|| self.format.encode(&soft, self.quality))
    }
}

impl ImageJob {
    /// Writes the image that came out, or its checksum.
    fn give(&self, done: &[u8], reply: &mut Vec<u8>) {
        match self.whole {
            true => reply.extend_from_slice(done),
            false => reply.extend_from_slice(&checksum(done).to_le_bytes()),
        }
    }
}

impl Job for ImageJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        match &self.source {
            Source::Generated(images) => numbered::write(item % images.len() as u64, request),
            Source::Folder { names, .. } => {
                request.extend_from_slice(names[(item % names.len() as u64) as usize].as_os_str().as_bytes());
            }
        }
    }

    /// The request is the number of a generated image, or the name of a file; the reply is the image as it became.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        context.check_point();
        let done = match &self.source {
            Source::Generated(images) => {
                let image = images.get(numbered::read(request)? as usize).ok_or(TaskError::BadRequest)?;
                self.process(image, "a generated image", context)?
            }
            Source::Folder { folder, .. } => {
                let path = folder.join(Path::new(&std::ffi::OsString::from_vec(request.to_vec())));
                let name = path.display().to_string();
                let read = context.blocking(|| std::fs::read(&path));
                let bytes = read.map_err(|source| TaskError::Io { what: format!("reading {name}"), source })?;
                self.process(&bytes, &name, context)?
            }
        };
        self.give(&done, reply);
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        let request = match &self.source {
            Source::Generated(_) => 8,
            Source::Folder { names, .. } => names.iter().map(|name| name.as_os_str().len()).max().unwrap_or(0),
        };
        // Neither encoder makes pixels larger than they are, but for a few bytes a row or block.
        let pixels = self.to as usize * self.to as usize * 3;
        (request, if self.whole { pixels + pixels / 8 + MARGIN } else { 8 })
    }

    fn transform(&self) -> Option<&dyn Transform> {
        Some(self)
    }
}

impl Transform for ImageJob {
    fn run(&self, item: u64, data: Data<'_>, reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        match data {
            Data::Own(request) => Job::run(self, request, reply, context)?,
            Data::Came(bytes) => {
                context.check_point();
                let done = self.process(bytes, &format!("what came as item {item}"), context)?;
                self.give(&done, reply);
            }
        }
        Ok(())
    }

    fn room(&self, _: Option<usize>) -> usize {
        self.sizes().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Value;

    fn settings(list: &[(&str, Value)]) -> Settings {
        let mut settings = Settings::default();
        let defaults = [("width", 64), ("to", 32), ("blur", 1), ("quality", 80)];
        defaults.into_iter().for_each(|(name, value)| settings.put(name, Value::Whole(value)));
        list.iter().for_each(|(name, value)| settings.put(name, value.clone()));
        settings
    }

    fn word(word: &str) -> Value {
        Value::Word(word.into())
    }

    fn job(settings: &Settings) -> Result<Box<dyn Job>, TaskError> {
        let place = Place { seed: 5, items: 6, folder: PathBuf::new(), server: None };
        Image.prepare(settings, &place)
    }

    fn replies(job: &dyn Job, items: u64) -> Vec<Vec<u8>> {
        let run = |item| {
            let (mut request, mut reply) = (Vec::new(), Vec::new());
            job.request(item, &mut request);
            job.run(&request, &mut reply, &mut Context::native()).unwrap();
            assert!(request.len() <= job.sizes().0 && reply.len() <= job.sizes().1);
            reply
        };
        (0..items).map(run).collect()
    }

    #[test]
    fn what_comes_back_is_an_image_of_that_format_and_size() {
        for (format, magic) in [("png", &b"\x89PNG"[..]), ("jpeg", b"\xff\xd8\xff")] {
            let job = job(&settings(&[("format", word(format))])).unwrap();
            let images = replies(&*job, 5);
            assert!(images.iter().all(|image| image.starts_with(magic)), "{format}");
            let image = decode(&images[0], "").unwrap();
            assert_eq!((image.width(), image.height()), (32, 24));
            assert_ne!(images[0], images[1]);
            assert_eq!(images[0], images[4], "the fifth is the first again");
        }
    }

    #[test]
    fn a_small_image_looks_like_the_large_one() {
        let mean = |image: &DynamicImage| {
            let bytes = image.as_bytes();
            bytes.iter().map(|byte| f64::from(*byte)).sum::<f64>() / bytes.len() as f64
        };
        let large = photograph(numbered::mix(1, 1), 0, 64, 48);
        for blur in [0, 3] {
            let source = Source::Generated(vec![Format::Png.encode(&large, 0).unwrap()]);
            let job = ImageJob { source, format: Format::Png, to: 32, blur, quality: 0, whole: true };
            let small = decode(&replies(&job, 1)[0], "").unwrap();
            assert!((mean(&small) - mean(&large)).abs() < 4.0, "blur {blur}: {} {}", mean(&small), mean(&large));
        }
    }

    #[test]
    fn photographs_pack_as_photographs_do() {
        let image = photograph(1, 0, 320, 240);
        let (png, jpeg) = (Format::Png.encode(&image, 0).unwrap(), Format::Jpeg.encode(&image, 80).unwrap());
        let raw = 320 * 240 * 3;
        assert!(
            (raw / 3..raw).contains(&png.len()) && (raw / 40..raw / 5).contains(&jpeg.len()),
            "{} {}",
            png.len(),
            jpeg.len()
        );
        assert_eq!(decode(&png, "").unwrap(), image);
    }

    #[test]
    fn the_bound_of_a_reply_holds_for_noise_at_the_best_quality() {
        let noise = RgbImage::from_raw(64, 64, numbered::bytes(1, 1, 64 * 64 * 3)).unwrap();
        for format in [Format::Png, Format::Jpeg] {
            let source = Source::Generated(vec![Format::Png.encode(&noise.clone().into(), 0).unwrap()]);
            let job = ImageJob { source, format, to: 64, blur: 0, quality: 100, whole: true };
            replies(&job, 1);
        }
    }

    #[test]
    fn a_folder_of_the_users_is_read_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().to_str().unwrap();
        let of_folder = settings(&[("folder", word(text)), ("returns", word("digest"))]);
        assert!(Image.check(&of_folder).unwrap_err().contains("holds no .png"));
        for (at, (name, format)) in [("b.PNG", Format::Png), ("a.jpg", Format::Jpeg)].into_iter().enumerate() {
            let bytes = format.encode(&photograph(1, at as u64, 40, 60), 90).unwrap();
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        std::fs::write(folder.path().join("notes.txt"), "none").unwrap();
        let job = job(&of_folder).unwrap();
        let digests = replies(&*job, 4);
        assert!(digests[0] == digests[2] && digests[1] == digests[3] && digests[0] != digests[1]);
        let mut request = Vec::new();
        job.request(0, &mut request);
        assert_eq!(request, b"a.jpg");
        std::fs::write(folder.path().join("a.jpg"), "none").unwrap();
        let error = job.run(&request, &mut Vec::new(), &mut Context::native()).unwrap_err().to_string();
        assert!(error.contains("a.jpg: "), "{error}");
        assert!(Image.check(&settings(&[("folder", word("no/such"))])).unwrap_err().contains("no/such"));
    }
}
