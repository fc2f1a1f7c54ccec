//! Text as outlines from an embedded font, so that every machine draws the same bytes.

use std::fmt::Write as _;
use std::sync::{LazyLock, OnceLock};

use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder, Tag};
use rustybuzz::{Direction, Face, Feature, ShapePlan, UnicodeBuffer, script};

/// The two weights that charts use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Regular,
    SemiBold,
}

struct Fonts {
    regular: Face<'static>,
    semibold: Face<'static>,
}

static FONTS: LazyLock<Fonts> = LazyLock::new(|| Fonts {
    regular: face(include_bytes!("fonts/Inter-Regular.otf")),
    semibold: face(include_bytes!("fonts/Inter-SemiBold.otf")),
});

/// A test renders text in both weights, so this cannot fail in a program that was built from these sources.
fn face(bytes: &'static [u8]) -> Face<'static> {
    Face::from_slice(bytes, 0).expect("the embedded font is a font")
}

fn face_of(weight: Weight) -> &'static Face<'static> {
    match weight {
        Weight::Regular => &FONTS.regular,
        Weight::SemiBold => &FONTS.semibold,
    }
}

/// Parts of an em in which shaped text is measured: at the largest size that charts use, one is a fiftieth of a pixel.
pub(super) const EM: f64 = 1000.0;

/// A line of shaped text, in parts of an em.
pub(super) struct Run {
    /// What stands between blanks.
    pub(super) words: Vec<Word>,
    /// Where the next line would go on.
    pub(super) width: i32,
    /// Left, top, right and bottom of the ink, y downwards from the baseline.
    pub(super) ink: [i32; 4],
}

/// Glyphs without a blank between them.
pub(super) struct Word {
    /// Where it starts in its line.
    pub(super) start: i32,
    /// Glyphs, and where each starts in the word.
    pub(super) glyphs: Vec<(u16, i32)>,
}

/// A length in font units as parts of an em.
fn scaled(length: i32, weight: Weight) -> i32 {
    (f64::from(length) * EM / f64::from(face_of(weight).units_per_em())).round() as i32
}

/// The text with every sign that the font lacks written as its code point, and whether there was any.
pub(super) fn drawable(text: &str) -> (String, bool) {
    let mut missing = false;
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign.is_control() {
            out.push(' ');
        } else if FONTS.regular.glyph_index(sign).is_some() {
            out.push(sign);
        } else {
            missing = true;
            let _ = write!(out, "U+{:04X}", u32::from(sign));
        }
    }
    (out, missing)
}

/// How text is shaped, by weight and by whether its digits are of equal width. Making a plan takes longer than following it.
static PLANS: LazyLock<[[ShapePlan; 2]; 2]> = LazyLock::new(|| {
    [Weight::Regular, Weight::SemiBold].map(|weight| {
        [false, true].map(|tabular| {
            let features = [Feature::new(Tag::from_bytes(b"tnum"), u32::from(tabular), ..)];
            ShapePlan::new(face_of(weight), Direction::LeftToRight, Some(script::LATIN), None, &features)
        })
    })
});

/// Shapes one line with kerning; `tabular` gives every digit the same width, so that values line up.
pub(super) fn shape(text: &str, weight: Weight, tabular: bool) -> Run {
    let face = face_of(weight);
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&drawable(text).0);
    // What the font has is written from left to right, so that one plan does for all.
    buffer.set_direction(Direction::LeftToRight);
    buffer.set_script(script::LATIN);
    let shaped = rustybuzz::shape_with_plan(face, &PLANS[weight as usize][usize::from(tabular)], buffer);
    let (mut at, mut start, mut blank) = (0, 0, true);
    let mut run = Run { words: Vec::new(), width: 0, ink: [i32::MAX, i32::MAX, i32::MIN, i32::MIN] };
    for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
        let glyph = info.glyph_id as u16;
        let origin = at + position.x_offset;
        match extent(glyph, weight) {
            None => blank = true,
            Some([left, top, right, bottom]) => {
                if blank {
                    start = origin;
                    run.words.push(Word { start: scaled(start, weight), glyphs: Vec::new() });
                    blank = false;
                }
                if let Some(word) = run.words.last_mut() {
                    word.glyphs.push((glyph, scaled(origin - start, weight)));
                }
                let own = [origin + left, top, origin + right, bottom].map(|length| scaled(length, weight));
                let [l, t, r, b] = run.ink;
                run.ink = [l.min(own[0]), t.min(own[1]), r.max(own[2]), b.max(own[3])];
            }
        }
        at += position.x_advance;
    }
    run.width = scaled(at, weight);
    if run.words.is_empty() {
        run.ink = [0; 4];
    }
    run
}

