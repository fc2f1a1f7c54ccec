//! The rooms of the library: who may import whom, how long a file may be, and what only the command line may do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every room with the rooms that it may import, from the ground up.
const ROOMS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("setting", &["text"]),
    ("record", &[]),
    ("reexec", &[]),
    ("stats", &[]),
    ("task", &["text", "setting"]),
    ("ipc", &["record", "text", "setting"]),
    ("runtime", &["record", "text", "setting", "task"]),
    ("model", &["record", "text", "setting", "reexec", "task", "ipc", "runtime"]),
    ("scenario", &["text", "setting", "task", "ipc", "runtime", "model"]),
    ("plan", &["text", "setting", "task", "ipc", "runtime", "model", "scenario"]),
    ("results", &["record", "text", "setting"]),
    ("host", &["record", "text", "setting", "stats", "reexec", "task", "ipc", "runtime", "model", "plan", "results"]),
    ("verdict", &["text", "setting", "stats", "results"]),
    ("engine", &["record", "setting", "stats", "plan", "host", "reexec", "results", "verdict"]),
    ("chart", &["text", "setting", "stats", "results", "verdict"]),
    ("report", &["text", "setting", "stats", "results", "verdict", "chart"]),
];
/// The room at the top, which may import all others.
const TOP: &str = "cli";

/// Longest file, without its tests.
const LONGEST: usize = 500;

/// What only the command line may do, and the files that may do it all the same, with the reason.
const RESERVED: &[(&str, &[(&str, &str)])] = &[
    (
        "println!",
        &[
            ("stats/simulation.rs", "a test that prints its figures"),
            ("engine/simulation.rs", "a test that prints its figures"),
        ],
    ),
    ("eprintln!", &[]),
    ("print!(", &[]),
    (
        "std::env::var",
        &[
            ("task/command.rs", "a scenario lists variables that its program sees"),
            ("host/cgroup.rs", "tests make up a machine below a folder"),
        ],
    ),
    (
        "env::var_os",
        &[
            ("task/command.rs", "a scenario lists variables that its program sees"),
            ("host/cgroup.rs", "tests make up a machine below a folder"),
        ],
    ),
    ("process::exit", &[("task/fault.rs", "a fault that is asked for ends its process on purpose")]),
    ("_exit(", &[("model/dispatch/worker_process.rs", "a worker whose host is gone has nobody to return to")]),
];

/// The Python side is held to the same length. Functions are held to theirs by clippy (`clippy.toml`) and ruff.
#[test]
fn no_python_file_is_too_long() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut files) = (vec![source], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "py") {
                files += 1;
                let lines = std::fs::read_to_string(&path).unwrap().lines().count();
                assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
            }
        }
    }
    assert!(files > 30, "{files}");
}

pub struct File {
    /// Path below `src`.
    pub name: String,
    pub room: String,
    pub text: String,
}

pub fn files() -> Vec<File> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&source, &mut found);
    found.sort();
    let file = |path: PathBuf| {
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        let room = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        File { room, text: std::fs::read_to_string(path).unwrap(), name }
    };
    let files: Vec<File> = found.into_iter().map(file).collect();
    assert!(files.len() > 50, "the sources were not found");
    files
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, found),
            false if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The text without its tests, which may print and read what they like.
