//! Single values as written, and what each may be. A leaf reads itself from a scalar and describes itself to the schema.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value as Json, json};

use super::problem::Fault;
use crate::text::escape::printable;
use crate::text::{is_slug, parse_bytes, parse_duration, show_count};

/// A single YAML value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Bool(bool),
    Whole(u64),
    Negative(i64),
    Real(f64),
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Bool(value) => value.fmt(f),
            Scalar::Whole(value) => value.fmt(f),
            Scalar::Negative(value) => value.fmt(f),
            Scalar::Real(value) => value.fmt(f),
            Scalar::Text(text) => f.write_str(&printable(text)),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Single;
        impl<'de> Visitor<'de> for Single {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a single value")
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(value))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar::Whole(value))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(u64::try_from(value).map_or(Scalar::Negative(value), Scalar::Whole))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar::Real(value))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(value.to_owned()))
            }
            fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
                Err(E::custom(Fault::new("there is no value here", "give one, or remove the key")))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Scalar, A::Error> {
                Err(A::Error::custom(Fault::new(
                    "a list where a single value belongs",
                    "write one value, without brackets",
                )))
            }
            fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Scalar, A::Error> {
                Err(A::Error::custom(Fault::new("a mapping where a single value belongs", "write one value")))
            }
        }
        deserializer.deserialize_any(Single)
    }
}

/// A value that is read from one scalar.
pub(crate) trait FromScalar: Sized {
    /// Reads the value.
    fn read(scalar: &Scalar) -> Result<Self, Fault>;
    /// Its JSON Schema.
    fn schema() -> Json;
    /// Its name among the definitions of the schema, where it is one that several keys refer to.
    fn definition() -> Option<&'static str> {
        None
    }
}

/// `1e3` is a whole number, whatever YAML takes it for.
pub(crate) fn as_whole(value: f64) -> Option<u64> {
    (value.fract() == 0.0 && (0.0..9e15).contains(&value)).then_some(value as u64)
}

fn whole(scalar: &Scalar, what: &str, min: u64, max: u64) -> Result<u64, Fault> {
    let range = || format!("a whole number from {} to {}", show_count(min), show_count(max));
    let value = match scalar {
        Scalar::Whole(value) => Some(*value),
        // `200_000` reads well, and YAML takes it for text.
        Scalar::Text(text) if text.contains('_') => text.replace('_', "").parse().ok(),
        Scalar::Real(value) => as_whole(*value),
        _ => None,
    };
    match value {
        Some(value) if (min..=max).contains(&value) => Ok(value),
        Some(_) => Err(Fault::new(format!("{what} cannot be {scalar}"), format!("it is {}", range()))),
        None => Err(Fault::new(format!("{what} cannot be `{scalar}`"), format!("it is {}", range()))),
    }
}

macro_rules! count {
    ($(#[$doc:meta])* $name:ident($type:ty), $what:literal, $min:expr, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) struct $name(pub $type);

        impl FromScalar for $name {
            fn read(scalar: &Scalar) -> Result<Self, Fault> {
                whole(scalar, $what, $min, $max).map(|value| Self(value as $type))
            }
            fn schema() -> Json {
                json!({ "type": "integer", "minimum": $min as u64, "maximum": $max as u64 })
            }
        }
    };
}

/// Most rounds of a fixed number.
const MOST_ROUNDS: u64 = 10_000;

/// How many rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rounds(pub Option<u32>);

impl FromScalar for Rounds {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        match scalar {
            Scalar::Text(text) if text.trim() == "auto" => Ok(Self(None)),
            Scalar::Whole(rounds) if (1..=i128::from(MOST_ROUNDS)).contains(&i128::from(*rounds)) => {
                Ok(Self(Some(*rounds as u32)))
            }
            _ => Err(Fault::new(
                format!("`rounds` cannot be `{scalar}`"),
                "it is `auto`, as many as it takes within the budget, or a whole number from 1 to 10,000",
            )),
        }
    }
    fn schema() -> Json {
        json!({ "oneOf": [{ "const": "auto" }, { "type": "integer", "minimum": 1, "maximum": MOST_ROUNDS }] })
    }
}

/// How long the rounds of a workload may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Budget(pub Duration);

/// Least and most of a budget.
pub const BUDGETS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);

impl FromScalar for Budget {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        match parse_duration(&scalar.to_string()) {
            Ok(duration) if BUDGETS.contains(&duration) => Ok(Self(duration)),
            Ok(_) => Err(Fault::new(format!("`budget` cannot be `{scalar}`"), "it is from 1 s to 24 h")),
            Err(why) => Err(Fault::from_lines(&why.replacen("; ", "\n", 1))),
        }
    }
    fn schema() -> Json {
        json!({ "type": "string", "pattern": DURATION })
    }
}
// Numbers above 2^53 do not survive every reader of JSON.
count!(/// Seed of items and orders.
    Seed(u64), "`seed`", 0, 1u64 << 53);

/// The version of the language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Version;

impl FromScalar for Version {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        match scalar {
            Scalar::Whole(1) => Ok(Self),
            Scalar::Whole(_) => Err(Fault::new(
                format!("version {scalar} of the scenario language is not known"),
                "this program knows version 1; a newer program may know more",
            )),
            _ => Err(Fault::new(format!("`{scalar}` is not a version of the language"), "write `version: 1`")),
        }
    }
    fn schema() -> Json {
        json!({ "const": 1 })
    }
}

