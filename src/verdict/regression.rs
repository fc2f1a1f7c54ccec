//! What there is and a baseline, configuration by configuration: is it slower than the baseline by more than the margin?
//!
//! Both run in the same rounds, next to each other, so that ratios are taken inside a round. The configurations of a workload are one
//! family. Holm's step-down over exact sign tests holds the chance of any false regression at 2.5 % (a one-sided test
//! against 1 + margin, at half of the family's 5 %), that of any false *slower* or *faster* at 5 %, and that of any false
//! *equivalent* at 5 %, and that of any false *not slower* at 5 %: whether a build is slower is a question with one side, and
//! a ratio that lies below the bound answers it, whatever its other end.

use super::FEWEST_ROUNDS;
use super::samples::{UNBOUNDED, bare, compared, ratio_interval};
use super::sentence::{effect, percent};
use crate::results::{Change, Configuration, Interval, Noise, Regression, Results, Workload, WorkloadVerdict};
use crate::stats::{self, FAMILY_ERROR, Step};
use crate::text::{plural, three_digits};

/// The comparisons of all workloads of a run with a baseline; puts what they say in place of what a comparison of configurations would.
pub(super) fn all(results: &Results, workloads: &mut [WorkloadVerdict], noise: &Noise) -> Vec<Regression> {
    let mut all = Vec::new();
    for verdict in workloads {
        let Some(workload) = results.workloads.get(verdict.workload) else { continue };
        // A machine on which a build differs from itself shows no difference between two.
        let failed = verdict.warnings.iter().find(|_| verdict.checks.iter().any(|check| !check.passed));
        verdict.suppressed = verdict.suppressed.take().or_else(|| Some(failed?.trim_end_matches('.').to_owned()));
        if noise.is_disturbed() {
            verdict.suppressed.get_or_insert_with(|| "the machine was not quiet".into());
        }
        let found = if verdict.suppressed.is_none() { of_workload(results, workload) } else { Vec::new() };
        (verdict.pairs, verdict.winners, verdict.warnings) = (Vec::new(), Vec::new(), Vec::new());
        verdict.sentence = match &verdict.suppressed {
            Some(why) => format!("No verdict: {why}."),
            None => sentence(results, &found),
        };
        all.extend(found);
    }
    all
}

/// The configuration of the baseline that does what this one does.
fn baseline<'a>(results: &'a Results, own: &Configuration) -> Option<&'a Configuration> {
    results.configurations.iter().find(|configuration| {
        configuration.is_of_baseline()
            && configuration.workload == own.workload
            && configuration.partner == Some(own.id)
    })
}

fn of_workload(results: &Results, workload: &Workload) -> Vec<Regression> {
    let own = workload
        .configurations
        .iter()
        .map(|id| &results.configurations[*id])
        .filter(|configuration| !configuration.is_of_baseline());
    let pairs = own.filter_map(|configuration| Some((configuration.id, baseline(results, configuration)?.id)));
    let series: Vec<(usize, usize, Vec<f64>)> = pairs
        .map(|(new, old)| (new, old, stats::log_ratios(&compared(results, new), &compared(results, old)).logs))
        .filter(|(.., logs)| logs.len() >= FEWEST_ROUNDS)
        .collect();
    let margin = results.run.margin.ln_1p();
    let p = |test: &dyn Fn(&[f64]) -> f64| series.iter().map(|(.., logs)| test(logs)).collect::<Vec<_>>();
    // Twice the one-sided p-value: only what lies above the bound speaks against it.
    let above = |logs: &[f64]| {
        let is_above = stats::median(logs).is_some_and(|median| median > margin);
        if is_above { stats::two_sided_p(logs, margin) } else { 1.0 }
    };
    let beyond = stats::holm(&p(&above), FAMILY_ERROR);
    let differences = stats::holm(&p(&|logs| stats::two_sided_p(logs, 0.0)), FAMILY_ERROR);
    let equivalences = stats::holm(&p(&|logs| stats::equivalence_p(logs, margin)), FAMILY_ERROR);
    let below = stats::holm(&p(&|logs| stats::below_p(logs, margin)), FAMILY_ERROR);
    let one = |(i, (new, old, logs)): (usize, &(usize, usize, Vec<f64>))| {
        decide((*new, *old), logs, margin, [beyond[i], differences[i], equivalences[i], below[i]])
    };
    series.iter().enumerate().map(one).collect()
}

