//! What to say of words and keys that are not known: the nearest one, where it would be valid, or that it is not built yet.

use super::problem::Fault;
use crate::setting::OPTIONAL;
use crate::task::Tasks;
use crate::text::escape::printable;
use crate::text::nearest;

/// A place in a scenario that takes keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The scenario itself.
    Top,
    /// An entry of `tasks`.
    Task,
    /// An entry of `models`.
    Model,
    /// An entry of `expect`.
    Expect,
    /// What `compare`, `to` and `where` hold.
    Selector,
    /// An entry of `fault`.
    Fault,
    /// An entry of `charts`.
    Chart,
    /// An entry of `pipeline`.
    Stage,
    /// An entry of `variants`.
    Variant,
}

impl Scope {
    const ALL: [Self; 9] = [
        Self::Top,
        Self::Task,
        Self::Model,
        Self::Expect,
        Self::Selector,
        Self::Fault,
        Self::Chart,
        Self::Stage,
        Self::Variant,
    ];

    /// How messages call it.
    pub fn shown(self) -> &'static str {
        match self {
            Scope::Top => "the top level",
            Scope::Task => "an entry of `tasks`",
            Scope::Model => "an entry of `models`",
            Scope::Expect => "an entry of `expect`",
            Scope::Selector => "a selector (`compare`, `to`, `where`)",
            Scope::Fault => "an entry of `fault`",
            Scope::Chart => "an entry of `charts`",
            Scope::Stage => "an entry of `pipeline`",
            Scope::Variant => "an entry of `variants`",
        }
    }
}

/// `a, b and c`, each in backquotes.
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".into(),
    }
}

/// A word that names nothing.
pub(crate) fn unknown_word(what: &str, word: &str, known: &[&str]) -> Fault {
    let shown = printable(word);
    if let Some(optional) = OPTIONAL.iter().find(|optional| optional.word == word) {
        return Fault::new(
            format!("this build has no {what} `{shown}` ({})", optional.about),
            format!(
                "build with it: `cargo install --path . --features {}`; in this build, there are {}",
                optional.feature,
                list(known)
            ),
        );
    }
    let help = match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? there are {}", list(known)),
        None => format!("there are {}", list(known)),
    };
    Fault::new(format!("unknown {what} `{shown}`"), help)
}

/// A key that is not valid where it stands. `keys` gives the keys of a level; `task` is the task of the entry, if known.
pub(crate) fn unknown_key(
    key: &str,
    here: Scope,
    task: Option<&str>,
    tasks: &Tasks,
    keys: impl Fn(Scope) -> Vec<&'static str>,
) -> Fault {
    let shown = printable(key);
    let mut known = keys(here);
    let settings: Vec<&str> = task
        .and_then(|task| tasks.get(task))
        .map_or(Vec::new(), |task| task.settings().iter().map(|s| s.name).collect());
    let message = match task {
        Some(task) => format!("the task `{task}` has no setting `{shown}`"),
        None => format!("`{shown}` is not a key of {}", here.shown()),
    };
    known.extend(&settings);
    let near = nearest(key, known.iter().copied());
    if let Some(near) = near.filter(|_| matches!(here, Scope::Task | Scope::Stage)) {
        return Fault::new(message, format!("did you mean `{near}`?"));
    }
    // At the top `items` is for a pipeline alone.
    let belongs = |level: &Scope| keys(*level).contains(&key) && !(key == "items" && *level == Scope::Top);
    if let Some(level) = Scope::ALL.into_iter().find(|level| *level != here && belongs(level)) {
        return Fault::new(message, format!("it belongs to {}", level.shown()));
    }
    let owners = tasks.iter().filter(|task| task.settings().iter().any(|setting| setting.name == key));
    let owners: Vec<&str> = owners.map(|task| task.name()).collect();
    if !owners.is_empty() && here != Scope::Selector {
        return Fault::new(
            message,
            format!("it is a setting of {}: it belongs to that entry of `tasks`", list(&owners)),
        );
    }
    match near {
        Some(near) => Fault::new(message, format!("did you mean `{near}`?")),
        None if task.is_some() && settings.is_empty() => Fault::new(message, "that task has no settings of its own"),
        None if task.is_some() => Fault::new(message, format!("its settings are {}", list(&settings))),
        None => Fault::new(message, format!("the keys here are {}", list(&known))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_in_a_build_with_its_feature_and_named_with_it_elsewhere() {
        let built = [
            ("gzip", cfg!(feature = "gzip")),
            ("html", cfg!(feature = "html")),
            ("sqlite", cfg!(feature = "sqlite")),
            ("image", cfg!(feature = "image")),
            ("video", cfg!(feature = "video")),
        ];
        let features: Vec<&str> = OPTIONAL.iter().map(|optional| optional.feature).collect();
        assert_eq!(features, built.map(|(feature, _)| feature));
        for (optional, (feature, built)) in OPTIONAL.iter().zip(built) {
            assert_eq!(Tasks::builtin().get(optional.word).is_some(), built, "{}", optional.word);
            let Fault { message, help } = unknown_word("task", optional.word, &["empty", "images"]);
            assert!(message.starts_with(&format!("this build has no task `{}` (", optional.word)), "{message}");
            assert!(help.is_some_and(|help| help.contains(&format!("--features {feature}`"))), "{feature}");
        }
    }
}
