//! The type case of a drawing: the outline of a glyph, a word that occurs again and a line that does are written once, and
//! every text refers to them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::base36::base36;
use super::font::{self, Run, Weight};

/// Something that is put together of parts, each with where it starts.
type Parts<P> = (Weight, Vec<(P, i32)>);

/// What is set, with how often.
#[derive(Default)]
pub(super) struct GlyphCache {
    /// Numbers of the words by what they are made of.
    known_words: BTreeMap<Parts<u16>, usize>,
    words: Vec<Counted<u16>>,
    known_lines: BTreeMap<Parts<usize>, usize>,
    lines: Vec<Counted<usize>>,
}

struct Counted<P> {
    parts: Parts<P>,
    count: usize,
}

/// The number of these parts; new ones get the next. How often they occur is counted.
fn counted<P: Ord + Clone>(known: &mut BTreeMap<Parts<P>, usize>, all: &mut Vec<Counted<P>>, parts: Parts<P>) -> usize {
    let next = all.len();
    let index = *known.entry(parts.clone()).or_insert(next);
    if index == next {
        all.push(Counted { parts, count: 0 });
    }
    all[index].count += 1;
    index
}

impl GlyphCache {
    /// Sets a line and returns its number.
    pub(super) fn set(&mut self, run: &Run, weight: Weight) -> usize {
        let words = run.words.iter().map(|word| {
            let parts = (weight, word.glyphs.clone());
            (counted(&mut self.known_words, &mut self.words, parts), word.start)
        });
        let words = words.collect();
        counted(&mut self.known_lines, &mut self.lines, (weight, words))
    }

    /// Chooses what is written once, and names it.
    pub(super) fn shared(self, prefix: &str) -> Shared {
        let mut shared =
            Shared { defs: String::new(), words: Vec::new(), lines: Vec::new(), prefix: prefix.to_owned(), next: 0 };
        let mut glyphs: BTreeMap<(Weight, u16), String> = BTreeMap::new();
        // A word within a line that occurs again occurs once for it.
        let again = |line: &Counted<usize>| line.count > 1 && line.parts.1.len() > 1;
        let mut uses = vec![0; self.words.len()];
        for line in &self.lines {
            let times = if again(line) { 1 } else { line.count };
            line.parts.1.iter().for_each(|(word, _)| uses[*word] += times);
        }
        for (word, uses) in self.words.iter().zip(uses) {
            let (weight, parts) = &word.parts;
            for (glyph, _) in parts {
                glyphs.entry((*weight, *glyph)).or_insert_with(|| {
                    shared.define("path", &format!(" d=\"{}\"", font::outline(*glyph, *weight)), None)
                });
            }
            let named: Vec<(String, i32)> =
                parts.iter().map(|(glyph, at)| (glyphs[&(*weight, *glyph)].clone(), *at)).collect();
            let named = if uses > 1 && named.len() > 1 {
                vec![(shared.define("g", "", Some(&references(&named))), 0)]
            } else {
                named
            };
            shared.words.push(named);
        }
        for line in &self.lines {
            let places = line
                .parts
                .1
                .iter()
                .flat_map(|(word, start)| shared.words[*word].iter().map(move |(id, at)| (id.clone(), at + start)));
            let places: Vec<(String, i32)> = places.collect();
            let places = if again(line) && places.len() > 1 {
                vec![(shared.define("g", "", Some(&references(&places))), 0)]
            } else {
                places
            };
            shared.lines.push(places);
        }
        shared
    }
}

/// References to what is defined, one after the other.
fn references(places: &[(String, i32)]) -> String {
    let mut out = String::new();
    for (id, at) in places {
        let _ = match at {
            0 => write!(out, "<use href=\"#{id}\"/>"),
            x => write!(out, "<use href=\"#{id}\" x=\"{x}\"/>"),
        };
    }
    out
}

/// What is written once, and the lines that refer to it.
pub(super) struct Shared {
    /// The definitions.
    pub(super) defs: String,
    /// Of every word and every line: what it refers to, and where that starts.
    words: Vec<Vec<(String, i32)>>,
    lines: Vec<Vec<(String, i32)>>,
    prefix: String,
    next: u64,
}

impl Shared {
    fn define(&mut self, element: &str, attributes: &str, inner: Option<&str>) -> String {
        let id = format!("{}{}", self.prefix, base36(self.next));
        self.next += 1;
        let _ = match inner {
            Some(inner) => writeln!(self.defs, "<{element} id=\"{id}\"{attributes}>{inner}</{element}>"),
            None => writeln!(self.defs, "<{element} id=\"{id}\"{attributes}/>"),
        };
        id
    }

    /// The element of a line with these attributes.
    pub(super) fn line(&self, index: usize, attributes: &str) -> String {
        match self.lines[index].as_slice() {
            [(id, 0)] => format!("<use href=\"#{id}\"{attributes}/>"),
            places => format!("<g{attributes}>{}</g>", references(places)),
        }
    }
}