/// The verdict on one configuration, with the interval of the test that decided it.
fn decide(
    (new, old): (usize, usize),
    logs: &[f64],
    margin: f64,
    [beyond, difference, equivalence, below]: [Step; 4],
) -> Regression {
    let is_above = stats::median(logs).is_some_and(|median| median > 0.0);
    let (word, error) = if beyond.rejected {
        (Change::Regression, beyond.error)
    } else if equivalence.rejected {
        (Change::Equivalent, 2.0 * equivalence.error)
    } else if difference.rejected {
        (if is_above { Change::Slower } else { Change::Faster }, difference.error)
    } else if below.rejected {
        // Its other end does not matter to whoever asks whether it is slower.
        (Change::NotSlower, 2.0 * below.error)
    } else {
        (Change::NoSignificantDifference, difference.error.min(2.0 * equivalence.error))
    };
    let undecided = word == Change::NoSignificantDifference;
    let visible = || stats::smallest_effect(logs, beyond.error).map(|effect| (effect + margin).exp());
    Regression {
        new,
        old,
        ratio: ratio_interval(logs, 1.0 - error).unwrap_or_else(|| bare(1.0, 0)),
        word,
        smallest_effect: undecided.then(visible).flatten(),
        rounds_needed: undecided.then(|| stats::rounds_needed(logs, margin, difference.error)).flatten(),
    }
}

/// What a ratio of times is above one, with its sign: `+25 %`, `−0.3 %`; `∞` where one side timed out.
#[must_use]
pub fn change(ratio: f64) -> String {
    if ratio >= UNBOUNDED { "∞".into() } else { format!("{}%", signed(ratio)) }
}

fn signed(ratio: f64) -> String {
    if ratio >= UNBOUNDED {
        return "∞".into();
    }
    let text = percent(ratio);
    if text.starts_with('−') || text == "0.0" { text } else { format!("+{text}") }
}

/// A change with its interval: `+25 % (+24 to +26 %)`.
#[must_use]
pub fn change_interval(ratio: &Interval) -> String {
    let high = ratio.high.map_or("∞".into(), signed);
    let ends = ratio.low.map_or(String::new(), |low| format!(" ({} to {high}%)", signed(low)));
    change(ratio.median) + &ends
}

