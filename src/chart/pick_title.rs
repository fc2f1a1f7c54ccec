//! The headline of a workload, and of several: what to use, in no stronger words than the verdict's.
//!
//! Models first, each at its best, and no number of workers unless it is what was asked; a tie is won by what is simpler; no
//! number is finer than its interval; who sleeps and who spins while waiting are never ranked together.

use super::finding::{decided, verdict_of};
use super::lines::is_plural;
use super::words::{self, capital};
use crate::results::{Configuration, Pick, PickedBy, Results, Workload, WorkloadVerdict};
use crate::text::{plural, show_count};
use crate::verdict::{pace, price};

/// Longest label of a workload that a title names, and how many of them.
const LONGEST_LABEL: usize = 36;
const MOST_LABELS: usize = 3;
/// How many names a title lists before it counts.
const MOST_NAMES: usize = 3;

/// What a workload's verdict says to use; nothing where it picks nothing, or where nothing bounds what the pick may cost.
pub(super) fn of_one(results: &Results, workload: &Workload) -> Option<String> {
    let verdict = verdict_of(results, workload);
    let verdict = verdict.filter(|_| decided(results, verdict))?;
    let told = Told { results, workload };
    match verdict.picks.as_slice() {
        [] => None,
        [one] => told.pick(one).map(|text| capital(&text)),
        several => told.by_wait(several).map(|text| capital(&text)),
    }
}

/// The verdict of one workload in words for its chart.
struct Told<'a> {
    results: &'a Results,
    workload: &'a Workload,
}

impl Told<'_> {
    fn configuration(&self, id: usize) -> Option<&Configuration> {
        self.results.configurations.get(id)
    }

    fn pick(&self, pick: &Pick) -> Option<String> {
        let own = self.configuration(pick.configuration)?;
        let name = self.name(own);
        let failed = match pick.failures {
            0 => String::new(),
            failures => format!("; {} of it went wrong", plural(u64::from(failures), "trial")),
        };
        if let Some(rate) = self.workload.rate {
            return Some(format!("at {} per second, use {}{failed}", show_count(u64::from(rate)), own.label));
        }
        let share = pick.price?;
        let (speed, margin) = (pace(self.results, self.workload, pick), self.results.run.margin);
        let said = match self.equals(pick) {
            _ if pick.fastest => {
                let is = if is_plural(&name) { "are" } else { "is" };
                format!("{name} {is} fastest{}", if speed.is_empty() { speed } else { format!(": {speed}") })
            }
            Some(names) if share <= margin => {
                let is = if is_plural(&name) { "are" } else { "is" };
                let why = if pick.by == PickedBy::Simplicity { format!(", which {is} simpler") } else { String::new() };
                let speed = if speed.is_empty() { speed } else { format!(" ({speed})") };
                format!("{names} are equally fast{speed}; use {name}{why}")
            }
            _ => {
                let speed = if speed.is_empty() { speed } else { format!(" ({speed})") };
                let cost = match share <= margin {
                    true => format!("nothing comparable is more than {} faster", price(share)),
                    false => format!("at most {} slower than the best", price(share)),
                };
                format!("use {name}{speed}: {cost}")
            }
        };
        Some(said + &failed)
    }

    /// How a title calls a configuration: by its model, and by all that tells it apart where others of its model compete.
    fn name(&self, own: &Configuration) -> String {
        let others = self.workload.configurations.iter().filter_map(|id| self.configuration(*id));
        let models = others.clone().filter(|other| other.id != self.workload.reference);
        let alone = models.clone().all(|other| other.config.model == own.config.model);
        let several = models.filter(|other| other.config.model == own.config.model).count() > 1;
        let methods =
            others.filter(|other| other.config.model == own.config.model && other.config.ipc != own.config.ipc);
        match own.ipc_shown() {
            _ if alone && several => own.label.clone(),
            Some(ipc) if methods.count() > 0 => {
                format!("{} over {}", own.model_shown(), ipc.split(" (").next().unwrap_or(&ipc))
            }
            _ => own.model_shown().to_owned(),
        }
    }

    /// Who is as good as the pick: other models, each at its best; or other configurations of its only model. Nothing
    /// where nobody is.
    fn equals(&self, pick: &Pick) -> Option<String> {
        let own = self.configuration(pick.configuration)?;
        let as_good = || pick.as_good.iter().filter_map(|id| self.configuration(*id));
        let mut names = vec![self.name(own)];
        let mut models = vec![own.config.model];
        for other in as_good() {
            if !models.contains(&other.config.model) {
                models.push(other.config.model);
                names.push(other.model_shown().to_owned());
            }
        }
        if names.len() == 1 && names[0] == own.label {
            names.extend(as_good().map(|other| other.label.clone()));
        }
        match names.len() {
            0 | 1 => None,
            many if many > MOST_NAMES => {
                Some(format!("{many} {}", if models.len() > 1 { "models" } else { "configurations" }))
            }
            _ => Some(words::listed(&names)),
        }
    }

    /// Configurations that sleep and others that spin have a pick each.
    fn by_wait(&self, picks: &[Pick]) -> Option<String> {
        let part = |pick: &Pick| {
            let own = self.configuration(pick.configuration)?;
            let share = pick.price?;
            let cost = match share <= self.results.run.margin {
                true => String::new(),
                false => format!(" (at most {} slower than the best)", price(share)),
            };
            Some(format!("where both sides {}, use {}{cost}", pick.wait?.word(), own.label))
        };
        let parts: Option<Vec<String>> = picks.iter().map(part).collect();
        parts.map(|parts| parts.join("; "))
    }
}

