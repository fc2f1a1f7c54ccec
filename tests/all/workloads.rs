//! Tasks on real work, through the real program: the same replies under every way, and iterations that are equal to the bit.

use std::collections::BTreeSet;

use super::support::Place;
use runner::internal::setting::Outcome;

/// Every model, every IPC method, and the model of CPython's lock.
const WAYS: &str = "models:
  - serial
  - threads
  - rayon
  - {kind: processes, ipc: [queue, pipe, shared_memory, manager]}
  - {kind: threads, runtime: gil_emulation}
workers: 2
";
/// Configurations of it.
const COUNT: usize = 1 + 1 + 1 + 4 + 1;

/// Small settings of each task.
const TASKS: &[&str] = &[
    "{kind: image, width: 32, to: 16, format: [jpeg, png], returns: [image, digest], items: 9}",
    "{kind: compress, size: 2000, level: [1, 9], items: 9}",
    "{kind: sort, count: 200, of: [numbers, words], items: 9}",
    "{kind: json, records: 20, items: 9}",
    "{kind: numeric, of: pi, points: 2000, items: 9}",
    "{kind: numeric, of: stencil, side: 20, parts: [1, 3], items: 9}",
    "{kind: train, samples: 60, features: 4, classes: 3, parts: 3, items: 9}",
];
/// How many alternatives they have in all.
const ALTERNATIVES: usize = 4 + 2 + 2 + 1 + 1 + 2 + 1;

#[test]
fn replies_are_those_of_a_serial_run_under_every_way() {
    let place = Place::new();
    place.scenario("work", &format!("tasks:\n  - {}\n{WAYS}", TASKS.join("\n  - ")));
    let ended = place.run_scenario("work", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("work");
    assert_eq!(results.trials.len(), ALTERNATIVES * COUNT);
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let context = format!("{} under {}", results.workloads[configuration.workload].label, configuration.label);
        assert_eq!((&trial.outcome, trial.done), (&Outcome::Ok, 9), "{context}");
    }
}

/// Replies hold gradients and losses, or the values of a grid, so that equal sums of replies are equal losses and equal
/// weights, or equal grids, after every iteration.
#[test]
fn repeated_runs_in_rounds_under_every_way_are_one_to_the_bit() {
    let models = "[serial, threads, rayon, {kind: processes, ipc: [queue, pipe, shared_memory, manager]}]";
    for (name, task) in [
        ("training", "{kind: train, samples: 90, features: 5, classes: 3, parts: 4, items: 80}"),
        // Of seven parts, two or three are with each worker: borders cross to others, and stay.
        ("grid", "{kind: numeric, of: stencil, side: 30, parts: 7, items: 140}"),
    ] {
        let place = Place::new();
        place.scenario(name, &format!("tasks: [{task}]\nmodels: {models}\nworkers: 3\n"));
        place.run_scenario(name, &["--quick", "--rounds", "5"]).expect(0);
        let results = place.results(name);
        assert_eq!(results.trials.len(), 7 * 5);
        assert!(results.trials.iter().all(|trial| trial.outcome == Outcome::Ok && trial.done > 0));
        let sums: BTreeSet<&str> =
            results.trials.iter().map(|trial| trial.digest.as_str()).filter(|s| !s.is_empty()).collect();
        assert_eq!(sums.len(), 1, "{name}: {sums:?}");
    }
}

#[test]
fn a_folder_of_images_needs_no_permission_and_a_missing_one_is_shown_where_it_stands() {
    let place = Place::new();
    let text = "tasks:\n  - kind: image\n    folder: photographs\n    items: 4\nmodels: [serial, {kind: processes}]\nworkers: 1\n";
    place.scenario("gallery", text);
    let planned = place.run(&["plan", "gallery.yaml"]).expect(2);
    assert!(
        planned.stderr.contains("gallery.yaml:9:5") && planned.stderr.contains("photographs"),
        "{}",
        planned.stderr
    );
    std::fs::create_dir(place.path("photographs")).unwrap();
    for (name, side) in [("a.png", 20), ("b.png", 40)] {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(png::ColorType::Rgb);
        let pixels: Vec<u8> = (0..side * side * 3).map(|at| at as u8).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        place.write(&format!("photographs/{name}"), file);
    }
    place.run_scenario("gallery", &["--quick", "--rounds", "1"]).expect(0);
    assert!(place.results("gallery").trials.iter().all(|trial| trial.outcome == Outcome::Ok && trial.done == 4));
    // What is no image is an outcome, with the name of the file.
    place.write("photographs/c.jpg", "none");
    place.run_scenario("gallery", &["--quick", "--rounds", "1"]).expect(3);
    let words = place.results("gallery").trials[0].outcome.words();
    assert!(words.contains("photographs/c.jpg"), "{words}");
}

#[test]
fn settings_that_do_not_go_together_are_shown_where_they_stand() {
    let place = Place::new();
    for (task, says) in [
        ("kind: numeric\n    side: 3\n    parts: 4", "a grid of 3 rows cannot be cut into 4 parts"),
        ("kind: train\n    samples: 3\n    parts: 4", "3 samples cannot be cut into 4 parts"),
    ] {
        place.scenario("wrong", &format!("tasks:\n  - {task}\nmodels: [serial]\n"));
        let planned = place.run(&["plan", "wrong.yaml"]).expect(2);
        assert!(planned.stderr.contains("wrong.yaml:") && planned.stderr.contains(says), "{}", planned.stderr);
    }
}
