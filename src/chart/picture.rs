//! A finished drawing: an SVG whose colours are still open, and its raster image.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use resvg::{tiny_skia, usvg};
use thiserror::Error;

use super::canvas::Canvas;
use super::theme::Theme;

/// Raster images have this many pixels for one of the drawing.
const PIXELS: f32 = 2.0;

/// Why a picture could not be rasterised.
#[derive(Debug, Error)]
pub enum ChartError {
    /// The SVG that was drawn is not one.
    #[error("the drawn SVG cannot be read: {0}")]
    Svg(String),
    /// The image has no size, or too large a one.
    #[error("an image of {0} × {1} pixels cannot be made")]
    Size(u32, u32),
    /// The image could not be written as PNG.
    #[error("the image cannot be encoded: {0}")]
    Png(String),
}

/// A drawing that waits for a theme.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The SVG with colour tokens in it.
    template: String,
    /// Every text with the extent of its ink, and the size of the whole.
    #[cfg(test)]
    pub(super) written: Vec<(String, [f64; 4])>,
    #[cfg(test)]
    pub(super) size: (f64, f64),
}

impl Picture {
    /// Ends a drawing.
    pub(super) fn of(canvas: Canvas, title: &str, description: &str) -> Self {
        Self {
            #[cfg(test)]
            written: canvas.written.clone(),
            #[cfg(test)]
            size: canvas.size(),
            template: canvas.finish(title, description),
        }
    }

    /// The SVG document.
    #[must_use]
    pub fn svg(&self, theme: Theme) -> String {
        theme.apply(&self.template)
    }

    /// The same as a PNG image with two pixels for one.
    ///
    /// # Errors
    /// Where the drawing is too large for an image.
    pub fn png(&self, theme: Theme) -> Result<Vec<u8>, ChartError> {
        let tree = usvg::Tree::from_str(&self.svg(theme), &usvg::Options::default())
            .map_err(|error| ChartError::Svg(error.to_string()))?;
        let size = tree.size();
        let (width, height) = ((size.width() * PIXELS).round() as u32, (size.height() * PIXELS).round() as u32);
        let mut image = tiny_skia::Pixmap::new(width, height).ok_or(ChartError::Size(width, height))?;
        resvg::render(&tree, tiny_skia::Transform::from_scale(PIXELS, PIXELS), &mut image.as_mut());
        encode(&image).map_err(|error| ChartError::Png(error.to_string()))
    }
}

/// Most colours of an image with a palette.
const COLOURS: usize = 256;
/// How many of them are the most frequent ones. The others are those that lie farthest from what is chosen already.
const FREQUENT: usize = 160;

/// Levels of compression: the harder one takes three times as long, and is for images that are large.
const QUICK: u8 = 3;
const HARD: u8 = 8;
/// From this many bytes on an image is large.
const LARGE: usize = 100_000;

type Colour = [u8; 3];

/// Charts are opaque, so the alpha channel is left out; and they have few colours, whose mixtures at edges are many, so a
/// palette takes half the room and half the time of colours: rare mixtures become the nearest one that is there.
fn encode(image: &tiny_skia::Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let runs = runs(image.data());
    let palette = palette(&runs);
    let mut numbers: HashMap<Colour, u8, Spread> = HashMap::default();
    let mut indices = Vec::with_capacity(image.data().len() / 4);
    for (colour, count) in &runs {
        let number = *numbers.entry(*colour).or_insert_with(|| nearest(&palette, *colour));
        indices.resize(indices.len() + count, number);
    }
    let bytes = packed(image, &palette, &indices, QUICK)?;
    if bytes.len() > LARGE { packed(image, &palette, &indices, HARD) } else { Ok(bytes) }
}

/// The image at this level of compression.
fn packed(
    image: &tiny_skia::Pixmap,
    palette: &[Colour],
    indices: &[u8],
    level: u8,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette.concat());
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_deflate_compression(png::DeflateCompression::Level(level));
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(indices)?;
    writer.finish()?;
    Ok(bytes)
}