/// The finding on one workload.
fn sentence(results: &Results, found: &[Regression]) -> String {
    let margin = three_digits(results.run.margin * 100.0);
    let label = |regression: &Regression| results.configurations[regression.new].label.clone();
    let told = |word: Change, head: String| {
        let of = found.iter().filter(|regression| regression.word == word);
        let each: Vec<String> = of
            .map(|regression| {
                let shown = match regression.smallest_effect {
                    Some(smallest) => format!(", where these rounds detect {} or more", effect(smallest)),
                    None => String::new(),
                };
                format!("{} {}{shown}", label(regression), change_interval(&regression.ratio))
            })
            .collect();
        if each.is_empty() { String::new() } else { format!(" {head}: {}.", each.join("; ")) }
    };
    if found.is_empty() {
        return format!("No configuration has the {FEWEST_ROUNDS} rounds of both that a comparison takes.");
    }
    let regressions = found.iter().filter(|regression| regression.word == Change::Regression).count();
    let head = match regressions {
        0 => format!("No regression beyond {margin}% is shown."),
        count => format!("{} beyond {margin}%.", plural(count as u64, "regression")),
    };
    let parts = [
        told(Change::Regression, "Time over the baseline's".into()),
        told(Change::Slower, format!("Slower, not shown to be beyond {margin}%")),
        told(Change::NoSignificantDifference, "No significant difference".into()),
        told(Change::Faster, "Faster".into()),
        told(Change::NotSlower, format!("Not slower by {margin}%")),
        told(Change::Equivalent, format!("Equivalent within ±{margin}%")),
    ];
    head + &parts.concat()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::*;
    use crate::setting::Outcome;

    /// A run of two builds: per configuration the seconds of this build and of the other.
    fn two_builds(configurations: &[(f64, f64)], noise: f64) -> Made {
        let mut made = Made::new(15).noise(noise);
        for (i, (new, old)) in configurations.iter().enumerate() {
            let label = if i == 0 { "serial".into() } else { format!("threads × {i}") };
            made = made.configuration(&label, *new).configuration(&format!("{label} (other build)"), *old);
            for (configuration, partner) in [(2 * i, None), (2 * i + 1, Some(2 * i))] {
                let configuration = &mut made.results.configurations[configuration];
                (configuration.partner, configuration.config.workers) = (partner, (i > 0).then_some(i as u32));
            }
        }
        made.results.run.baseline = Some("0.1.0".into());
        made
    }

    fn words(made: &Made) -> Vec<Change> {
        made.derive().regressions.iter().map(|regression| regression.word).collect()
    }

    #[test]
    fn a_slower_build_is_a_regression_and_the_other_way_round_it_is_faster() {
        let made = two_builds(&[(1.25, 1.0), (0.5, 0.5), (0.5, 0.6)], 0.002);
        assert_eq!(words(&made), [Change::Regression, Change::Equivalent, Change::Faster]);
        let derived = made.derive();
        let first = &derived.regressions[0];
        assert_eq!((first.new, first.old), (0, 1));
        assert!(first.ratio.low.unwrap() > 1.24 && first.ratio.high.unwrap() < 1.26, "{first:?}");
        let sentence = &derived.workloads[0].sentence;
        assert!(sentence.starts_with("1 regression beyond 3%. Time over the baseline's: serial +25% ("), "{sentence}");
        assert!(sentence.contains("Faster: threads × 2 −17% ("), "{sentence}");
        let turned = two_builds(&[(1.0, 1.25), (0.5, 0.5), (0.6, 0.5)], 0.002);
        assert_eq!(words(&turned), [Change::Faster, Change::Equivalent, Change::Regression]);
    }

    #[test]
    fn the_margin_is_what_counts() {
        // Slower by two per cent: inside the margin. By four with some noise: slower, beyond three not shown.
        assert_eq!(words(&two_builds(&[(1.02, 1.0)], 0.002)), [Change::Equivalent]);
        let near = two_builds(&[(1.035, 1.0)], 0.02);
        assert_eq!(words(&near), [Change::Slower], "{:?}", near.derive().regressions);
        let sentence = &near.derive().workloads[0].sentence;
        assert!(
            sentence.starts_with("No regression beyond 3% is shown. Slower, not shown to be beyond 3%"),
            "{sentence}"
        );
        let noisy = two_builds(&[(1.0, 1.0)], 0.3);
        assert_eq!(words(&noisy), [Change::NoSignificantDifference]);
        let derived = noisy.derive();
        assert!(derived.regressions[0].smallest_effect.unwrap() > 1.05);
        assert!(derived.workloads[0].sentence.contains("these rounds detect"), "{}", derived.workloads[0].sentence);
        let mut wide = two_builds(&[(1.25, 1.0)], 0.002);
        wide.results.run.margin = 0.3;
        assert_eq!(words(&wide), [Change::Equivalent]);
    }

    #[test]
    fn time_outs_are_infinitely_slow_and_few_rounds_say_nothing() {
        let mut made = two_builds(&[(1.0, 1.0), (0.5, 0.5)], 0.002);
        made.fail(0, &(0..15), &Outcome::TimedOut);
        made.fail(3, &(0..12), &Outcome::ResultMismatch);
        let derived = made.derive();
        assert_eq!(derived.regressions.len(), 1);
        let lost = &derived.regressions[0];
        assert_eq!(
            (lost.word, lost.ratio.median, change_interval(&lost.ratio).as_str()),
            (Change::Regression, UNBOUNDED, "∞ (∞ to ∞%)")
        );
        let mut few = two_builds(&[(1.0, 1.0)], 0.002);
        few.fail(0, &(0..12), &Outcome::ResultMismatch);
        assert!(few.derive().regressions.is_empty());
        let mut quick = two_builds(&[(1.25, 1.0)], 0.002);
        quick.results.run.quick = true;
        let derived = quick.derive();
        assert!(derived.regressions.is_empty() && derived.workloads[0].sentence.starts_with("No verdict: --quick"));
    }

    #[test]
    fn equal_builds_are_seldom_told_apart() {
        // 400 runs of three configurations that do not differ: 2.5 % of runs may have a regression; 25 would be five standard
        // deviations more.
        let mut random = fastrand::Rng::with_seed(11);
        let mut found = 0;
        for _ in 0..400 {
            let mut made = two_builds(&[(1.0, 1.0), (0.5, 0.5), (0.4, 0.4)], 0.0);
            for trial in &mut made.results.trials {
                trial.measured = (trial.measured as f64 * (1.0 + 0.2 * random.f64())) as u64;
            }
            // The worst case of the null: as slow as the margin allows.
            for trial in made.results.trials.iter_mut().filter(|trial| trial.configuration % 2 == 0) {
                trial.measured = (trial.measured as f64 * 1.03) as u64;
            }
            found += usize::from(words(&made).contains(&Change::Regression));
        }
        assert!(found <= 25, "{found} of 400");
    }
}
