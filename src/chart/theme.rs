//! Colours: a drawing names roles, and a theme replaces them at the end.

/// Which background a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Ink on white.
    Light,
    /// Light ink on a nearly black background.
    Dark,
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
    /// The family of a model. Models without a family of their own share the fourth.
    pub(super) fn of_model(model: &str) -> Self {
        match model {
            "processes" => Hue::Processes,
            "threads" => Hue::Threads,
            "rayon" => Hue::Rayon,
            "serial" => Hue::Ink,
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
    ["#724c62", "#4a0067", "#a5661d", "#0b3d3d", "#6b34f2"],
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

impl Theme {
    fn palette(self) -> &'static Palette {
        match self {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    /// Replaces every token by this theme's colour.
    pub(super) fn apply(self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() + template.len() / 8);
        let mut parts = template.split(TOKEN);
        out.push_str(parts.next().unwrap_or(""));
        for part in parts {
            let index = |at: usize| part.as_bytes().get(at).map_or(0, |byte| usize::from(byte.wrapping_sub(b'a')));
            let colour = self.palette().get(index(0)).and_then(|row| row.get(index(1)));
            out.push_str(colour.copied().unwrap_or("#808080"));
            out.push_str(part.get(2..).unwrap_or(""));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
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
            let parts = palette[PART_ROWS.0].iter().chain(&palette[PART_ROWS.0 + 1]).take(PARTS);
            let last = palette[PART_ROWS.0 + 1][0];
            assert!(contrast(palette[0][4], background) >= 3.0, "{theme:?}: the outline");
            let texts = palette[PART_ROWS.1].iter().chain(&palette[PART_ROWS.1 + 1]).take(PARTS);
            for (part, text) in parts.zip(texts) {
                assert!(*part == last || contrast(part, background) >= 3.0, "{theme:?} {part}");
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
}
