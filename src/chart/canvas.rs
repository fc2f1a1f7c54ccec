//! The SVG that is drawn on: shapes in pixels, text as outlines, colours as tokens.

use std::fmt::Write as _;

use super::font::{self, Weight};
use super::theme::Paint;
use super::types::GlyphCache;
use crate::text::escape::xml;

/// Where the given x stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line of text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) paint: Paint,
    pub(super) tabular: bool,
}

impl Type {
    pub(super) const fn regular(size: f64, paint: Paint) -> Self {
        Self { size, weight: Weight::Regular, paint, tabular: false }
    }

    pub(super) const fn semibold(size: f64, paint: Paint) -> Self {
        Self { size, weight: Weight::SemiBold, paint, tabular: false }
    }

    /// The same with digits of equal width.
    pub(super) const fn tabular(self) -> Self {
        Self { tabular: true, ..self }
    }

    /// How wide a text is in pixels.
    pub(super) fn width(self, text: &str) -> f64 {
        f64::from(font::shape(text, self.weight, self.tabular).width) * self.size / font::EM
    }

    /// The text, or as much of its start as fits the width with an ellipsis.
    pub(super) fn fit(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let signs: Vec<char> = text.chars().collect();
        let cut = |length: usize| signs[..length].iter().collect::<String>().trim_end().to_owned() + "…";
        let (mut short, mut long) = (0, signs.len());
        while long - short > 1 {
            let middle = short.midpoint(long);
            if self.width(&cut(middle)) <= width { short = middle } else { long = middle }
        }
        cut(short)
    }

    /// The text in lines that fit the width, broken at blanks; the last of `most` lines is cut with an ellipsis.
    pub(super) fn wrap(self, text: &str, width: f64, most: usize) -> Vec<String> {
        Measured::of(self, text).lines(width, most)
    }
}

/// The words of a text with their widths, since measuring takes longer than breaking into lines.
pub(super) struct Measured<'t> {
    style: Type,
    words: Vec<(&'t str, f64)>,
    blank: f64,
}

impl<'t> Measured<'t> {
    pub(super) fn of(style: Type, text: &'t str) -> Self {
        let words = text.split(' ').filter(|word| !word.is_empty());
        Self { style, words: words.map(|word| (word, style.width(word))).collect(), blank: style.width(" ") }
    }

    /// The text in lines that fit the width; the last of `most` is cut with an ellipsis.
    pub(super) fn lines(&self, width: f64, most: usize) -> Vec<String> {
        // Kerning beside a blank may move a word by a little.
        const SLACK: f64 = 0.5;
        let joined = |words: &[(&str, f64)]| words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" ");
        let mut lines: Vec<String> = Vec::new();
        let mut rest = self.words.as_slice();
        while !rest.is_empty() {
            if lines.len() + 1 == most {
                lines.push(self.style.fit(&joined(rest), width));
                break;
            }
            let mut sum = -self.blank;
            let fitting = rest.iter().take_while(|(_, own)| {
                sum += self.blank + own;
                sum <= width - SLACK
            });
            let (line, others) = rest.split_at(fitting.count().max(1));
            lines.push(if line.len() > 1 { joined(line) } else { self.style.fit(line[0].0, width) });
            rest = others;
        }
        lines
    }
}

/// How a line or an outline is stroked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    pub(super) paint: Paint,
    pub(super) width: f64,
    pub(super) dash: &'static str,
}

impl Stroke {
    pub(super) const fn solid(paint: Paint, width: f64) -> Self {
        Self { paint, width, dash: "" }
    }
}

/// A part of the canvas: left, top, right, bottom.
pub(super) type Area = [f64; 4];

/// A drawing in the making.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    prefix: String,
    body: Vec<Piece>,
    types: GlyphCache,
    /// The text and the extent of the ink of everything that was written, for tests.
    #[cfg(test)]
    pub(super) written: Vec<(String, Area)>,
}

/// A part of the drawing.
enum Piece {
    Markup(String),
    /// Lines of one stroke that follow each other are one path.
    Lines(Stroke, String),
    /// Attributes, and a line of the type case.
    Text(String, usize),
}

impl Canvas {
    /// An empty drawing of that size in pixels, whose identifiers start with `prefix`.
    pub(super) fn new(width: f64, height: f64, prefix: &str) -> Self {
        let mut canvas = Self {
            width,
            height,
            prefix: prefix.to_owned(),
            body: Vec::new(),
            types: GlyphCache::default(),
            #[cfg(test)]
            written: Vec::new(),
        };
        canvas.rect([0.0, 0.0, width, height], Paint::Background, 1.0);
        canvas
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    /// Draws a text on the baseline `y` and returns its width.
    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, style: Type, anchor: Anchor) -> f64 {
        let run = font::shape(text, style.weight, style.tabular);
        let scale = style.size / font::EM;
        let width = f64::from(run.width) * scale;
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        #[cfg(test)]
        if !run.words.is_empty() {
            let [l, t, r, b] = run.ink.map(|length| f64::from(length) * scale);
            self.written.push((text.to_owned(), [left + l, y + t, left + r, y + b]));
        }
        if !run.words.is_empty() {
            let at = point((left, y));
            let scale = format!("{scale:.4}");
            let scale = scale.trim_start_matches('0').trim_end_matches('0');
            let ink = style.paint.token();
            let attributes = format!(" fill=\"{ink}\" transform=\"translate({at})scale({scale} -{scale})\"");
            let line = self.types.set(&run, style.weight);
            self.body.push(Piece::Text(attributes, line));
        }
        width
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        let to = match (number(from.0) == number(to.0), number(from.1) == number(to.1)) {
            (_, true) => format!("H{}", number(to.0)),
            (true, _) => format!("V{}", number(to.1)),
            _ => format!("L{}", point(to)),
        };
        let data = format!("M{}{to}", point(from));
        match self.body.last_mut() {
            Some(Piece::Lines(last, all)) if *last == stroke => all.push_str(&data),
            _ => self.body.push(Piece::Lines(stroke, data)),
        }
    }

