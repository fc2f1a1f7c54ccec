//! Numbers and names in plain English, as sentences have them.

use super::UNBOUNDED;
use crate::results::Interval;

/// How many names a sentence lists before it counts the rest.
const NAMES: usize = 4;

/// From this ratio on, a difference is told as a factor instead of per cent.
const FACTOR_FROM: f64 = 2.0;

/// A ratio for people: `1.94×`; `∞` where one side timed out.
#[must_use]
pub fn times(ratio: f64) -> String {
    if ratio >= UNBOUNDED { "∞".into() } else { format!("{}×", like(ratio)(ratio)) }
}

/// Shows numbers with as many decimals as give `median` about three digits, so that an interval reads like its median.
pub fn like(median: f64) -> impl Fn(f64) -> String {
    let decimals = match median.abs() {
        m if m >= 99.95 || m == 0.0 => 0,
        m if m >= 9.995 => 1,
        m if m >= 0.5 => 2,
        m => (2 - m.log10().floor() as i32).clamp(0, 9) as usize,
    };
    move |value| if value >= UNBOUNDED { "∞".into() } else { format!("{value:.decimals$}") }
}

/// A speed-up with its interval: `1.94× (1.90–1.97)`.
#[must_use]
pub fn speedup_interval(speedup: &Interval) -> String {
    times(speedup.median) + &spread(speedup, like(speedup.median))
}

/// The ratio of two ways with its interval, in thousandths where they are close: `1.012× (1.008–1.015)`.
#[must_use]
pub fn times_interval(ratio: &Interval) -> String {
    if (ratio.median - 1.0).abs() > 0.1 {
        return speedup_interval(ratio);
    }
    let show = thousandths(ratio);
    format!("{}×{}", show(ratio.median), spread(ratio, show))
}

/// Shows a ratio and its ends in thousandths, or with more digits where an end that is not one would read as if it were.
pub(super) fn thousandths(ratio: &Interval) -> impl Fn(f64) -> String + Copy {
    let ends = [ratio.low, ratio.high];
    let told = |decimals: usize| {
        let one = format!("{:.decimals$}", 1.0);
        ends.iter().flatten().all(|end| (end - 1.0).abs() < 1e-9 || format!("{end:.decimals$}") != one)
    };
    let decimals = (3..6).find(|decimals| told(*decimals)).unwrap_or(6);
    move |value| format!("{value:.decimals$}")
}

/// A difference in per cent, or as a factor from two on: `3.1 %`, `2.40×`.
#[must_use]
pub fn effect(ratio: f64) -> String {
    if ratio >= FACTOR_FROM { times(ratio) } else { format!("{}%", percent(ratio)) }
}

/// What a ratio is above one, in per cent: `3.1`, `12`, `−1.2`.
#[must_use]
pub fn percent(ratio: f64) -> String {
    let value = (ratio - 1.0) * 100.0;
    let text = if value.abs() < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    if text.trim_start_matches(['-', '0', '.']).is_empty() { "0.0".into() } else { text.replace('-', "−") }
}

/// A value with its interval, `1.94 (1.90–1.97)`; without one, the value alone. A missing upper end is infinite.
pub fn range(interval: &Interval, show: impl Fn(f64) -> String) -> String {
    show(interval.median) + &spread(interval, show)
}

/// The interval in brackets, after a space; empty where there is none.
fn spread(interval: &Interval, show: impl Fn(f64) -> String) -> String {
    ends(interval, show).map_or(String::new(), |ends| format!(" ({ends})"))
}

fn ends(interval: &Interval, show: impl Fn(f64) -> String) -> Option<String> {
    let high = interval.high.map_or("∞".into(), &show);
    interval.low.map(|low| format!("{}–{high}", show(low)))
}

/// A time with its interval in one unit: `1.84 s (1.82–1.86)`.
#[must_use]
pub fn seconds_interval(interval: &Interval) -> String {
    let (scale, unit) = match interval.median {
        m if m >= 0.9995 || m == 0.0 => (1.0, "s"),
        m if m >= 0.9995e-3 => (1e3, "ms"),
        m if m >= 0.9995e-6 => (1e6, "µs"),
        _ => (1e9, "ns"),
    };
    let show = like(interval.median * scale);
    let show = |seconds: f64| show(seconds * scale);
    format!("{} {unit}{}", show(interval.median), spread(interval, show))
}

