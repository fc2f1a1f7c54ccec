//! Colours: a drawing names roles, and a theme replaces them at the end.

use crate::setting::Model;

/// Which background a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Ink on white.
    Light,
    /// Light ink on a nearly black background.
    Dark,
    /// Light, and dark where whoever looks at it prefers that: a media query in the picture itself.
    Auto,
}

/// A family of colours that keeps its meaning in every chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hue {
    Processes,
    Threads,
    Rayon,
    Fourth,
    Ink,
}

impl Hue {
    /// The family of a model: pools of processes are drawn as processes, and pools of threads as threads. Models without a
    /// family of their own share the fourth.
    pub(super) fn of_model(model: Model) -> Self {
        match model {
            model if model.has_processes() => Hue::Processes,
            model if model.has_threads() => Hue::Threads,
            Model::Rayon => Hue::Rayon,
            Model::Serial => Hue::Ink,
            _ => Hue::Fourth,
        }
    }
}

/// How many shades each hue has.
pub(super) const SHADES: usize = 4;

/// What something is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Background,
    Ink,
    Muted,
    Grid,
    /// The zero line, ticks and the rule at the core count.
    Rule,
    /// A mark: hue and shade.
    Mark(Hue, usize),
    /// Text that belongs to a mark, with more contrast.
    Text(Hue, usize),
    /// A part of what was lost, in the order of the parts.
    Part(usize),
    /// Text on a part.
    OnPart(usize),
    /// A mark that stays behind the others: 0 fainter, 1 stronger.
    Quiet(usize),
}

/// How many parts have a colour of their own.
pub(super) const PARTS: usize = 6;

/// First rows of the parts and of the texts on them.
const PART_ROWS: (usize, usize) = (11, 13);

/// The row of quiet marks.
const QUIET_ROW: usize = 15;

/// Entries of a row.
const COLUMNS: usize = 5;

/// Starts a colour token. XML forbids this character, so no name can hold it.
const TOKEN: char = '\u{1}';

impl Paint {
    /// The token that stands for this paint until a theme is chosen: three bytes.
    pub(super) fn token(self) -> String {
        let (row, column) = match self {
            Paint::Background => (0, 0),
            Paint::Ink => (0, 1),
            Paint::Muted => (0, 2),
            Paint::Grid => (0, 3),
            Paint::Rule => (0, 4),
            Paint::Mark(hue, shade) => (1 + hue as usize, shade % SHADES),
            Paint::Text(hue, shade) => (6 + hue as usize, shade % SHADES),
            Paint::Part(part) => (PART_ROWS.0 + part % PARTS / COLUMNS, part % PARTS % COLUMNS),
            Paint::Quiet(step) => (QUIET_ROW, step % 2),
            Paint::OnPart(part) => (PART_ROWS.1 + part % PARTS / COLUMNS, part % PARTS % COLUMNS),
        };
        format!("{TOKEN}{}{}", letter(row), letter(column))
    }
}

fn letter(index: usize) -> char {
    char::from(b'a' + (index % 26) as u8)
}

