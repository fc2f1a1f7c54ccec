//! Named things and units: "did you mean", slugs, `64 KiB`, `30 s`, and how such values are printed.

use std::time::Duration;

/// The candidate nearest to `word`, if one is near enough to be meant (case and `-`/`_` do not count).
///
/// Distance is the optimal string alignment distance (Levenshtein with transpositions); at most a third
/// of the longer word may differ.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = fold(word);
    candidates
        .into_iter()
        .map(|candidate| (alignment_distance(&word, &fold(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (word.len().max(candidate.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(word: &str) -> Vec<char> {
    word.chars().map(|c| if c == '-' || c == ' ' { '_' } else { c.to_ascii_lowercase() }).collect()
}

fn alignment_distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut table = vec![0usize; (a.len() + 1) * width];
    for (i, cell) in table.iter_mut().enumerate() {
        let (row, column) = (i / width, i % width);
        if row == 0 || column == 0 {
            *cell = row + column;
        }
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (table[(i - 1) * width + j] + 1)
                .min(table[i * width + j - 1] + 1)
                .min(table[(i - 1) * width + j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(table[(i - 2) * width + j - 2] + 1);
            }
            table[i * width + j] = best;
        }
    }
    table[a.len() * width + b.len()]
}

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

fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim()))
}

/// Reads a size in bytes: `64`, `64 B`, `64 KiB`, `1 MB`. Binary units are powers of 1024, decimal ones of 1000.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let fail = || format!("`{text}` is not a size; write a whole number of bytes or a unit, such as 64 KiB");
    let (number, unit) = split_number(text).ok_or_else(fail)?;
    let factor = match unit {
        "" | "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return Err(fail()),
    };
    let bytes = number * factor;
    if bytes.fract() != 0.0 || bytes >= 9e15 {
        return Err(fail());
    }
    Ok(bytes as u64)
}

/// Reads a duration: `30s`, `30 s`, `5 ms`, `250us`, `2 min`. A bare number has no unit and is refused.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let fail = || format!("`{text}` is not a duration; write a number and a unit (us, ms, s, min), such as 30 s");
    let (number, unit) = split_number(text).ok_or_else(fail)?;
    let nanos = number
        * match unit {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "min" => 60e9,
            _ => return Err(fail()),
        };
    if nanos >= 9e18 {
        return Err(fail());
    }
    Ok(Duration::from_nanos(nanos.round() as u64))
}

/// A size for people, in the largest binary unit that keeps it whole or above one: `64 B`, `4 KiB`, `1.5 MiB`.
#[must_use]
pub fn show_bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{} {unit}", three_digits(value))
}

/// A time in seconds for people, with three significant digits: `1.84 s`, `12.4 ms`, `224 ns`.
#[must_use]
pub fn show_seconds(seconds: f64) -> String {
    let magnitude = seconds.abs();
    if !seconds.is_finite() {
        return "∞".into();
    }
    let (value, unit) = match magnitude {
        m if m >= 0.9995 || m == 0.0 => (seconds, "s"),
        m if m >= 0.9995e-3 => (seconds * 1e3, "ms"),
        m if m >= 0.9995e-6 => (seconds * 1e6, "µs"),
        _ => (seconds * 1e9, "ns"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A number with three significant digits and no needless zeros after the point: `9.1`, `12.4`, `1840`, `0.031`.
#[must_use]
pub fn three_digits(value: f64) -> String {
    let text = fixed_three_digits(value);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number with three significant digits, zeros kept, so that values in a column line up: `1.80`, `12.0`.
#[must_use]
pub fn fixed_three_digits(value: f64) -> String {
    if !value.is_finite() {
        return "∞".into();
    }
    if value == 0.0 {
        return "0".into();
    }
    let decimals = |value: f64| (2 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    // Rounding may add a digit (9.996 is 10.0), so the decimals are those of the rounded value.
    let rounded: f64 = format!("{value:.*}", decimals(value)).parse().unwrap_or(value);
    if rounded == 0.0 {
        return "0".into();
    }
    format!("{value:.*}", decimals(rounded))
}

/// A whole number with thin groups of three: `17 984`. The separator is a narrow no-break space.
#[must_use]
pub fn show_count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// `1 worker`, `2 workers`.
#[must_use]
pub fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", show_count(count)) }
}

/// How a process ended, from its wait status: `exit code 3`, `signal 9 (SIGKILL)`.
#[must_use]
pub fn exit_words(status: i32) -> String {
    let low = status & 0x7f;
    if low == 0 {
        return format!("exit code {}", (status >> 8) & 0xff);
    }
    let known = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (15, "SIGTERM"),
        (24, "SIGXCPU"),
        (31, "SIGSYS"),
    ];
    match known.iter().find(|(number, _)| *number == low) {
        Some((_, name)) => format!("signal {low} ({name})"),
        None => format!("signal {low}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("proceses", ["serial", "threads", "processes"]), Some("processes"));
        assert_eq!(nearest("shared-memory", ["queue", "shared_memory"]), Some("shared_memory"));
        assert_eq!(nearest("limti", ["limit", "items"]), Some("limit"));
        assert_eq!(nearest("banana", ["serial", "threads"]), None);
    }

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
    fn units_are_read() {
        assert_eq!(parse_bytes("64 KiB"), Ok(65536));
        assert_eq!(parse_bytes("1.5MiB"), Ok(1_572_864));
        assert_eq!(parse_bytes("1 kB"), Ok(1000));
        assert!(parse_bytes("64 Kib").is_err() && parse_bytes("0.3").is_err() && parse_bytes("-1").is_err());
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("2.5 ms"), Ok(Duration::from_micros(2500)));
        assert!(parse_duration("30").is_err());
    }

    #[test]
    fn exits_are_told_apart() {
        assert_eq!(exit_words(7 << 8), "exit code 7");
        assert_eq!(exit_words(9), "signal 9 (SIGKILL)");
        assert_eq!(exit_words(11 | 0x80), "signal 11 (SIGSEGV)");
    }

    #[test]
    fn values_are_printed_with_three_digits() {
        assert_eq!(show_bytes(64), "64 B");
        assert_eq!(show_bytes(1_572_864), "1.5 MiB");
        assert_eq!(show_seconds(1.84), "1.84 s");
        assert_eq!(show_seconds(0.000_000_224), "224 ns");
        assert_eq!(show_seconds(0.9999), "1 s");
        assert_eq!(fixed_three_digits(9.999), "10.0");
        assert_eq!(fixed_three_digits(0.09999), "0.100");
        assert_eq!(three_digits(12.40), "12.4");
        assert_eq!(three_digits(100.0), "100");
        assert_eq!(show_count(17_984), "17\u{202f}984");
    }
}