/// A 95th percentile of latencies in words: `95 % of the replies within 3.4 ms (3.3–3.6)`.
#[must_use]
pub fn late(p95: &Interval) -> String {
    format!("95% of the replies within {}", seconds_interval(p95))
}

/// The verb that fits a way or a line of ways: `threads` and `processes, pipe` are many, `threads × 4` is one way.
pub(super) fn verb<'a>(name: &str, one: &'a str, many: &'a str) -> &'a str {
    let plural = !name.contains('×') && (name.starts_with("threads") || name.starts_with("processes"));
    if plural { many } else { one }
}

/// `a`, `a and b`, `a, b and c`; counts the rest where there are many.
pub(super) fn list(names: &[String]) -> String {
    listed(names, NAMES)
}

/// As [`list`], with so many names at most.
pub(super) fn listed(names: &[String], most: usize) -> String {
    let mut shown: Vec<String> = names.iter().take(most).cloned().collect();
    if names.len() > most {
        shown.truncate(most - 1);
        shown.push(format!("{} others", names.len() + 1 - most));
    }
    // Labels such as `processes × 2, pipe` have commas of their own.
    let (comma, and) = if shown.iter().any(|name| name.contains(',')) { ("; ", "; and ") } else { (", ", " and ") };
    match shown.split_last() {
        Some((last, [first])) => format!("{first} and {last}"),
        Some((last, rest)) if !rest.is_empty() => format!("{}{and}{last}", rest.join(comma)),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(median: f64, low: f64, high: f64) -> Interval {
        Interval { median, low: Some(low), high: Some(high), level: 0.965, ranks: (4, 12), n: 15 }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(seconds_interval(&interval(1.84, 1.82, 1.86)), "1.84 s (1.82–1.86)");
        assert_eq!(seconds_interval(&interval(1.0, 0.99, 1.01)), "1.00 s (0.99–1.01)");
        assert_eq!(seconds_interval(&interval(0.0124, 0.0123, 0.0126)), "12.4 ms (12.3–12.6)");
        assert_eq!((percent(0.988), percent(1.00001), percent(1.256)), ("−1.2".into(), "0.0".into(), "26".into()));
        assert_eq!(times_interval(&interval(1.94, 1.9, 1.97)), "1.94× (1.90–1.97)");
        assert_eq!(times_interval(&interval(1.012, 1.008, 1.015)), "1.012× (1.008–1.015)");
        assert_eq!(speedup_interval(&interval(1.012, 0.988, 1.015)), "1.01× (0.99–1.01)");
        assert_eq!([0.999, 9.996, 0.0421, 1840.4].map(|ratio| like(ratio)(ratio)), ["1.00", "10.0", "0.0421", "1840"]);
        assert_eq!((effect(1.031), effect(2.4), times(UNBOUNDED)), ("3.1%".into(), "2.40×".into(), "∞".into()));
        assert_eq!(times_interval(&Interval { low: None, ..interval(1.94, 1.9, 1.97) }), "1.94×");
        let open = Interval { high: None, ..interval(1.5, 1.2, 0.0) };
        assert_eq!(range(&open, like(1.5)), "1.50 (1.20–∞)");
    }

    #[test]
    fn lists_count_what_they_do_not_name() {
        let names: Vec<String> = "abcdef".chars().map(String::from).collect();
        assert_eq!(list(&names[..1]), "a");
        assert_eq!(list(&names[..2]), "a and b");
        assert_eq!(list(&names[..4]), "a, b, c and d");
        assert_eq!(list(&names), "a, b, c and 3 others");
        let commas: Vec<String> = ["a, b", "c", "d"].map(String::from).to_vec();
        assert_eq!(list(&commas[..2]), "a, b and c");
        assert_eq!(list(&commas), "a, b; c; and d");
    }

    #[test]
    fn an_end_beside_one_does_not_read_as_one() {
        let interval =
            |low| Interval { median: 1.002, low: Some(low), high: Some(1.01), level: 0.99, ranks: (2, 14), n: 15 };
        assert_eq!(times_interval(&interval(1.000_4)), "1.0020× (1.0004–1.0100)");
        assert_eq!(times_interval(&interval(1.0)), "1.002× (1.000–1.010)");
        assert_eq!(times_interval(&interval(0.999)), "1.002× (0.999–1.010)");
    }
}
