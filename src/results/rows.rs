//! How a results file writes its trials: as rows, which take half the room of objects. The journal has objects.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Details, Flag, Kind, Phase, Trial, Usage};
use crate::record::PHASE_NUMBERS;
use crate::setting::Outcome;

/// A trial as a row: what every trial has, in this order, then an object with what is not as usual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Row(
    /// Index of the configuration.
    usize,
    /// The round, from 0.
    u32,
    /// Place in the whole run, from 0.
    u32,
    /// Milliseconds from the start of the run, and those that it took.
    (u64, u64),
    /// Items whose reply arrived once.
    u64,
    /// Sum of the item digests, 16 hexadecimal digits; `null` where it is that of the trial before of the same configuration.
    Option<String>,
    /// Nanoseconds of the first item on a cold worker; 0 where there was no warm-up.
    u64,
    /// Seconds of the granted CPU time that others took during the trial; below zero where cores were to spare.
    f64,
    /// Start, work and join: wall time in nanoseconds, user and system time in microseconds, voluntary and involuntary
    /// switches, minor and major faults; zeros at the end are left out.
    [ShortPhase; 3],
    /// What is not as usual; `null` where all is.
    Option<Rest>,
);

/// A phase without the zeros at its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct ShortPhase(#[schemars(length(max = PHASE_NUMBERS))] Vec<u64>);

/// What is not as usual about a trial; keys that are missing are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Rest {
    /// What it was run for, unless `timed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    /// Whether it is the second run of its configuration in the round.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
    /// How it ended, unless `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// Nanoseconds that the measure covers, unless they are the wall time of the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<u64>,
    /// The phases with user and system time in nanoseconds, where these are no whole microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    phases: Option<[Phase; 3]>,
    /// Items whose reply never arrived.
    #[serde(skip_serializing_if = "is_zero")]
    lost: u64,
    /// What only some trials have.
    #[serde(skip_serializing_if = "Details::is_empty")]
    details: Details,
    /// Its flags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flag>,
    /// Last lines of stderr.
    #[serde(skip_serializing_if = "String::is_empty")]
    stderr: String,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Nanoseconds of a microsecond, in which the kernel counts CPU time.
const MICRO: u64 = 1000;

impl ShortPhase {
    /// The phase in short, unless its CPU times are no whole microseconds.
    fn of(phase: Phase) -> Option<Self> {
        let whole = phase.usage.user.is_multiple_of(MICRO) && phase.usage.system.is_multiple_of(MICRO);
        let Usage { user, system, .. } = phase.usage;
        let phase = Phase { usage: Usage { user: user / MICRO, system: system / MICRO, ..phase.usage }, ..phase };
        let mut numbers = <[u64; PHASE_NUMBERS]>::from(phase).to_vec();
        numbers.truncate(numbers.iter().rposition(|number| *number > 0).map_or(0, |last| last + 1));
        whole.then_some(Self(numbers))
    }

    /// The phase; nothing where it has too many numbers or too large ones.
    fn whole(&self) -> Option<Phase> {
        let mut numbers = [0; PHASE_NUMBERS];
        numbers.get_mut(..self.0.len())?.copy_from_slice(&self.0);
        let phase = Phase::from(numbers);
        let Usage { user, system, .. } = phase.usage;
        let usage = Usage { user: user.checked_mul(MICRO)?, system: system.checked_mul(MICRO)?, ..phase.usage };
        Some(Phase { usage, ..phase })
    }
}

impl Row {
    /// The row of a trial, whose digest is left out where `last` is the same.
    fn of(trial: &Trial, last: Option<&String>) -> Self {
        let short = trial.phases.map(ShortPhase::of);
        let exact = short.iter().any(Option::is_none);
        let rest = Rest {
            phases: exact.then_some(trial.phases),
            kind: Some(trial.kind).filter(|kind| *kind != Kind::Timed),
            duplicate: trial.duplicate,
            outcome: Some(trial.outcome.clone()).filter(|outcome| *outcome != Outcome::Ok),
            measured: Some(trial.measured).filter(|measured| *measured != trial.phases[1].wall),
            lost: trial.lost,
            details: trial.details.clone(),
            flags: trial.flags.clone(),
            stderr: trial.stderr.clone(),
        };
        let phases = short.map(|phase| phase.filter(|_| !exact).unwrap_or_default());
        let rest = Some(rest).filter(|rest| *rest != Rest::default());
        let digest = Some(trial.digest.clone()).filter(|digest| Some(digest) != last);
        Self(
            trial.configuration,
            trial.round,
            trial.order,
            (trial.at, trial.took),
            trial.done,
            digest,
            trial.first_item,
            trial.others,
            phases,
            rest,
        )
    }

    /// The trial, which has an empty digest where the row left it out; nothing where a phase has too many numbers.
    fn trial(self) -> Option<Trial> {
        let Self(configuration, round, order, (at, took), done, digest, first_item, others, [start, work, join], rest) =
            self;
        let rest = rest.unwrap_or_default();
        let phases = match rest.phases {
            Some(exact) => exact,
            None => [start.whole()?, work.whole()?, join.whole()?],
        };
        Some(Trial {
            configuration,
            round,
            order,
            at,
            took,
            kind: rest.kind.unwrap_or(Kind::Timed),
            duplicate: rest.duplicate,
            outcome: rest.outcome.unwrap_or(Outcome::Ok),
            measured: rest.measured.unwrap_or(phases[1].wall),
            phases,
            done,
            lost: rest.lost,
            digest: digest.unwrap_or_default(),
            first_item,
            details: rest.details,
            others,
            flags: rest.flags,
            stderr: rest.stderr,
        })
    }
}

