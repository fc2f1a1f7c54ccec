//! The curve of both laws, and its least-squares fit.

/// Steps after which the search ends in any case; it takes under ten.
const MOST_STEPS: usize = 60;
/// The search ends where a step moves the parameters by less.
const STILL: f64 = 1e-10;

/// A curve of the family: σ in 0..=1, κ from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Curve {
    pub sigma: f64,
    pub kappa: f64,
}

impl Curve {
    /// What a curve that never gets anywhere would have.
    pub const WORST: Self = Self { sigma: 1.0, kappa: f64::INFINITY };

    fn denominator(&self, n: f64) -> f64 {
        1.0 + (n - 1.0) * (self.sigma + self.kappa * n)
    }

    /// The natural logarithm of the speed-up with n workers.
    pub fn log_speedup(&self, n: f64) -> f64 {
        n.ln() - self.denominator(n).ln()
    }

    fn squares(&self, points: &[(f64, f64)]) -> f64 {
        points.iter().map(|(n, log)| (log - self.log_speedup(*n)).powi(2)).sum()
    }

    fn towards(&self, other: &Self, share: f64) -> Self {
        Self {
            sigma: self.sigma + share * (other.sigma - self.sigma),
            kappa: self.kappa + share * (other.kappa - self.kappa),
        }
    }
}

/// The curve with the least squares on logarithms, from a first guess; κ stays 0 without `coherence`.
///
/// Gauss and Newton's steps, each the exact solution of its linear problem within the bounds, halved while they do not
/// lower the squares. Points are (workers, ln speed-up), and one at least has more than one worker.
pub(super) fn solve(points: &[(f64, f64)], coherence: bool, guess: Curve) -> Curve {
    let mut now = guess;
    let mut squares = now.squares(points);
    for _ in 0..MOST_STEPS {
        let goal = Linear::at(&now, points).least(&now, coherence);
        let mut share = 1.0;
        let (next, lower) = loop {
            let next = now.towards(&goal, share);
            let lower = next.squares(points);
            if lower <= squares || share < STILL {
                break (next, lower);
            }
            share /= 2.0;
        };
        if lower > squares {
            break;
        }
        let moved = (next.sigma - now.sigma).abs() + (next.kappa - now.kappa).abs();
        (now, squares) = (next, lower);
        if moved < STILL {
            break;
        }
    }
    now
}

/// The problem made linear at a curve: minimise ½ dᵀAd − gᵀd over the step d.
struct Linear {
    a: [[f64; 2]; 2],
    g: [f64; 2],
}

impl Linear {
    fn at(curve: &Curve, points: &[(f64, f64)]) -> Self {
        let mut linear = Self { a: [[0.0; 2]; 2], g: [0.0; 2] };
        for (n, log) in points {
            let rest = log - curve.log_speedup(*n);
            let slope = -(n - 1.0) / curve.denominator(*n);
            let slopes = [slope, slope * n];
            for i in 0..2 {
                linear.g[i] += slopes[i] * rest;
                for j in 0..2 {
                    linear.a[i][j] += slopes[i] * slopes[j];
                }
            }
        }
        linear
    }

    /// The best curve within the bounds: the free solution where it lies inside, else the best on the edges.
    fn least(&self, from: &Curve, coherence: bool) -> Curve {
        let Self { a, g } = self;
        let on_floor =
            Curve { sigma: (from.sigma + (g[0] + a[0][1] * from.kappa) / a[0][0]).clamp(0.0, 1.0), kappa: 0.0 };
        if !coherence {
            return on_floor;
        }
        let determinant = a[0][0] * a[1][1] - a[0][1] * a[1][0];
        let free = Curve {
            sigma: from.sigma + (g[0] * a[1][1] - g[1] * a[0][1]) / determinant,
            kappa: from.kappa + (g[1] * a[0][0] - g[0] * a[1][0]) / determinant,
        };
        if (0.0..=1.0).contains(&free.sigma) && free.kappa >= 0.0 && free.kappa.is_finite() {
            return free;
        }
        let on_side = |sigma: f64| Curve {
            sigma,
            kappa: (from.kappa + (g[1] - a[0][1] * (sigma - from.sigma)) / a[1][1]).max(0.0),
        };
        let cost = |curve: &Curve| {
            let d = [curve.sigma - from.sigma, curve.kappa - from.kappa];
            let bend: f64 = (0..2).map(|i| d[i] * (a[i][0] * d[0] + a[i][1] * d[1])).sum();
            bend / 2.0 - g[0] * d[0] - g[1] * d[1]
        };
        [on_side(0.0), on_side(1.0)].into_iter().fold(
            on_floor,
            |best, curve| {
                if cost(&curve) < cost(&best) { curve } else { best }
            },
        )
    }
}