/// Rows of the palette: furniture, then marks by hue, then texts by hue, then parts and the texts on them, then quiet
/// marks.
type Palette = [[&'static str; COLUMNS]; 16];

const LIGHT: Palette = [
    ["#ffffff", "#1f2328", "#59636e", "#e4e7eb", "#8c959f"],
    ["#0051a9", "#2f8cf0", "#002a5c", "#6c8fb8", ""],
    ["#dd5005", "#953f12", "#67341b", "#b7470c", ""],
    ["#019370", "#0c6855", "#144e43", "#077d62", ""],
    ["#d16fc6", "#8d528a", "#634064", "#ad60a6", ""],
    ["#1f2328", "#59636e", "#7d8590", "#000000", ""],
    ["#0051a9", "#2b75c4", "#002a5c", "#5b7798", ""],
    ["#b84300", "#953f12", "#67341b", "#b7470c", ""],
    ["#00785b", "#0c6855", "#144e43", "#077d62", ""],
    ["#a9449f", "#8d528a", "#634064", "#a25b9c", ""],
    ["#1f2328", "#59636e", "#6e757f", "#000000", ""],
    ["#724c61", "#4e006c", "#a5661d", "#093a2a", "#6b34f2"],
    ["#e4e7eb", "", "", "", ""],
    ["#ffffff", "#ffffff", "#ffffff", "#ffffff", "#ffffff"],
    ["#1f2328", "", "", "", ""],
    ["#eff1f4", "#d3d8de", "", "", ""],
];

const DARK: Palette = [
    ["#0d1117", "#f0f6fc", "#9198a1", "#262c34", "#6e7681"],
    ["#3d87e5", "#a5cdff", "#2b66b8", "#7f9cc4", ""],
    ["#ea7d48", "#edbaa2", "#9d5737", "#ec9b75", ""],
    ["#83e69d", "#baeecc", "#5a9b6e", "#9eeab5", ""],
    ["#d0a0ca", "#e0cbe3", "#8c6e8b", "#d8b6d6", ""],
    ["#f0f6fc", "#9198a1", "#c0c8d0", "#ffffff", ""],
    ["#6aa7f5", "#a5cdff", "#4e80c4", "#7f9cc4", ""],
    ["#f08a4b", "#edbaa2", "#aa7057", "#ec9b75", ""],
    ["#83e69d", "#baeecc", "#5a9b6e", "#9eeab5", ""],
    ["#dbb0d6", "#e0cbe3", "#927692", "#d8b6d6", ""],
    ["#f0f6fc", "#9198a1", "#c0c8d0", "#ffffff", ""],
    ["#e6eaf7", "#b5483f", "#e0b440", "#2ec4c0", "#7650e8"],
    ["#262c34", "", "", "", ""],
    ["#0d1117", "#ffffff", "#0d1117", "#0d1117", "#ffffff"],
    ["#f0f6fc", "", "", "", ""],
    ["#21272e", "#30363d", "", "", ""],
];

/// The row and column of the token that a part of a template starts with.
fn place(part: &str) -> (usize, usize) {
    let index = |at: usize| part.as_bytes().get(at).map_or(0, |byte| usize::from(byte.wrapping_sub(b'a')));
    (index(0), index(1))
}

fn colour(palette: &Palette, (row, column): (usize, usize)) -> &'static str {
    palette.get(row).and_then(|row| row.get(column)).copied().unwrap_or("#808080")
}

/// Puts a colour in the place of every token.
fn replaced(template: &str, mut colour: impl FnMut((usize, usize)) -> String) -> String {
    let mut out = String::with_capacity(template.len() + template.len() / 8);
    let mut parts = template.split(TOKEN);
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        out.push_str(&colour(place(part)));
        out.push_str(part.get(2..).unwrap_or(""));
    }
    out
}

/// Ways to write the same colour.
fn spellings(colour: &str) -> Vec<String> {
    let channel = |at: usize| colour.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or(0);
    let [red, green, blue] = [1, 3, 5].map(channel);
    let spaced = format!("rgb({red}, {green}, {blue})");
    vec![colour.to_owned(), colour.to_uppercase(), spaced.replace(' ', ""), spaced]
}

