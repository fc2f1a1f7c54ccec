//! A chart of each kind, kept as it is: `tests/chart/snapshots/NAME.svg` is what a person has looked at and found right.
//!
//! After a change that is meant to be seen, write them again, look at each in a browser, and commit the difference:
//!
//! ```sh
//! cargo test --lib snapshots -- --ignored
//! ```

use std::path::{Path, PathBuf};

use super::Theme;
use super::whole::pictures;

/// The name of each file, and the picture of the gallery that it holds.
const KEPT: [(&str, &str); 12] = [
    ("speedup", "wide-speedup"),
    ("time", "three-time"),
    ("breakdown", "losses-breakdown"),
    ("ipc", "ipc-ipc"),
    ("timeline", "died-timeline"),
    ("memory", "weights-memory"),
    ("crash", "faults-crash"),
    ("latency", "rates-latency"),
    ("service", "tails-service"),
    ("compare", "builds-compare"),
    ("two-runs", "runs-compare"),
    ("speedup-dark", "wide-speedup"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chart/snapshots")
}

/// Each file, and what belongs in it.
fn drawn() -> Vec<(PathBuf, String)> {
    let all = pictures();
    let one = |(name, of): (&str, &str)| {
        let found = all.iter().find(|(name, ..)| name == of);
        let (.., picture) = found.unwrap_or_else(|| {
            panic!("no {of} among {:?}", all.iter().map(|(name, ..)| name).collect::<Vec<_>>());
        });
        let theme = if name.ends_with("-dark") { Theme::Dark } else { Theme::Light };
        (folder().join(format!("{name}.svg")), picture.svg(theme))
    };
    KEPT.into_iter().map(one).collect()
}

#[test]
fn a_chart_of_each_kind_is_drawn_as_it_was_when_somebody_looked_at_it() {
    for (path, svg) in drawn() {
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == svg, "{} differs: see tests/chart/snapshots.rs", path.display());
    }
    let files = std::fs::read_dir(folder()).unwrap().count();
    assert_eq!(files, KEPT.len(), "a file that nothing is compared with");
}

#[test]
#[ignore = "writes the files that the test above compares with"]
fn write_them_again() {
    for (path, svg) in drawn() {
        std::fs::write(path, svg).unwrap();
    }
}
