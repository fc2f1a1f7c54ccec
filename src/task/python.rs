//! `python`: a function of the user's own, in Python. What a right reply is, only Python knows.

use std::path::Path;

use super::call::Call;
use super::data::{missing_file, read_values};
use super::{Bound, Context, Job, Place, Setting, SettingKind, Settings, Task, TaskError};

/// Most bytes of inline code.
const LONGEST_CODE: usize = 64 << 10;
/// Most bytes of a name or a path.
const LONGEST_NAME: usize = 4 << 10;
/// What is reserved for a reply, whose size nobody knows before. Longer ones take the slower way of their IPC method.
const REPLY: usize = 64 << 10;

pub(super) struct Python;

impl Task for Python {
    fn name(&self) -> &'static str {
        "python"
    }
    fn about(&self) -> &'static str {
        "runs your Python function: module:function, or inline code (needs --allow-commands)"
    }
    fn bound(&self) -> Bound {
        // Nobody knows; an event loop is of use for what waits alone, and must not be kept from that.
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "call",
                about: "the function, as `module:function`; it takes an item and returns what can be shown",
                kind: SettingKind::Text { longest: LONGEST_NAME },
                default: "''",
            },
            Setting {
                name: "code",
                about: "Python code that defines the function `run`, instead of `call`",
                kind: SettingKind::Text { longest: LONGEST_CODE },
                default: "''",
            },
            Setting {
                name: "path",
                about: "the folder in which Python looks for the module, from where runner is started",
                kind: SettingKind::Text { longest: LONGEST_NAME },
                default: "'.'",
            },
            Setting {
                name: "data",
                about: "a file of items, from where runner is started: JSON Lines, a JSON array, CSV with a header, or lines of text; else items are numbers",
                kind: SettingKind::Text { longest: LONGEST_NAME },
                default: "''",
            },
            Setting {
                name: "items_from",
                about: "a function without arguments, or a list, as `module:name`, which gives the items",
                kind: SettingKind::Text { longest: LONGEST_NAME },
                default: "''",
            },
            Setting {
                name: "items_expr",
                about: "a Python expression that gives the items, such as `range(100)`",
                kind: SettingKind::Text { longest: LONGEST_NAME },
                default: "''",
            },
            Setting {
                name: "same_results",
                about: "whether each item must give the same result as in a serial run, by Python's own equality",
                kind: SettingKind::Bool,
                default: "true",
            },
            Setting {
                name: "tolerance",
                about: "how far numbers of a result may be from those of a serial run, as a share of them",
                kind: SettingKind::Share,
                default: "0",
            },
        ]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn is_users_code(&self) -> bool {
        true
    }
    fn describe(&self, settings: &Settings) -> String {
        match settings.text("code") {
            "" => settings.text("call").to_owned(),
            code => {
                let first = code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                format!("inline Python: {}", first.trim().chars().take(60).collect::<String>())
            }
        }
    }
    fn check(&self, settings: &Settings) -> Result<(), String> {
        let (call, code) = (settings.text("call"), settings.text("code"));
        if call.is_empty() == code.is_empty() {
            return Err("`python` takes `call` or `code`, and one of them alone".into());
        }
        if code.is_empty() {
            let read = Call::read(call, Path::new(settings.text("path")))?;
            if read.shown() != call || read.folder.is_some() {
                let folder =
                    read.folder.as_ref().map_or(String::new(), |path| format!(" with `path: {}`", path.display()));
                return Err(format!("`call: {call}` is not `module:function`: write `{}`{folder}", read.shown()));
            }
        }
        missing_file(settings.text("data"))?;
        let path = settings.text("path");
        if code.is_empty() && !path.is_empty() && !Path::new(path).is_dir() {
            return Err(format!("`path`: there is no folder {path}, from where runner is started"));
        }
        let given = ["data", "items_from", "items_expr"].into_iter().filter(|name| !settings.text(name).is_empty());
        match given.collect::<Vec<_>>().as_slice() {
            [] | [_] => Ok(()),
            several => Err(format!("`python` takes its items from one place, not from `{}`", several.join("` and `"))),
        }
    }
    fn prepare(&self, settings: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        self.check(settings).map_err(TaskError::Settings)?;
        let items = match settings.text("data") {
            "" => Vec::new(),
            path => read_values(Path::new(path), path)?.0,
        };
        Ok(Box::new(PythonJob { items }))
    }
}

struct PythonJob {
    /// Items as JSON; none where they are numbers.
    items: Vec<String>,
}

impl Job for PythonJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        if self.items.is_empty() {
            request.extend_from_slice(item.to_string().as_bytes());
        } else {
            request.extend_from_slice(self.items[(item % self.items.len() as u64) as usize].as_bytes());
        }
    }

    fn run(&self, _: &[u8], _: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        Err(TaskError::Settings("is Python code".into()))
    }

    fn sizes(&self) -> (usize, usize) {
        (self.items.iter().map(String::len).max().unwrap_or(20), REPLY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Value;

    fn prepared(settings: &[(&str, &str)]) -> Result<Box<dyn Job>, TaskError> {
        let mut all = Settings::default();
        settings.iter().for_each(|(name, value)| all.put(name, Value::Word((*value).to_owned())));
        Python.prepare(&all, &Place { seed: 1, items: 3, folder: "f".into(), server: None })
    }

    #[test]
    fn a_function_is_named_or_written_out() {
        assert!(prepared(&[("call", "app.images:Thumb.make")]).is_ok());
        assert!(prepared(&[("code", "def run(item): return 1")]).is_ok());
        for wrong in ["", "app", "app:", ":make", "app:make()", "os;x:y", "a b:c", "1a:b"] {
            assert!(prepared(&[("call", wrong)]).is_err(), "{wrong}");
        }
        assert!(prepared(&[("call", "a:b"), ("code", "x")]).is_err());
    }

    #[test]
    fn items_are_numbers_or_lines() {
        let request = |job: &dyn Job, item| {
            let mut request = Vec::new();
            job.request(item, &mut request);
            String::from_utf8(request).unwrap()
        };
        assert_eq!(request(prepared(&[("call", "a:b")]).unwrap().as_ref(), 7), "7");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("items.jsonl");
        std::fs::write(&path, "{\"a\": 1}\n\n [2]\n").unwrap();
        let path = path.to_str().unwrap();
        let job = prepared(&[("call", "a:b"), ("data", path)]).unwrap();
        assert_eq!([0, 1, 2].map(|item| request(job.as_ref(), item)), ["{\"a\": 1}", "[2]", "{\"a\": 1}"]);
        std::fs::write(path, "{\"a\": 1}\nno\n").unwrap();
        let error = prepared(&[("call", "a:b"), ("data", path)]).err().unwrap().to_string();
        assert!(error.contains("line 2: not JSON"), "{error}");
    }
}
