//! What there is to say beside the pick: which models are as good, and from where on others beat the reference.

use super::answer::Told;
use super::break_even::lines;
use super::sentence::{times, verb};
use crate::results::{BreakEven, ConfigurationEstimate, Crossing, Results, Workload, WorkloadVerdict};
use crate::text::plural;

/// How many crossings along settings a recommendation tells; all stand in the results.
const CROSSINGS: usize = 2;
/// Medians that are so far apart, as a share, are not said to be without a difference.
const FAR: f64 = 0.1;

/// What else there is to say. `None` without a pick, and where nothing is.
pub(super) fn sentence(
    results: &Results,
    verdict: &WorkloadVerdict,
    estimates: &[ConfigurationEstimate],
    break_evens: &[BreakEven],
) -> Option<String> {
    let workload = results.workloads.get(verdict.workload)?;
    let pick = verdict.picks.first()?;
    let seen = Seen { results, workload, verdict };
    let told = Told { results, workload, estimates };
    let mut parts: Vec<String> = told.models(pick).into_iter().collect();
    let apart: Vec<String> = if workload.rate.is_some() { vec![] } else { seen.against_baseline(break_evens) };
    if !apart.is_empty() {
        parts.push(format!("Against {}: {}.", seen.label(workload.reference), apart.join("; ")));
    }
    let along = seen.along_settings(break_evens);
    parts.extend(Some(along).filter(|along| !along.is_empty()));
    parts.extend(told.utilisation(pick));
    if let Some(spin) = told.spin(&verdict.picks) {
        parts.push(spin);
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

struct Seen<'a> {
    results: &'a Results,
    workload: &'a Workload,
    verdict: &'a WorkloadVerdict,
}

impl Seen<'_> {
    fn label(&self, id: usize) -> &str {
        &self.results.configurations[id].label
    }

    /// Where the first place changes hands along a setting of the task, in other groups.
    fn along_settings(&self, break_evens: &[BreakEven]) -> String {
        let first =
            |label: &String| self.verdict.winners.iter().any(|configuration| self.label(*configuration) == label);
        let here = |found: &&BreakEven| {
            let crosses = found.axis != "workers" && found.crossing == Crossing::From;
            crosses && found.workloads.contains(&self.workload.id) && (first(&found.a) || first(&found.b))
        };
        let told: Vec<&str> = break_evens.iter().filter(here).take(CROSSINGS).map(|found| &*found.sentence).collect();
        told.join(" ")
    }

    /// From how many workers on each line pays off, in the order of the lines.
    fn against_baseline(&self, break_evens: &[BreakEven]) -> Vec<String> {
        let baseline = self.label(self.workload.reference);
        let here = |found: &&BreakEven| found.axis == "workers" && found.workloads == [self.workload.id];
        let with_baseline = |line: &str| {
            let pair = |found: &&BreakEven| {
                [(&found.a, &found.b), (&found.b, &found.a)].contains(&(&baseline.to_owned(), &line.to_owned()))
            };
            break_evens.iter().filter(here).find(pair)
        };
        let told = lines(self.results, self.workload).into_iter().filter_map(|(line, _)| {
            let found = with_baseline(&line)?;
            let last = found.points.last()?;
            let ratio = found.points.iter().map(|p| if found.b == line { p.ratio } else { 1.0 / p.ratio });
            let ratio = ratio.fold(0.0, f64::max);
            let best = times(ratio);
            let (beats, is) = (verb(&line, "beats", "beat"), verb(&line, "is", "are"));
            let workers = |value: f64| plural(value as u64, "worker");
            Some(match (found.crossing, found.b == line, found.high) {
                (Crossing::Always, true, _) => {
                    let first = workers(found.points[0].value);
                    format!("{line} {beats} {baseline} with {first} or more (up to {best})")
                }
                (Crossing::From, true, Some(high)) => {
                    format!("{line} {beats} {baseline} with {} or more (up to {best})", workers(high))
                }
                (Crossing::Always, false, _) => {
                    format!("{line} never {beats} {baseline}, up to {} (at best {best})", last.shown)
                }
                (Crossing::From, false, Some(high)) => {
                    let does = verb(&line, "does", "do");
                    format!("{line} {does} not beat {baseline} with {} or more (at best {best})", workers(high))
                }
                (Crossing::Equivalent, ..) => format!("{line} {is} equivalent to {baseline} at every worker count"),
                // Where the medians are far apart, what is missing is rounds, not a difference: the pick's sentence tells enough.
                _ if ratio > 1.0 + FAR => return None,
                _ => format!("{line}: no significant difference from {baseline} (up to {best})"),
            })
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;

    fn made(threads: [f64; 2], processes: [f64; 2]) -> Made {
        noisy(0.002, threads, processes)
    }

    fn noisy(noise: f64, threads: [f64; 2], processes: [f64; 2]) -> Made {
        let at = |seconds: [f64; 2]| [1, 2].into_iter().zip(seconds).collect::<Vec<_>>();
        Made::new(15).noise(noise).serial(1.0).line("threads", "", &at(threads)).line(
            "processes",
            ", pipe",
            &at(processes),
        )
    }

    fn when(made: &Made) -> String {
        made.derive().workloads[0].recommendation.clone().unwrap_or_default()
    }

    #[test]
    fn the_winner_of_the_data_is_the_one_to_use() {
        let first = when(&made([0.9, 0.5], [1.2, 0.6]));
        let against = first.split_once("Against serial: ").unwrap().1;
        assert!(against.starts_with("threads beat serial with 1 worker or more (up to 2.0"), "{first}");
        assert!(against.contains("; processes, pipe beat serial with 2 workers or more (up to 1.6"), "{first}");
        let second = when(&made([1.2, 0.6], [0.9, 0.5]));
        assert!(second.contains("threads beat serial with 2 workers or more (up to 1.6"), "{second}");
    }

    #[test]
    fn what_does_not_pay_off_or_is_open_says_so() {
        let none = when(&made([1.2, 1.1], [3.0, 2.0]));
        assert!(none.starts_with("Against serial: threads never beat serial, up to 2 workers (at best 0.9"), "{none}");
        let same = when(&made([0.9, 0.5], [0.91, 0.502]));
        assert!(
            same.starts_with("Threads and processes are within 1% of each other, each at its best. Against serial: "),
            "{same}"
        );
        let open = when(&noisy(0.08, [0.9, 0.5], [1.2, 0.503]));
        assert!(open.starts_with("Against serial: threads beat serial with "), "{open}");
    }

    #[test]
    fn where_the_first_place_changes_hands_is_told() {
        let mut made = Made::new(15);
        for ((bytes, shown), pipe) in [(64, "64 B"), (65_536, "64 KiB")].into_iter().zip([0.5, 2.0]) {
            made = made
                .payload(bytes, shown)
                .configuration("processes × 1, pipe", pipe)
                .configuration("processes × 1, manager", 1.0);
        }
        let derived = made.derive();
        let crossing = "processes × 1, manager beats processes × 1, pipe at 64 KiB and above (processes × 1, pipe is ahead at 64 B;";
        for workload in [0, 1] {
            let when = derived.workloads[workload].recommendation.clone().unwrap();
            assert!(when.starts_with(crossing), "{when}");
        }
    }

    #[test]
    fn a_model_of_a_lock_is_never_recommended_and_nothing_is_without_a_verdict() {
        let mut lock = made([0.9, 0.5], [1.2, 0.6]);
        lock.results.workloads[0].runtime = "gil_emulation".into();
        let derived = lock.derive();
        assert!(derived.workloads[0].sentence.contains("nothing is recommended"), "{}", derived.workloads[0].sentence);
        assert!(derived.workloads[0].picks.is_empty() && derived.workloads[0].recommendation.is_none());
        let mut quick = made([0.9, 0.5], [1.2, 0.6]);
        quick.results.run.quick = true;
        assert_eq!(quick.derive().workloads[0].recommendation, None);
        assert_eq!(Made::new(15).serial(1.0).derive().workloads[0].recommendation, None);
    }
}
