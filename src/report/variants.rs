//! How variants compare by the same way: each with the first of its workload.

use super::sorted::Sorted;
use super::words::word;
use crate::results::{Results, Workload};
use crate::verdict::speedup_interval;

/// A row for every way and every variant but the first: its label, how many times as fast it is, and the verdict.
pub(super) fn rows(results: &Results, workload: &Workload) -> Vec<Vec<Sorted>> {
    let verdict = results.derived.workloads.iter().find(|verdict| verdict.workload == workload.id);
    let rows = verdict.iter().flat_map(|verdict| &verdict.variants).filter_map(|pair| {
        let label = results.configurations.get(pair.a)?.label.clone();
        let verdict = word(pair.word).trim_end_matches(" than").trim_end_matches(" from").trim_end_matches(" to");
        Some(vec![
            label.into(),
            Sorted { text: speedup_interval(&pair.ratio), by: Some(pair.ratio.median) },
            verdict.to_owned().into(),
        ])
    });
    rows.collect()
}

/// What each variant is, where its name does not say it all.
pub(super) fn note(results: &Results, workload: &Workload) -> String {
    let first = results.configurations.get(workload.reference).and_then(|reference| reference.variant);
    let used = |at: &usize| workload.configurations.iter().any(|id| results.configurations[*id].variant == Some(*at));
    let each = (0..results.variants.len()).filter(used).filter_map(|at| {
        let variant = &results.variants[at];
        let shown = variant.shown();
        (!shown.is_empty()).then(|| format!("{} is {shown}", variant.name))
    });
    let first = first.and_then(|at| results.variants.get(at)).map_or("", |variant| variant.name.as_str());
    let each: Vec<String> = each.collect();
    let what = if each.is_empty() { String::new() } else { format!(" {}.", each.join("; ")) };
    format!("How many times as fast as {first} by the same way, at 95% confidence for all of them together.{what}")
}
