//! The finding of a group in plain English, every word of it computed.

use super::{FEWEST_ROUNDS, UNBOUNDED, crashed};
use crate::results::{ConfigurationEstimate, Interval, Pair, Results, Word, Workload, WorkloadVerdict};
use crate::setting::Model;
use crate::text::plural;

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

/// What a sentence is made from.
pub(super) struct Seen<'a> {
    pub results: &'a Results,
    pub workload: &'a Workload,
    pub estimates: &'a [ConfigurationEstimate],
    /// Cells that were compared, in ranking order.
    pub family: &'a [usize],
}

/// The finding in one sentence or two.
pub(super) fn finding(seen: &Seen<'_>, verdict: &WorkloadVerdict) -> String {
    let timed: Vec<usize> =
        verdict.ranking.iter().copied().filter(|configuration| seen.estimates[*configuration].time.is_some()).collect();
    if let Some(fault) = &seen.workload.fault {
        return crashed::finding(seen, fault);
    }
    if timed.is_empty() {
        return seen.nothing(&verdict.ranking);
    }
    if let Some(why) = &verdict.withheld {
        return format!("No verdict: {why}. {}", seen.lowest(&timed));
    }
    if let [only] = verdict.ranking[..] {
        return format!("Only {} was run: {}.", seen.label(only), seen.pace(only));
    }
    if verdict.pairs.is_empty() {
        return format!("No two of these configurations can be compared fairly. {}", seen.lowest(&timed));
    }
    let head = match verdict.winners[..] {
        [] => "No configuration is fastest: the comparisons contradict each other.".into(),
        [winner] => seen.one(winner, verdict),
        _ => seen.several(verdict),
    };
    head + &seen.not_compared(verdict)
}

