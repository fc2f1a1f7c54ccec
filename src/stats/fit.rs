//! Laws of scaling fitted to speed-ups: Amdahl's and the Universal Scalability Law.
//!
//! Both are one curve, C(n) = n / (1 + σ(n − 1) + κ n(n − 1)): σ is the share of the work that is serial or contended, κ the
//! cost of keeping each worker coherent with every other. With κ = 0 it is Amdahl's law, S(n) = 1 / (σ + (1 − σ) / n)
//! (Amdahl, *AFIPS Spring Joint Computer Conference*, 1967); with both it is Gunther's (*Guerrilla Capacity Planning*, 2007).
//!
//! The data are, per worker count, the median over rounds of the logarithm of the speed-up inside a round: the same estimate
//! as everywhere else, which one noisy trial does not move. The curve is fitted to them by least squares on the
//! logarithms, because the noise of times is relative; the linear form n / C − 1 = σ(n − 1) + κ n(n − 1), which is easier to
//! solve, weighs the largest counts by the square of their distance from the line instead. σ stays within 0 and 1 and κ at 0 or above.
//!
//! Intervals come from a bootstrap over whole rounds: worker counts of one round share its reference and its machine, so that
//! they are drawn together. Few rounds make percentile intervals too narrow; theirs are widened as Hesterberg does
//! ("What Teachers Should Know About the Bootstrap", *The American Statistician* 69, 2015, "expanded percentile").

mod curve;

use std::collections::{BTreeMap, BTreeSet};

use super::binomial::{normal_cdf, normal_quantile};
use super::median::{median, quantile};
use curve::{Curve, solve};

/// Fewest worker counts of a fit of Amdahl's law (methodology, rule 23).
const AMDAHL_COUNTS: usize = 4;
/// Fewest worker counts of a fit of the Universal Scalability Law.
const USL_COUNTS: usize = 6;
/// Fewest rounds: with fewer there is no interval of a median at 95 % either.
const FEWEST_ROUNDS: usize = 6;
/// How often the rounds are drawn anew.
const RESAMPLES: usize = 1000;
/// Level of the intervals.
const LEVEL: f64 = 0.95;
/// How far past the largest worker count a fit may speak.
const REACH: f64 = 2.0;

/// The speed-ups of one worker count.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How many workers.
    pub workers: u32,
    /// Round, and the natural logarithm of the speed-up in that round; −∞ where the trial timed out.
    pub rounds: Vec<(u32, f64)>,
}

/// A parameter of a law with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The value that fits best.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A law fitted to speed-ups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The share of the work that is serial or contended, 0 to 1.
    pub sigma: Parameter,
    /// The cost of coherence per pair of workers; `None` in a fit of Amdahl's law.
    pub kappa: Option<Parameter>,
    /// Root of the mean squared distance of the medians from the curve, in natural logarithms: 0.02 is about 2 %.
    pub residual: f64,
    /// The largest worker count of the data.
    pub most: u32,
}

impl Fit {
    /// The worker count from which on more workers make it slower, √((1 − σ) / κ). `None` for Amdahl's law, which has no
    /// peak, and where it lies past twice the data.
    #[must_use]
    pub fn peak(&self) -> Option<f64> {
        let kappa = self.kappa?.value;
        let peak = ((1.0 - self.sigma.value) / kappa).sqrt().max(1.0);
        (kappa > 0.0 && peak <= REACH * f64::from(self.most)).then_some(peak)
    }
}

/// Fits Amdahl's law. `None` with fewer than 4 worker counts or 6 whole rounds, and where time-outs leave nothing to fit.
#[must_use]
pub fn amdahl(lines: &[Line], seed: u64) -> Option<Fit> {
    fit(lines, seed, AMDAHL_COUNTS, false)
}

/// Fits the Universal Scalability Law. `None` with fewer than 6 worker counts or 6 whole rounds, and where time-outs leave
/// nothing to fit.
#[must_use]
pub fn usl(lines: &[Line], seed: u64) -> Option<Fit> {
    fit(lines, seed, USL_COUNTS, true)
}

