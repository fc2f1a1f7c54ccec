//! π by chance: how many random points of a square are in the quarter of a circle around its corner.

use super::{Context, Job, TaskError, numbered};

/// Points between two check points.
const STRETCH: u64 = 1024;
/// Bits of a coordinate: as many as let the sum of two squares fit into 64 bits.
const BITS: u32 = 31;

pub(super) struct Pi {
    seed: u64,
    points: u64,
}

impl Pi {
    pub(super) fn new(seed: u64, points: u64) -> Self {
        Self { seed, points }
    }
}

impl Job for Pi {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(numbered::mix(self.seed, item), request);
    }

    /// The request is the seed of the item's points; the reply is how many are within the circle. Coordinates are whole,
    /// the upper and the lower 31 bits of a random number, so that every language counts the same.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let (seed, mut hits) = (numbered::read(request)?, 0u64);
        for point in 0..self.points {
            if point.is_multiple_of(STRETCH) {
                context.check_point();
            }
            let random = numbered::mix(seed, point);
            let (x, y) = (random >> (64 - BITS), random & ((1 << BITS) - 1));
            hits += u64::from(x * x + y * y < 1 << (2 * BITS));
        }
        numbered::write(hits, reply);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_pi_within_what_chance_allows() {
        let (job, items, mut hits) = (Pi::new(5, 10_000), 50, 0);
        for item in 0..items {
            let (mut request, mut reply) = (Vec::new(), Vec::new());
            job.request(item, &mut request);
            job.run(&request, &mut reply, &mut Context::native()).unwrap();
            hits += numbered::read(&reply).unwrap();
        }
        let points = (items * 10_000) as f64;
        // The standard error of a share p of n is the root of p (1 − p) / n; here 0.0023 of π. Four of it.
        assert!((4.0 * hits as f64 / points - std::f64::consts::PI).abs() < 0.0093, "{hits}");
    }

    #[test]
    fn cpython_counts_the_same() {
        let (job, mut request, mut reply) = (Pi::new(5, 10_000), Vec::new(), Vec::new());
        job.request(7, &mut request);
        job.run(&request, &mut reply, &mut Context::native()).unwrap();
        assert_eq!(numbered::read(&reply).unwrap(), 7822);
    }

    #[test]
    fn a_few_points_are_counted_as_by_hand() {
        // Of mix(0, 0) = e220a8397b1dcdaf and mix(0, 1) = 6e789e6aa1b965f4 (splitmix64's first numbers from seed 0): x is
        // 0.883 and y 0.962, and x 0.432 and y 0.263 of the side. The second is within.
        for (points, hits) in [(1, 0u64), (2, 1)] {
            let mut reply = Vec::new();
            Pi::new(0, points).run(&0u64.to_le_bytes(), &mut reply, &mut Context::native()).unwrap();
            assert_eq!(reply, hits.to_le_bytes());
        }
        assert_eq!((numbered::mix(0, 0), numbered::mix(0, 1)), (0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4));
    }
}
