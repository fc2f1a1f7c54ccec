//! What a start marker says: `chart speedup scenario=cpu-bound width=760`.

use super::Problem;
use crate::setting::Key;
use crate::text::nearest;

/// What can be embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Chart,
    Table,
    Verdict,
    Pick,
    Value,
    Terminal,
}

/// Every kind with its word and the attributes that it takes.
const KINDS: &[(Kind, &str, &[&str])] = &[
    (Kind::Chart, "chart", &["scenario", "width"]),
    (Kind::Table, "table", &["scenario", "workload", "columns"]),
    (Kind::Verdict, "verdict", &["scenario", "workload", "show"]),
    (Kind::Pick, "pick", &["scenario", "workload"]),
    (Kind::Value, "value", &["scenario", "workload", "metric", "show", "name"]),
    (Kind::Terminal, "terminal", &["scenario", "width", "lines"]),
];

/// Kinds that choose among the configurations of a report.
const CHOOSING: [Kind; 2] = [Kind::Value, Kind::Table];

/// Words that start a list of settings.
const WHERE: &str = "where";
const OVER: &str = "over";

/// A start marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) kind: Kind,
    /// The chart that is named, where one is.
    pub(super) chart: Option<String>,
    attributes: Vec<(String, String)>,
    /// Settings of the configurations that are meant.
    pub(super) configurations: Vec<(String, String)>,
    /// Settings of the configuration that they are compared with.
    pub(super) over: Vec<(String, String)>,
}

impl Marker {
    /// Reads what stands behind `runner:`.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let tokens = tokens(text)?;
        let word = tokens.first().map(String::as_str).unwrap_or_default();
        let Some((kind, word, known)) = KINDS.iter().find(|(_, known, _)| *known == word) else {
            let words: Vec<&str> = KINDS.iter().map(|(_, word, _)| *word).collect();
            return Err(Problem::new(format!("`runner:{word}` is not known"), meant(word, &words)));
        };
        let mut marker =
            Self { kind: *kind, chart: None, attributes: Vec::new(), configurations: Vec::new(), over: Vec::new() };
        let mut part = "";
        for token in &tokens[1..] {
            if [WHERE, OVER].contains(&token.as_str()) {
                part = if token == WHERE { WHERE } else { OVER };
                continue;
            }
            let Some((key, value)) = token.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty())
            else {
                if *kind == Kind::Chart && marker.chart.is_none() && !token.contains('=') && part.is_empty() {
                    marker.chart = Some(token.clone());
                    continue;
                }
                return Err(Problem::bare(format!("`{token}` is not `key=value`")));
            };
            let list = match part {
                WHERE => &mut marker.configurations,
                OVER => &mut marker.over,
                _ if known.contains(&key) => &mut marker.attributes,
                _ => return Err(unknown(*kind, word, key, known)),
            };
            if list.iter().any(|(other, _)| other == key) {
                return Err(Problem::bare(format!("`{key}` is given twice")));
            }
            list.push((key.to_owned(), value.to_owned()));
        }
        marker.check(word)
    }

    fn check(self, word: &str) -> Result<Self, Problem> {
        if self.kind == Kind::Chart && self.chart.is_none() {
            return Err(Problem::new("no chart is named", "write `runner:chart speedup scenario=NAME`"));
        }
        if !self.over.is_empty() && self.kind != Kind::Value {
            return Err(Problem::bare("`over` is for `runner:value` alone"));
        }
        if !self.configurations.is_empty() && !CHOOSING.contains(&self.kind) {
            return Err(Problem::bare(format!("`runner:{word}` takes no `where`")));
        }
        Ok(self)
    }

    /// An attribute's value.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The name of the scenario.
    pub(super) fn scenario(&self) -> Result<&str, Problem> {
        self.get("scenario").ok_or_else(|| Problem::new("no scenario is named", "add `scenario=NAME`"))
    }

    /// A whole number, such as a width; `default` where none is given.
    pub(super) fn number(&self, key: &str, default: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32, Problem> {
        let Some(text) = self.get(key) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            Problem::bare(format!("`{key}={text}`: a whole number from {} to {}", range.start(), range.end()))
        })
    }
}

fn unknown(kind: Kind, word: &str, key: &str, known: &[&str]) -> Problem {
    let help = if is_key(key) && CHOOSING.contains(&kind) {
        format!("it is a setting of a configuration: put it behind `{WHERE}`")
    } else {
        meant(key, known)
    };
    Problem::new(format!("`runner:{word}` has no attribute `{key}`"), help)
}

/// The nearest word, or all of them.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// The words of a marker; quotes hold a value with blanks together.
fn tokens(text: &str) -> Result<Vec<String>, Problem> {
    let (mut tokens, mut token, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                if !token.is_empty() {
                    tokens.push(std::mem::take(&mut token));
                }
            }
            c => token.push(c),
        }
    }
    if quoted {
        return Err(Problem::bare("a quotation mark is missing"));
    }
    tokens.extend(Some(token).filter(|token| !token.is_empty()));
    Ok(tokens)
}

/// Whether markers may name a configuration by this key, beside the settings of tasks: for whoever forgets the `where`
/// before it.
pub(super) fn is_key(name: &str) -> bool {
    ["config", "task", "payload"].contains(&name) || Key::of_name(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_read_with_quotes_and_lists_of_settings() {
        let marker =
            Marker::parse("value scenario=a workload=\"primes, x\" where model=processes over model=serial").unwrap();
        assert_eq!((marker.kind, marker.get("workload")), (Kind::Value, Some("primes, x")));
        assert_eq!(marker.configurations, [("model".to_owned(), "processes".to_owned())]);
        assert_eq!(marker.over, [("model".to_owned(), "serial".to_owned())]);
        let chart = Marker::parse("chart speedup scenario=a width=760").unwrap();
        assert_eq!((chart.chart.as_deref(), chart.number("width", 1, 1..=800).unwrap()), (Some("speedup"), 760));
    }

    #[test]
    fn mistakes_are_named_with_the_nearest_word() {
        for (text, says) in [
            ("chrat speedup scenario=a", "did you mean `chart`?"),
            ("chart scenario=a", "write `runner:chart speedup"),
            ("chart speedup scenaro=a", "did you mean `scenario`?"),
            ("value scenario=a scenario=b", "given twice"),
            ("value scenario=", "is not `key=value`"),
            ("value scenario=\"a", "quotation mark"),
            ("value scenario=a model=threads", "put it behind `where`"),
            ("table scenario=a rate=600", "put it behind `where`"),
            ("verdict scenario=a where model=x", "takes no `where`"),
            ("table scenario=a over model=x", "for `runner:value` alone"),
        ] {
            let problem = Marker::parse(text).unwrap_err();
            let told = format!("{} {}", problem.message, problem.help.unwrap_or_default());
            assert!(told.contains(says), "{text}: {told}");
        }
    }
}
