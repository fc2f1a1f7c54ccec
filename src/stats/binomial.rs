//! Tails of the binomial distribution and the normal distribution, as far as tests of ranks need them.

/// P(B ≤ k) for B ~ Bin(n, p), with 0 ≤ p ≤ 1.
pub(super) fn lower_tail(n: usize, k: usize, p: f64) -> f64 {
    if k >= n || p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    terms(n, p).take(k + 1).sum::<f64>().min(1.0)
}

/// The exact interval of Clopper and Pearson for the share behind `hits` of `n`, which covers it with at least `level`.
#[must_use]
pub fn share_interval(hits: usize, n: usize, level: f64) -> (f64, f64) {
    let error = (1.0 - level) / 2.0;
    let low = if hits == 0 { 0.0 } else { bisect(0.0, 1.0, |p| 1.0 - lower_tail(n, hits - 1, p) >= error) };
    let high = if hits >= n { 1.0 } else { bisect(0.0, 1.0, |p| lower_tail(n, hits, p) <= error) };
    (low, high)
}

/// P(B = 0), P(B = 1), … for B ~ Bin(n, p) with 0 < p < 1: each from the one before, in logarithms where the first would
/// underflow.
pub(super) fn terms(n: usize, p: f64) -> impl Iterator<Item = f64> {
    let first = n as f64 * (-p).ln_1p();
    let odds = p / (1.0 - p);
    let in_logarithms = first < -600.0;
    let mut term = if in_logarithms { first } else { first.exp() };
    (0..=n).map(move |i| {
        let now = term;
        let factor = (n - i) as f64 / (i + 1) as f64 * odds;
        term = if in_logarithms { term + factor.ln() } else { term * factor };
        if in_logarithms { now.exp() } else { now }
    })
}

/// The standard normal distribution function, by formula 7.1.26 of Abramowitz and Stegun (error below 2e-7).
pub(super) fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let upper = 0.5 * t * series.iter().fold(0.0, |sum, c| sum * t + c) * (-x * x).exp();
    if z < 0.0 { upper } else { 1.0 - upper }
}

/// The quantile of the standard normal distribution, within ±8: formula 26.2.23 of Abramowitz and Stegun (error below
/// 5e-4), and one step of Newton's towards [`normal_cdf`].
pub(super) fn normal_quantile(p: f64) -> f64 {
    let tail = p.min(1.0 - p);
    if tail < 1e-15 {
        return if p < 0.5 { -8.0 } else { 8.0 };
    }
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let first = (t - above / below).copysign(p - 0.5);
    // Far out, the error of the distribution function is larger than that of the formula.
    if tail < 1e-4 {
        return first;
    }
    let density = (-first * first / 2.0).exp() / std::f64::consts::TAU.sqrt();
    first - (normal_cdf(first) - p) / density
}

/// The point between `low` and `high` from which on `holds` is true; `holds` must not turn false again.
pub(super) fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_agree_with_counted_ones() {
        assert!((lower_tail(15, 3, 0.5) - 576.0 / 32768.0).abs() < 1e-15);
        assert!((lower_tail(6, 0, 0.5) - 1.0 / 64.0).abs() < 1e-15);
        assert!((lower_tail(4, 1, 0.25) - 0.738_281_25).abs() < 1e-12);
        assert_eq!(lower_tail(5, 5, 0.5), 1.0);
        assert!((lower_tail(4000, 2000, 0.5) - 0.506_307).abs() < 1e-5);
        assert!((lower_tail(800, 400, 0.5) - 0.514_100).abs() < 1e-5);
    }

    #[test]
    fn shares_have_the_intervals_of_clopper_and_pearson() {
        for (hits, n, low, high) in
            [(8, 8, 0.630_6, 1.0), (0, 8, 0.0, 0.369_4), (12, 15, 0.519_1, 0.956_7), (1, 2, 0.012_6, 0.987_4)]
        {
            let found = share_interval(hits, n, 0.95);
            assert!((found.0 - low).abs() < 1e-4 && (found.1 - high).abs() < 1e-4, "{hits} of {n}: {found:?}");
        }
    }

    #[test]
    fn the_normal_distribution_agrees_with_its_table() {
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.959_964, 0.025), (3.0, 0.998_650_1)] {
            assert!((normal_cdf(z) - p).abs() < 3e-7, "{z}");
            assert!((normal_quantile(p) - z).abs() < 1e-4, "{p}");
        }
        for (p, z) in [(1e-5, -4.264_891), (1.0 - 1e-8, 5.612_001), (0.0, -8.0), (1.0, 8.0)] {
            assert!((normal_quantile(p) - z).abs() < 5e-4, "{p}");
        }
    }
}
