//! What may have moved the numbers of a whole run, said once at its end: the machine, and trials that were not as usual by scenario.

use super::page::{DIM, PLAIN, Page, TerminalOptions, YELLOW};
use super::words::{of_machine, of_trials};
use crate::results::{Machine, Results};
use crate::text::{plural, show_bytes};

/// The machine's facts as phrases.
pub(super) fn machine_facts(m: &Machine) -> Vec<String> {
    let mut facts = vec![
        format!("{} ({})", m.cpu, m.arch),
        format!("{} of {} online", plural(u64::from(m.cores), "core"), m.cores_online),
    ];
    facts.extend(m.cpuset.as_ref().filter(|_| m.cores < m.cores_online).map(|set| format!("those are {set}")));
    let threads = |shared| if shared { "two threads a core" } else { "one thread a core" };
    facts.extend(m.smt.map(|shared| threads(shared).to_owned()));
    facts.extend(m.quota.map(|quota| format!("a quota of {quota:.1} cores")));
    facts.push(m.kernel.clone());
    facts.extend(m.governor.as_ref().map(|governor| format!("governor {governor}")));
    facts.extend(m.turbo.map(|on| format!("turbo {}", if on { "on" } else { "off" })));
    facts.push(format!("{} of memory", show_bytes(m.memory)));
    facts.extend(m.memory_free.map(|free| format!("{} of it free at the start", show_bytes(free))));
    facts.extend(m.memory_limit.map(|limit| format!("a limit of {} of memory", show_bytes(limit))));
    facts.extend(m.huge_pages.as_ref().map(|word| format!("transparent huge pages {word}")));
    let randomised = |aslr| match aslr {
        0 => "addresses not randomised",
        1 => "addresses randomised but for the heap",
        _ => "addresses randomised",
    };
    facts.extend(m.aslr.map(|aslr| randomised(aslr).to_owned()));
    facts.push(format!("load {:.2} at the start", m.load));
    facts.extend(m.memory_pressure.map(|share| format!("{:.0}% of the time short of memory", share * 100.0)));
    if m.virtual_machine {
        facts.push("a virtual machine".into());
    }
    facts.extend(m.profile.as_ref().map(|profile| format!("a {profile} build")));
    facts
}

/// What may have moved the numbers of these results, for the terminal: the machine once, then each scenario's trials.
/// Empty where there is nothing to say; with `verbose`, the machine's facts are always said.
#[must_use]
pub fn surroundings(results: &[Results], options: &TerminalOptions) -> String {
    let mut page = Page::new(options);
    let Some(first) = results.first() else { return page.text };
    let mut lines = of_machine(&first.machine);
    for other in &results[1..] {
        // The load that later scenarios find is that of the earlier ones.
        let quiet = Machine { load: 0.0, ..other.machine.clone() };
        let more: Vec<String> = of_machine(&quiet).into_iter().filter(|line| !lines.contains(line)).collect();
        lines.extend(more);
    }
    let several = results.len() > 1;
    for one in results {
        let named = |line: String| if several { format!("{}: {line}", one.scenario.name) } else { line };
        lines.extend(of_trials(one).into_iter().map(named));
    }
    if lines.is_empty() && !options.verbose {
        return page.text;
    }
    page.line(PLAIN, "About the machine:");
    if options.verbose {
        page.wrapped("  ", &machine_facts(&first.machine).join(", "), DIM);
    }
    for line in lines {
        page.wrapped("  ", &line, YELLOW);
    }
    page.text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::fixture::Made;

    const PLAIN: TerminalOptions = TerminalOptions { width: 100, color: false, verbose: false };

    #[test]
    fn the_machine_is_said_once_and_trials_by_scenario() {
        let made = || Made::new(6).serial(1.0).configuration("threads × 2", 0.5).finish();
        let (mut first, mut second) = (made(), made());
        assert_eq!(surroundings(&[first.clone(), second.clone()], &PLAIN), "");
        for (results, load) in [(&mut first, 1.5), (&mut second, 7.5)] {
            results.machine.quota = Some(1.5);
            results.machine.load = load;
            results.machine.profile = Some("debug".into());
        }
        second.scenario.name = "other".into();
        second.trials[0].flags.push(crate::results::Flag::Leaked);
        let text = surroundings(&[first, second], &PLAIN);
        assert!(text.starts_with("About the machine:\n  this is a debug build"), "{text}");
        assert_eq!(text.matches("grants 1.5").count(), 1, "{text}");
        assert!(text.contains("load was 1.5") && !text.contains("7.5"), "{text}");
        assert!(text.contains("\n  other: 1 of 12 trials") && !text.contains("made:"), "{text}");
    }

    #[test]
    fn all_facts_are_said_to_those_who_ask() {
        let mut results = Made::new(6).serial(1.0).finish();
        let m = &mut results.machine;
        (m.cpuset, m.cores_online, m.smt, m.turbo) = (Some("0-1".into()), 8, Some(true), Some(false));
        (m.huge_pages, m.aslr, m.memory_free) = (Some("madvise".into()), Some(2), Some(1 << 30));
        let text = surroundings(&[results], &TerminalOptions { verbose: true, width: 1000, ..PLAIN });
        for fact in [
            "A CPU (x86_64)",
            "those are 0-1",
            "two threads a core",
            "turbo off",
            "huge pages madvise",
            "1 GiB of it free",
        ] {
            assert!(text.contains(fact), "{fact} in {text}");
        }
    }
}
