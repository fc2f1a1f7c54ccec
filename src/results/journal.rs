//! The journal of a run: a line per finished trial, durable before the next one starts, so that a run that was broken
//! off can be continued.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{FileError, Looks, Machine, Timeline, Trial, plausible};

/// Name of the journal in a report's folder.
pub const JOURNAL: &str = "journal.ndjson";

/// The first line: everything in which a run that continues a journal must agree with the one that left it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The scenario's name.
    pub scenario: String,
    /// SHA-256 of its text.
    pub hash: String,
    /// Seed of items and orders.
    pub seed: u64,
    /// Rounds that are planned; 0 where the budget decides.
    pub rounds: u32,
    /// Seconds that each workload may take, where that decides how many rounds are run. A longer budget may go on.
    pub budget: Option<f64>,
    /// Whether it is a quick run.
    pub quick: bool,
    /// The selector that narrows the run.
    pub filter: Option<String>,
    /// SHA-256 of the workloads and configurations that the scenario became on this machine.
    pub configurations: String,
    /// Version of the program.
    pub tool: String,
    /// What tells this build of the program from others of its version.
    pub build: String,
    /// The same of the baseline, where there is one.
    pub baseline: Option<String>,
    /// The machine.
    pub machine: Machine,
    /// When the run was started first.
    pub started: String,
}

impl Head {
    /// In what a run with this head differs from the one that left `left`, in words; `None` where nothing keeps it
    /// from going on. The start, the load at the start and what cannot move numbers do not count.
    #[must_use]
    pub fn differs_from(&self, left: &Self) -> Option<String> {
        let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
        let or_none = |text: &Option<String>| text.clone().unwrap_or("none".into());
        let number = |number: u64| number.to_string();
        let facts = |head: &Self| {
            // Builds of different versions differ anyway.
            let build = if self.tool == left.tool { head.build.clone() } else { String::new() };
            [
                ("scenario", head.scenario.clone()),
                ("scenario text", short(&head.hash)),
                ("version of runner", head.tool.clone()),
                ("build of runner", build),
                ("baseline", or_none(&head.baseline)),
                ("seed", number(head.seed)),
                ("number of rounds", if head.rounds == 0 { "auto".to_owned() } else { number(head.rounds.into()) }),
                ("--quick", head.quick.to_string()),
                ("--filter", or_none(&head.filter)),
            ]
        };
        let another = |what: &str, old: &str, new: &str| format!("another {what} ({old}, now {new})");
        let both = facts(left).into_iter().zip(facts(self)).filter(|(old, new)| old.1 != new.1);
        let mut said: Vec<String> = both.map(|((what, old), (_, new))| another(what, &old, &new)).collect();
        let machine = self.machine.differs_from(&left.machine);
        said.extend(machine.iter().map(|(what, old, new)| another(&format!("machine: {what}"), old, new)));
        if said.is_empty() && self.configurations != left.configurations {
            said.push(another("plan of the same scenario", &short(&left.configurations), &short(&self.configurations)));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// Per-item times of one profiling trial, as (nanoseconds, count), rising.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clocks {
    /// Received until replied.
    pub service: Vec<(u64, u64)>,
    /// Handed over until the reply.
    pub response: Vec<(u64, u64)>,
}

/// A finished trial with what the results file keeps merged by configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// The trial.
    pub trial: Trial,
    /// Its clocks, where it was a profiling trial and went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clocks: Option<Clocks>,
    /// What happened when in it, where the scenario asks for the chart and it is the first such trial of its configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// A line of a journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Head(Box<Head>),
    /// The chosen item counts by configuration.
    Items(Vec<u64>),
    Finished(Box<Finished>),
    /// A look at a workload is over, or its rounds have ended: what its looks are from here.
    Looks(usize, Looks),
    /// The run was continued from here, for the nth time.
    Resumed(u32),
}

/// What a run that was broken off left in its journal.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalContents {
    /// Whose it is.
    pub head: Head,
    /// The chosen item counts, if the run came so far.
    pub items: Option<Vec<u64>>,
    /// Every finished trial, in order.
    pub finished: Vec<Finished>,
    /// What became of looks: after how many trials, of which workload.
    pub looks: Vec<(usize, usize, Looks)>,
    /// How often it was continued already.
    pub resumed: u32,
    /// Bytes of whole lines; what follows was torn when the run was killed.
    whole: u64,
}