/// Left, top, right and bottom of a glyph's ink in font units, y downwards; nothing for a blank.
fn extent(glyph: u16, weight: Weight) -> Option<[i32; 4]> {
    static EXTENTS: LazyLock<[Vec<Option<[i32; 4]>>; 2]> = LazyLock::new(|| {
        [Weight::Regular, Weight::SemiBold].map(|weight| {
            let face = face_of(weight);
            let of = |glyph| {
                let found = face.glyph_bounding_box(GlyphId(glyph))?;
                Some([found.x_min, -found.y_max, found.x_max, -found.y_min].map(i32::from))
            };
            (0..face.number_of_glyphs()).map(of).collect()
        })
    });
    EXTENTS[weight as usize].get(usize::from(glyph)).copied().flatten()
}

/// The path of a glyph in parts of an em, y upwards, with relative steps because they are shorter. Each is made once.
pub(super) fn outline(glyph: u16, weight: Weight) -> &'static str {
    static OUTLINES: LazyLock<[Vec<OnceLock<String>>; 2]> = LazyLock::new(|| {
        [Weight::Regular, Weight::SemiBold]
            .map(|weight| (0..face_of(weight).number_of_glyphs()).map(|_| OnceLock::new()).collect())
    });
    let known = OUTLINES[weight as usize].get(usize::from(glyph));
    known.map_or("", |outline| outline.get_or_init(|| drawn(glyph, weight)))
}

fn drawn(glyph: u16, weight: Weight) -> String {
    let scale = EM / f64::from(face_of(weight).units_per_em());
    let mut pen = Ink { path: String::new(), at: (0, 0), start: (0, 0), scale };
    face_of(weight).outline_glyph(GlyphId(glyph), &mut pen);
    pen.path
}

struct Ink {
    path: String,
    at: (i32, i32),
    start: (i32, i32),
    scale: f64,
}

impl Ink {
    fn point(&self, (x, y): (f32, f32)) -> (i32, i32) {
        let scaled = |length: f32| (f64::from(length) * self.scale).round() as i32;
        (scaled(x), scaled(y))
    }

    fn step(&mut self, command: char, points: &[(f32, f32)]) {
        self.path.push(command);
        let from = self.at;
        for (index, point) in points.iter().enumerate() {
            let to = self.point(*point);
            for (axis, value) in [to.0 - from.0, to.1 - from.1].into_iter().enumerate() {
                if value >= 0 && index + axis > 0 {
                    self.path.push(' ');
                }
                let _ = write!(self.path, "{value}");
            }
            self.at = to;
        }
    }
}

impl OutlineBuilder for Ink {
    fn move_to(&mut self, x: f32, y: f32) {
        self.step('m', &[(x, y)]);
        self.start = self.at;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.point((x, y));
        if to.1 == self.at.1 {
            let _ = write!(self.path, "h{}", to.0 - self.at.0);
            self.at = to;
        } else if to.0 == self.at.0 {
            let _ = write!(self.path, "v{}", to.1 - self.at.1);
            self.at = to;
        } else {
            self.step('l', &[(x, y)]);
        }
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.step('q', &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.step('c', &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.path.push('z');
        self.at = self.start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_that_charts_use_has_a_glyph_in_both_weights() {
        for sign in "×·→≥≤±∞²µπ–—’“”…\u{202f}\u{a0}éßžΔ%#½".chars() {
            assert_eq!(drawable(&sign.to_string()), (sign.to_string(), false));
            assert!(face_of(Weight::SemiBold).glyph_index(sign).is_some(), "{sign}");
        }
    }

    #[test]
    fn a_sign_without_a_glyph_is_named_by_its_code_point() {
        assert_eq!(drawable("a中\n"), ("aU+4E2D ".to_owned(), true));
    }

    #[test]
    fn tabular_digits_are_equally_wide_and_others_are_not() {
        let width = |text, tabular| shape(text, Weight::Regular, tabular).width;
        assert_eq!(width("111", true), width("888", true));
        assert!(width("111", false) < width("888", false));
        assert!(shape("Ab", Weight::SemiBold, false).width > shape("Ab", Weight::Regular, false).width);
    }
}
