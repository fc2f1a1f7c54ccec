//! Machines that disturb what they measure, each in its own way.

use crate::results::Results;

/// What a machine does to times. All of it is relative; 0 is never.
pub(super) struct Shape {
    pub name: &'static str,
    /// Slower by so much with each round, and by a tenth of that with each trial within it.
    slope: f64,
    /// Step of a random walk from trial to trial; ten of them from round to round.
    walk: f64,
    /// Spread of the trials of each configuration.
    noise: [f64; super::CONFIGURATIONS],
    /// Step of the clock, in seconds.
    tick: f64,
    /// How much slower the second mode is, in which three of ten trials run.
    mode: f64,
    /// Of so many trials per thousand, each takes ten times as long.
    outliers: u64,
}

const CALM: Shape = Shape {
    name: "calm",
    slope: 0.0,
    walk: 0.0,
    noise: [0.02; super::CONFIGURATIONS],
    tick: 0.0,
    mode: 0.0,
    outliers: 0,
};

const UNEQUAL: [f64; super::CONFIGURATIONS] = [0.002, 0.01, 0.03, 0.1];

/// Every shape that is tried.
pub(super) const SHAPES: [Shape; 8] = [
    CALM,
    Shape { name: "linear drift", slope: 0.03, ..CALM },
    Shape { name: "random walk", walk: 0.01, ..CALM },
    Shape { name: "unequal noise", noise: UNEQUAL, ..CALM },
    Shape { name: "ties", tick: 0.02, ..CALM },
    Shape { name: "two modes", mode: 0.15, ..CALM },
    Shape { name: "outliers", outliers: 50, ..CALM },
    Shape { name: "all at once", slope: 0.03, walk: 0.01, noise: UNEQUAL, tick: 0.005, mode: 0.15, outliers: 50 },
];

impl Shape {
    /// Whether the times of a configuration depend on when it ran.
    pub fn drifts(&self) -> bool {
        self.slope > 0.0 || self.walk > 0.0
    }

    /// Seconds of one trial whose undisturbed time is `log`, in natural logarithms.
    fn seconds(&self, configuration: usize, log: f64, random: &mut fastrand::Rng) -> f64 {
        let mut log = log + self.noise[configuration] * normal(random);
        if self.mode > 0.0 && random.u8(..10) < 3 {
            log += self.mode;
        }
        if self.outliers > 0 && random.u64(..1000) < self.outliers {
            log += 10f64.ln();
        }
        let seconds = log.exp();
        if self.tick > 0.0 { (seconds / self.tick).round() * self.tick } else { seconds }
    }

    /// The true median of a configuration without drift, from many trials.
    pub fn median(&self, configuration: usize, truth: f64) -> f64 {
        let mut random = fastrand::Rng::with_seed(configuration as u64);
        let mut times: Vec<f64> = (0..100_001).map(|_| self.seconds(configuration, truth.ln(), &mut random)).collect();
        *times.select_nth_unstable_by(50_000, f64::total_cmp).1
    }

    /// Gives every trial a time, round by round in random order; second runs take `broken` times as long.
    pub fn fill(&self, results: &mut Results, truth: &[f64], broken: f64, random: &mut fastrand::Rng) {
        let rounds = results.run.rounds as usize;
        let mut order: Vec<usize> = (0..results.trials.len() / rounds).collect();
        let mut walked = 0.0;
        for round in 0..rounds {
            random.shuffle(&mut order);
            walked += self.walk * 10f64.sqrt() * normal(random);
            for (slot, series) in order.iter().enumerate() {
                walked += self.walk * normal(random);
                // The trials of a configuration stand together, one per round; so do its second runs.
                let trial = &mut results.trials[series * rounds + round];
                let drift = self.slope * (round as f64 + slot as f64 / 10.0) + walked;
                let second = if trial.duplicate { broken.ln() } else { 0.0 };
                let seconds =
                    self.seconds(trial.configuration, truth[trial.configuration].ln() + drift + second, random);
                trial.measured = (seconds * 1e9).round() as u64;
            }
        }
    }
}

/// A standard normal number (Box and Muller).
fn normal(random: &mut fastrand::Rng) -> f64 {
    (-2.0 * (1.0 - random.f64()).ln()).sqrt() * (std::f64::consts::TAU * random.f64()).cos()
}
