//! Round values for logarithmic axes. Linear ones come from plotters.

/// At most about eight powers of two (or of four, eight, …) within a range; finer steps where it spans few of them.
pub(super) fn ratios(low: f64, high: f64) -> Vec<f64> {
    if !spans(low, high) {
        return Vec::new();
    }
    let (first, last) = (low.log2().ceil() as i32, high.log2().floor() as i32);
    if high / low <= 6.0 {
        let steps = [1.0, 1.25, 1.5, 1.75];
        let fine = high / low <= 3.0;
        return (first - 1..=last)
            .flat_map(|power| steps.map(|step| step * 2.0_f64.powi(power)))
            .filter(|value| fine && *value > 1.0 || value.log2().fract() == 0.0 || (value / 1.5).log2().fract() == 0.0)
            .filter(|value| (low..=high).contains(value))
            .collect();
    }
    let step = (last - first) / 8 + 1;
    (first..=last).filter(|power| power.rem_euclid(step) == 0).map(|power| 2.0_f64.powi(power)).collect()
}

/// Powers of ten within a range, thinned to at most nine; with 2 and 5 between them where the range spans few of them.
pub(super) fn decades(low: f64, high: f64) -> Vec<f64> {
    if !spans(low, high) {
        return Vec::new();
    }
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let within = |value: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(value);
    let tens: Vec<i32> = (first..=last).filter(|power| within(&ten(*power))).collect();
    if high / low < 500.0 {
        let steps = (first - 1..=last).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * ten(power)));
        return steps.filter(within).collect();
    }
    let step = (tens.len() as i32 - 1) / 9 + 1;
    tens.into_iter().filter(|power| power.rem_euclid(step) == 0).map(ten).collect()
}

/// Whether a logarithmic axis can go from one to the other.
fn spans(low: f64, high: f64) -> bool {
    low > 0.0 && low <= high && high.is_finite()
}

/// Whether the value is a power of ten.
pub(super) fn is_decade(value: f64) -> bool {
    (value.log10() - value.log10().round()).abs() < 1e-9
}

/// A power of ten that is exactly the number that its decimal text names.
fn ten(power: i32) -> f64 {
    if power < 0 { 1.0 / 10.0_f64.powi(-power) } else { 10.0_f64.powi(power) }
}

/// Which ticks keep their label, so that none overlaps another: `places` holds centre and width in order of importance.
pub(super) fn roomy(places: &[(f64, f64)], gap: f64) -> Vec<bool> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    places
        .iter()
        .map(|(centre, width)| {
            let free = kept.iter().all(|(other, wide)| (centre - other).abs() >= (width + wide) / 2.0 + gap);
            if free {
                kept.push((*centre, *width));
            }
            free
        })
        .collect()
}

/// The smallest step in which labels can be left out so that none overlaps another: centres rising, with widths.
pub(super) fn stride(places: &[(f64, f64)], gap: f64) -> usize {
    let free = |step: usize| {
        let kept: Vec<&(f64, f64)> = places.iter().step_by(step).collect();
        kept.windows(2).all(|pair| pair[1].0 - pair[0].0 >= (pair[0].1 + pair[1].1) / 2.0 + gap)
    };
    (1..places.len().max(2)).find(|step| free(*step)).unwrap_or(places.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_powers_of_two_or_finer() {
        assert_eq!(ratios(0.8, 16.0), [1.0, 2.0, 4.0, 8.0, 16.0]);
        assert_eq!(ratios(0.8, 2.0), [1.0, 1.25, 1.5, 1.75, 2.0]);
        assert_eq!(ratios(0.8, 4.0), [1.0, 1.5, 2.0, 3.0, 4.0]);
        assert!((4..=9).contains(&ratios(1e-6, 1e3).len()));
    }

    #[test]
    fn decades_are_thinned_and_filled() {
        assert_eq!(decades(0.7e-3, 0.2), [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]);
        assert_eq!(decades(1e-6, 1e-3), [1e-6, 1e-5, 1e-4, 1e-3]);
        assert!(decades(1e-9, 1e9).len() <= 10);
        assert!(decades(1e-308, 1e308).len() <= 10);
    }

    #[test]
    fn ranges_that_no_logarithm_has_get_no_ticks() {
        for (low, high) in [(0.0, 1.0), (-1.0, 1.0), (1.0, f64::INFINITY), (f64::NAN, 1.0), (2.0, 1.0)] {
            assert!(decades(low, high).is_empty() && ratios(low, high).is_empty(), "{low} to {high}");
        }
    }

    #[test]
    fn labels_without_room_are_left_out() {
        assert_eq!(roomy(&[(0.0, 10.0), (100.0, 10.0), (8.0, 10.0), (50.0, 10.0)], 4.0), [true, true, false, true]);
    }
}
