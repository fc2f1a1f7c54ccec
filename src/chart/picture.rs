//! A finished drawing: an SVG whose colours are still open, and its raster image.

use resvg::{tiny_skia, usvg};
use thiserror::Error;

use super::canvas::Canvas;
use super::theme::Theme;

/// Raster images have this many pixels for one of the drawing.
const PIXELS: f32 = 2.0;
/// Level of compression: the hardest, which takes some hundredths of a second and saves a tenth of the next.
const LEVEL: u8 = 9;

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

/// Charts are opaque, so the alpha channel is left out. Flat colours repeat, and filters only disturb that: each makes
/// files of charts at least a fifth larger.
fn encode(image: &tiny_skia::Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let (pixels, _) = image.data().as_chunks::<4>();
    // By the pixel: unoptimised, one iterator over all bytes takes longer than the whole drawing.
    let colours: Vec<[u8; 3]> = pixels.iter().map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_deflate_compression(png::DeflateCompression::Level(LEVEL));
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(colours.as_flattened())?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raster_keeps_every_colour_and_has_the_same_bytes_twice() {
        // More colours than a palette could hold.
        let colour = |at: u16| [at as u8, (at >> 8) as u8, 255 - at as u8];
        let mut image = tiny_skia::Pixmap::new(30, 20).unwrap();
        let pixels: Vec<u8> = (0..600).flat_map(|at| [&colour(at)[..], &[255]].concat()).collect();
        image.data_mut().copy_from_slice(&pixels);
        let bytes = encode(&image).unwrap();
        assert_eq!(bytes, encode(&image).unwrap());
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut decoded = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut decoded).unwrap();
        assert_eq!(decoded, (0..600).flat_map(colour).collect::<Vec<u8>>());
    }
}
