//! No cycle among the files of a room.
//!
//! An edge leads from a file to each that it imports or names by a path, its tests apart. What a `mod.rs` re-exports counts
//! as an import of the file that defines it, so that `super::Name` hides nothing. A `mod.rs` itself is the face of its folder:
//! it declares what all files of the folder share, such as a trait or an error, and hands work to these files. So what it
//! calls below its own folder is no edge, while what others import from it is.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::{File, code, files, without_tests};

/// A module's path: `["model", "worker", "gil"]`.
type Path = Vec<String>;

/// A file as its imports see it.
#[derive(Default)]
struct Module {
    name: String,
    path: Path,
    /// What `use` brings in: the path, the name, and whether it is a re-export.
    uses: Vec<(Path, String, bool)>,
    /// Paths in the code.
    paths: Vec<Path>,
    defined: BTreeSet<String>,
    /// All words of the code beside `use`.
    words: BTreeSet<String>,
    /// Modules that are built for tests alone.
    for_tests: Vec<String>,
}

/// Words and signs of a file, without comments, strings and characters.
fn tokens(text: &str) -> Vec<String> {
    let (characters, mut at, mut found) = (text.chars().collect::<Vec<_>>(), 0, Vec::new());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while at < characters.len() {
        let (c, next) = (characters[at], characters.get(at + 1).copied());
        let hashes = characters[at + 1..].iter().take_while(|c| **c == '#').count();
        if c == 'r' && characters.get(at + 1 + hashes) == Some(&'"') && (at == 0 || !is_word(characters[at - 1])) {
            let end: String = std::iter::once('"').chain("#".repeat(hashes).chars()).collect();
            let rest: String = characters[at + 2 + hashes..].iter().collect();
            let length = rest.find(&end).map_or(rest.chars().count(), |bytes| rest[..bytes].chars().count());
            at += 2 + hashes + length + end.len();
        } else if is_word(c) {
            let word: String = characters[at..].iter().take_while(|c| is_word(**c)).collect();
            at += word.chars().count();
            found.push(word);
        } else if c == '"' {
            at += 1;
            while at < characters.len() && characters[at] != '"' {
                at += if characters[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' && (next == Some('\\') || characters.get(at + 2) == Some(&'\'')) {
            // A character; a lifetime has no end.
            let escaped = usize::from(next == Some('\\'));
            let end = characters[at + 2 + escaped..].iter().position(|c| *c == '\'').unwrap_or(0);
            at += 3 + escaped + end;
        } else {
            let sign = if c == ':' && next == Some(':') { "::".to_owned() } else { c.to_string() };
            at += sign.chars().count();
            if !c.is_whitespace() {
                found.push(sign);
            }
        }
    }
    found
}

/// All paths of a `use` tree that starts at `at`, each with its name there, and where the tree ends.
fn tree(tokens: &[String], mut at: usize, head: &[String], uses: &mut Vec<(Path, String)>) -> usize {
    let mut path = head.to_vec();
    loop {
        match tokens.get(at).map_or(";", String::as_str) {
            "::" => {}
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}" && token != ";") {
                    at = tree(tokens, at, &path, uses);
                    at += usize::from(tokens.get(at).is_some_and(|token| token == ","));
                }
                return at + 1;
            }
            "," | "}" | ";" => break,
            "as" => {
                uses.push((path, tokens.get(at + 1).cloned().unwrap_or_default()));
                return at + 2;
            }
            "self" if !path.is_empty() => {}
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
    let name = path.last().cloned().unwrap_or_default();
    uses.push((path, name));
    at
}

/// Whether what stands before an item, such as `#[cfg(test)] pub(crate)`, builds it for tests alone.
fn is_for_tests(before: &[String]) -> bool {
    let is_visibility = |token: &&String| ["pub", "(", "crate", "super", ")"].contains(&token.as_str());
    let visibility = before.iter().rev().take_while(is_visibility).count();
    before[..before.len() - visibility].ends_with(&["cfg", "(", "test", ")", "]"].map(str::to_owned))
}

