//! Where every key and value of a document stands: a tree beside the parsed values, walked by the same paths.

use std::ops::Range;

/// One step from a mapping or a list to what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

/// The way from the top of the document to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(pub Vec<Step>);

impl Path {
    /// The path of a key of this mapping.
    pub fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// The path of an entry of this list.
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }
}

/// A value's place in the text, in bytes, and the places of what it holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub span: Range<usize>,
    pub inside: Inside,
}

/// What a value holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Inside {
    Scalar,
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub value: Node,
}

impl Node {
    fn child(&self, step: &Step) -> Option<(&Node, Option<&Range<usize>>)> {
        match (&self.inside, step) {
            (Inside::List(list), Step::Index(index)) => list.get(*index).map(|node| (node, None)),
            (Inside::Mapping(entries), Step::Key(key)) => {
                entries.iter().find(|entry| entry.key == *key).map(|entry| (&entry.value, Some(&entry.key_span)))
            }
            _ => None,
        }
    }

    /// Where the value of a path stands; the place of a mapping or list is that of its key, since it spans lines.
    /// A path that leads nowhere gives the place of the nearest value on the way to it.
    pub fn value_span(&self, path: &Path) -> Range<usize> {
        let (mut node, mut key) = (self, None);
        for step in &path.0 {
            let Some((next, next_key)) = node.child(step) else { break };
            (node, key) = (next, next_key);
        }
        match (&node.inside, key) {
            (Inside::List(_) | Inside::Mapping(_), Some(key)) => key.clone(),
            (Inside::Mapping(entries), None) => entries.first().map_or(node.span.clone(), |e| e.key_span.clone()),
            _ => node.span.clone(),
        }
    }

    /// Where the key of a path stands; for an entry of a list, where its value does.
    pub fn key_span(&self, path: &Path) -> Range<usize> {
        let Some((last, before)) = path.0.split_last() else { return self.value_span(path) };
        let mut node = self;
        for step in before {
            match node.child(step) {
                Some((next, _)) => node = next,
                None => return self.value_span(path),
            }
        }
        match node.child(last) {
            Some((_, Some(key))) => key.clone(),
            _ => self.value_span(path),
        }
    }

    /// What stands at a path; `None` where it leads nowhere.
    pub fn find(&self, path: &Path) -> Option<&Self> {
        path.0.iter().try_fold(self, |node, step| Some(node.child(step)?.0))
    }

    /// Whether the path leads somewhere.
    pub fn has(&self, path: &Path) -> bool {
        self.find(path).is_some()
    }

    /// Takes the value of a path out, and its key with it. Later entries of a list move up by one.
    pub fn remove(&mut self, path: &Path) {
        let Some((last, before)) = path.0.split_last() else { return };
        let mut node = self;
        for step in before {
            let next = match (&mut node.inside, step) {
                (Inside::List(list), Step::Index(index)) => list.get_mut(*index),
                (Inside::Mapping(entries), Step::Key(key)) => {
                    entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value)
                }
                _ => None,
            };
            let Some(next) = next else { return };
            node = next;
        }
        match (&mut node.inside, last) {
            (Inside::List(list), Step::Index(index)) if *index < list.len() => {
                list.remove(*index);
            }
            (Inside::Mapping(entries), Step::Key(key)) => entries.retain(|entry| entry.key != *key),
            _ => {}
        }
    }
}
