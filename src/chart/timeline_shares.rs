//! A lane of a timeline with too much for bars: which share of it started, worked, joined or held the lock, step by step.

use super::canvas::{Canvas, Stroke, number};
use super::theme::Paint;
use super::timeline_lanes::{BAR, Lane, What};

/// Width of a step in pixels.
const STEP: f64 = 4.0;

/// Height of the strip of the lock, which is full where it is held all the time.
const STRIP: f64 = 4.0;

/// Draws the lane with its upper edge at `y`.
pub(super) fn draw(
    canvas: &mut Canvas,
    lane: &Lane,
    y: f64,
    (left, right): (f64, f64),
    at: &impl Fn(u64) -> f64,
    paint: impl Fn(What) -> Paint,
) {
    let steps = ((right - left) / STEP).ceil() as usize;
    let shares = |spans: &mut dyn Iterator<Item = (u64, u64)>| -> Vec<f64> {
        let mut found = vec![0.0; steps];
        for (from, to) in spans {
            add(&mut found, at(from) - left, at(to) - left);
        }
        let most = f64::from(lane.workers.max(1));
        found.iter().map(|share| (share / most).min(1.0)).collect()
    };
    let of = |what: &'static [What]| {
        let bars = lane.bars.iter().filter(move |bar| what.contains(&bar.what));
        bars.map(|bar| (bar.from, bar.to))
    };
    let floor = if lane.held.is_empty() { y + BAR } else { y + BAR - STRIP - 1.0 };
    let height = floor - y;
    let quiet = shares(&mut of(&[What::Start, What::Join]));
    let again = shares(&mut of(&[What::Restart]));
    let items = shares(&mut of(&[What::Item]));
    // One upon the other: what starts or joins below, what works above.
    let mut base = vec![0.0; steps];
    for (values, what) in [(quiet, What::Start), (again, What::Restart), (items, What::Item)] {
        let title =
            format!("{}: share at {}", lane.name, if what == What::Start { "start or join" } else { what.name() });
        area(canvas, &base, &values, (left, floor, height), paint(what), &title);
        base.iter_mut().zip(&values).for_each(|(base, value)| *base = (*base + value).min(1.0));
    }
    if !lane.held.is_empty() {
        let held = shares(&mut lane.held.iter().copied());
        let title = format!("{}: share of the time with the GIL", lane.name);
        area(canvas, &vec![0.0; steps], &held, (left, y + BAR, STRIP), Paint::Muted, &title);
    }
    for bar in lane.bars.iter().filter(|bar| bar.what == What::Crash) {
        let x = at(bar.from);
        canvas.line((x, y - 3.0), (x, y + BAR + 3.0), Stroke::solid(paint(What::Crash), 2.0));
    }
}

/// Adds what a span in pixels covers of each step.
fn add(steps: &mut [f64], from: f64, to: f64) {
    let first = (from / STEP).floor().max(0.0) as usize;
    let last = ((to / STEP).ceil().max(0.0) as usize).min(steps.len());
    for (index, step) in steps.iter_mut().enumerate().take(last).skip(first) {
        let (low, high) = (index as f64 * STEP, (index + 1) as f64 * STEP);
        *step += (to.min(high) - from.max(low)).max(0.0) / STEP;
    }
}

/// Fills between `base` and `base` + `values`, run by run of equal heights.
fn area(
    canvas: &mut Canvas,
    base: &[f64],
    values: &[f64],
    (left, floor, height): (f64, f64, f64),
    paint: Paint,
    title: &str,
) {
    // A sixteenth of a lane is about a pixel.
    let step = |value: f64| (value * 16.0).round() / 16.0;
    let mut data = String::new();
    let mut from = 0;
    while from < values.len() {
        let (low, high) = (step(base[from]), step((base[from] + values[from]).min(1.0)));
        let same = |index: &usize| step(base[*index]) == low && step((base[*index] + values[*index]).min(1.0)) == high;
        let run = (from..values.len()).take_while(same).count().max(1);
        if high > low {
            let (l, r) = (number(left + from as f64 * STEP), number(left + (from + run) as f64 * STEP));
            let (t, b) = (number(floor - high * height), number(floor - low * height));
            data.push_str(&format!("M{l} {t}H{r}V{b}H{l}z"));
        }
        from += run;
    }
    if !data.is_empty() {
        canvas.fill(&data, paint, 1.0, Some(title));
    }
}
