//! Single values as written, and what each may be. A leaf reads itself from a scalar and describes itself to the schema.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value as Json, json};

use super::problem::Fault;
use crate::text::escape::printable;
use crate::text::{is_slug, parse_bytes, parse_duration, show_count};

/// Most workers of a cell.
pub const MOST_WORKERS: u32 = 1024;

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
pub(crate) trait Leaf: Sized {
    /// Reads the value.
    fn read(scalar: &Scalar) -> Result<Self, Fault>;
    /// Its JSON Schema.
    fn schema() -> Json;
}

fn whole(scalar: &Scalar, what: &str, min: u64, max: u64) -> Result<u64, Fault> {
    let range = || format!("a whole number from {} to {}", show_count(min), show_count(max));
    let value = match scalar {
        Scalar::Whole(value) => Some(*value),
        // `200_000` reads well, and YAML takes it for text.
        Scalar::Text(text) if text.contains('_') => text.replace('_', "").parse().ok(),
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

        impl Leaf for $name {
            fn read(scalar: &Scalar) -> Result<Self, Fault> {
                whole(scalar, $what, $min, $max).map(|value| Self(value as $type))
            }
            fn schema() -> Json {
                json!({ "type": "integer", "minimum": $min as u64, "maximum": $max as u64 })
            }
        }
    };
}

count!(/// Items per message or claim.
    Chunk(u32), "`chunk`", 1, 1_000_000);
count!(/// Chunks in flight per worker.
    InFlight(u32), "`in_flight`", 1, 1024);
count!(/// Items a second that come whether workers keep up or not.
    Rate(u32), "`rate`", 1, 1_000_000);
count!(/// Items that may wait before a stage of a pipeline.
    Queue(u32), "`queue`", 1, 1_000_000);
count!(/// Blocks.
    Trials(u32), "`trials`", 1, 10_000);
// Numbers above 2^53 do not survive every reader of JSON.
count!(/// Seed of items and orders.
    Seed(u64), "`seed`", 0, 1u64 << 53);

/// The version of the language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Version;

impl Leaf for Version {
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

impl Leaf for Slug {
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

impl Leaf for Prose {
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

/// How many workers: numbers, a range, or a multiple of the cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// From the first to the last, both included.
    Range(u32, u32),
    /// So many times the cores that may be used.
    Cores(u32),
}

impl Leaf for Workers {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let most = u64::from(MOST_WORKERS);
        let help =
            format!("write a number from 1 to {MOST_WORKERS}, a range (`1-8`), `cores`, or a multiple (`2*cores`)");
        let fault = || Fault::new(format!("`workers` cannot be `{scalar}`"), help.clone());
        let number = |text: &str| text.trim().parse::<u64>().ok().filter(|n| (1..=most).contains(n)).map(|n| n as u32);
        match scalar {
            Scalar::Whole(value) if (1..=most).contains(value) => Ok(Self::Range(*value as u32, *value as u32)),
            Scalar::Text(text) if text.trim() == "cores" => Ok(Self::Cores(1)),
            Scalar::Text(text) => {
                let cores = text.split_once('*').and_then(|(left, right)| match (left.trim(), right.trim()) {
                    (factor, "cores") | ("cores", factor) => number(factor).map(Self::Cores),
                    _ => None,
                });
                let range = text.split_once('-').and_then(|(low, high)| Some((number(low)?, number(high)?)));
                match (cores, range) {
                    (Some(cores), _) => Ok(cores),
                    (None, Some((low, high))) if low <= high => Ok(Self::Range(low, high)),
                    (None, Some((low, high))) => {
                        Err(Fault::new(format!("the range `{scalar}` runs backwards"), format!("write `{high}-{low}`")))
                    }
                    _ => Err(fault()),
                }
            }
            _ => Err(fault()),
        }
    }
    fn schema() -> Json {
        json!({ "oneOf": [
            { "type": "integer", "minimum": 1, "maximum": MOST_WORKERS },
            { "type": "string", "pattern": "^\\s*([0-9]+\\s*-\\s*[0-9]+|([0-9]+\\s*\\*\\s*)?cores|cores\\s*\\*\\s*[0-9]+)\\s*$",
              "description": "a range such as 1-8, cores, or a multiple such as 2*cores" }
        ] })
    }
}

/// How many items a trial has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Items {
    /// Chosen by a calibration, equal for all cells of a group where possible.
    Auto,
    /// So many.
    Fixed(u64),
}

