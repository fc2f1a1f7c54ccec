//! One value, or a list of alternatives.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::leaf::{FromScalar, Scalar};
use super::problem::Fault;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct One<T>(pub T);

/// One value, or a list of alternatives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis<T> {
    pub values: Vec<T>,
    /// Whether it was written as a list.
    pub list: bool,
}

impl<'de, T: FromScalar> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(&Scalar::deserialize(deserializer)?).map(One).map_err(D::Error::custom)
    }
}

/// Scalars as they are, where only a task knows what they mean.
impl FromScalar for Scalar {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        Ok(scalar.clone())
    }
    fn schema() -> serde_json::Value {
        serde_json::json!({ "type": ["boolean", "number", "string"] })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Axis<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany<T>(PhantomData<T>);
        macro_rules! single {
            ($($method:ident: $type:ty),*) => {$(
                fn $method<E: Error>(self, value: $type) -> Result<Self::Value, E> {
                    let value = T::deserialize(serde::de::IntoDeserializer::into_deserializer(value))?;
                    Ok(Axis { values: vec![value], list: false })
                }
            )*};
        }
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
            type Value = Axis<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of alternatives")
            }
            single!(visit_bool: bool, visit_u64: u64, visit_i64: i64, visit_f64: f64, visit_str: &str);
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Err(E::custom(Fault::new("there is no value here", "give one, or remove the key")))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let value = T::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Axis { values: vec![value], list: false })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Axis { values, list: true })
            }
        }
        deserializer.deserialize_any(OneOrMany(PhantomData))
    }
}

impl<T: FromScalar> JsonSchema for One<T> {
    fn inline_schema() -> bool {
        T::definition().is_none()
    }
    fn schema_name() -> Cow<'static, str> {
        T::definition().unwrap_or(std::any::type_name::<Self>()).into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::try_from(T::schema()).unwrap_or_default()
    }
}

impl<T: JsonSchema> JsonSchema for Axis<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        std::any::type_name::<Self>().into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        schemars::json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}
