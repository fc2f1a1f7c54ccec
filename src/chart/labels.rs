//! Labels at the right end of lines: value and name, pushed apart, with a leader where one had to move.

use super::canvas::{Anchor, Canvas, Stroke, Type};
use super::frame::{OUTER, WIDTH};
use super::theme::{Hue, Paint};
use super::words;

/// Distance from one label to the next.
pub(super) const PITCH: f64 = 17.0;
/// From the end of the plot to the labels.
const GAP: f64 = 18.0;
const BETWEEN: f64 = 8.0;

/// One label.
pub(super) struct Label {
    /// The end of its line, in pixels.
    pub(super) end: (f64, f64),
    pub(super) value: String,
    pub(super) name: String,
    pub(super) hue: Hue,
    pub(super) shade: usize,
    pub(super) hero: bool,
}

impl Label {
    fn value_type(&self) -> Type {
        Type::semibold(13.0, Paint::Text(self.hue, self.shade)).tabular()
    }

    fn name_type(&self) -> Type {
        let paint = Paint::Text(self.hue, self.shade);
        if self.hero { Type::semibold(13.0, paint) } else { Type::regular(13.0, paint) }
    }
}

/// The right margin that labels need, from the recipe's 182 to as much as leaves the plot its room.
pub(super) fn margin(labels: &[Label]) -> f64 {
    let widest = |width: fn(&Label) -> f64| labels.iter().map(width).fold(0.0, f64::max);
    let value = widest(|label| label.value_type().width(&label.value));
    let name = widest(|label| label.name_type().width(&label.name));
    (GAP + value + BETWEEN + name + OUTER).ceil().clamp(182.0, 310.0)
}

/// Draws the labels beside a plot that ends at `right`, within `top` and `bottom`.
pub(super) fn draw(canvas: &mut Canvas, labels: &mut [Label], right: f64, (top, bottom): (f64, f64)) {
    labels.sort_by(|a, b| a.end.1.total_cmp(&b.end.1));
    let wanted: Vec<f64> = labels.iter().map(|label| label.end.1).collect();
    let value_width = labels.iter().map(|label| label.value_type().width(&label.value)).fold(0.0, f64::max);
    let names = right + GAP + value_width + BETWEEN;
    for (label, y) in labels.iter().zip(spread(&wanted, PITCH, top, bottom)) {
        let moved = (y - label.end.1).abs() > 3.0;
        let far = label.end.0 < right - 1.0;
        if moved || far {
            let from = (label.end.0 + 7.0, label.end.1);
            let dash = if far { "1 3" } else { "" };
            let stroke = Stroke { paint: Paint::Mark(label.hue, label.shade), width: 1.0, dash };
            canvas.line(from, (right + GAP - 4.0, y), stroke);
        }
        let baseline = y + 4.7;
        canvas.text(names - BETWEEN, baseline, &label.value, label.value_type(), Anchor::End);
        let name = words::label(label.name_type(), &label.name, WIDTH - OUTER - names);
        canvas.text(names, baseline, &name, label.name_type(), Anchor::Start);
    }
}

/// Positions as near to the wanted ones (rising) as can be with a distance of `pitch`, in order, within the range where that
/// is possible.
pub(super) fn spread(wanted: &[f64], pitch: f64, top: f64, bottom: f64) -> Vec<f64> {
    // Rounds of labels that touch: first index, how many, and where the first stands.
    let mut rounds: Vec<(usize, usize, f64)> = Vec::new();
    let bounded = |count: usize, start: f64| start.min(bottom - (count - 1) as f64 * pitch).max(top);
    for (index, y) in wanted.iter().enumerate() {
        rounds.push((index, 1, bounded(1, *y)));
        while let [.., before, last] = rounds[..] {
            if before.2 + before.1 as f64 * pitch <= last.2 + 1e-9 {
                break;
            }
            let count = before.1 + last.1;
            let members = &wanted[before.0..before.0 + count];
            let start = members.iter().enumerate().map(|(at, y)| y - at as f64 * pitch).sum::<f64>() / count as f64;
            rounds.pop();
            rounds.pop();
            rounds.push((before.0, count, bounded(count, start)));
        }
    }
    rounds.iter().flat_map(|(_, count, start)| (0..*count).map(move |at| start + at as f64 * pitch)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_pushed_apart_in_order_and_stay_inside() {
        let spread = |wanted: &[f64]| spread(wanted, 17.0, 0.0, 100.0);
        assert_eq!(spread(&[10.0, 60.0]), [10.0, 60.0]);
        assert_eq!(spread(&[50.0, 50.0]), [41.5, 58.5]);
        assert_eq!(spread(&[99.0, 100.0]), [83.0, 100.0]);
        assert_eq!(spread(&[0.0, 1.0, 2.0]), [0.0, 17.0, 34.0]);
        let many: Vec<f64> = (0..6).map(|index| 45.0 + f64::from(index)).collect();
        let placed = spread(&many);
        assert!(placed.windows(2).all(|pair| pair[1] - pair[0] >= 17.0 - 1e-6), "{placed:?}");
        assert!(placed[0] >= 0.0 && placed[5] <= 100.0, "{placed:?}");
    }
}