impl Seen<'_> {
    fn label(&self, configuration: usize) -> &str {
        &self.results.configurations[configuration].label
    }

    /// How fast a cell is: its speed-up, or its time where it is the baseline or has no speed-up.
    fn pace(&self, configuration: usize) -> String {
        let estimate = &self.estimates[configuration];
        if self.workload.rate.is_some() {
            return estimate.time.map_or("no latency".into(), |time| late(&time));
        }
        let baseline = self.workload.reference;
        match estimate.speedup.filter(|_| configuration != baseline) {
            Some(speedup) => {
                let of = if self.results.configurations[baseline].config.model == Model::Serial {
                    ""
                } else {
                    "the speed of "
                };
                let ends = spread(&speedup, like(speedup.median));
                format!("{} {of}{}{ends}", times(speedup.median), self.label(baseline))
            }
            None => self.duration(configuration),
        }
    }

    /// The time that the group compares: of a trial, of an item, or, at a set rate, the latency.
    fn duration(&self, configuration: usize) -> String {
        let estimate = &self.estimates[configuration];
        if self.workload.per_item {
            return estimate.per_item.map_or("no time".into(), |time| seconds_interval(&time) + " per item");
        }
        estimate.time.map_or("no time".into(), |time| seconds_interval(&time))
    }

    fn nothing(&self, configurations: &[usize]) -> String {
        let told = |configuration: &usize| {
            let note = &self.estimates[*configuration].note;
            format!("{} ({})", self.label(*configuration), if note.is_empty() { "never run" } else { note })
        };
        let some = configurations.iter().any(|configuration| self.estimates[*configuration].ok > 0);
        let what = if some { "No configuration succeeded in most rounds" } else { "No trial succeeded" };
        format!("{what}: {}.", list(&configurations.iter().map(told).collect::<Vec<_>>()))
    }

    /// What was seen, without a verdict.
    fn lowest(&self, timed: &[usize]) -> String {
        let what = if self.workload.rate.is_some() { "p95 latency" } else { "median" };
        // Times of both: a median of ratios may contradict the order of the medians.
        let told = |configuration: usize| format!("{}, {}", self.label(configuration), self.duration(configuration));
        let next = timed.get(1).map_or(String::new(), |second| format!("; next {}", told(*second)));
        format!("Lowest {what}: {}{next}.", told(timed[0]))
    }

    /// One way is fastest: by how much, against the nearest that it was compared with.
    fn one(&self, winner: usize, verdict: &WorkloadVerdict) -> String {
        let against = verdict.pairs.iter().filter_map(|pair| towards(pair, winner)).filter(|(.., shown)| *shown);
        let nearest = against.min_by(|a, b| a.1.median.total_cmp(&b.1.median));
        // Where the nearest is the baseline, the speed-up has said it already.
        let rated = self.workload.rate.is_some();
        let told =
            |other: usize| other == self.workload.reference && self.estimates[winner].speedup.is_some() && !rated;
        let nearest = nearest.filter(|(other, ..)| !told(*other));
        let ahead = nearest.map_or(String::new(), |(other, ratio, _)| {
            format!(", {}", if rated { sooner(self.label(other), &ratio) } else { ahead(self.label(other), &ratio) })
        });
        let first = if rated { "has the lowest p95 latency" } else { "is fastest" };
        format!("{} {first}: {}{ahead}.", self.label(winner), self.pace(winner))
    }

    /// Several ways share the first place: all alike, or not told apart.
    fn several(&self, verdict: &WorkloadVerdict) -> String {
        let winners = &verdict.winners;
        let names =
            list(&winners.iter().map(|configuration| self.label(*configuration).to_owned()).collect::<Vec<_>>());
        let between = |pair: &&Pair| winners.contains(&pair.a) && winners.contains(&pair.b);
        let Some(open) = verdict.pairs.iter().filter(between).find(|pair| pair.word == Word::NoSignificantDifference)
        else {
            let margin = fixed_margin(self.results.run.margin);
            let best = if self.workload.rate.is_some() { " and have the lowest p95 latency" } else { " and fastest" };
            let place = if winners.len() == verdict.ranking.len() { "" } else { best };
            return format!("{names} are equivalent (within ±{margin}%){place}: {}.", self.pace(winners[0]));
        };
        let (leader, pace) = (self.label(winners[0]), self.pace(winners[0]));
        let which = match winners.len() {
            2 => String::new(),
            _ => format!(" between {} and {}", self.label(open.a), self.label(open.b)),
        };
        format!(
            "No significant difference between {names}. {leader} ranks first at {pace}; {}{which}.",
            prospects(open)
        )
    }

    /// Ways that have no place in the order, and why.
    fn not_compared(&self, verdict: &WorkloadVerdict) -> String {
        let shown_slower = |configuration: usize| {
            verdict.pairs.iter().any(|p| {
                (p.b == configuration && p.word == Word::Faster) || (p.a == configuration && p.word == Word::Slower)
            })
        };
        let told = verdict.ranking.iter().filter_map(|configuration| {
            let note = &self.estimates[*configuration].note;
            let why = if !self.family.contains(configuration) {
                if note.is_empty() { format!("under {FEWEST_ROUNDS} trials") } else { note.clone() }
            } else if !verdict.winners.is_empty()
                && !verdict.winners.contains(configuration)
                && !shown_slower(*configuration)
            {
                "differs from the fastest in more than one setting".into()
            } else {
                return None;
            };
            Some(format!("{} ({why})", self.label(*configuration)))
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { String::new() } else { format!(" Not compared: {}.", list(&told)) }
    }
}

/// A pair seen from one of its cells: the other cell, how many times faster the first is, and whether that was shown.
fn towards(pair: &Pair, configuration: usize) -> Option<(usize, Interval, bool)> {
    let turned = |r: &Interval| Interval {
        median: 1.0 / r.median,
        low: Some(r.high.map_or(0.0, |high| 1.0 / high)).filter(|_| r.low.is_some()),
        high: r.low.filter(|low| *low > 0.0).map(|low| 1.0 / low),
        ..*r
    };
    match configuration {
        c if c == pair.a => Some((pair.b, pair.ratio, pair.word == Word::Faster)),
        c if c == pair.b => Some((pair.a, turned(&pair.ratio), pair.word == Word::Slower)),
        _ => None,
    }
}

/// `ahead of serial by 3.1 % (1.2–5.0 %)`, or as a factor from two on.
fn ahead(other: &str, ratio: &Interval) -> String {
    if ratio.median >= UNBOUNDED {
        return format!("ahead of {other}, which timed out");
    }
    if ratio.median >= FACTOR_FROM {
        return format!("{} as fast as {other}{}", times(ratio.median), spread(ratio, like(ratio.median)));
    }
    let spread = ends(ratio, percent).map_or(String::new(), |ends| format!(" ({ends}%)"));
    format!("ahead of {other} by {}%{spread}", percent(ratio.median))
}

/// The same of latencies.
fn sooner(other: &str, ratio: &Interval) -> String {
    if ratio.median < FACTOR_FROM || ratio.median >= UNBOUNDED {
        return ahead(other, ratio);
    }
    format!("a latency {} as long with {other}{}", times(ratio.median), spread(ratio, like(ratio.median)))
}

/// What the rounds could have shown, and how many would decide what was seen.
fn prospects(pair: &Pair) -> String {
    let rounds = plural(u64::from(pair.ratio.n), "round");
    let shown = match pair.smallest_effect {
        Some(smallest) => format!("{rounds} can detect {}", effect(smallest)),
        None => format!("{rounds} are too few for this many comparisons"),
    };
    let seen = effect(pair.ratio.median.max(1.0 / pair.ratio.median));
    match pair.rounds_needed {
        Some(needed) => format!("{shown}; the observed {seen} takes about {needed}"),
        None => format!("{shown}; no practical number of rounds detects the observed {seen}"),
    }
}

/// The verb that fits a way or a line of ways: `threads` and `processes, pipe` are many, `threads × 4` is one way.
pub(super) fn verb<'a>(name: &str, one: &'a str, many: &'a str) -> &'a str {
    let plural = !name.contains('×') && (name.starts_with("threads") || name.starts_with("processes"));
    if plural { many } else { one }
}

fn fixed_margin(margin: f64) -> String {
    let percent = margin * 100.0;
    if (percent - percent.round()).abs() < 1e-9 { format!("{percent:.0}") } else { format!("{percent:.1}") }
}

/// `a`, `a and b`, `a, b and c`; counts the rest where there are many.
pub(super) fn list(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMES).cloned().collect();
    if names.len() > NAMES {
        shown.truncate(NAMES - 1);
        shown.push(format!("{} others", names.len() + 1 - NAMES));
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
        assert_eq!(ahead("serial", &interval(1.031, 1.012, 1.05)), "ahead of serial by 3.1% (1.2–5.0%)");
        assert_eq!(ahead("serial", &interval(2.5, 2.4, 2.6)), "2.50× as fast as serial (2.40–2.60)");
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
    fn a_pair_is_turned_round() {
        let pair = Pair {
            a: 3,
            b: 5,
            ratio: interval(0.8, 0.5, 1.0),
            word: Word::Slower,
            smallest_effect: None,
            rounds_needed: None,
        };
        let (other, ratio, shown) = towards(&pair, 5).unwrap();
        assert_eq!((other, shown, ratio.low, ratio.high), (3, true, Some(1.0), Some(2.0)));
        assert_eq!(towards(&pair, 4), None);
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
