//! Items of a user's own, from files as other programs write them: JSON Lines, a JSON array, CSV with a header, lines of text.

use std::path::Path;

use serde_json::value::RawValue;

use super::TaskError;

/// Most bytes of a file of items.
const LONGEST_DATA: u64 = 256 << 20;

/// How a file of items is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataForm {
    /// A value on each line.
    JsonLines,
    /// One array.
    JsonArray,
    /// A row is an object with the names of the header, whose values are text.
    Csv,
    /// A line is a text.
    Text,
}

impl DataForm {
    /// In words: `lines of JSON`.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::JsonLines => "lines of JSON",
            Self::JsonArray => "a JSON array",
            Self::Csv => "rows of CSV",
            Self::Text => "lines of text",
        }
    }
}

/// The items of a file as JSON, and how it was read. A file that ends in `.csv` has a header; one in `.json`, `.jsonl` or
/// `.ndjson` is JSON and nothing else; any other is JSON where each of its lines is, or all of it is an array, and else text.
///
/// # Errors
/// `Io`; `Settings` with the line where a file is not what its name says.
pub fn read_values(path: &Path, shown: &str) -> Result<(Vec<String>, DataForm), TaskError> {
    let text = read_text(path, shown)?;
    let fault = |why: String| TaskError::Settings(format!("{shown}{why}"));
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let (values, form) = match ending.as_str() {
        "csv" => (read_csv(&text).map_err(fault)?, DataForm::Csv),
        ending => {
            let array = text.trim_start().starts_with('[').then(|| read_array(&text)).transpose();
            let lines = || read_json_lines(&text);
            let json = ending.starts_with("json") || ending == "ndjson";
            match (array, json) {
                (Ok(Some(values)), _) => (values, DataForm::JsonArray),
                // A line of an array may be an array.
                (_, true) => match (lines(), array_error(&text)) {
                    (Ok(values), _) => (values, DataForm::JsonLines),
                    (Err(_), Some(why)) if ending == "json" => return Err(fault(why)),
                    (Err(why), _) => return Err(fault(why)),
                },
                (_, false) => match lines() {
                    Ok(values) => (values, DataForm::JsonLines),
                    Err(_) => (text_lines(&text).map(quoted).collect(), DataForm::Text),
                },
            }
        }
    };
    if values.is_empty() { Err(fault(" has no items".into())) } else { Ok((values, form)) }
}

/// The lines of a file that hold anything, as text.
///
/// # Errors
/// As [`read_values`].
pub fn read_lines(path: &Path, shown: &str) -> Result<Vec<String>, TaskError> {
    let text = read_text(path, shown)?;
    let lines: Vec<String> = text_lines(&text).map(str::to_owned).collect();
    if lines.is_empty() { Err(TaskError::Settings(format!("{shown} has no items"))) } else { Ok(lines) }
}

/// Says so where a file of items is not there, and where it was looked for.
pub(super) fn missing_file(path: &str) -> Result<(), String> {
    if path.is_empty() || Path::new(path).exists() {
        return Ok(());
    }
    let here = std::env::current_dir().map_or(String::new(), |folder| format!(" in {}", folder.display()));
    let where_from =
        if Path::new(path).is_absolute() { String::new() } else { format!("{here}, from where runner is started") };
    Err(format!("`data`: there is no file {path}{where_from}"))
}

/// The text without a byte order mark, which other programs put before it.
fn read_text(path: &Path, shown: &str) -> Result<String, TaskError> {
    let unreadable = |source| TaskError::Io { what: format!("reading {shown}"), source };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if meta.is_dir() {
        return Err(TaskError::Settings(format!("{shown} is a folder, not a file of items")));
    }
    if meta.len() > LONGEST_DATA {
        return Err(TaskError::Settings(format!("{shown} is larger than 256 MiB")));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| TaskError::Settings(format!("{shown} is not UTF-8: {}", error.utf8_error())))?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

/// Lines end as any system ends them; those without anything are none.
fn text_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.trim_end_matches('\r')).filter(|line| !line.trim().is_empty())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn read_json_lines(text: &str) -> Result<Vec<String>, String> {
    let mut values = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let value: &RawValue =
            serde_json::from_str(line.trim()).map_err(|error| format!(", line {}: not JSON: {error}", number + 1))?;
        values.push(value.get().to_owned());
    }
    Ok(values)
}

fn read_array(text: &str) -> Result<Vec<String>, serde_json::Error> {
    let values: Vec<&RawValue> = serde_json::from_str(text)?;
    Ok(values.into_iter().map(|value| value.get().to_owned()).collect())
}

fn array_error(text: &str) -> Option<String> {
    read_array(text).err().map(|error| format!(": no JSON array: {error}"))
}

fn read_csv(text: &str) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let broken = |error: csv::Error| format!(": {error}");
    let names = reader.headers().map_err(broken)?.clone();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let object: serde_json::Map<String, serde_json::Value> =
            names.iter().zip(row.iter()).map(|(name, value)| (name.to_owned(), value.into())).collect();
        rows.push(serde_json::Value::Object(object).to_string());
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> Result<(Vec<String>, DataForm), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read_values(&path, name).map_err(|error| error.to_string())
    }

    #[test]
    fn files_are_read_as_other_programs_write_them() {
        let two = |form| Ok((vec!["1".to_owned(), "\"b\"".into()], form));
        assert_eq!(read("a.jsonl", b"1\n\n \"b\" \n"), two(DataForm::JsonLines));
        assert_eq!(read("a.jsonl", b"\xef\xbb\xbf1\r\n\"b\"\r\n"), two(DataForm::JsonLines));
        assert_eq!(read("a.json", b"[1,\n \"b\"]\n"), two(DataForm::JsonArray));
        assert_eq!(read("items", b"[1, \"b\"]"), two(DataForm::JsonArray));
        assert_eq!(read("a.jsonl", b"[1]\n[2]\n").unwrap(), (vec!["[1]".into(), "[2]".into()], DataForm::JsonLines));
        let words = (vec!["\"one\"".to_owned(), "\"two \\\"words\\\"\"".into()], DataForm::Text);
        assert_eq!(read("words.txt", b"one\r\ntwo \"words\"\r\n"), Ok(words));
        let rows = vec![r#"{"name":"a, b","size":"1"}"#.to_owned(), r#"{"name":"c","size":"2"}"#.into()];
        assert_eq!(read("a.csv", b"\xef\xbb\xbfname,size\r\n\"a, b\",1\r\nc,2\r\n"), Ok((rows, DataForm::Csv)));
        // Numbers keep their digits.
        assert_eq!(read("a.json", b"[12345678901234567890.10]").unwrap().0, ["12345678901234567890.10"]);
    }

    #[test]
    fn what_is_not_what_its_name_says_is_told_with_its_place() {
        assert!(read("a.jsonl", b"1\n{no}\n").unwrap_err().starts_with("a.jsonl, line 2: not JSON: "));
        assert!(read("a.json", b"[1, 2").unwrap_err().starts_with("a.json: no JSON array: "));
        assert!(read("a.csv", b"a,b\n1\n").unwrap_err().starts_with("a.csv: CSV error: record 1 (line: 2"));
        assert_eq!(read("none.txt", b"\n \n").unwrap_err(), "none.txt has no items");
        assert_eq!(read("a.csv", b"a,b\n").unwrap_err(), "a.csv has no items");
        assert!(read("a.txt", b"\xff\xfe").unwrap_err().starts_with("a.txt is not UTF-8"));
    }
}