/// A name that is safe as a folder.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slug(pub String);

impl FromScalar for Slug {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        match scalar {
            Scalar::Text(text) if is_slug(text) => Ok(Self(text.clone())),
            _ => Err(Fault::new(
                format!("`{scalar}` cannot be the name"),
                "it names the report's folder: 1 to 64 lower-case letters, digits and `-`, such as `cpu-bound`",
            )),
        }
    }
    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$" })
    }
}

/// A line or a few of text for people.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prose(pub String);

impl FromScalar for Prose {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = match scalar {
            Scalar::Text(text) => text.clone(),
            other => other.to_string(),
        };
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Fault::new("a control character in a text", "remove it"));
        }
        if text.len() > 4000 {
            return Err(Fault::new("this text is longer than 4000 bytes", "say it shorter; comments take the rest"));
        }
        Ok(Self(text.split_whitespace().collect::<Vec<_>>().join(" ")))
    }
    fn schema() -> Json {
        json!({ "type": "string", "maxLength": 4000 })
    }
}

/// How many items a trial has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Items {
    /// Chosen by a calibration, equal for all configurations of a workload where possible.
    Auto,
    /// This many.
    Fixed(u64),
}

/// When a trial is given up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timeout(pub Duration);

impl FromScalar for Timeout {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let limits = Duration::from_millis(100)..=Duration::from_secs(3600);
        match parse_duration(&scalar.to_string()) {
            Ok(duration) if limits.contains(&duration) => Ok(Self(duration)),
            Ok(_) => Err(Fault::new(format!("`timeout` cannot be `{scalar}`"), "it is from 100 ms to 60 min")),
            Err(why) => Err(Fault::from_lines(&why.replacen("; ", "\n", 1))),
        }
    }
    fn schema() -> Json {
        json!({ "type": "string", "pattern": DURATION })
    }
}

/// The shape of durations for the schema.
pub(crate) const DURATION: &str = "^\\s*[0-9][0-9_]*(\\.[0-9]+)?\\s*(ns|us|µs|ms|s|min|h)\\s*$";
/// The shape of sizes for the schema.
pub(crate) const BYTES: &str = "^\\s*[0-9][0-9_]*(\\.[0-9]+)?\\s*(B|KiB|MiB|GiB|kB|KB|MB|GB)?\\s*$";

/// The practical margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Margin(pub f64);

impl FromScalar for Margin {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let share = match scalar {
            Scalar::Real(value) => Some(*value),
            Scalar::Text(text) => {
                text.trim().strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok()).map(|n| n / 100.0)
            }
            _ => None,
        };
        share.filter(|value| (0.001..=0.5).contains(value)).map(Self).ok_or_else(|| {
            Fault::new(
                format!("`margin` cannot be `{scalar}`"),
                "it is a share from 0.1% to 50%, such as `3%` or `0.03`",
            )
        })
    }
    fn schema() -> Json {
        json!({ "oneOf": [
            { "type": "number", "minimum": 0.001, "maximum": 0.5 },
            { "type": "string", "pattern": "^\\s*[0-9]+(\\.[0-9]+)?\\s*%\\s*$" }
        ] })
    }
}

/// A bound of an expectation as it is written; what it may be depends on the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    /// A number without a unit.
    Number(f64),
    /// A duration.
    Seconds(f64),
    /// A size.
    Bytes(f64),
    /// A percentage, as a share.
    Share(f64),
}

impl Bound {
    /// The number behind it.
    pub fn value(self) -> f64 {
        match self {
            Self::Number(value) | Self::Seconds(value) | Self::Bytes(value) | Self::Share(value) => value,
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        if let Some(number) = text.trim().strip_suffix('%') {
            return number.trim().parse().ok().map(|percent: f64| Self::Share(percent / 100.0));
        }
        let number = || text.replace('_', "").trim().parse().ok().map(Self::Number);
        let seconds = || parse_duration(text).ok().map(|duration| Self::Seconds(duration.as_secs_f64()));
        let bytes = || parse_bytes(text).ok().map(|bytes| Self::Bytes(bytes as f64));
        number().or_else(seconds).or_else(bytes)
    }
}

impl FromScalar for Bound {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let bound = match scalar {
            Scalar::Whole(value) => Some(Self::Number(*value as f64)),
            Scalar::Real(value) => Some(Self::Number(*value)),
            Scalar::Text(text) => Self::of_text(text),
            _ => None,
        };
        bound.filter(|bound| bound.value().is_finite() && bound.value() >= 0.0).ok_or_else(|| {
            Fault::new(
                format!("`{scalar}` is not a bound"),
                "it is a number, a duration (`2 s`), a size (`64 MiB`) or a share (`90%`), depending on the metric",
            )
        })
    }
    fn schema() -> Json {
        let text = |pattern: &str, about: &str| json!({ "type": "string", "pattern": pattern, "description": about });
        json!({ "anyOf": [
            { "type": "number", "minimum": 0 },
            text(DURATION, "a duration, such as 2 s"),
            text(BYTES, "a size, such as 64 MiB"),
            text("^\\s*[0-9]+(\\.[0-9]+)?\\s*%\\s*$", "a share, such as 90%"),
        ] })
    }
}
