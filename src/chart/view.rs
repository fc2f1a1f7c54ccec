//! What one chart shows of the results: its configurations alone, parted and ordered as the scenario asks.
//!
//! A view is results again, so that charts read nothing else: workloads without a configuration are gone, a workload that is parted is
//! several, and the only entry of its list of charts is the one that is drawn. Configurations keep their numbers; verdicts are those
//! that were given over all configurations, so no claim is made that the whole family of comparisons does not carry.

use std::cmp::Ordering;

use super::finding;
use crate::results::{ChartShape, Configuration, Results, Workload, WorkloadVerdict};
use crate::setting::{Key, Value};

/// The results as a chart of this shape shows them.
pub(super) fn of(results: &Results, shape: &ChartShape) -> Results {
    let mut view = Results { charts: vec![shape.clone()], ..results.clone() };
    if let Some(configurations) = &shape.configurations {
        keep(&mut view, |configuration| configurations.binary_search(&configuration).is_ok());
    }
    if let Some(key) = shape.group {
        part(&mut view, key);
    }
    if shape.x.is_some() || shape.group.is_some() {
        arrange(&mut view, shape);
    }
    view
}

/// Title and subtitle of the chart of a view. A title that was given is the headline, and the finding then comes first
/// below it, so that what is claimed stays computed.
pub(super) fn headline(view: &Results, finding: String, subtitle: String) -> (String, String) {
    let Some(shape) = view.charts.first() else { return (finding, subtitle) };
    let shown = if shape.chosen.is_empty() { String::new() } else { format!(". Shown: {}", shape.chosen) };
    match &shape.title {
        Some(title) => (title.clone(), format!("{finding}. {subtitle}{shown}")),
        None => (finding, format!("{subtitle}{shown}")),
    }
}

/// Leaves out all other configurations.
fn keep(view: &mut Results, wanted: impl Fn(usize) -> bool) {
    let workloads = std::mem::take(&mut view.workloads);
    let parts = workloads.into_iter().map(|workload| {
        let configurations =
            workload.configurations.iter().copied().filter(|configuration| wanted(*configuration)).collect();
        Workload { configurations, ..workload }
    });
    regroup(view, parts.collect());
    view.timelines.retain(|timeline| wanted(timeline.configuration));
    view.latencies.retain(|latency| wanted(latency.configuration));
    view.derived.regressions.retain(|found| wanted(found.new));
}

/// Makes a workload of its own of the configurations of each value.
fn part(view: &mut Results, key: Key) {
    let workloads = std::mem::take(&mut view.workloads);
    let several = workloads.len() > 1;
    let mut parts = Vec::new();
    for workload in workloads {
        let configurations: Vec<&Configuration> = workload
            .configurations
            .iter()
            .filter_map(|configuration| view.configurations.get(*configuration))
            .collect();
        let values = values(&configurations, key);
        let alone = values.len() < 2;
        for value in values {
            let configurations = configurations
                .iter()
                .filter(|configuration| text(configuration, key) == value)
                .map(|configuration| configuration.id)
                .collect();
            let name = value.unwrap_or_else(|| format!("no {}", shown(key)));
            let label = match (several, alone) {
                (_, true) => workload.label.clone(),
                (true, false) => format!("{}, {name}", workload.label),
                (false, false) => name,
            };
            parts.push(Workload { label, configurations, ..workload.clone() });
        }
    }
    regroup(view, parts);
}

/// Puts these in the place of the workloads, each with the verdict on what it has of the old one whose number it carries.
fn regroup(view: &mut Results, parts: Vec<Workload>) {
    let verdicts = std::mem::take(&mut view.derived.workloads);
    let fits = std::mem::take(&mut view.derived.fits);
    for part in parts.into_iter().filter(|part| !part.configurations.is_empty()) {
        let (old, id) = (part.id, view.workloads.len());
        let verdict = verdicts.iter().find(|verdict| verdict.workload == old);
        view.derived.workloads.extend(verdict.map(|verdict| narrowed(view, verdict, id, &part.configurations)));
        let whole = fits.iter().filter(|fit| {
            fit.workload == old
                && fit.configurations.iter().all(|configuration| part.configurations.contains(configuration))
        });
        view.derived.fits.extend(whole.cloned().map(|mut fit| {
            fit.workload = id;
            fit
        }));
        for configuration in &part.configurations {
            if let Some(configuration) = view.configurations.get_mut(*configuration) {
                configuration.workload = id;
            }
        }
        view.workloads.push(Workload { id, ..part });
    }
}

