//! Which charts are drawn, and how each is shaped: resolved, so that whoever draws needs no selectors.

use crate::setting::{ChartKind, Key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A chart to draw. One that shows everything as it comes is written as its word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Written", into = "Written")]
pub struct ChartShape {
    /// Which one.
    pub kind: ChartKind,
    /// What stands along the axis of the configurations or sizes, where that was asked for.
    pub x: Option<Key>,
    /// What sets sections or pictures apart, where that was asked for.
    pub group: Option<Key>,
    /// The configurations that are shown, where not all are, rising.
    pub configurations: Option<Vec<usize>>,
    /// How the choice of configurations was written, such as `workers 4`; empty where all are shown.
    pub chosen: String,
    /// The headline, where one was given.
    pub title: Option<String>,
}

/// As files have it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    /// The word alone.
    Word(ChartKind),
    /// With what it was asked for.
    Shaped(Shaped),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shaped {
    /// Which one.
    kind: ChartKind,
    /// What stands along the axis of the configurations or sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<Key>,
    /// What sets sections or pictures apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<Key>,
    /// The configurations that are shown, where not all are, rising.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    configurations: Option<Vec<usize>>,
    /// How the choice of configurations was written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    chosen: String,
    /// The headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

impl From<ChartKind> for ChartShape {
    fn from(kind: ChartKind) -> Self {
        Self { kind, x: None, group: None, configurations: None, chosen: String::new(), title: None }
    }
}

impl From<Written> for ChartShape {
    fn from(written: Written) -> Self {
        match written {
            Written::Word(kind) => kind.into(),
            Written::Shaped(Shaped { kind, x, group, configurations, chosen, title }) => {
                Self { kind, x, group, configurations, chosen, title }
            }
        }
    }
}

impl From<ChartShape> for Written {
    fn from(shape: ChartShape) -> Self {
        if shape == ChartShape::from(shape.kind) {
            return Self::Word(shape.kind);
        }
        let ChartShape { kind, x, group, configurations, chosen, title } = shape;
        Self::Shaped(Shaped { kind, x, group, configurations, chosen, title })
    }
}

impl ChartShape {
    /// Whether its kind can do what it asks for, of configurations that there are.
    pub(super) fn check(&self, configurations: usize) -> Result<(), String> {
        let word = self.kind.word();
        if let Some(x) = self.x.filter(|x| !self.kind.takes_x(*x)) {
            return Err(format!("the chart {word} cannot have {} along its axis", x.name()));
        }
        if let Some(group) = self.group.filter(|group| !self.kind.takes_group(*group)) {
            return Err(format!("the chart {word} cannot be parted by {}", group.name()));
        }
        let chosen = self.configurations.iter().flatten();
        if let Some(id) = chosen.clone().find(|id| **id >= configurations) {
            return Err(format!("the chart {word} names configuration {id}, which does not exist"));
        }
        if !chosen.is_sorted_by(|a, b| a < b) {
            return Err(format!("the configurations of the chart {word} are not in order"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_chart_is_its_word_and_a_shaped_one_is_kept() {
        let shaped = ChartShape {
            x: Some(Key::Model),
            group: Some(Key::Ipc),
            configurations: Some(vec![1, 4]),
            chosen: "workers 4".into(),
            title: Some("<&\"'>".into()),
            ..ChartKind::Time.into()
        };
        let both = vec![ChartShape::from(ChartKind::Speedup), shaped.clone()];
        let text = serde_json::to_string(&both).unwrap();
        assert!(
            text.starts_with(
                "[\"speedup\",{\"kind\":\"time\",\"x\":\"model\",\"group\":\"ipc\",\"configurations\":[1,4],"
            ),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Vec<ChartShape>>(&text).unwrap(), both);
        assert!(serde_json::from_str::<ChartShape>("{\"kind\":\"time\",\"wher\":1}").is_err());
        assert!(shaped.check(5).is_ok());
        assert!(shaped.check(4).unwrap_err().contains("configuration 4"));
        assert!(ChartShape { kind: ChartKind::Crash, ..shaped.clone() }.check(5).is_err());
        assert!(ChartShape { configurations: Some(vec![4, 1]), ..shaped }.check(5).unwrap_err().contains("order"));
    }
}