pub fn without_tests(file: &File) -> &str {
    if file.name.ends_with("/tests.rs") {
        return "";
    }
    file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

/// The text without comments. Strings stay: none of ours holds `//` before code on its line.
pub fn code(text: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_start().starts_with("//") {
        true => "",
        false => line.split(" // ").next().unwrap_or_default(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The rooms that a path head leads to: `crate::text`, `crate::{text, task::Tasks}`, and the same by `super`.
fn imported(file: &File) -> BTreeSet<String> {
    let text = code(&file.text);
    let mut rooms = BTreeSet::new();
    // How many `super::` lead from this file to the crate: its own module depth.
    let path = file.name.trim_end_matches(".rs").trim_end_matches("/mod");
    let up = "super::".repeat(path.split('/').count());
    // In an inline module, such as `mod tests`, it takes one more.
    for head in ["crate::".to_owned(), up.clone(), format!("super::{up}")] {
        for (at, _) in text.match_indices(&head) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c == ':' || c == '$' || c.is_alphanumeric() || c == '_') {
                continue;
            }
            heads(&text[at + head.len()..], &mut rooms);
        }
    }
    // `super::super` from an inline module of a file in a folder leads to the room itself, whose names are no rooms.
    let known = |room: &String| ROOMS.iter().any(|(name, _)| name == room) || room == TOP;
    rooms.into_iter().filter(|room| known(room) && *room != file.room).collect()
}

/// The first names of a path, or of all paths in braces.
fn heads(rest: &str, rooms: &mut BTreeSet<String>) {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    if !rest.starts_with('{') {
        rooms.insert(word(rest));
        return;
    }
    let (mut depth, mut fresh) = (0, false);
    for (at, c) in rest.char_indices() {
        match c {
            '{' => (depth, fresh) = (depth + 1, depth == 0),
            '}' if depth == 1 => return,
            '}' => depth -= 1,
            ',' if depth == 1 => fresh = true,
            c if fresh && depth == 1 && !c.is_whitespace() => {
                rooms.insert(word(&rest[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
}

#[test]
fn a_room_imports_only_what_its_row_names() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.room != TOP) {
        if file.name == "lib.rs" || file.name == "main.rs" {
            continue;
        }
        let row = ROOMS.iter().find(|(name, _)| *name == file.room);
        let Some((_, allowed)) = row else {
            wrong.push(format!("{} is in no known room", file.name));
            continue;
        };
        for room in imported(file).iter().filter(|room| !allowed.contains(&room.as_str())) {
            wrong.push(format!("{} imports {room}", file.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rows_name_only_rooms_above() {
    for (at, (room, allowed)) in ROOMS.iter().enumerate() {
        for other in *allowed {
            assert!(ROOMS[..at].iter().any(|(name, _)| name == other), "{room} names {other}, which stands below");
        }
    }
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let file = |name: &str, text: &str| {
        let room = name.split('/').next().unwrap().to_owned();
        imported(&File { name: name.into(), room, text: text.into() }).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(
        file("ipc/pipe.rs", "use crate::text::show;\nuse crate::{ipc, task::{Task, x}, host};"),
        ["host", "task", "text"]
    );
    assert_eq!(file("ipc/pipe.rs", "fn f() { super::super::plan::plan(); }"), ["plan"]);
    assert_eq!(file("ipc/mod.rs", "use super::plan;"), ["plan"]);
    assert_eq!(file("text/mod.rs", "mod tests { use super::super::task; }"), ["task"]);
    assert_eq!(file("ipc/pipe.rs", "// crate::plan is not for us\nuse super::frame;"), [] as [&str; 0]);
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for file in files() {
        let lines = without_tests(&file).lines().count();
        if lines > LONGEST {
            long.push(format!("{}: {lines} lines", file.name));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_library_consists_of_the_rooms() {
    let files = files();
    let library = files.iter().find(|file| file.name == "lib.rs").unwrap();
    let declared = |head: &str| -> BTreeSet<&str> {
        library.text.lines().filter_map(|line| line.strip_prefix(head)?.strip_suffix(';')).collect()
    };
    let (public, private) = (declared("pub mod "), declared("mod "));
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|(name, _)| *name).chain([TOP]).collect();
    assert_eq!(&public | &private, rooms);
    // What programs of one's own need. Everything else may change without notice.
    assert_eq!(public, BTreeSet::from(["cli", "results", "task"]));
}

#[test]
fn only_the_command_line_prints_reads_the_environment_and_exits() {
    let mut wrong = Vec::new();
    let files = files();
    for (word, exceptions) in RESERVED {
        for file in files.iter().filter(|file| file.room != TOP && code(without_tests(file)).contains(word)) {
            if !exceptions.iter().any(|(name, _)| *name == file.name) {
                wrong.push(format!("{} has {word}", file.name));
            }
        }
        for (name, why) in *exceptions {
            let used = files.iter().any(|file| file.name == *name && code(without_tests(file)).contains(word));
            assert!(used, "{name} needs no exception for {word} ({why})");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