/// An open journal. Its lock keeps a second run out of the folder. Dropped without a trial, it leaves no file.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Whether the file is to stay.
    kept: bool,
}

impl Journal {
    /// Opens the journal of a folder. What an earlier run left in it stays until [`Journal::start`].
    ///
    /// # Errors
    /// Where the folder cannot be written, or another run holds it.
    pub fn open(folder: &Path) -> Result<Self, FileError> {
        let path = folder.join(JOURNAL);
        let io = |source| FileError::Io { path: path.clone(), source };
        // A link could lead out of the folder, to a file that is not ours to empty.
        let mut options = File::options();
        options.read(true).append(true).create(true).custom_flags(libc::O_NOFOLLOW);
        let file = options.open(&path).map_err(io)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => FileError::Busy { path: folder.to_owned() },
            TryLockError::Error(source) => io(source),
        })?;
        let kept = file.metadata().map_err(io)?.len() > 0;
        Ok(Self { path, file, kept })
    }

    /// What an earlier run left here; `None` where there is nothing.
    ///
    /// # Errors
    /// Where the file cannot be read, or is damaged anywhere but in a torn last line.
    pub fn left(&mut self) -> Result<Option<JournalContents>, FileError> {
        let mut bytes = Vec::new();
        self.file.rewind().and_then(|()| self.file.read_to_end(&mut bytes)).map_err(|source| self.failed(source))?;
        parse(&bytes).map_err(|detail| FileError::DamagedJournal { path: self.path.clone(), detail })
    }

    /// Empties the journal for a run from the start.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn start(&mut self, head: &Head) -> Result<(), FileError> {
        self.file.set_len(0).map_err(|source| self.failed(source))?;
        self.kept = false;
        self.line(&Line::Head(Box::new(head.clone())))
    }

    /// Goes on behind what was left; a torn last line is cut off.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn resume(&mut self, left: &JournalContents) -> Result<(), FileError> {
        self.file.set_len(left.whole).map_err(|source| self.failed(source))?;
        self.line(&Line::Resumed(left.resumed + 1))
    }

    /// Notes the chosen item counts by configuration.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn items(&mut self, counts: &[u64]) -> Result<(), FileError> {
        self.line(&Line::Items(counts.to_vec()))
    }

    /// Notes what became of the looks of a workload.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn looks(&mut self, workload: usize, looks: &Looks) -> Result<(), FileError> {
        self.line(&Line::Looks(workload, looks.clone()))
    }

    /// Adds a finished trial.
    ///
    /// # Errors
    /// Where it cannot be written, as on a full disk.
    pub fn add(&mut self, finished: &Finished) -> Result<(), FileError> {
        self.kept = true;
        self.line(&Line::Finished(Box::new(finished.clone())))
    }

    fn line(&mut self, line: &Line) -> Result<(), FileError> {
        let text = serde_json::to_string(line).map_err(|e| self.failed(e.into()))?;
        let written = self.file.write_all(format!("{text}\n").as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> FileError {
        FileError::Io { path: self.path.clone(), source }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the journal, once all of it stands in the results file.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn remove(mut self) -> Result<(), FileError> {
        self.kept = true;
        std::fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
        // A process that another thread has forked, and that is yet to become another program, has this file too: the lock
        // would last as long as that.
        let _ = self.file.unlock();
    }
}

/// Reads a journal. A last line without its end was torn by a kill within the write, and is left out.
fn parse(bytes: &[u8]) -> Result<Option<JournalContents>, String> {
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { return Ok(None) };
    let mut lines = bytes[..end].split(|byte| *byte == b'\n').enumerate().map(|(i, line)| {
        serde_json::from_slice::<Line>(line).map_err(|error| format!("line {}: {error}", i + 1)).map(|line| (i, line))
    });
    let Some((_, Line::Head(head))) = lines.next().transpose()? else {
        return Err("line 1: it does not name its run".into());
    };
    let mut left = JournalContents {
        head: *head,
        items: None,
        finished: Vec::new(),
        looks: Vec::new(),
        resumed: 0,
        whole: end as u64 + 1,
    };
    for line in lines {
        let (i, line) = line?;
        left.take(line).map_err(|detail| format!("line {}: {detail}", i + 1))?;
    }
    Ok(Some(left))
}

impl JournalContents {
    fn take(&mut self, line: Line) -> Result<(), String> {
        match line {
            Line::Head(_) => return Err("a second head".into()),
            Line::Items(_) if self.items.is_some() => return Err("item counts for the second time".into()),
            Line::Items(counts) => {
                counts.iter().try_for_each(|count| plausible(*count))?;
                self.items = Some(counts);
            }
            Line::Resumed(times) => self.resumed = times,
            Line::Looks(workload, looks) => {
                looks.check(usize::MAX)?;
                self.looks.push((self.finished.len(), workload, looks));
            }
            Line::Finished(finished) => {
                finished.check()?;
                if finished.trial.order as usize != self.finished.len() {
                    return Err(format!("trial {} is out of order", finished.trial.order));
                }
                self.finished.push(*finished);
            }
        }
        Ok(())
    }
}

impl Finished {
    fn check(&self) -> Result<(), String> {
        self.trial.check()?;
        let clocks = self.clocks.iter().flat_map(|clocks| clocks.service.iter().chain(&clocks.response));
        clocks.flat_map(|(value, count)| [*value, *count]).try_for_each(plausible)?;
        match &self.timeline {
            Some(timeline) if timeline.configuration != self.trial.configuration => {
                Err("a timeline of another cell".into())
            }
            Some(timeline) => timeline.check(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(order: u32) -> String {
        format!(
            r#"{{"finished":{{"trial":{{"configuration":0,"round":{order},"order":{order},"at":{order},"took":1,"kind":"timed","outcome":{{"is":"ok"}},"measured":5,
            "phases":[[0,0,0,0,0,0,0],[0,0,0,0,0,0,0],[0,0,0,0,0,0,0]],"completed":1,"checksum":"","others":0.0}}}}}}"#
        )
        .replace('\n', "")
    }

    fn journal(lines: &[String]) -> Vec<u8> {
        let head = serde_json::to_string(&Line::Head(Box::default())).unwrap();
        [&[head], lines].concat().iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
    }

    #[test]
    fn a_journal_cut_anywhere_keeps_its_whole_lines() {
        let lines = ["{\"items\":[4]}".to_owned(), trial(0), "{\"resumed\":1}".to_owned(), trial(1)];
        let all = journal(&lines);
        for cut in 0..=all.len() {
            let left = parse(&all[..cut]).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
            let whole = all[..cut].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(left.is_some(), whole > 0, "{cut}");
            let Some(left) = left else { continue };
            let trials = [0, 0, 1, 1, 2][whole - 1];
            assert_eq!(
                (left.items.is_some(), left.finished.len(), left.resumed),
                (whole > 1, trials, u32::from(whole > 3))
            );
            assert_eq!(all[left.whole as usize - 1], b'\n');
        }
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let counts = "{\"items\":[4]}".to_owned();
        let cases = [
            (vec![trial(0), "{\"fin".into(), trial(1)], "line 3"),
            (vec![trial(1)], "trial 1 is out of order"),
            (vec![trial(0), trial(0)], "line 3: trial 0 is out of order"),
            (vec![counts.clone(), counts], "second time"),
            (vec![trial(0).replace("\"measured\":5", "\"measured\":18446744073709551615")], "not a plausible number"),
            (vec![String::from_utf8(journal(&[])).unwrap().trim().to_owned()], "a second head"),
        ];
        for (lines, words) in cases {
            let found = parse(&journal(&lines)).unwrap_err();
            assert!(found.contains(words), "{found}");
        }
        assert!(parse(b"{\"scenario\":\"x\",\"seed\":1}\n").unwrap_err().contains("line 1"));
    }

    #[test]
    fn what_keeps_a_run_from_going_on_is_named() {
        let left = Head { scenario: "x".into(), tool: "0.1.0".into(), ..Head::default() };
        let mut same = Head { started: "later".into(), ..left.clone() };
        same.machine.load = 3.0;
        assert_eq!(same.differs_from(&left), None);
        let other = |change: fn(&mut Head)| {
            let mut head = left.clone();
            change(&mut head);
            head.differs_from(&left).unwrap()
        };
        assert_eq!(other(|head| head.hash = "abc".into()), "another scenario text (, now abc)");
        assert_eq!(other(|head| head.tool = "0.2.0".into()), "another version of runner (0.1.0, now 0.2.0)");
        assert_eq!(other(|head| head.machine.cores = 4), "another machine: cores (0, now 4)");
        assert_eq!(other(|head| head.filter = Some("workers=2".into())), "another --filter (none, now workers=2)");
        assert!(other(|head| head.configurations = "abc".into()).contains("another plan"));
    }
}