fn fit(lines: &[Line], seed: u64, fewest_counts: usize, coherence: bool) -> Option<Fit> {
    let lines: Vec<&Line> = lines.iter().filter(|line| line.workers > 0).collect();
    let counts: BTreeSet<u32> = lines.iter().map(|line| line.workers).collect();
    let most = *counts.last()?;
    let table = Table::of(&lines);
    if counts.len() < fewest_counts || table.rounds < FEWEST_ROUNDS {
        return None;
    }
    let points = table.medians(&vec![1; table.rounds])?;
    let best = solve(&points, coherence, Curve::default());
    let mut random = fastrand::Rng::with_seed(seed);
    let drawn: Vec<Curve> = (0..RESAMPLES)
        .map(|_| {
            let mut times = vec![0; table.rounds];
            (0..table.rounds).for_each(|_| times[random.usize(..table.rounds)] += 1);
            // Rounds of which most timed out speak for the worst that there is.
            table.medians(&times).map_or(Curve::WORST, |points| solve(&points, coherence, best))
        })
        .collect();
    let tail = widened_tail(table.rounds);
    let parameter = |of: fn(&Curve) -> f64| {
        let values: Vec<f64> = drawn.iter().map(of).collect();
        let (low, high) = (quantile(&values, tail)?, quantile(&values, 1.0 - tail)?);
        let value = of(&best);
        high.is_finite().then_some(Parameter { value, low: low.min(value), high: high.max(value) })
    };
    let squares: f64 = points.iter().map(|(n, log)| (log - best.log_speedup(*n)).powi(2)).sum();
    Some(Fit {
        sigma: parameter(|curve| curve.sigma)?,
        kappa: if coherence { Some(parameter(|curve| curve.kappa)?) } else { None },
        residual: (squares / points.len() as f64).sqrt(),
        most,
    })
}

/// The share that an expanded percentile interval leaves out on either side: that of a normal distribution beyond
/// √(n / (n − 1)) · t, where t is the quantile of Student's distribution with n − 1 degrees of freedom.
fn widened_tail(rounds: usize) -> f64 {
    let n = rounds as f64;
    1.0 - normal_cdf((n / (n - 1.0)).sqrt() * student_quantile(0.5 + LEVEL / 2.0, n - 1.0))
}

/// The quantile of Student's distribution, by formula 26.7.5 of Abramowitz and Stegun: right to 0.01 from 5 degrees of
/// freedom on.
fn student_quantile(p: f64, degrees: f64) -> f64 {
    let z = normal_quantile(p);
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
    ];
    z + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / degrees)
}

/// The rounds that every line has, renumbered from 0, with the values of each line in rising order: so that the median of a
/// drawing is found by counting, without sorting again.
struct Table {
    /// Workers, and (value, number of the round) in rising order of values.
    rows: Vec<(f64, Vec<(f64, usize)>)>,
    rounds: usize,
}

impl Table {
    fn of(lines: &[&Line]) -> Self {
        let known: Vec<BTreeMap<u32, f64>> =
            lines.iter().map(|line| line.rounds.iter().filter(|(_, log)| !log.is_nan()).copied().collect()).collect();
        let whole: Vec<u32> = known.first().map_or(vec![], |first| {
            first.keys().copied().filter(|round| known.iter().all(|line| line.contains_key(round))).collect()
        });
        let row = |(line, known): (&&Line, &BTreeMap<u32, f64>)| {
            let mut row: Vec<(f64, usize)> = whole.iter().enumerate().map(|(at, round)| (known[round], at)).collect();
            row.sort_by(|a, b| a.0.total_cmp(&b.0));
            (f64::from(line.workers), row)
        };
        Self { rows: lines.iter().zip(&known).map(row).collect(), rounds: whole.len() }
    }

    /// Workers and median of each line, when round i counts `times[i]` times. `None` where a median is infinite.
    fn medians(&self, times: &[usize]) -> Option<Vec<(f64, f64)>> {
        let at_rank = |row: &[(f64, usize)], rank: usize| {
            let mut seen = 0;
            let mut values = row.iter().filter(|(_, round)| {
                seen += times[*round];
                seen > rank
            });
            values.next().map(|(value, _)| *value)
        };
        let (below, above) = ((self.rounds - 1) / 2, self.rounds / 2);
        let middle = |(workers, row): &(f64, Vec<(f64, usize)>)| {
            let middle = median(&[at_rank(row, below)?, at_rank(row, above)?])?;
            middle.is_finite().then_some((*workers, middle))
        };
        self.rows.iter().map(middle).collect()
    }
}

#[cfg(test)]
mod tests;
