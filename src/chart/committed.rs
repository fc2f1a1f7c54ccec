//! The charts of all committed reports together: drawn again with the same bytes, small, and apart from each other on one
//! page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use resvg::usvg::roxmltree::Document;

use super::tests::{misplaced, rasterised};
use super::{Chart, Theme, charts};
use crate::results::{Results, read};
use crate::setting::ChartKind;
use crate::verdict;

/// Folder and results of every committed report, as `runner render` sees them.
fn reports() -> Vec<(PathBuf, Results)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.join("results.json").is_file());
    found.sort();
    let derived = |path: PathBuf| {
        let mut results = read(&path.join("results.json")).unwrap();
        results.derived = verdict::derive(&results);
        (path, results)
    };
    found.into_iter().map(derived).collect()
}

fn every(mut look: impl FnMut(&Path, &Chart)) {
    let mut count = 0;
    for (folder, results) in reports() {
        for chart in charts(&results) {
            look(&folder, &chart);
            count += 1;
        }
    }
    assert!(count > 40, "the committed reports were not found");
}

#[test]
fn committed_charts_are_those_that_are_drawn_again() {
    every(|folder, chart| {
        let Ok(picture) = &chart.picture else { return };
        for (theme, suffix) in [(Theme::Light, ""), (Theme::Dark, "-dark")] {
            let path = folder.join(format!("{}{suffix}.svg", chart.stem));
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == picture.svg(theme), "{}: run runner render", path.display());
        }
    });
}

#[test]
fn committed_charts_are_small_and_share_no_identifier_on_one_page() {
    let mut ids = BTreeSet::new();
    every(|folder, chart| {
        let Ok(picture) = &chart.picture else { return };
        let name = format!("{} {}", folder.file_name().unwrap().display(), chart.stem);
        assert_eq!(misplaced(picture), Vec::<String>::new(), "{name}");
        let most = if chart.kind == ChartKind::Timeline { 100_000 } else { 60_000 };
        for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
            let bytes = picture.svg(theme).len();
            assert!(bytes < most, "{name} has {bytes} bytes");
        }
        if rasterised(&name) {
            let raster = picture.png(Theme::Light).unwrap().len();
            assert!(raster < 200_000, "{name} has a raster of {raster} bytes");
        }
        let text = picture.svg(Theme::Light);
        let document = Document::parse(&text).unwrap();
        for id in document.descendants().filter_map(|node| node.attribute("id")) {
            assert!(ids.insert(id.to_owned()), "{name} shares the identifier {id}");
        }
    });
}
