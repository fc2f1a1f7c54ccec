//! `--set KEY=VALUE`: values that come from outside, put into the text of a scenario.
//!
//! The text is changed, not what was read of it, so that such a value goes the same way as one of the file, and a report holds
//! the scenario that was run.

use std::fmt;
use std::str::FromStr;

use serde_yaml::Value;

use super::limits;
use super::problem::{Diagnostic, Text};
use super::read::{keys_of, without_lone_tabs};
use super::spans::{Inside, Node, Path, Step};
use super::words::Scope;
use super::{Source, list};

/// A value for a key of a scenario, such as `workers=[2, 4]` or `tasks.0.limit=1000`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    path: Path,
    /// As YAML, in one line.
    value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("a key and a value are needed, such as workers=8")?;
        let (key, value) = (key.trim(), value.trim());
        if value.is_empty() || value.contains(['\n', '\r']) {
            return Err(format!("`{key}` needs a value of one line, such as {key}=8"));
        }
        serde_yaml::from_str::<Value>(value)
            .map_err(|error| format!("`{value}` is not YAML ({error}): put what is text into quotes of YAML too"))?;
        let step = |word: &str| match word.parse() {
            Ok(index) => Ok(Step::Index(index)),
            Err(_) if word.is_empty() => Err(format!("`{key}` is not a key, such as workers or tasks.0.limit")),
            Err(_) => Ok(Step::Key(word.to_owned())),
        };
        let steps = key.split('.').map(step).collect::<Result<_, _>>()?;
        Ok(Self { path: Path(steps), value: value.to_owned() })
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.path.0.iter().enumerate() {
            let point = if at > 0 { "." } else { "" };
            match step {
                Step::Key(key) => write!(f, "{point}{key}")?,
                Step::Index(index) => write!(f, "{point}{index}")?,
            }
        }
        write!(f, "={}", self.value)
    }
}

/// Puts values into a scenario file. One that is no scenario is left as it is, for [`load`](super::load) to say why.
///
/// # Errors
/// A key that scenarios do not have, or a place that is not in the file.
pub fn assign(source: &mut Source, assignments: &[Assignment]) -> Result<(), Diagnostic> {
    for assignment in assignments {
        let Ok(text) = limits::read_text(&source.name, &source.bytes) else { return Ok(()) };
        let Ok((places, _)) = limits::check(&text) else { return Ok(()) };
        let Ok(before) = serde_yaml::from_str::<Value>(&without_lone_tabs(&text.content)) else { return Ok(()) };
        let refused = |message: &str, help: Option<String>| {
            Diagnostic::of_file(&source.name, format!("--set {assignment}: {message}"), help)
        };
        let changed = assignment.put(&text, &places).map_err(|(message, help)| refused(&message, help))?;
        let after = serde_yaml::from_str::<Value>(&without_lone_tabs(&changed)).ok();
        if after.is_none() || after != assignment.expected(before) {
            let help = "quote it as YAML does, or write it into the file".to_owned();
            return Err(refused("the value cannot be put into the text there", Some(help)));
        }
        source.bytes = changed.into_bytes();
    }
    Ok(())
}

impl Assignment {
    /// The text with the value in it, or what is wrong and what to do.
    fn put(&self, text: &Text, places: &Node) -> Result<String, (String, Option<String>)> {
        let content = &text.content;
        if let [Step::Key(key)] = self.path.0.as_slice() {
            let known = keys_of(Scope::Top);
            if !known.contains(&key.as_str()) {
                let near = crate::text::nearest(key, known.iter().copied());
                let help = near.map_or_else(
                    || format!("its keys are {}", list(&known)),
                    |near| format!("did you mean `{near}={}`?", self.value),
                );
                return Err((format!("a scenario has no key `{key}`"), Some(help)));
            }
            return Ok(self.put_on_top(content, places, key));
        }
        let place = places.find(&self.path).ok_or_else(|| {
            let help =
                "below the top, only what the file writes out can be set: write it into the file, with any value";
            ("there is no such place in the file".to_owned(), Some(help.to_owned()))
        })?;
        if place.inside != Inside::Scalar {
            let help = "set one of its values, or the key on top of it".to_owned();
            return Err(("this place holds more than one value".to_owned(), Some(help)));
        }
        Ok(format!("{}{}{}", &content[..place.span.start], self.value, &content[place.span.end..]))
    }