/// The colours of an image, row by row, each with the number of pixels until the next: most of a chart is background.
fn runs(data: &[u8]) -> Vec<(Colour, usize)> {
    /// So many pixels are compared at once.
    const ROUNDS: usize = 16;
    let (pixels, _) = data.as_chunks::<4>();
    let (mut runs, mut at) = (Vec::new(), 0);
    while let Some(first) = pixels.get(at) {
        let (round, mut end) = ([*first; ROUNDS], at + 1);
        while pixels.get(end..end + ROUNDS).is_some_and(|next| *next == round) {
            end += ROUNDS;
        }
        while pixels.get(end) == Some(first) {
            end += 1;
        }
        runs.push(([first[0], first[1], first[2]], end - at));
        at = end;
    }
    runs
}

/// Hashes colours: the default is made against adversaries, which are none here, and takes longer than all else.
type Spread = BuildHasherDefault<Mix>;

#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        // The fractional part of the golden ratio spreads neighbours (Knuth, 6.4).
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26)
    }
}

/// At most [`COLOURS`] of the colours of an image, the same for the same image.
fn palette(runs: &[(Colour, usize)]) -> Vec<Colour> {
    let mut counts: HashMap<Colour, usize, Spread> = HashMap::default();
    for (colour, count) in runs {
        *counts.entry(*colour).or_default() += count;
    }
    let mut all: Vec<(usize, Colour)> = counts.into_iter().map(|(colour, count)| (count, colour)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    if all.len() <= COLOURS {
        return all.into_iter().map(|(_, colour)| colour).collect();
    }
    let mut chosen: Vec<Colour> = all[..FREQUENT].iter().map(|(_, colour)| *colour).collect();
    let far = |colour: Colour| chosen.iter().map(|other| distance(*other, colour)).min().unwrap_or(0);
    let mut rest: Vec<(u32, Colour)> = all[FREQUENT..].iter().map(|(_, colour)| (far(*colour), *colour)).collect();
    while chosen.len() < COLOURS {
        let Some((_, next)) = rest.iter().copied().max() else { break };
        chosen.push(next);
        for (far, colour) in &mut rest {
            *far = (*far).min(distance(next, *colour));
        }
    }
    chosen
}

fn distance(a: Colour, b: Colour) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

fn nearest(palette: &[Colour], colour: Colour) -> u8 {
    let numbered = (0..=u8::MAX).zip(palette);
    numbered.min_by_key(|(_, other)| distance(**other, colour)).map_or(0, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_those_of_the_pixels() {
        let colours: Vec<Colour> = [0u8, 0, 7, 7, 7, 9].iter().map(|red| [*red, 1, 2]).collect();
        for length in [0, 1, 15, 16, 17, 33, 100] {
            let pixels: Vec<Colour> = colours.iter().copied().chain(std::iter::repeat_n([4, 5, 6], length)).collect();
            let data: Vec<u8> = pixels.iter().flat_map(|[red, green, blue]| [*red, *green, *blue, 255]).collect();
            let again = runs(&data).into_iter().flat_map(|(colour, count)| std::iter::repeat_n(colour, count));
            assert_eq!(again.collect::<Vec<_>>(), pixels);
            assert!(runs(&data).windows(2).all(|pair| pair[0].0 != pair[1].0));
        }
    }

    #[test]
    fn few_colours_are_kept_and_many_are_hardly_changed() {
        let few: Vec<Colour> = (0..200).map(|at| [at, 0, 255 - at]).collect();
        let once = |colours: &[Colour]| colours.iter().map(|colour| (*colour, 1)).collect::<Vec<_>>();
        let kept = palette(&once(&few));
        assert!(few.iter().all(|colour| kept[usize::from(nearest(&kept, *colour))] == *colour));
        // Mixtures of seven colours with white and with each other, as edges have them.
        let hues: [Colour; 7] =
            [[0, 81, 169], [221, 80, 5], [1, 147, 112], [209, 111, 198], [31, 35, 40], [89, 99, 110], [255; 3]];
        let mixed = |a: Colour, b: Colour, t: u32| {
            [0, 1, 2].map(|at| ((u32::from(a[at]) * t + u32::from(b[at]) * (32 - t)) / 32) as u8)
        };
        let many: Vec<Colour> =
            hues.iter().flat_map(|a| hues.map(|b| (0..33).map(move |t| mixed(*a, b, t)))).flatten().collect();
        let chosen = palette(&once(&many));
        assert_eq!(chosen.len(), COLOURS);
        let worst = many.iter().map(|colour| distance(chosen[usize::from(nearest(&chosen, *colour))], *colour)).max();
        assert!(worst < Some(18 * 18), "{worst:?}");
    }
}
