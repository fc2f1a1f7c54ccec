//! Values of task settings: which each kind of setting takes, read from a scalar.

use serde_json::{Value as Json, json};

use super::leaf::{BYTES, DURATION, Scalar, as_whole};
use super::problem::Fault;
use super::valid::{Alternative, CoreKind};
use super::vocabulary::{schema_of_words, unknown};
use super::words::{list, unknown_word};
use crate::setting::{ConfigSetting, Setting, SettingKind, Value};
use crate::text::{parse_bytes, parse_duration, show_bytes, show_count, show_seconds};

/// The shape of numbers of workers that are no plain numbers, for the schema.
const WORKERS: &str =
    "^\\s*([0-9]+\\s*-\\s*[0-9]+|([0-9]+\\s*\\*\\s*)?(cores|physical)|(cores|physical)\\s*\\*\\s*[0-9]+)\\s*$";

/// Reads a value of a setting.
pub(crate) fn read_setting(setting: &Setting, scalar: &Scalar) -> Result<Value, Fault> {
    let wrong = || Fault::new(format!("`{}` cannot be `{scalar}`", setting.name), takes(setting));
    let within = |value: u64, min: u64, max: u64| {
        if (min..=max).contains(&value) { Ok(Value::Whole(value)) } else { Err(wrong()) }
    };
    match (setting.kind, scalar) {
        (SettingKind::Count { min, max }, Scalar::Whole(value)) => within(*value, min, max),
        (SettingKind::Count { min, max }, Scalar::Text(text)) if text.contains('_') => {
            text.replace('_', "").parse().map_err(|_| wrong()).and_then(|value| within(value, min, max))
        }
        (SettingKind::Count { min, max }, Scalar::Real(value)) => {
            as_whole(*value).ok_or_else(wrong).and_then(|value| within(value, min, max))
        }
        (SettingKind::Bytes { min, max }, Scalar::Whole(_) | Scalar::Text(_)) => {
            parse_bytes(&scalar.to_string()).map_err(|_| wrong()).and_then(|value| within(value, min, max))
        }
        (SettingKind::Duration { min, max }, Scalar::Text(text)) => {
            let duration = parse_duration(text).map_err(|_| wrong())?;
            within(u64::try_from(duration.as_nanos()).map_err(|_| wrong())?, min, max)
        }
        (SettingKind::Share, Scalar::Real(value)) if (0.0..=1.0).contains(value) => Ok(Value::Real(*value)),
        (SettingKind::Share, Scalar::Whole(value @ 0..=1)) => Ok(Value::Real(*value as f64)),
        (SettingKind::Bool, Scalar::Bool(value)) => Ok(Value::Bool(*value)),
        (SettingKind::Word(words), Scalar::Text(text)) if words.contains(&text.as_str()) => {
            Ok(Value::Word(text.clone()))
        }
        (SettingKind::Text { longest }, Scalar::Text(text))
            if text.len() <= longest && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') =>
        {
            Ok(Value::Word(text.clone()))
        }
        (SettingKind::Enum { what, rows }, scalar) => {
            let word = scalar.to_string();
            let known = rows.iter().any(|row| row.word == word);
            if known { Ok(Value::Word(word)) } else { Err(unknown(what, &word, rows)) }
        }
        (SettingKind::Word(words), Scalar::Text(text)) => {
            Err(unknown_word(&format!("value of `{}`", setting.name), text, words))
        }
        _ => Err(wrong()),
    }
}

/// Reads an alternative of a setting of configurations.
pub(crate) fn read_alternative(row: &ConfigSetting, scalar: &Scalar) -> Result<Alternative, Fault> {
    if row.absent().is_some_and(|word| scalar.to_string() == word) {
        return Ok(Alternative::Absent);
    }
    match row.setting.kind {
        SettingKind::Workers { max } => read_workers(scalar, max),
        _ => match read_setting(&row.setting, scalar) {
            Ok(Value::Whole(0)) if matches!(row.setting.kind, SettingKind::Bytes { .. }) => Ok(Alternative::Absent),
            Ok(value) => Ok(Alternative::Value(value)),
            Err(mut fault) => {
                if let (Some(word), Some(help)) = (row.absent(), &mut fault.help) {
                    help.push_str(&format!(", or `{word}`"));
                }
                Err(fault)
            }
        },
    }
}