    /// The text with the line of a key of the top replaced, or with one more line.
    fn put_on_top(&self, content: &str, places: &Node, key: &str) -> String {
        let line = format!("{key}: {}\n", self.value);
        let Inside::Mapping(entries) = &places.inside else { return content.to_owned() };
        let Some(at) = entries.iter().position(|entry| entry.key == key) else {
            let end = if content.ends_with('\n') { "" } else { "\n" };
            return format!("{content}{end}{line}");
        };
        let start = entries[at].key_span.start;
        let next = entries.get(at + 1).map_or(content.len(), |next| next.key_span.start);
        // Comments and empty lines in front of the next key are the next key's.
        let own = content[start..next].split_inclusive('\n').collect::<Vec<_>>();
        let of_next = |line: &&&str| line.trim().is_empty() || line.starts_with('#');
        let after: usize = own.iter().skip(1).rev().take_while(of_next).map(|line| line.len()).sum();
        format!("{}{line}{}", &content[..start], &content[next - after..])
    }

    /// What the document should hold afterwards.
    fn expected(&self, mut document: Value) -> Option<Value> {
        let new = serde_yaml::from_str(&self.value).ok()?;
        let (last, before) = self.path.0.split_last()?;
        let mut at = &mut document;
        for step in before {
            at = match step {
                Step::Key(key) => at.get_mut(key.as_str())?,
                Step::Index(index) => at.get_mut(*index)?,
            };
        }
        match last {
            Step::Key(key) => {
                at.as_mapping_mut()?.insert(Value::String(key.clone()), new);
            }
            Step::Index(index) => *at.get_mut(*index)? = new,
        }
        Some(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Of primes.\nversion: 1\nname: a # short\ntasks:\n  - kind: primes\n    limit: 1000 # few\n  - \
                        {kind: sleep, delay: 2 ms}\n\n# How many.\nworkers:\n  - 1\n  - 2\nmodels: [threads]";

    fn assigned(assignments: &[&str]) -> Result<String, Diagnostic> {
        let mut source = Source { name: "a.yaml".into(), bytes: TEXT.into() };
        let assignments: Vec<Assignment> = assignments.iter().map(|text| text.parse().unwrap()).collect();
        assign(&mut source, &assignments).map(|()| String::from_utf8(source.bytes).unwrap())
    }

    #[test]
    fn a_value_takes_the_place_of_the_one_in_the_file() {
        for (assignment, from, to) in [
            ("workers=8", "workers:\n  - 1\n  - 2\n", "workers: 8\n"),
            ("workers=[2, 4]", "workers:\n  - 1\n  - 2\n", "workers: [2, 4]\n"),
            ("tasks.0.limit=5e3", "limit: 1000 #", "limit: 5e3 #"),
            ("tasks.1.delay = 5 ms", "delay: 2 ms}", "delay: 5 ms}"),
            ("name=b", "name: a # short\n", "name: b\n"),
            (
                "tasks=[primes]",
                "tasks:\n  - kind: primes\n    limit: 1000 # few\n  - {kind: sleep, delay: 2 ms}\n",
                "tasks: [primes]\n",
            ),
            ("models=serial", "models: [threads]", "models: serial\n"),
            ("models.0=rayon", "models: [threads]", "models: [rayon]"),
            ("seed=7", "models: [threads]", "models: [threads]\nseed: 7\n"),
            ("about=\"a: b\"", "models: [threads]", "models: [threads]\nabout: \"a: b\"\n"),
        ] {
            assert!(TEXT.contains(from), "{from}");
            assert_eq!(assigned(&[assignment]).unwrap(), TEXT.replace(from, to), "{assignment}");
        }
        let both = assigned(&["workers=8", "workers=9", "seed=1"]).unwrap();
        assert!(both.contains("# How many.\nworkers: 9\nmodels: [threads]\nseed: 1\n"), "{both}");
    }

    #[test]
    fn what_cannot_be_set_says_what_can() {
        for (assignment, message, help) in [
            ("worker=8", "--set worker=8: a scenario has no key `worker`", "did you mean `workers=8`?"),
            ("tasks.0.count=8", "there is no such place in the file", "with any value"),
            ("tasks.7.limit=8", "there is no such place in the file", "with any value"),
            ("tasks.0=primes", "holds more than one value", "set one of its values"),
            ("tasks.1.delay=a, kind: sort", "cannot be put into the text there", "quote it"),
            ("about=a: b", "cannot be put into the text there", "quote it"),
        ] {
            let refused = assigned(&[assignment]).expect_err(assignment);
            assert!(refused.message.contains(message), "{assignment}: {refused:?}");
            assert!(refused.help.as_ref().is_some_and(|text| text.contains(help)), "{assignment}: {refused:?}");
        }
        for text in ["workers", "workers=", "=8", "tasks..limit=8", "workers=[2, 4", "about=a\nb"] {
            assert!(text.parse::<Assignment>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_scenario_is_left_to_whoever_reads_it() {
        for bytes in [&b"\xff\xfe"[..], b"a: [", b"a: &b 1", b"", b"a: 1\na: 2"] {
            let mut source = Source { name: "a.yaml".into(), bytes: bytes.to_vec() };
            assert!(assign(&mut source, &["workers=8".parse().unwrap()]).is_ok(), "{bytes:?}");
        }
    }
}