/// What a verdict says of some of its configurations.
fn narrowed(view: &Results, verdict: &WorkloadVerdict, workload: usize, configurations: &[usize]) -> WorkloadVerdict {
    if configurations.len() == verdict.ranking.len() {
        return WorkloadVerdict { workload, ..verdict.clone() };
    }
    let here = |configuration: &usize| configurations.contains(configuration);
    let timed = |configuration: &usize| {
        super::words::estimate(view, *configuration).is_some_and(|estimate| estimate.time.is_some())
    };
    let mut own = WorkloadVerdict { workload, sentence: String::new(), recommendation: None, ..verdict.clone() };
    own.ranking.retain(here);
    own.pairs.retain(|pair| here(&pair.a) && here(&pair.b));
    own.checks.retain(|check| here(&check.configuration));
    own.picks.retain(|pick| here(&pick.configuration));
    for pick in &mut own.picks {
        pick.as_good.retain(here);
        pick.too_close.retain(here);
        pick.slower.retain(|slower| here(&slower.configuration));
    }
    // Without the pick, those come first that were shown to be slower than nobody who is shown.
    own.winners = match own.picks.is_empty() {
        true => finding::leaders(&own, configurations).into_iter().filter(timed).collect(),
        false => own.winners.into_iter().filter(here).collect(),
    };
    own
}

/// Orders the configurations of every workload by what stands along the axis, and names them by that and by what else tells them apart.
fn arrange(view: &mut Results, shape: &ChartShape) {
    for index in 0..view.workloads.len() {
        let mut configurations: Vec<&Configuration> = view.workloads[index]
            .configurations
            .iter()
            .filter_map(|configuration| view.configurations.get(*configuration))
            .collect();
        if let Some(key) = shape.x {
            let order = values(&configurations, key);
            let rank =
                |configuration: &Configuration| order.iter().position(|value| *value == text(configuration, key));
            configurations.sort_by_key(|configuration| rank(configuration));
        }
        let labels = labels(&configurations, shape);
        let ids: Vec<usize> = configurations.iter().map(|configuration| configuration.id).collect();
        for (id, label) in ids.iter().zip(labels.into_iter().flatten()) {
            view.configurations[*id].label = label;
        }
        view.workloads[index].configurations = ids;
    }
}

/// Names by the setting along the axis, the model, and what else differs; nothing where these are not unique.
fn labels(configurations: &[&Configuration], shape: &ChartShape) -> Option<Vec<String>> {
    // That some have no such setting at all follows from their model.
    let differs = |key: Key| {
        let mut values = configurations.iter().filter_map(|configuration| text(configuration, key));
        values.next().is_some_and(|first| values.any(|value| value != first))
    };
    let first = shape.x.into_iter().filter(|x| *x != Key::Workers);
    let named = [Key::Model, Key::Workers]
        .into_iter()
        .chain(Key::of_configurations().filter(|key| !matches!(key, Key::Model | Key::Workers)));
    let keys = first.chain(named.filter(|key| shape.x != Some(*key) || *key == Key::Workers));
    let keys: Vec<Key> = keys
        .filter(|key| Some(*key) != shape.group)
        .filter(|key| Some(*key) == shape.x || *key == Key::Model || differs(*key))
        .collect();
    let name = |configuration: &&Configuration| {
        let mut label = String::new();
        for key in &keys {
            let Some(value) = text(configuration, *key) else { continue };
            match (key, configuration.config.workers) {
                (Key::Workers, Some(workers)) if label.ends_with(&configuration.model_shown()) => {
                    label += &format!(" × {workers}");
                }
                _ if label.is_empty() => label = value,
                _ => label += &format!(", {value}"),
            }
        }
        if label.is_empty() { configuration.label.clone() } else { label }
    };
    let names: Vec<String> = configurations.iter().map(name).collect();
    let unique = (1..names.len()).all(|index| !names[..index].contains(&names[index]));
    unique.then_some(names)
}

/// The values that configurations have of a setting: numbers rising, words in the order of the configurations; configurations without it are first.
fn values(configurations: &[&Configuration], key: Key) -> Vec<Option<String>> {
    let mut found: Vec<(Option<u64>, Option<String>)> = Vec::new();
    for configuration in configurations {
        let value = (number(configuration, key), text(configuration, key));
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found.sort_by(|a, b| match (a.1.is_some(), b.1.is_some()) {
        (true, true) => a.0.cmp(&b.0),
        (false, true) => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, false) => Ordering::Equal,
    });
    found.into_iter().map(|(_, text)| text).collect()
}

fn number(configuration: &Configuration, key: Key) -> Option<u64> {
    match configuration.config.fact(key) {
        Some(Value::Whole(number)) => Some(number),
        _ => None,
    }
}

/// How labels show a configuration's setting.
fn text(configuration: &Configuration, key: Key) -> Option<String> {
    match key {
        Key::Model => Some(configuration.model_shown().to_owned()),
        key => configuration.config.shown(key),
    }
}

/// How sentences call a setting.
fn shown(key: Key) -> String {
    match key {
        Key::Ipc => "IPC".to_owned(),
        key => key.name().replace('_', " "),
    }
}
