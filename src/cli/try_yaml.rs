//! What scenarios of `runner try` are written with.

use super::try_args::{Argv, TryOptions};
use crate::text::escape::yaml;
use crate::text::slug;

/// Most characters of a variant's name that is made here.
pub(super) const LONGEST_VARIANT: usize = 30;

/// Why nothing is tried, in a sentence.
pub(super) struct Refused(pub(super) String);

/// The variants of what is here and of a commit, where one is named.
pub(super) fn commit_variants(options: &TryOptions) -> Vec<String> {
    let Some(revision) = &options.rev else { return Vec::new() };
    let build: Vec<String> = options.build.iter().flat_map(|Argv(words)| words.iter().map(quoted)).collect();
    let build = if build.is_empty() { String::new() } else { format!(", build: [{}]", build.join(", ")) };
    vec![
        "{name: here}".to_owned(),
        format!("{{name: {}, revision: {}{build}}}", quoted(short_name(revision)), quoted(revision)),
    ]
}

/// The key `variants` with these entries; nothing without any.
pub(super) fn listed_variants(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    lines.iter().fold("variants:\n".to_owned(), |text, line| text + &format!("  - {line}\n"))
}

/// The end of a name, which tells it from others more than its start does, where it is too long.
pub(super) fn short_name(name: &str) -> String {
    let count = name.chars().count();
    name.chars().skip(count.saturating_sub(LONGEST_VARIANT)).collect()
}

/// Where a scenario has its items from, and whether results are compared, as lines of its task.
pub(super) fn origin(options: &TryOptions) -> String {
    let mut lines = String::new();
    let mut put = |key: &str, value: String| lines += &format!("\n    {key}: {value}");
    if let Some(path) = &options.items {
        put("data", quoted(path));
    }
    if let Some(place) = &options.items_from {
        put("items_from", quoted(place));
    }
    if let Some(expression) = &options.items_expr {
        put("items_expr", quoted(expression));
    }
    if options.unchecked {
        let (key, value) = if options.command.is_empty() { ("same_results", "false") } else { ("compare", "status") };
        put(key, value.into());
    }
    lines
}

/// A name for the report's folder from a function's.
pub(super) fn report_name(name: &str) -> String {
    let slug = slug(name, 56);
    format!("try-{}", if slug.is_empty() { "it" } else { &slug })
}

/// A path or a text as YAML.
pub(super) fn quoted(text: impl AsRef<std::ffi::OsStr>) -> String {
    yaml(&text.as_ref().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_functions_become_folders() {
        assert_eq!(report_name("work-shrink"), "try-work-shrink");
        assert_eq!(report_name("_Read_All__"), "try-read-all");
        assert_eq!(report_name("ß"), "try-it");
        assert!(crate::text::is_slug(&report_name(&"x".repeat(300))));
    }
}
