//! `runner machine`: what this machine grants, how quiet it is, and what that means for measurements.

use anyhow::Result;
use schemars::JsonSchema;
use serde::Serialize;

use super::Exit;
use super::answers::Answer;
use super::args::MachineOptions;
use super::output::Output;
use crate::host::{self, Survey, survey};
use crate::text::{plural, show_bytes};

/// Shares of the cores that others use, noise and quotas from which on there is something to do about it.
const BUSY: f64 = 0.1;
const NOISE: f64 = 0.05;

/// What was found out about the machine.
#[derive(Serialize, JsonSchema)]
pub(super) struct MachineJson {
    /// Cores that this process is granted: those that it may run on, and no more than its quota, rounded up.
    cores: u32,
    /// Physical cores among those that it may run on.
    physical: u32,
    /// Cores that are online.
    online: u32,
    /// Cores that its control groups grant; null where there is no quota.
    quota: Option<f64>,
    /// Periods in which its control groups were held back so far.
    throttled: u64,
    /// Bytes of memory that can be had.
    memory_free: Option<u64>,
    /// Bytes of memory that its control groups grant; null where there is no limit.
    memory_limit: Option<u64>,
    /// Cores that other programs used for a second.
    others: f64,
    /// The busiest of them.
    programs: Vec<ProgramJson>,
    /// Standard deviation of the log ratios of equal work, unit by unit of half a second; 0.01 is about 1%.
    noise: f64,
    /// How many units that is from.
    units: usize,
    /// Seconds that finding it out took.
    seconds: f64,
    /// The smallest difference, as a share, that 20 s of rounds would most likely show.
    smallest: f64,
    /// What to do.
    advice: Vec<String>,
}

/// A program that used the machine.
#[derive(Serialize, JsonSchema)]
pub(super) struct ProgramJson {
    /// Its name, without arguments.
    name: String,
    /// Cores that it used.
    cores: f64,
}

impl Answer for MachineJson {
    const KIND: &'static str = "machine";
}

/// Finds out about the machine, and says it.
pub(super) fn machine(options: &MachineOptions, output: &Output) -> Result<Exit> {
    output.progress(&format!("looking at this machine for {:.0} s …", Survey::seconds()));
    let (cores, granted, known) = (host::granted_cores(), host::Granted::now(), host::machine());
    let found = survey(cores);
    let answer = MachineJson {
        cores,
        physical: host::physical_cores(),
        online: known.cores_online,
        quota: granted.cores,
        throttled: granted.throttled,
        memory_free: host::free_memory(),
        memory_limit: granted.memory,
        others: rounded(found.others, 100.0),
        programs: found
            .programs
            .iter()
            .map(|(name, cores)| ProgramJson { name: name.clone(), cores: rounded(*cores, 100.0) })
            .collect(),
        noise: rounded(found.noise, 1e4),
        units: found.units,
        seconds: Survey::seconds(),
        smallest: rounded(found.smallest(), 1e4),
        advice: advice(cores, &found, &granted, known.load),
    };
    match options.json {
        true => output.json(&answer)?,
        false => output.result(&lines(&answer))?,
    }
    Ok(Exit::Success)
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// What there is to do about a machine that is not as it might be.
fn advice(cores: u32, found: &Survey, granted: &host::Granted, load: f64) -> Vec<String> {
    let mut advice = Vec::new();
    if found.others > BUSY * f64::from(cores) {
        let who = found.programs.first().map_or("another program", |(name, _)| name);
        advice.push(format!("end what else runs, {who} before all, or wait: others used {:.1} cores", found.others));
    } else if load > 1.0 {
        advice.push(format!("wait: the load of the last minute was {load:.1}, although others are quiet now"));
    }
    if let Some(quota) = granted.cores.filter(|quota| quota.fract() > 1e-6) {
        advice.push(format!(
            "grant whole cores: a quota of {quota} holds back whoever has used it up, for the rest of a period"
        ));
    }
    if granted.throttled > 0 {
        advice.push(format!(
            "its control groups were held back in {} so far: give them more, or use fewer workers",
            plural(granted.throttled, "period")
        ));
    }
    if found.noise > NOISE {
        advice.push(
            "give runs a longer --budget: equal work varies much here, as on virtual machines that share cores".into(),
        );
    }
    if advice.is_empty() {
        advice.push("nothing: measure".into());
    }
    advice
}

/// The same for people.
fn lines(answer: &MachineJson) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    let quota = answer.quota.map_or(String::new(), |quota| format!(", a quota of {quota:.2}"));
    rows.push((
        "cores",
        format!("{} granted: {} online{quota}, {} physical", answer.cores, answer.online, answer.physical),
    ));
    if answer.quota.is_some() {
        rows.push(("throttled", format!("{} so far", plural(answer.throttled, "period"))));
    }
    let limit = answer.memory_limit.map_or(String::new(), |limit| format!(", a limit of {}", show_bytes(limit)));
    let free = answer.memory_free.map_or("unknown".into(), show_bytes);
    rows.push(("memory", format!("{free} can be had{limit}")));
    let programs: Vec<String> =
        answer.programs.iter().map(|program| format!("{} {:.2}", program.name, program.cores)).collect();
    let programs = if programs.is_empty() { String::new() } else { format!(": {}", programs.join(", ")) };
    rows.push(("others", format!("used {:.2} cores for a second{programs}", answer.others)));
    rows.push((
        "noise",
        format!(
            "{:.1}% from half a second to the next: 1.4826 × the median absolute deviation of {}",
            answer.noise * 100.0,
            plural(answer.units as u64, "log ratio")
        ),
    ));
    rows.push(("shows", format!("differences from about {:.1}% on, within 20 s of rounds", answer.smallest * 100.0)));
    rows.extend(answer.advice.iter().map(|advice| ("to do", advice.clone())));
    rows.iter().map(|(name, text)| format!("{name:<10} {text}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(others: f64, noise: f64) -> Survey {
        Survey { others, programs: vec![("yes".into(), others)], noise, units: 10 }
    }

    #[test]
    fn what_is_wrong_with_a_machine_says_what_to_do() {
        let of = |found: &Survey, granted: host::Granted, load| advice(2, found, &granted, load).join("; ");
        let none = host::Granted::default();
        assert_eq!(of(&found(0.01, 0.01), none, 0.2), "nothing: measure");
        assert!(of(&found(0.9, 0.01), none, 0.2).contains("end what else runs, yes before all"));
        assert!(of(&found(0.0, 0.01), none, 3.0).contains("the load of the last minute was 3.0"));
        assert!(of(&found(0.0, 0.2), none, 0.0).contains("longer --budget"));
        let half = host::Granted { cores: Some(0.5), throttled: 3, ..none };
        let told = of(&found(0.0, 0.0), half, 0.0);
        assert!(told.contains("grant whole cores: a quota of 0.5") && told.contains("3 periods"), "{told}");
    }
}
