//! Progress on standard error: a line with the time left on a terminal, else a line per scenario.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Output;
use crate::engine::Progress;
use crate::host::granted_cores;
use crate::results::Trial;
use crate::text::{plural, show_seconds};

/// Shows the progress of one scenario.
pub(super) struct Bar {
    bar: ProgressBar,
    name: String,
    start: Instant,
    cores: u32,
}

impl Bar {
    pub(super) fn new(name: &str, place: (usize, usize), output: &Output) -> Self {
        let label = if place.1 > 1 { format!("[{}/{}] {name}", place.0 + 1, place.1) } else { name.to_owned() };
        let bar = if output.live() {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8))
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len} {msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(label.clone());
        Self { bar, name: label, start: Instant::now(), cores: granted_cores() }
    }

    /// Removes the bar from the terminal.
    pub(super) fn finish(&self, output: &Output, words: &str) {
        self.bar.finish_and_clear();
        output.progress(&format!("{}: {words} in {}", self.name, show(self.start.elapsed())));
    }
}

impl Progress for Bar {
    fn calibrating(&mut self, done: usize, total: usize) {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message("choosing sizes");
    }

    fn trial(&mut self, done: usize, total: usize, configuration: &str, _: &Trial) {
        if done <= 1 {
            // The time left is told from trials, not from the calibration before them.
            self.start = Instant::now();
        }
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        let left = self.start.elapsed().mul_f64((total - done) as f64 / done.max(1) as f64);
        self.bar.set_message(format!("{} left · {configuration}", show(left)));
    }

    fn waiting(&mut self, taken: f64, most: Duration) {
        let cores = plural(u64::from(self.cores), "core");
        self.bar.suspend(|| {
            eprintln!(
                "{}: waiting for a quiet machine, for {} at most: others use {taken:.1} of {cores}",
                self.name,
                show_seconds(most.as_secs_f64())
            );
        });
    }

    fn trouble(&mut self, what: &str) {
        self.bar.suspend(|| eprintln!("{what}"));
    }
}

/// A time for people, to the second.
pub(super) fn show(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}