impl Module {
    fn read(file: &File) -> Self {
        let tokens = tokens(&code(without_tests(file)));
        let path = file.name.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(str::to_owned).collect();
        let mut module = Self { name: file.name.clone(), path, ..Self::default() };
        let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token == word);
        let mut at = 0;
        while at < tokens.len() {
            let before = at.checked_sub(1).map_or("", |at| &tokens[at]);
            if is(at, "use") && !is(at + 1, "<") {
                let public = before == "pub" || (before == ")" && is(at.wrapping_sub(4), "pub"));
                let mut uses = Vec::new();
                at = tree(&tokens, at + 1, &[], &mut uses);
                module.uses.extend(uses.into_iter().map(|(path, name)| (path, name, public)));
                continue;
            }
            let starts = tokens[at].starts_with(|c: char| c.is_alphabetic() || c == '_');
            if !starts || before == "::" || before == "." {
                at += 1;
                continue;
            }
            if let "fn" | "struct" | "enum" | "trait" | "const" | "static" | "type" | "union" | "mod" = before {
                module.defined.insert(tokens[at].clone());
                if before == "mod" && is_for_tests(&tokens[..at - 1]) {
                    module.for_tests.push(tokens[at].clone());
                }
            } else {
                module.words.insert(tokens[at].clone());
            }
            let mut path = vec![tokens[at].clone()];
            at += 1;
            while is(at, "::") && tokens.get(at + 1).is_some_and(|token| token.starts_with(char::is_alphabetic)) {
                path.push(tokens[at + 1].clone());
                at += 2;
            }
            if path.len() > 1 {
                module.words.extend(path.iter().cloned());
                module.paths.push(path);
            }
        }
        module
    }
}

/// All modules, to follow paths through.
struct Tree(BTreeMap<Path, Module>);

impl Tree {
    fn of(files: &[File]) -> Self {
        let modules = files.iter().filter(|file| !file.name.ends_with("/tests.rs")).map(Module::read);
        let mut modules: BTreeMap<Path, Module> = modules.map(|module| (module.path.clone(), module)).collect();
        let for_tests: Vec<Path> = modules
            .values()
            .flat_map(|module| {
                module.for_tests.iter().map(|name| [&module.path[..], std::slice::from_ref(name)].concat())
            })
            .collect();
        modules.retain(|path, _| !for_tests.iter().any(|test| path.starts_with(test)));
        Self(modules)
    }

    /// Where a path in `module` starts, and the rest of it; nothing where it is that of another package.
    fn start<'p>(&self, module: &Module, path: &'p [String]) -> Option<(Path, &'p [String])> {
        let ups = path.iter().take_while(|word| *word == "super").count();
        match path.first()?.as_str() {
            "crate" => Some((Vec::new(), &path[1..])),
            "self" => Some((module.path.clone(), &path[1..])),
            "super" => Some((module.path[..module.path.len().checked_sub(ups)?].to_vec(), &path[ups..])),
            child if self.0.contains_key(&[&module.path[..], &[child.to_owned()]].concat()) => {
                Some((module.path.clone(), path))
            }
            _ => None,
        }
    }

    /// The module that defines what a path in `module` leads to.
    fn target(&self, module: &Module, path: &[String], depth: usize) -> Option<&Module> {
        let (mut base, rest) = self.start(module, path)?;
        for (at, word) in rest.iter().enumerate() {
            let child = [&base[..], std::slice::from_ref(word)].concat();
            if self.0.contains_key(&child) {
                base = child;
                continue;
            }
            let found = self.0.get(&base)?;
            if found.defined.contains(word) || depth == 0 {
                return Some(found);
            }
            if let Some((path, ..)) = found.uses.iter().find(|(_, name, _)| name == word) {
                return self.target(found, &[path, &rest[at + 1..]].concat(), depth - 1);
            }
            let globs = found.uses.iter().filter(|(_, name, _)| name == "*");
            let mut behind = globs.filter_map(|(path, ..)| self.target(found, &path[..path.len() - 1], depth - 1));
            return behind.find(|behind| behind.defined.contains(word)).or(Some(found));
        }
        self.0.get(&base)
    }

    /// The files that each file of a room imports.
    fn edges(&self, room: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for module in self.0.values().filter(|module| module.path[0] == room) {
            // A re-export is an import where the file itself uses the name.
            let uses = module.uses.iter().filter(|(_, name, public)| !public || module.words.contains(name));
            for path in uses.map(|(path, ..)| path).chain(&module.paths) {
                let Some(target) = self.target(module, path, 8).filter(|target| target.path[0] == room) else {
                    continue;
                };
                let below = module.name.ends_with("mod.rs") && target.path.starts_with(&module.path);
                if target.name != module.name && !below {
                    edges.entry(&module.name).or_default().insert(&target.name);
                }
            }
        }
        edges
    }
}

