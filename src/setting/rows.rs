//! The macro that makes types of the rows of the table.

/// Defines the settings of configurations: a row for each, which makes its [`Key`], its typed field of [`Config`], and its
/// entry of [`ALL`](super::ALL).
macro_rules! settings {
    (required { $($required:ident $needed:ident: $of:ty { $($need:tt)* })+ }
     optional { $($optional:ident $field:ident: $type:ty { $($row:tt)* })+ }) => {
        /// A setting of configurations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key {
            $(#[doc = concat!("`", stringify!($needed), "`")] $required,)+
            $(#[doc = concat!("`", stringify!($field), "`")] $optional,)+
        }

        /// Every setting of configurations.
        pub static ALL: &[ConfigSetting] = &[
            $(settings!(@row $required $needed { $($need)* }),)+
            $(settings!(@row $optional $field { $($row)* }),)+
        ];

        /// Everything that says how the items of one configuration are run, and of the workload what is not its task's.
        /// Settings that the model does not take are absent. Two configurations of one task are the same if they are equal.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[derive(::schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $(/// See the setting of this name in the reference of the scenario language.
            pub $needed: $of,)+
            $(/// See the setting of this name in the reference of the scenario language.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,)+
            /// How the stages of a pipeline are run, in their order; empty under other models.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub stages: Vec<$crate::setting::StageConfig>,
        }

        impl Config {
            /// A configuration in which every optional setting is absent, for the native runtime.
            #[must_use]
            pub fn new(model: Model, measure: Measure) -> Self {
                Self { model, measure, runtime: Runtime::Native, $($field: None,)+ stages: Vec::new() }
            }

            /// The value of a setting, where it is set.
            #[must_use]
            pub fn get(&self, key: Key) -> Option<$crate::setting::Value> {
                use $crate::setting::Stored;
                match key {
                    $(Key::$required => Some(self.$needed.to_value()),)+
                    $(Key::$optional => self.$field.as_ref().map(Stored::to_value),)+
                }
            }

            /// Sets a setting, or takes it away. False where the value is not one that the setting takes, or where it cannot
            /// be absent.
            pub fn set(&mut self, key: Key, value: Option<&$crate::setting::Value>) -> bool {
                use $crate::setting::Stored;
                match key {
                    $(Key::$required => match value.and_then(Stored::from_value) {
                        Some(value) => { self.$needed = value; true }
                        None => false,
                    },)+
                    $(Key::$optional => match value {
                        None => { self.$field = None; true }
                        Some(value) => {
                            let read = Stored::from_value(value);
                            let taken = read.is_some();
                            if taken { self.$field = read; }
                            taken
                        }
                    },)+
                }
            }
        }
    };
    (@row $key:ident $field:ident {
        about: $about:expr, kind: $kind:expr, default: $default:expr, part: $part:expr,
        models: $models:expr, runtimes: $runtimes:expr, label: $label:expr, example: $example:expr,
    }) => {
        ConfigSetting {
            key: Key::$key,
            setting: Setting {
                name: stringify!($field),
                about: $about,
                kind: $kind,
                default: match $default { Default::Fixed(value) => value, _ => "" },
            },
            default: $default,
            part: $part,
            models: $models,
            runtimes: $runtimes,
            label: $label,
            example: $example,
        }
    };
}

pub(super) use settings;
