//! What faults did to configurations, as a matrix.

use crate::results::{Configuration, FaultEstimate, Workload};
use crate::text::{show_seconds, three_digits};

/// How most trials of a field ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Survived,
    Died,
    Hung,
}

impl Fate {
    pub(super) fn word(self) -> &'static str {
        match self {
            Fate::Survived => "survived",
            Fate::Died => "died",
            Fate::Hung => "hung",
        }
    }
}

/// What one fault did to one configuration.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) fate: Fate,
    /// How many trials ended so.
    pub(super) alike: u32,
    pub(super) fault: FaultEstimate,
    pub(super) items: u64,
}

impl Field {
    pub(super) fn of(fault: &FaultEstimate, items: u64) -> Option<Self> {
        let counts = [(Fate::Survived, fault.survived), (Fate::Died, fault.died), (Fate::Hung, fault.hung)];
        // Of equal counts the worse is told.
        let (fate, alike) = counts.into_iter().rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0)?;
        let fate = counts.into_iter().rev().find(|(_, count)| *count == alike).map_or(fate, |(fate, _)| fate);
        Some(Self { fate, alike, fault: fault.clone(), items })
    }

    /// `4 of 5` where the trials ended differently.
    pub(super) fn mixed(&self) -> Option<String> {
        (self.alike < self.fault.trials).then(|| format!("{} of {}", self.alike, self.fault.trials))
    }

    /// Everything about it in words.
    pub(super) fn in_words(&self) -> String {
        let mixed = self.mixed().map_or(String::new(), |mixed| format!(" in {mixed} trials"));
        let FaultEstimate { done, lost, retried, recovered, .. } = self.fault;
        let recovered = recovered.map_or(String::new(), |time| format!(", recovered in {}", show_seconds(time)));
        format!(
            "{}{mixed}, {} done, {} lost, {} retried{recovered}",
            self.fate.word(),
            three_digits(done),
            three_digits(lost),
            three_digits(retried)
        )
    }
}

/// One configuration under every fault.
pub(super) struct Row<'a> {
    pub(super) label: String,
    /// One of its configurations, for what the row is about.
    pub(super) configuration: &'a Configuration,
    pub(super) fields: Vec<Option<Field>>,
}

/// The faults of one task under one runtime.
pub(super) struct Matrix<'a> {
    pub(super) workloads: Vec<&'a Workload>,
    /// Kinds of faults in words, and as a scenario writes them.
    pub(super) columns: Vec<(String, String)>,
    pub(super) rows: Vec<Row<'a>>,
}