    pub(super) fn path(&mut self, data: &str, stroke: Stroke, title: Option<&str>) {
        self.element("path", &stroked(data, stroke), title);
    }

    pub(super) fn fill(&mut self, data: &str, paint: Paint, opacity: f64, title: Option<&str>) {
        self.element("path", &format!(" d=\"{data}\" fill=\"{}\"{}", paint.token(), opaque(opacity)), title);
    }

    pub(super) fn rect(&mut self, [left, top, right, bottom]: Area, paint: Paint, opacity: f64) {
        let data = format!("M{}H{}V{}H{}z", point((left, top)), number(right), number(bottom), number(left));
        self.fill(&data, paint, opacity, None);
    }

    /// A rectangle with round corners, where it is large enough for them.
    pub(super) fn rounded(&mut self, area: Area, paint: Paint, opacity: f64, title: Option<&str>) {
        let [left, top, right, bottom] = area;
        let radius = 2.5_f64.min((right - left) / 2.0);
        let radius = if radius < 0.75 { String::new() } else { format!(" rx=\"{}\"", number(radius)) };
        let attributes = format!(
            " x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{radius} fill=\"{}\"{}",
            number(left),
            number(top),
            number((right - left).max(0.0)),
            number((bottom - top).max(0.0)),
            paint.token(),
            opaque(opacity)
        );
        self.element("rect", &attributes, title);
    }

    /// Dots in a row: lines of no length with round ends, which is the shortest way to say them.
    pub(super) fn dots(&mut self, xs: &[f64], y: f64, width: f64, paint: Paint, opacity: f64) {
        if xs.is_empty() {
            return;
        }
        let mut data = String::new();
        for x in xs {
            let _ = write!(data, "M{}h.01", point((*x, y)));
        }
        let attributes = format!(
            " d=\"{data}\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" stroke-opacity=\"{}\"",
            paint.token(),
            number(width),
            number(opacity)
        );
        self.element("path", &attributes, None);
    }

    pub(super) fn circle(&mut self, at: (f64, f64), radius: f64, paint: Paint, title: Option<&str>) {
        let attributes = format!(
            " cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"",
            number(at.0),
            number(at.1),
            number(radius),
            paint.token()
        );
        self.element("circle", &attributes, title);
    }

    fn element(&mut self, name: &str, attributes: &str, title: Option<&str>) {
        self.body.push(Piece::Markup(match title {
            None => format!("<{name}{attributes}/>\n"),
            Some(title) => format!("<{name}{attributes}><title>{}</title></{name}>\n", xml(title)),
        }));
    }

    /// The whole document with colour tokens in it.
    pub(super) fn finish(self, title: &str, description: &str) -> String {
        let (width, height, prefix) = (number(self.width), number(self.height), self.prefix);
        let types = self.types.shared(&prefix);
        let mut body = String::new();
        for piece in &self.body {
            match piece {
                Piece::Markup(markup) => body.push_str(markup),
                Piece::Lines(stroke, data) => {
                    let _ = writeln!(body, "<path{}/>", stroked(data, *stroke));
                }
                Piece::Text(attributes, line) => {
                    body.push_str(&types.line(*line, attributes));
                    body.push('\n');
                }
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{prefix}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{prefix}-t {prefix}-d\" \
             stroke-linejoin=\"round\">\n<title id=\"{prefix}-t\">{}</title>\n\
             <desc id=\"{prefix}-d\">{}</desc>\n<defs>\n{}</defs>\n{body}</svg>\n",
            xml(title),
            xml(description),
            types.defs
        )
    }
}

fn stroked(data: &str, stroke: Stroke) -> String {
    let dash = if stroke.dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", stroke.dash) };
    let width = if stroke.width == 1.0 { String::new() } else { format!(" stroke-width=\"{}\"", number(stroke.width)) };
    format!(" d=\"{data}\" fill=\"none\" stroke=\"{}\"{width}{dash}", stroke.paint.token())
}

fn opaque(opacity: f64) -> String {
    if opacity >= 1.0 { String::new() } else { format!(" fill-opacity=\"{}\"", number(opacity)) }
}

/// A length with at most two decimals and without a zero before them.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match (text.strip_prefix("0."), text.strip_prefix("-0.")) {
        (Some(decimals), _) => format!(".{decimals}"),
        (_, Some(decimals)) => format!("-.{decimals}"),
        _ if text == "-0" => "0".to_owned(),
        _ => text.to_owned(),
    }
}

/// Two lengths; a minus sign parts them as well as a blank.
pub(super) fn point((x, y): (f64, f64)) -> String {
    let (x, y) = (number(x), number(y));
    if y.starts_with('-') { x + &y } else { format!("{x} {y}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_have_two_decimals() {
        assert_eq!(
            [number(12.0), number(0.05), number(-0.001), number(1.005), number(-0.5)],
            ["12", ".05", "0", "1", "-.5"].map(str::to_owned)
        );
    }

    #[test]
    fn a_long_text_is_cut_and_wrapped_within_its_width() {
        let style = Type::regular(13.0, Paint::Ink);
        let text = "a rather long name of a series that nobody would want";
        let cut = style.fit(text, 100.0);
        assert!(cut.ends_with('…') && style.width(&cut) <= 100.0);
        assert!(style.width(&style.fit(text, 110.0)) > style.width(&cut));
        let lines = style.wrap(text, 100.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| style.width(line) <= 100.0));
    }
}
