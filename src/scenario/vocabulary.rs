//! How closed sets of words are read and described.

use serde_json::{Value as Json, json};

use super::leaf::{FromScalar, Scalar};
use super::problem::Fault;
use super::words::{list, unknown_word};
use crate::setting::{ALL, EnumWords, FaultKind, Key, Model, Part, WordRow};

impl<T: EnumWords> FromScalar for T {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let word = scalar.to_string();
        T::of_word(&word).ok_or_else(|| unknown(T::WHAT, &word, T::ROWS))
    }

    fn schema() -> Json {
        schema_of_words(T::ROWS)
    }

    fn definition() -> Option<&'static str> {
        std::any::type_name::<T>().rsplit("::").next()
    }
}

/// A word that is none of a set.
pub(super) fn unknown(what: &str, word: &str, rows: &[WordRow]) -> Fault {
    unknown_word(what, word, &rows.iter().map(|row| row.word).collect::<Vec<_>>())
}

/// The JSON Schema of a set of words.
pub(super) fn schema_of_words(rows: &[WordRow]) -> Json {
    let rows: Vec<Json> = rows.iter().map(|row| json!({ "const": row.word, "description": row.about })).collect();
    json!({ "oneOf": rows })
}

/// A setting by which a chart may be shaped.
impl FromScalar for Key {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let word = scalar.to_string();
        let known: Vec<&str> = Self::of_configurations().map(Self::name).collect();
        let found = Self::of_name(&word).filter(|key| key.row().part == Part::Configuration);
        found.ok_or_else(|| unknown_word("setting of configurations", &word, &known))
    }

    fn schema() -> Json {
        let shaping = ALL.iter().filter(|row| row.part == Part::Configuration);
        let rows = shaping.map(|row| json!({ "const": row.setting.name, "description": row.setting.about }));
        json!({ "oneOf": rows.collect::<Vec<_>>() })
    }

    fn definition() -> Option<&'static str> {
        Some("ShapingKey")
    }
}

/// The models that a stage of a pipeline can have. `serial` is one thread.
pub(super) const STAGE_MODELS: [Model; 3] = [Model::Serial, Model::Threads, Model::Processes];

/// The model of a stage of a pipeline.
pub(super) fn stage_model(scalar: &Scalar) -> Result<Model, Fault> {
    let model = Model::read(scalar)?;
    let why = match model {
        Model::Serial | Model::Threads | Model::Processes => return Ok(model),
        Model::Rayon => "a pool of rayon splits a range of items that are all there, and a stage gets them one by one",
        Model::Async => "an event loop has one thread, which a full queue would stop with all that it has under way",
        Model::Pipeline => "a stage cannot be a pipeline",
        _ => "it is a Python model, and stages run natively",
    };
    let words: Vec<&str> = STAGE_MODELS.iter().map(|model| model.word()).collect();
    let message = format!("a stage cannot have the model `{scalar}`: {why}");
    Err(Fault::new(message, format!("there are {}", list(&words))))
}

/// A kind of fault, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FaultWord(pub Option<FaultKind>);

impl FromScalar for FaultWord {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let none = Key::Fault.row().absent().unwrap_or_default();
        if scalar.to_string() == none {
            return Ok(Self(None));
        }
        FaultKind::of_word(&scalar.to_string()).map(|kind| Self(Some(kind))).ok_or_else(|| {
            let known: Vec<&str> = [none].into_iter().chain(FaultKind::ROWS.iter().map(|row| row.word)).collect();
            unknown_word(FaultKind::WHAT, &scalar.to_string(), &known)
        })
    }

    fn schema() -> Json {
        let mut schema = schema_of_words(FaultKind::ROWS);
        let none = json!({ "const": Key::Fault.row().absent(), "description": "nothing goes wrong" });
        if let Some(rows) = schema["oneOf"].as_array_mut() {
            rows.insert(0, none);
        }
        schema
    }

    fn definition() -> Option<&'static str> {
        Some("FaultWord")
    }
}
