//! Slugs: names that are safe as folders, parts of file names and anchors.

/// Whether `text` is a slug: 1 to 64 of `a-z`, `0-9`, `-`, starting and ending with a letter or digit.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=64).contains(&bytes.len())
        && bytes.iter().all(|b| plain(b) || *b == b'-')
        && bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
}

/// The ASCII letters and digits of a text, in lower case, joined by single hyphens, in at most `longest` bytes. Empty where the
/// text has none; `µ` becomes `u`, since it stands for a unit.
#[must_use]
pub fn slug(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for sign in text.replace('µ', "u").chars() {
        if sign.is_ascii_alphanumeric() {
            out.push(sign.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(longest);
    out.truncate(out.trim_end_matches('-').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_stay_inside_the_reports_folder() {
        for good in ["a", "cpu-bound", "x86-64"] {
            assert!(is_slug(good), "{good}");
        }
        for bad in ["", "../etc", "-a", "a-", "A", "a b", "a/b", "\u{1b}[0m", &"a".repeat(65)] {
            assert!(!is_slug(bad), "{bad}");
        }
    }

    #[test]
    fn words_are_joined_by_single_hyphens() {
        assert_eq!(slug("Sleep, 5 µs × 2!", 64), "sleep-5-us-2");
        assert_eq!(slug("__Read_All__", 64), "read-all");
        assert_eq!(slug("素数", 64), "");
    }

    #[test]
    fn a_cut_never_ends_with_a_hyphen() {
        assert_eq!(slug("abc def", 4), "abc");
        assert_eq!(slug("abc def", 5), "abc-d");
        assert!(is_slug(&slug(&"x ".repeat(300), 64)));
    }
}