/// Writes trials as rows.
pub(super) fn serialize<S: Serializer>(trials: &[Trial], into: S) -> Result<S::Ok, S::Error> {
    let mut last: BTreeMap<usize, &String> = BTreeMap::new();
    into.collect_seq(trials.iter().map(|trial| {
        let before = last.insert(trial.configuration, &trial.digest);
        Row::of(trial, before)
    }))
}

/// Reads trials from rows.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Trial>, D::Error> {
    let rows: Vec<Row> = Vec::deserialize(from)?;
    let trials: Option<Vec<Trial>> = rows.into_iter().map(Row::trial).collect();
    let wrong = || D::Error::custom("a phase has at most seven numbers, none of them huge");
    let mut trials = trials.ok_or_else(wrong)?;
    let mut last: BTreeMap<usize, String> = BTreeMap::new();
    for trial in &mut trials {
        if trial.digest.is_empty() {
            trial.digest = last.get(&trial.configuration).cloned().unwrap_or_default();
        } else {
            last.insert(trial.configuration, trial.digest.clone());
        }
    }
    Ok(trials)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Memory, MemoryUse, Spent, StageTimes};

    fn usual() -> Trial {
        let phase = |wall| Phase { wall, usage: Usage { user: 7_000, ..Usage::default() } };
        Trial {
            configuration: 3,
            round: 2,
            order: 41,
            at: 9_000,
            took: 171,
            kind: Kind::Timed,
            duplicate: false,
            outcome: Outcome::Ok,
            measured: 154_778_428,
            phases: [phase(3_649_711), phase(154_778_428), Phase::default()],
            done: 320,
            lost: 0,
            digest: "43b9ba5c43ca25d4".into(),
            first_item: 3_234_428,
            details: Details::default(),
            others: 0.325,
            flags: vec![],
            stderr: String::new(),
        }
    }

    fn there_and_back(trial: &Trial) -> (String, Trial) {
        let text = serde_json::to_string(&Row::of(trial, None)).unwrap();
        let row: Row = serde_json::from_str(&text).unwrap();
        (text, row.trial().unwrap())
    }

    #[test]
    fn a_usual_trial_is_a_short_row() {
        let (text, read) = there_and_back(&usual());
        assert_eq!(
            text,
            "[3,2,41,[9000,171],320,\"43b9ba5c43ca25d4\",3234428,0.325,[[3649711,7],[154778428,7],[]],null]"
        );
        assert_eq!(read, usual());
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Kept(#[serde(with = "super")] Vec<Trial>);

    #[test]
    fn a_digest_is_written_where_it_changes() {
        let other = Trial { configuration: 4, digest: "f".into(), ..usual() };
        let wrong = Trial { digest: "0".into(), ..usual() };
        let kept = Kept(vec![usual(), other.clone(), usual(), wrong, usual(), other]);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!((text.matches("43b9ba5c43ca25d4").count(), text.matches("\"f\"").count()), (2, 1), "{text}");
        assert_eq!(serde_json::from_str::<Kept>(&text).unwrap(), kept);
    }

    #[test]
    fn everything_that_is_not_usual_is_kept() {
        let memory = Memory { pss: 3, private: 2, rss: 9 };
        let odd = Trial {
            kind: Kind::Memory,
            duplicate: true,
            outcome: Outcome::Failed { detail: "no".into() },
            measured: 5,
            lost: 1,
            details: Details {
                retried: 2,
                duplicated: 3,
                spent: Some(Spent { service: 1, ..Spent::default() }),
                memory: Some(MemoryUse { before: memory, after: memory, workers: vec![memory] }),
                stages: vec![StageTimes { busy: 4, blocked: 3, starved: 2, most: 1 }],
                ..Details::default()
            },
            flags: vec![Flag::TooShort],
            stderr: "why".into(),
            ..usual()
        };
        assert_eq!(there_and_back(&odd).1, odd);
        let mut fine = usual();
        fine.phases[2].usage.system = 1_234;
        assert_eq!(there_and_back(&fine).1, fine);
        let object = serde_json::to_string(&odd).unwrap();
        assert_eq!(serde_json::from_str::<Trial>(&object).unwrap(), odd, "the form of the journal");
    }

    #[test]
    fn a_phase_too_long_and_a_key_unknown_are_refused() {
        let (text, _) = there_and_back(&usual());
        for (from, to) in [
            ("1,7]", "1,18446744073709551615]"),
            ("[]]", "[1,2,3,4,5,6,7,8]]"),
            ("null", "{\"kinds\":1}"),
            ("null", "{\"details\":{\"kinds\":1}}"),
            ("[3,", "[\"3\","),
        ] {
            let wrong = text.replacen(from, to, 1);
            let read = serde_json::from_str::<Row>(&wrong).ok().and_then(Row::trial);
            assert!(wrong != text && read.is_none(), "{wrong}");
        }
    }
}