/// Reads numbers of workers: a number, a range, or a multiple of the granted or the physical cores.
fn read_workers(scalar: &Scalar, max: u64) -> Result<Alternative, Fault> {
    let help =
        format!("write a number from 1 to {max}, a range (`1-8`), `cores`, `physical`, or a multiple (`2*cores`)");
    let fault = || Fault::new(format!("`workers` cannot be `{scalar}`"), help.clone());
    let number = |text: &str| text.trim().parse::<u64>().ok().filter(|n| (1..=max).contains(n)).map(|n| n as u32);
    match scalar {
        Scalar::Whole(value) if (1..=max).contains(value) => Ok(Alternative::Range(*value as u32, *value as u32)),
        Scalar::Text(text) => {
            let times =
                |which: &str, factor: &str| Some(Alternative::Cores(CoreKind::of_word(which.trim())?, number(factor)?));
            let cores = match text.split_once('*') {
                Some((left, right)) => times(left, right).or_else(|| times(right, left)),
                None => times(text, "1"),
            };
            let range = text.split_once('-').and_then(|(low, high)| Some((number(low)?, number(high)?)));
            match (cores, range) {
                (Some(cores), _) => Ok(cores),
                (None, Some((low, high))) if low <= high => Ok(Alternative::Range(low, high)),
                (None, Some((low, high))) => {
                    Err(Fault::new(format!("the range `{scalar}` runs backwards"), format!("write `{high}-{low}`")))
                }
                _ => Err(fault()),
            }
        }
        _ => Err(fault()),
    }
}

/// Reads the value of a setting that is a list.
pub(crate) fn read_list(setting: &Setting, scalars: &[Scalar], most: usize, longest: usize) -> Result<Value, Fault> {
    let texts: Vec<String> = scalars
        .iter()
        .map(|scalar| match scalar {
            Scalar::Text(text) => text.clone(),
            other => other.to_string(),
        })
        .collect();
    let fits = |text: &String| text.len() <= longest && !text.contains('\0');
    if (1..=most).contains(&texts.len()) && texts.iter().all(fits) {
        return Ok(Value::List(texts));
    }
    Err(Fault::new(format!("`{}` cannot be this list", setting.name), takes(setting)))
}

/// The default of a setting.
pub(crate) fn default_of(setting: &Setting) -> Result<Value, Fault> {
    let scalar = serde_yaml::from_str::<Scalar>(setting.default).map_err(|error| Fault::plain(error.to_string()))?;
    read_setting(setting, &scalar)
}

/// What a setting takes, in a sentence.
pub(crate) fn takes(setting: &Setting) -> String {
    let seconds = |nanos: u64| show_seconds(nanos as f64 / 1e9);
    match setting.kind {
        SettingKind::Count { min, max } => {
            format!("it takes a whole number from {} to {}", show_count(min), show_count(max))
        }
        SettingKind::Bytes { min, max } => {
            format!("it takes a size from {} to {}{}", show_bytes(min), show_bytes(max), example(setting))
        }
        SettingKind::Duration { min, max } => {
            format!("it takes a duration from {} to {}{}", seconds(min), seconds(max), example(setting))
        }
        SettingKind::Share => "it takes a number from 0 to 1".into(),
        SettingKind::Bool => "it takes `true` or `false`".into(),
        SettingKind::Word(words) => format!("it takes one of {}", list(words)),
        SettingKind::Enum { rows, .. } => {
            format!("it takes one of {}", list(&rows.iter().map(|row| row.word).collect::<Vec<_>>()))
        }
        SettingKind::Workers { max } => {
            format!(
                "it takes a number from 1 to {}, a range (`1-8`), `cores`, or a multiple (`2*cores`)",
                show_count(max)
            )
        }
        SettingKind::Text { longest } => {
            format!("it takes a text without control characters, of at most {}", show_bytes(longest as u64))
        }
        SettingKind::List { most, .. } => {
            format!("it takes a list of texts, {most} at most, such as `[gzip, -kc, \"{{item}}\"]`")
        }
    }
}

/// The JSON Schema of one value of a setting.
pub(crate) fn schema_of(setting: &Setting) -> Json {
    match setting.kind {
        SettingKind::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        SettingKind::Bytes { .. } => {
            json!({ "oneOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": BYTES }] })
        }
        SettingKind::Duration { .. } => json!({ "type": "string", "pattern": DURATION }),
        SettingKind::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        SettingKind::Bool => json!({ "type": "boolean" }),
        SettingKind::Word(words) => json!({ "enum": words }),
        SettingKind::Enum { rows, .. } => schema_of_words(rows),
        SettingKind::Workers { max } => json!({ "oneOf": [
            { "type": "integer", "minimum": 1, "maximum": max },
            { "type": "string", "pattern": WORKERS, "description": "a range such as 1-8, cores, or a multiple such as 2*cores" }
        ] }),
        SettingKind::Text { longest } => json!({ "type": "string", "maxLength": longest }),
        SettingKind::List { most, longest } => json!({
            "type": ["array", "string", "number"], "minItems": 1, "maxItems": most, "items": { "type": ["string", "number"], "maxLength": longest }
        }),
    }
}

/// The default as an example of how a value is written; nothing where there is none.
fn example(setting: &Setting) -> String {
    if setting.default.is_empty() { String::new() } else { format!(", such as `{}`", setting.default) }
}
