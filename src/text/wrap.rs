//! Lines for the terminal: how many columns a text takes, and where a long one is broken.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Words that stay with the number before them.
const UNITS: &[&str] = &[
    "%", "s", "ms", "µs", "ns", "B", "KiB", "MiB", "GiB", "core", "cores", "worker", "workers", "block", "blocks",
    "trial", "trials",
];

/// The columns that a text takes on a terminal: two for a wide letter, none for a colour.
#[must_use]
pub fn columns(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// The words of a text in lines of at most `width` columns, the first of which starts with `first`, and the others with
/// `later`. A word that is longer has a line of its own and sticks out; numbers stay with their units. Always one line at
/// least.
#[must_use]
pub fn wrapped(text: &str, first: &str, later: &str, width: usize) -> Vec<String> {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return vec![first.trim_end().to_owned()];
    }
    // The best breaks for a paragraph would change all of its lines with one word; those of tables must be the first fit too.
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(later)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::wrap(&glued(&words), options).iter().map(|line| line.trim_end().replace('\u{a0}', " ")).collect()
}

/// The text with lines of more than `width` columns broken; what follows is indented by four columns more than the line.
/// Lines that fit stay as they are. Every line ends with a line break.
#[must_use]
pub fn folded(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        if columns(line) <= width {
            out += line;
            out.push('\n');
            continue;
        }
        let words = line.trim_start();
        let indent = &line[..line.len() - words.len()];
        for line in wrapped(words, indent, &format!("{indent}    "), width) {
            out += &line;
            out.push('\n');
        }
    }
    out
}

/// As much of the start of a text as fits into `most` columns with an ellipsis; at least the ellipsis.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if columns(&out) + 1 > most {
            out.pop();
            break;
        }
    }
    out.truncate(out.trim_end().len());
    out + "…"
}

/// The text with no-break spaces where a line must not end: `12 ms`, `threads × 4`, `2 cores`.
#[must_use]
pub fn glued(text: &str) -> String {
    let mut out = String::new();
    for (at, word) in text.split(' ').enumerate() {
        let bare = word.trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '%');
        let number = out.rsplit(' ').next().is_some_and(|last| last.ends_with(|sign: char| sign.is_ascii_digit()));
        let digit = word.starts_with(|sign: char| sign.is_ascii_digit());
        let glue = word == "×" || out.ends_with('×') && digit || number && UNITS.contains(&bare);
        if at > 0 {
            out.push(if glue { '\u{a0}' } else { ' ' });
        }
        out.push_str(word);
    }
    out
}

/// The text with a capital first letter; one that is no letter stays.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_before_the_width() {
        assert_eq!(wrapped("one two three", "", "", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two three", "- ", "    ", 9), ["- one two", "    three"]);
        assert_eq!(wrapped("one  two\n three", "", "", usize::MAX), ["one two three"]);
    }

    #[test]
    fn a_long_word_sticks_out_and_no_word_is_broken() {
        assert_eq!(wrapped("a --very-long-flag b", "", "", 8), ["a", "--very-long-flag", "b"]);
    }

    #[test]
    fn nothing_is_one_line() {
        assert_eq!(wrapped("", "  Takes: ", "    ", 80), ["  Takes:"]);
    }

    #[test]
    fn what_belongs_together_stays_together() {
        assert_eq!(wrapped("run threads × 2 in 12 ms, all", "", "", 12), ["run", "threads × 2", "in 12 ms,", "all"]);
        assert_eq!(glued("threads × 4, 99 % of 2 cores."), "threads\u{a0}×\u{a0}4, 99\u{a0}% of 2\u{a0}cores.");
        assert_eq!(glued(" a  1 s "), " a  1\u{a0}s ", "blanks at the ends belong to what stands there");
    }

    #[test]
    fn wide_letters_take_two_columns_and_colours_none() {
        assert_eq!([columns("素数"), columns("\u{1b}[1mab\u{1b}[0m"), columns("×")], [4, 2, 1]);
        assert_eq!(wrapped("素数 素数", "", "", 8), ["素数", "素数"]);
    }

    #[test]
    fn long_lines_are_folded_under_where_they_start() {
        let text = "short  one\n  a line that is too long\n";
        assert_eq!(folded(text, 16), "short  one\n  a line that is\n      too long\n");
        assert_eq!(folded(text, usize::MAX), text);
    }

    #[test]
    fn a_cut_has_room_for_its_ellipsis() {
        assert_eq!([cut("serial", 4), cut("a bc", 3), cut("素数素数", 4), cut("a", 0)], ["ser…", "a…", "素…", "…"]);
    }
}
