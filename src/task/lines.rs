//! The lines of the task `log`: what an item has to say, what is written of it, and what is found when a log is read back.
//!
//! A line is `PRODUCER TURN ITEM TEXT SUM`: who made it, its place among those of the same producer, the item with its
//! text, and the CRC-32 of all before it as eight hexadecimal digits.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::{TaskError, numbered};

/// Digits of an item's number.
const DIGITS: usize = 12;
/// The shortest message: a number, a space and a letter.
pub(super) const SHORTEST: u64 = DIGITS as u64 + 2;

/// Writes an item's message, so many bytes: its number and a text that looks random.
pub(crate) fn message(seed: u64, item: u64, length: usize, message: &mut Vec<u8>) {
    let begin = message.len();
    message.extend_from_slice(format!("{item:0DIGITS$} ").as_bytes());
    let text = format!("{:016x}", numbered::mix(seed, item));
    while message.len() < begin + length {
        let left = begin + length - message.len();
        message.extend_from_slice(&text.as_bytes()[..left.min(text.len())]);
    }
}

/// Writes the line of a message, with its end.
pub(crate) fn line(producer: &str, turn: u64, message: &[u8], line: &mut Vec<u8>) {
    let begin = line.len();
    line.extend_from_slice(format!("{producer} {turn} ").as_bytes());
    line.extend_from_slice(message);
    let sum = crc32fast::hash(&line[begin..]);
    line.extend_from_slice(format!(" {sum:08x}\n").as_bytes());
}

/// Producer, turn and item of a line without its end; `None` where it is not whole.
fn parse(line: &[u8], length: usize) -> Option<(&str, u64, u64)> {
    let line = std::str::from_utf8(line).ok()?;
    let (before, sum) = line.rsplit_once(' ')?;
    if u32::from_str_radix(sum, 16).ok()? != crc32fast::hash(before.as_bytes()) {
        return None;
    }
    let (producer, rest) = before.split_once(' ')?;
    let (turn, message) = rest.split_once(' ')?;
    let (item, _) = message.split_once(' ')?;
    (message.len() == length).then_some(())?;
    Some((producer, turn.parse().ok()?, item.parse().ok()?))
}

/// Reads a log back: every line is whole, every item is there once, and the lines of each producer are in their order.
///
/// # Errors
/// The first thing that is not so, with the number of its line.
pub(super) fn review(path: &Path, items: u64, length: usize) -> Result<(), TaskError> {
    let failed = |source| TaskError::Io { what: "reading the log back".into(), source };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let (mut seen, mut lines) = (vec![false; items as usize], 0u64);
    let mut last: HashMap<String, u64> = HashMap::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        lines += 1;
        let wrong = |what: String| Err(TaskError::Settings(format!("line {lines} of the log {what}")));
        let whole = line.strip_suffix(b"\n").and_then(|line| parse(line, length));
        let Some((producer, turn, item)) = whole else { return wrong("is not whole".into()) };
        match seen.get_mut(item as usize) {
            None => return wrong(format!("is of item {item}, which does not exist")),
            Some(seen) if *seen => return wrong(format!("is of item {item}, which was there before")),
            Some(seen) => *seen = true,
        }
        match last.get_mut(producer) {
            Some(before) if *before >= turn => {
                return wrong(format!("is line {turn} of producer {producer}, after its line {before}"));
            }
            Some(before) => *before = turn,
            None => drop(last.insert(producer.to_owned(), turn)),
        }
    }
    match seen.iter().position(|seen| !seen) {
        Some(missing) => Err(TaskError::Settings(format!("the log has no line of item {missing}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reviewed(lines: &[&[u8]]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.concat()).unwrap();
        review(file.path(), 3, 20).map_or_else(|error| error.to_string(), |()| "well".into())
    }

    fn of(producer: &str, turn: u64, item: u64) -> Vec<u8> {
        let (mut message, mut line) = (Vec::new(), Vec::new());
        super::message(9, item, 20, &mut message);
        assert_eq!(message.len(), 20);
        super::line(producer, turn, &message, &mut line);
        line
    }

    #[test]
    fn a_log_that_is_not_as_it_must_be_is_told_by_its_line() {
        let (a, b, c) = (of("1", 0, 0), of("2", 0, 1), of("1", 5, 2));
        assert_eq!(reviewed(&[&a, &b, &c]), "well");
        assert_eq!(reviewed(&[&b, &a, &c]), "well");
        assert_eq!(reviewed(&[&a, &c]), "the log has no line of item 1");
        assert_eq!(reviewed(&[&a, &b, &b]), "line 3 of the log is of item 1, which was there before");
        assert_eq!(reviewed(&[&c, &b, &a]), "line 3 of the log is line 0 of producer 1, after its line 5");
        assert_eq!(reviewed(&[&a, &of("1", 1, 3)]), "line 2 of the log is of item 3, which does not exist");
        // Torn at its end, torn into each other, damaged, and of another length.
        assert_eq!(reviewed(&[&a, &b[..b.len() - 1]]), "line 2 of the log is not whole");
        assert_eq!(reviewed(&[&a[..9], &b, &a[9..]]), "line 1 of the log is not whole");
        let mut damaged = c.clone();
        damaged[12] ^= 1;
        assert_eq!(reviewed(&[&a, &b, &damaged]), "line 3 of the log is not whole");
        let mut short = Vec::new();
        line("1", 9, &c[4..20], &mut short);
        assert_eq!(reviewed(&[&a, &short]), "line 2 of the log is not whole");
        assert!(
            review(Path::new("/nowhere/log"), 3, 20).unwrap_err().to_string().starts_with("reading the log back: ")
        );
    }
}