/// The contrast between workloads; nothing where it is none that a title can say: where some have no pick, where names are
/// too long or too many, or where those that sleep and those that spin have one each.
pub(super) fn of_several(results: &Results, workloads: &[&Workload]) -> Option<String> {
    let mut parts: Vec<(String, Vec<(&Workload, String)>)> = Vec::new();
    let mut most: f64 = 0.0;
    // Where nothing but one model was run, what is asked for is something else about it.
    let ids = || workloads.iter().flat_map(|workload| &workload.configurations);
    let models: Vec<_> = ids().filter_map(|id| results.configurations.get(*id)).map(|one| one.config.model).collect();
    let one_model = models.iter().all(|model| *model == models[0]);
    for workload in workloads {
        let (pick, told) = (only_pick(results, workload)?, Told { results, workload });
        if pick.failures > 0 || workload.rate.is_some() {
            return None;
        }
        most = most.max(pick.price?);
        let own = told.configuration(pick.configuration)?;
        let name = if one_model { told.name(own) } else { own.model_shown().to_owned() };
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, places)) => places.push((workload, pace(results, workload, pick))),
            None => parts.push((name, vec![(workload, pace(results, workload, pick))])),
        }
    }
    let cost = match most <= results.run.margin {
        true => String::new(),
        false => format!("; at most {} slower than the best", price(most)),
    };
    if let [(name, places)] = parts.as_slice() {
        let speeds: Vec<&str> = places.iter().map(|(_, speed)| speed.as_str()).collect();
        let alike = speeds.iter().all(|speed| *speed == speeds[0] && !speed.is_empty());
        let speed = if alike { format!(" ({})", speeds[0]) } else { String::new() };
        return Some(format!("Use {name} throughout{speed}{cost}"));
    }
    let short = workloads.iter().all(|workload| workload.label.chars().count() <= LONGEST_LABEL);
    if !short || workloads.len() > MOST_LABELS {
        return None;
    }
    let part = |(name, places): &(String, Vec<(&Workload, String)>)| {
        let labels: Vec<String> = places.iter().map(|(workload, _)| workload.label.clone()).collect();
        let speed = match places.as_slice() {
            [(_, speed)] if !speed.is_empty() => format!(" ({speed})"),
            _ => String::new(),
        };
        format!("{name} in {}{speed}", words::listed(&labels))
    };
    Some(format!("Use {}{cost}", parts.iter().map(part).collect::<Vec<_>>().join("; ")))
}

/// The only pick of a workload.
fn only_pick<'a>(results: &'a Results, workload: &Workload) -> Option<&'a Pick> {
    let verdict: Option<&WorkloadVerdict> = verdict_of(results, workload);
    match verdict.filter(|_| decided(results, verdict))?.picks.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}
