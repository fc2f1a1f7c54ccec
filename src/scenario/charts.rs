//! Charts: which there are, and what each kind takes.

use super::problem::Fault;
use super::raw::{self, One};
use super::resolve::{Resolver, entry_path};
use super::spans::Path;
use super::valid::Chart;
use super::words::list;
use crate::setting::{ChartKind, Key};

impl Resolver<'_> {
    /// The charts that are named; an empty list asks for none.
    pub(super) fn charts(&mut self) -> Option<Vec<Chart>> {
        let axis = self.document().charts.clone()?;
        let path = Path::default().key("charts");
        let mut charts: Vec<Chart> = Vec::new();
        // Entries without a fault of their own: what is left of another is no double of anything.
        let mut sound: Vec<&raw::ChartEntry> = Vec::new();
        for (i, entry) in axis.values.iter().enumerate() {
            let here = entry_path(&path, i, axis.list);
            let before = self.problems.len();
            let chart = self.chart(entry, &here);
            if self.problems.len() > before || self.reading.cut.iter().any(|cut| cut.0.starts_with(&here.0)) {
                continue;
            }
            if sound.contains(&entry) {
                let place = self.value_place(&here);
                self.report(Fault::new("this value is listed twice", "remove one of them"), &place);
                continue;
            }
            sound.push(entry);
            charts.extend(chart);
        }
        Some(charts)
    }

    fn chart(&mut self, entry: &raw::ChartEntry, path: &Path) -> Option<Chart> {
        let only = entry.r#where.as_ref().map(|selector| self.selector(selector, &path.key("where")));
        let Some(One(kind)) = entry.kind else {
            self.missing_kind(path, "chart");
            return None;
        };
        let x = self.shape(kind, "x", entry.x.as_ref(), |key| kind.takes_x(key), path);
        let group = self.shape(kind, "group", entry.group.as_ref(), |key| kind.takes_group(key), path);
        if let (Some(x), true) = (x, x == group) {
            let place = self.value_place(&path.key("group"));
            let message = format!("`x` and `group` are both `{}`", x.name());
            self.report(
                Fault::new(message, "every section would have one row: change one of them, or remove it"),
                &place,
            );
        }
        let title = entry.title.as_ref().map(|title| title.0.0.clone());
        if title.as_ref().is_some_and(String::is_empty) {
            let place = self.value_place(&path.key("title"));
            self.report(
                Fault::new("this title is empty", "write one, or remove this key: the finding is then the title"),
                &place,
            );
        }
        let places = [self.value_place(&path.key("x")), self.value_place(&path.key("group"))];
        Some(Chart { kind, x, group, only, title, places })
    }

    /// A setting by which the chart is shaped, where its kind takes it.
    fn shape(
        &mut self,
        kind: ChartKind,
        key: &str,
        given: Option<&One<Key>>,
        takes: impl Fn(Key) -> bool,
        path: &Path,
    ) -> Option<Key> {
        let One(given) = *given?;
        if takes(given) {
            return Some(given);
        }
        let words: Vec<&str> = Key::of_configurations().filter(|key| takes(*key)).map(Key::name).collect();
        let (fault, place) = if words.is_empty() {
            let fault = Fault::new(format!("the chart `{}` takes no `{key}`", kind.word()), "remove this key");
            (fault, self.key_place(&path.key(key)))
        } else {
            let message = format!("the chart `{1}` takes no `{0}` as its `{key}`", given.name(), kind.word());
            (Fault::new(message, format!("it takes {}", list(&words))), self.value_place(&path.key(key)))
        };
        self.report(fault, &place);
        None
    }
}