impl Theme {
    fn palette(self) -> &'static Palette {
        match self {
            Theme::Light | Theme::Auto => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    /// Replaces every token by this theme's colour.
    pub(super) fn apply(self, template: &str) -> String {
        match self {
            Theme::Auto => auto(template),
            theme => replaced(template, |place| colour(theme.palette(), place).to_owned()),
        }
    }
}

/// The light picture with rules that turn each of its colours into the dark one. Rules choose by how a colour is written,
/// so that what knows no media queries shows the light picture; a colour that becomes two in the dark is written in two
/// ways.
fn auto(template: &str) -> String {
    let mut written: Vec<(String, &'static str)> = Vec::new();
    let light = replaced(template, |place| {
        let dark = colour(&DARK, place);
        let spellings = spellings(colour(&LIGHT, place));
        let free = |text: &&String| written.iter().all(|(known, other)| known != *text || *other == dark);
        let text = spellings.iter().find(free).or(spellings.first()).cloned().unwrap_or_default();
        if !written.iter().any(|(known, _)| *known == text) {
            written.push((text.clone(), dark));
        }
        text
    });
    let id = light.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let used = |attribute: &str, text: &str| light.contains(&format!("{attribute}=\"{text}\""));
    let mut rules = String::new();
    for (text, dark) in &written {
        for attribute in ["fill", "stroke"].into_iter().filter(|attribute| used(attribute, text)) {
            rules += &format!("#{id} [{attribute}=\"{text}\"]{{{attribute}:{dark}}}\n");
        }
    }
    let style = format!("<style>@media (prefers-color-scheme:dark){{\n{rules}}}</style>\n<defs>");
    light.replacen("<defs>", &style, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(colour: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn luminance(colour: &str) -> f64 {
        let [red, green, blue] = linear(colour);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn marks_and_texts_stand_out_from_the_background() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = theme.palette();
            let background = palette[0][0];
            for text in [palette[0][1], palette[0][2]] {
                assert!(contrast(text, background) >= 4.5, "{theme:?} {text}");
            }
            for (row, needed) in (1..6).map(|row| (row, 3.0)).chain((6..11).map(|row| (row, 4.5))) {
                for colour in &palette[row][..SHADES] {
                    assert!(contrast(colour, background) >= needed, "{theme:?} {colour}");
                }
            }
            // The last part is outlined instead, since nothing was seen to take it.
            let parts = parts(theme);
            let last = palette[PART_ROWS.0 + 1][0];
            assert!(contrast(palette[0][4], background) >= 3.0, "{theme:?}: the outline");
            let texts = palette[PART_ROWS.1].iter().chain(&palette[PART_ROWS.1 + 1]).take(PARTS);
            for (part, text) in parts.into_iter().zip(texts) {
                assert!(part == last || contrast(part, background) >= 3.0, "{theme:?} {part}");
                assert!(contrast(text, part) >= 4.5, "{theme:?} {text} on {part}");
            }
        }
    }

    #[test]
    fn a_token_becomes_the_colour_of_its_role() {
        let template =
            format!("<a fill=\"{}\"/>{}.", Paint::Mark(Hue::Rayon, 0).token(), Paint::Text(Hue::Ink, 3).token());
        assert_eq!(Theme::Light.apply(&template), "<a fill=\"#019370\"/>#000000.");
        assert_eq!(Theme::Dark.apply(&template), "<a fill=\"#83e69d\"/>#ffffff.");
    }

    /// The five colours of series.
    fn series(theme: Theme) -> Vec<&'static str> {
        theme.palette()[1..6].iter().map(|row| row[0]).collect()
    }

    fn parts(theme: Theme) -> Vec<&'static str> {
        let palette = theme.palette();
        palette[PART_ROWS.0].iter().chain(&palette[PART_ROWS.0 + 1]).take(PARTS).copied().collect()
    }

    type Matrix = [[f64; 3]; 3];

    /// What those see who lack the cones for long, middle and short waves, in linear sRGB: G. M. Machado, M. M. Oliveira,
    /// L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE Transactions on
    /// Visualization and Computer Graphics 15 (6), 2009, the matrices for severity 1. The first leaves colours as they are.
    const SIGHTS: [(&str, Matrix); 4] = [
        ("common sight", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    fn times(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// Linear sRGB to OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020).
    fn oklab(linear: [f64; 3]) -> [f64; 3] {
        let cones = times(
            &[
                [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
                [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
                [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
            ],
            linear,
        );
        times(
            &[
                [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
                [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
                [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
            ],
            cones.map(f64::cbrt),
        )
    }

    /// A hundred times the distance of two colours in OKLab, as somebody sees them.
    fn distance(a: &str, b: &str, sight: &Matrix) -> f64 {
        let seen = |colour: &str| oklab(times(sight, linear(colour)).map(|channel| channel.clamp(0.0, 1.0)));
        100.0 * seen(a).iter().zip(seen(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn series_and_parts_are_told_apart_without_some_cones() {
        for theme in [Theme::Light, Theme::Dark] {
            for colours in [series(theme), parts(theme)] {
                for (sight, matrix) in &SIGHTS {
                    for (index, a) in colours.iter().enumerate() {
                        for b in &colours[index + 1..] {
                            let found = distance(a, b, matrix);
                            assert!(found >= 12.0, "{theme:?}, {sight}: {a} and {b} are {found:.1} apart");
                        }
                    }
                }
            }
        }
        // The measure tells what is known: red and green come close where cones are lacking, black and white never.
        let apart = |a, b, sight: usize| distance(a, b, &SIGHTS[sight].1);
        assert!(apart("#c04040", "#708000", 0) > 2.0 * apart("#c04040", "#708000", 2));
        assert!((0..4).all(|sight| (apart("#000000", "#ffffff", sight) - 100.0).abs() < 0.1));
    }

    #[test]
    fn the_auto_picture_is_light_with_rules_for_the_dark() {
        let paints = [
            Paint::Background,
            Paint::OnPart(1),
            Paint::Mark(Hue::Processes, 0),
            Paint::Text(Hue::Processes, 0),
            Paint::Ink,
            Paint::Mark(Hue::Ink, 0),
        ];
        let marks: String = paints.iter().map(|paint| format!("<a fill=\"{}\"/>", paint.token())).collect();
        let text = Theme::Auto
            .apply(&format!("<svg id=\"x\"><defs></defs>{marks}<b stroke=\"{}\"/></svg>", Paint::Ink.token()));
        let (rules, body) = text.split_once("</style>").unwrap();
        // Two colours of the dark that are one in the light are written in two ways, equal ones in one.
        for (mark, dark) in
            [("#ffffff", "#0d1117"), ("#FFFFFF", "#ffffff"), ("#0051a9", "#3d87e5"), ("#0051A9", "#6aa7f5")]
        {
            assert_eq!(body.matches(&format!("fill=\"{mark}\"")).count(), 1, "{text}");
            assert!(rules.contains(&format!("#x [fill=\"{mark}\"]{{fill:{dark}}}")), "{text}");
        }
        assert_eq!((body.matches("fill=\"#1f2328\"").count(), rules.matches("#1f2328").count()), (2, 2), "{text}");
        assert!(rules.contains("#x [stroke=\"#1f2328\"]{stroke:#f0f6fc}") && !rules.contains("stroke=\"#ffffff"));
    }
}
