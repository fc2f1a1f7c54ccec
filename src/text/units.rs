//! Sizes and durations: read as a scenario writes them, shown as people read them.

use std::time::Duration;

use super::numbers::three_digits;

/// Reads a size in bytes: `64`, `64 B`, `64 KiB`, `1 MB`. Binary units are powers of 1024, decimal ones of 1000;
/// the result is a whole number of bytes below 9 × 10¹⁵, so that a JSON number holds it exactly.
///
/// # Errors
/// A sentence that quotes the text and says what is accepted.
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

/// Reads a duration: `30s`, `30 s`, `5 ms`, `250us`, `2 min`, `1 h`. A bare number has no unit and is refused. The result is rounded
/// to a nanosecond, and below 9 × 10¹⁸ of them (285 years).
///
/// # Errors
/// A sentence that quotes the text and says what is accepted.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let fail = || format!("`{text}` is not a duration; write a number and a unit (us, ms, s, min, h), such as 30 s");
    let (number, unit) = split_number(text).ok_or_else(fail)?;
    let nanos = number
        * match unit {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "min" => 60e9,
            "h" => 3600e9,
            _ => return Err(fail()),
        };
    if nanos >= 9e18 {
        return Err(fail());
    }
    Ok(Duration::from_nanos(nanos.round() as u64))
}

fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim()))
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

/// A time, given in seconds, in the unit in which it is at least one: `1.84 s`, `12.4 ms`, `224 ns`. Three significant digits;
/// `∞` for what is not finite.
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

/// A duration in nanoseconds for labels, with every digit that it has: `5 ms`, `1.2 µs`, `9.999999999 s`.
#[must_use]
pub fn exact_seconds(nanos: u64) -> String {
    let (unit, name) = match nanos {
        0 => return "0 s".into(),
        1_000_000_000.. => (1_000_000_000, "s"),
        1_000_000.. => (1_000_000, "ms"),
        1_000.. => (1_000, "µs"),
        _ => (1, "ns"),
    };
    format!("{} {name}", exact(nanos, unit))
}

/// A size in bytes for labels, exactly: in the largest binary unit that takes at most three decimals, else in bytes.
#[must_use]
pub fn exact_bytes(bytes: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= unit && (u128::from(bytes) * 1000).is_multiple_of(u128::from(unit)) {
            // The share of a binary unit that is whole in thousandths.
            let thousandths = u128::from(bytes) * 1000 / u128::from(unit);
            return format!("{} {name}", exact(u64::try_from(thousandths).unwrap_or(u64::MAX), 1000));
        }
    }
    format!("{} B", super::show_count(bytes))
}

/// A number of parts, of which `unit` are one, as a decimal number without zeros at its end. The unit is a power of ten.
fn exact(parts: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let rest = format!("{:0digits$}", parts % unit);
    let rest = if digits == 0 { "" } else { rest.trim_end_matches('0') };
    let point = if rest.is_empty() { "" } else { "." };
    format!("{}{point}{rest}", parts / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_show_every_digit() {
        let durations =
            [(0, "0 s"), (5_000_000, "5 ms"), (1_200, "1.2 µs"), (9_999_999_999, "9.999999999 s"), (7, "7 ns")];
        for (nanos, shown) in durations {
            assert_eq!(exact_seconds(nanos), shown);
        }
        let sizes = [
            (0, "0 B"),
            (64, "64 B"),
            (65536, "64 KiB"),
            (1_572_864, "1.5 MiB"),
            (4097, "4097 B"),
            (16 << 30, "16 GiB"),
        ];
        for (bytes, shown) in sizes {
            assert_eq!(exact_bytes(bytes), shown);
        }
        assert_eq!(exact_bytes((16 << 30) - 1), "17,179,869,183 B");
    }

    #[test]
    fn sizes_are_read_with_and_without_a_blank() {
        assert_eq!(parse_bytes("64 KiB"), Ok(65536));
        assert_eq!(parse_bytes("1.5MiB"), Ok(1_572_864));
        assert_eq!(parse_bytes("1 kB"), Ok(1000));
        assert_eq!(parse_bytes(" 1_000 "), Ok(1000));
        for wrong in ["64 Kib", "0.3", "-1", "", "KiB", "9e15", "9000000000000000"] {
            assert!(parse_bytes(wrong).unwrap_err().contains(&format!("`{wrong}`")), "{wrong}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("2.5 ms"), Ok(Duration::from_micros(2500)));
        assert_eq!(parse_duration("2 min"), Ok(Duration::from_secs(120)));
        assert_eq!(parse_duration("1 h"), Ok(Duration::from_secs(3600)));
        assert_eq!(parse_duration("7 µs"), parse_duration("7us"));
        for wrong in ["30", "", "s", "-1 s", "3 d", "9000000000 s"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_unit_follows_from_the_size() {
        assert_eq!([0, 64, 1023, 1024, 1_572_864].map(show_bytes), ["0 B", "64 B", "1023 B", "1 KiB", "1.5 MiB"]);
        assert_eq!(show_bytes(3 << 40), "3072 GiB");
        assert_eq!([1.84, 0.0124, 0.000_000_224, 0.0].map(show_seconds), ["1.84 s", "12.4 ms", "224 ns", "0 s"]);
    }

    #[test]
    fn a_time_that_rounds_up_to_a_unit_is_shown_in_it() {
        assert_eq!([0.9999, 0.999, 0.000_999_9].map(show_seconds), ["1 s", "999 ms", "1 ms"]);
        assert_eq!(show_seconds(f64::INFINITY), "∞");
    }

    #[test]
    fn what_is_shown_can_be_written_in_a_scenario() {
        for bytes in [0, 7, 1024, 65536, 3 << 20, 5 << 30] {
            assert_eq!(parse_bytes(&show_bytes(bytes)), Ok(bytes));
        }
        for nanos in [1, 250, 1_500, 20_000_000, 3_000_000_000] {
            let time = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&show_seconds(time.as_secs_f64())), Ok(time));
        }
    }
}
