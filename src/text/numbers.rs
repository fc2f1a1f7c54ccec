//! Numbers as English writes them: `10,000`, `96.5%`, three significant digits.

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

/// A whole number in groups of three: `17,984`. One of four digits needs no comma: `1024`.
#[must_use]
pub fn show_count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share, where 1 is the whole, in percent with three significant digits: `3%`, `96.5%`, `0.25%`; `∞%` for what is not
/// finite.
#[must_use]
pub fn show_percent(share: f64) -> String {
    format!("{}%", three_digits(share * 100.0))
}

/// A share, where 1 is the whole, in percent with so many decimals: `96%`, `96.48%`.
#[must_use]
pub fn show_fixed_percent(share: f64, decimals: usize) -> String {
    format!("{:.decimals$}%", share * 100.0)
}

/// A count with its noun: `1 worker`, `2 workers`, `10,000 workers`. For nouns whose plural ends with `s` alone.
#[must_use]
pub fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", show_count(count)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_significant() {
        assert_eq!([1.84, 12.40, 100.0, 1840.0, 0.031].map(three_digits), ["1.84", "12.4", "100", "1840", "0.031"]);
        assert_eq!([0.0, -0.5, f64::INFINITY].map(three_digits), ["0", "-0.5", "∞"]);
    }

    #[test]
    fn rounding_up_to_another_digit_takes_a_decimal_away() {
        assert_eq!([9.999, 0.099_99, 99.96].map(fixed_three_digits), ["10.0", "0.100", "100"]);
        assert_eq!(fixed_three_digits(1e-15), "0");
    }

    #[test]
    fn commas_stand_between_groups_of_three() {
        assert_eq!([0, 999, 1024, 9999].map(show_count), ["0", "999", "1024", "9999"]);
        assert_eq!([10_000, 17_984, 200_000].map(show_count), ["10,000", "17,984", "200,000"]);
        assert_eq!([1_000_000, u64::MAX].map(show_count), ["1,000,000", "18,446,744,073,709,551,615"]);
    }

    #[test]
    fn the_percent_sign_touches_its_number() {
        assert_eq!([0.03, 0.9648, 0.0025, 1.0, -0.17].map(show_percent), ["3%", "96.5%", "0.25%", "100%", "-17%"]);
        assert_eq!(show_fixed_percent(0.9648, 0), "96%");
        assert_eq!(show_fixed_percent(0.9648, 2), "96.48%");
    }

    #[test]
    fn nouns_agree_with_their_count() {
        assert_eq!(
            [0, 1, 2, 10_000].map(|n| plural(n, "worker")),
            ["0 workers", "1 worker", "2 workers", "10,000 workers"]
        );
    }
}