impl Leaf for Items {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        match scalar {
            Scalar::Text(text) if text == "auto" => Ok(Self::Auto),
            _ => whole(scalar, "`items`", 1, 1_000_000_000).map(Self::Fixed).map_err(|mut fault| {
                fault.help = fault.help.map(|help| format!("{help}, or `auto`"));
                fault
            }),
        }
    }
    fn schema() -> Json {
        json!({ "oneOf": [{ "const": "auto" }, { "type": "integer", "minimum": 1, "maximum": 1_000_000_000 }] })
    }
}

/// When a trial is given up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timeout(pub Duration);

impl Leaf for Timeout {
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

macro_rules! nanos {
    ($(#[$doc:meta])* $name:ident, $what:literal, $low:expr, $high:expr, $range:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) struct $name(pub u64);

        impl Leaf for $name {
            fn read(scalar: &Scalar) -> Result<Self, Fault> {
                match parse_duration(&scalar.to_string()).map(|duration| duration.as_nanos() as u64) {
                    Ok(nanos) if ($low..=$high).contains(&nanos) => Ok(Self(nanos)),
                    Ok(_) => Err(Fault::new(format!(concat!($what, " cannot be `{}`"), scalar), concat!("it is from ", $range))),
                    Err(why) => Err(Fault::from_lines(&why.replacen("; ", "\n", 1))),
                }
            }
            fn schema() -> Json {
                json!({ "type": "string", "pattern": DURATION })
            }
        }
    };
}

nanos!(/// How long a thread may keep the interpreter lock, in nanoseconds.
    SwitchInterval, "`switch_interval`", 10_000u64, 10_000_000_000u64, "10 us to 10 s");
nanos!(/// How long the lock is held before a blocking operation, in nanoseconds.
    HeldPerOperation, "`held_per_operation`", 0u64, 1_000_000u64, "0 us to 1 ms");

/// Bytes that the parent holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ParentMemory(pub u64);

impl Leaf for ParentMemory {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let fault = || {
            Fault::new(
                format!("`parent_memory` cannot be `{scalar}`"),
                "it is a size up to 16 GiB, such as `64 MiB`; 0 B for none",
            )
        };
        let bytes = parse_bytes(&scalar.to_string()).map_err(|_| fault())?;
        if bytes > 16 << 30 { Err(fault()) } else { Ok(Self(bytes)) }
    }
    fn schema() -> Json {
        json!({ "oneOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": BYTES }] })
    }
}

/// An interpreter: a program on PATH by bare name, or a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Python(pub String);

impl Leaf for Python {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.to_string();
        if text.is_empty() || text.len() > 400 || text.chars().any(char::is_control) {
            return Err(Fault::new(
                format!("`python` cannot be `{scalar}`"),
                "name a program on PATH such as `python3`, or give its path",
            ));
        }
        Ok(Self(text))
    }
    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1, "maxLength": 400 })
    }
}

count!(/// The item that goes wrong.
    FaultItem(u64), "`item`", 0, 1_000_000_000);

/// The shape of durations for the schema.
pub(crate) const DURATION: &str = "^\\s*[0-9][0-9_]*(\\.[0-9]+)?\\s*(ns|us|µs|ms|s|min)\\s*$";
/// The shape of sizes for the schema.
pub(crate) const BYTES: &str = "^\\s*[0-9][0-9_]*(\\.[0-9]+)?\\s*(B|KiB|MiB|GiB|kB|KB|MB|GB)?\\s*$";

/// The practical margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Delta(pub f64);

impl Leaf for Delta {
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
                format!("`delta` cannot be `{scalar}`"),
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

impl Leaf for Bound {
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
                "it is a number, a duration (`2 s`), a size (`64 MiB`) or a share (`90%`), as the metric asks",
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