/// The cycles of a graph: the files that each lead to each other.
fn cycles<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<BTreeSet<&'a str>> {
    let reached = |from: &'a str| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(file) = next.pop() {
            next.extend(edges.get(file).into_iter().flatten().filter(|file| reached.insert(**file)));
        }
        reached
    };
    let reaches: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|file| (*file, reached(file))).collect();
    let on_cycle = reaches.iter().filter(|(file, reached)| reached.contains(*file));
    on_cycle
        .map(|(file, reached)| {
            reached.iter().copied().filter(|other| reaches.get(other).is_some_and(|back| back.contains(file))).collect()
        })
        .collect()
}

/// A cycle in words: what each of its files imports of it.
fn told(edges: &BTreeMap<&str, BTreeSet<&str>>, cycle: &BTreeSet<&str>) -> String {
    let arrow = |file: &&str| {
        let to: Vec<&str> = edges[*file].iter().copied().filter(|to| cycle.contains(to)).collect();
        format!("{file} → {}", to.join(", "))
    };
    cycle.iter().map(arrow).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_files_of_a_room_import_each_other_in_one_direction() {
    let tree = Tree::of(&files());
    let rooms: BTreeSet<&str> = tree.0.keys().map(|path| path[0].as_str()).collect();
    let mut wrong = Vec::new();
    for edges in rooms.into_iter().map(|room| tree.edges(room)) {
        wrong.extend(cycles(&edges).iter().map(|cycle| told(&edges, cycle)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The cycles of a room `a` with these files.
fn found(of: &[(&str, &str)]) -> Vec<String> {
    let file = |(name, text): &(&str, &str)| File { name: format!("a/{name}"), room: "a".into(), text: (*text).into() };
    let tree = Tree::of(&of.iter().map(file).collect::<Vec<_>>());
    let edges = tree.edges("a");
    cycles(&edges).iter().map(|cycle| told(&edges, cycle)).collect()
}

#[test]
fn a_cycle_is_found_however_it_is_written() {
    let one = ("one.rs", "use super::two::Two;\npub struct One;");
    for two in [
        "pub struct Two;\nuse super::one::{self, One};",
        "pub struct Two;\nuse crate::a::one::One as Other;",
        "pub struct Two;\nfn f() { super::one::One::new(\"'\"); }",
        "pub struct Two;\nuse super::One;",
        "pub struct Two;\nuse super::Everything;",
    ] {
        let face = ("mod.rs", "mod one;\nmod two;\npub use one::*;\npub use self::one::One as Everything;");
        assert_eq!(found(&[face, one, ("two.rs", two)]), ["a/one.rs → a/two.rs; a/two.rs → a/one.rs"], "{two}");
    }
    let faces = [("mod.rs", ""), ("b/mod.rs", "")];
    let three =
        [("one.rs", "use super::two;"), ("two.rs", "use super::b::three;"), ("b/three.rs", "use crate::a::one;")];
    assert_eq!(found(&[&faces[..], &three].concat()).len(), 1);
}

#[test]
fn what_is_no_cycle_is_none() {
    let one = ("one.rs", "use super::two::Two;\npub struct One;\n// super::two\n");
    for two in [
        "pub struct Two;\nconst TEXT: &str = \"super::one::One\";",
        "pub struct Two;\n#[cfg(test)]\nmod tests {\n    use super::super::one::One;\n}\n",
        "pub struct Two;\nuse super::Face;\nuse crate::b::one::One;",
    ] {
        let face =
            ("mod.rs", "mod one;\nmod two;\npub use one::One;\npub struct Face;\nfn f() { one::f(); two::f(); }");
        assert_eq!(found(&[face, one, ("two.rs", two)]), [""; 0], "{two}");
    }
}
