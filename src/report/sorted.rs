//! Numbers by which columns are sorted, carried beside the text that shows them: a text is rounded and has a unit, so that the
//! number could not be had back from it.
//!
//! In Markdown a number stands in a comment behind its text, which is what HTML is made from. [`unsorted`] takes these out of
//! what people read.

use crate::text::escape::markdown as escape;

const OPEN: &str = "<!--sort=";
const CLOSE: &str = "-->";

/// The text of a cell, no markup yet, and the number that it shows: seconds, bytes, a ratio or a count. None for words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sorted {
    pub(super) text: String,
    pub(super) by: Option<f64>,
}

impl Sorted {
    /// A number as `show` writes it.
    pub(super) fn number(value: f64, show: impl Fn(f64) -> String) -> Self {
        Self { text: show(value), by: Some(value) }
    }

    /// A number that may be missing, which `none` stands for.
    pub(super) fn maybe(value: Option<f64>, show: impl Fn(f64) -> String, none: &str) -> Self {
        value.map_or_else(|| none.to_owned().into(), |value| Self::number(value, show))
    }

    /// As a cell of Markdown.
    pub(super) fn markdown(&self) -> String {
        marked(&escape(&self.text), self.by)
    }
}

impl From<String> for Sorted {
    fn from(text: String) -> Self {
        Self { text, by: None }
    }
}

impl From<u32> for Sorted {
    fn from(count: u32) -> Self {
        Self { text: count.to_string(), by: Some(count.into()) }
    }
}

/// Markdown with the number by which it is sorted. What is not finite comes last, and what is no number has none.
pub(super) fn marked(markdown: &str, by: Option<f64>) -> String {
    match by.filter(|by| !by.is_nan()) {
        Some(by) => format!("{markdown}{OPEN}{}{CLOSE}", by.clamp(f64::MIN, f64::MAX)),
        None => markdown.to_owned(),
    }
}

/// The number of a comment that [`marked`] wrote, as text; nothing for other HTML.
pub(super) fn number_of(comment: &str) -> Option<&str> {
    comment.strip_prefix(OPEN)?.strip_suffix(CLOSE)
}

/// The Markdown without the numbers. Text of others has none that could be mistaken, since its `<` is escaped.
pub(super) fn unsorted(markdown: &str) -> String {
    let mut parts = markdown.split(OPEN);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once(CLOSE).map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_behind_its_text_and_can_be_taken_out() {
        let cell = Sorted::number(0.0015, |_| "1.5 ms | *x*".into()).markdown();
        assert_eq!(cell, "1.5 ms \\| \\*x\\*<!--sort=0.0015-->");
        assert_eq!(unsorted(&format!("a {cell} b {cell}")), "a 1.5 ms \\| \\*x\\* b 1.5 ms \\| \\*x\\*");
        assert_eq!(number_of("<!--sort=0.0015-->"), Some("0.0015"));
        assert_eq!((number_of("<!-- sort -->"), number_of("<br>")), (None, None));
    }

    #[test]
    fn what_is_not_finite_comes_last_and_words_have_no_number() {
        assert_eq!(marked("∞", Some(f64::INFINITY)), format!("∞<!--sort={}-->", f64::MAX));
        assert_eq!([marked("?", Some(f64::NAN)), marked("a", None)], ["?", "a"]);
        assert_eq!(Sorted::maybe(None, |_| "x".into(), "–"), "–".to_owned().into());
    }

    #[test]
    fn text_of_others_holds_no_number() {
        let text = Sorted::from("<!--sort=1-->".to_owned()).markdown();
        assert_eq!(unsorted(&text), text);
    }
}
