//! The heat equation on a square grid by explicit steps in time (forward in time, central in space), cut into strips of rows
//! that tell their neighbours their borders after every step.

use std::ops::Range;

use super::{Context, Iterations, Job, TaskError, numbered};
use crate::task::{Message, checksum};

/// Time step × conductivity / grid step². Up to 1/4 steps are stable in two dimensions; with 1/8 a point keeps half of its
/// heat in a step, and both factors are powers of two.
const FLOW: f64 = 0.125;
/// What a point keeps: 1 − 4 × [`FLOW`].
const KEEPS: f64 = 0.5;
/// Bytes of a value.
const VALUE: usize = 8;

pub(super) struct Stencil {
    seed: u64,
    side: u64,
    parts: u64,
}

/// The rows of a part, with a row above and one below that others keep. Around the grid everything is cold: 0.
struct Strip {
    side: usize,
    now: Vec<f64>,
    next: Vec<f64>,
}

impl Stencil {
    /// A grid of `side` × `side` random values from 0 to 1, in `parts` strips, at most as many as rows.
    pub(super) fn new(seed: u64, side: u64, parts: u64) -> Self {
        Self { seed, side, parts }
    }

    /// The rows of a part.
    fn rows(&self, part: u64) -> Range<u64> {
        part * self.side / self.parts..(part + 1) * self.side / self.parts
    }

    /// A part before the first step. A value is the upper 24 bits of a random number as a fraction.
    fn begin(&self, part: u64) -> Strip {
        let (side, rows) = (self.side as usize, self.rows(part));
        let cold = || std::iter::repeat_n(0.0, side);
        let points = rows.start * self.side..rows.end * self.side;
        let warm = points.map(|point| (numbered::mix(self.seed, point) >> 40) as f64 / (1 << 24) as f64);
        let now: Vec<f64> = cold().chain(warm).chain(cold()).collect();
        Strip { side, next: vec![0.0; now.len()], now }
    }

    /// Puts the rows of neighbours around a part's own.
    fn receive(&self, part: u64, strip: &mut Strip, letters: &[Message], warming: bool) -> Result<(), TaskError> {
        let neighbours = u64::from(part > 0) + u64::from(part + 1 < self.parts);
        // Who warms up has no neighbours.
        if letters.len() as u64 != neighbours && !warming {
            return Err(TaskError::BadRequest);
        }
        let last = strip.now.len() - strip.side;
        for (from, bytes) in letters {
            let at = if *from < part { 0 } else { last };
            if bytes.len() != strip.side * VALUE {
                return Err(TaskError::BadRequest);
            }
            for (value, bytes) in strip.now[at..at + strip.side].iter_mut().zip(bytes.as_chunks::<VALUE>().0) {
                *value = f64::from_le_bytes(*bytes);
            }
        }
        Ok(())
    }
}

fn bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

impl Strip {
    /// The rows that the part keeps itself.
    fn own(&self) -> &[f64] {
        &self.now[self.side..self.now.len() - self.side]
    }

    /// One step in time. Gives the sum of the squares of all changes, first along columns, from above, then along their
    /// sums, from the left: so that sums of columns can be computed side by side, and every language gets the same bits.
    /// The order within a point is ((above + below) + left) + right, scaled, added to what the point keeps.
    fn step(&mut self, context: &mut Context<'_>) -> f64 {
        let side = self.side;
        let mut changes = vec![0.0; side];
        for start in (side..self.now.len() - side).step_by(side) {
            context.check_point();
            let (above, below) = (&self.now[start - side..start], &self.now[start + side..start + 2 * side]);
            let (row, next) = (&self.now[start..start + side], &mut self.next[start..start + side]);
            for column in 0..side {
                let left = if column == 0 { 0.0 } else { row[column - 1] };
                let right = if column + 1 == side { 0.0 } else { row[column + 1] };
                let around = above[column] + below[column] + left + right;
                next[column] = KEEPS * row[column] + FLOW * around;
                let change = next[column] - row[column];
                changes[column] += change * change;
            }
        }
        std::mem::swap(&mut self.now, &mut self.next);
        changes.iter().fold(0.0, |sum, change| sum + change)
    }
}

impl Job for Stencil {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    /// In its first iteration a part makes its strip; in every further one it makes a step. The reply is the sum of the squares
    /// of all changes (0 in the first iteration) as eight bytes, and the checksum of the strip's values in little-endian order.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let part = numbered::read(request)? % self.parts;
        let (letters, warming) = (std::mem::take(&mut context.turn.received), context.warming);
        let fresh = context.turn.kept.is_none();
        let mut strip = match context.turn.kept.take().map(|kept| kept.downcast::<Strip>()) {
            Some(Ok(strip)) => strip,
            Some(Err(_)) => return Err(TaskError::BadRequest),
            None => Box::new(self.begin(part)),
        };
        let mut change = 0.0;
        // Whoever warms up makes a step too, since it is the step that is to be warm.
        if !fresh || warming {
            self.receive(part, &mut strip, &letters, warming)?;
            change = strip.step(context);
        }
        let own = strip.own();
        if part > 0 {
            context.turn.sent.push((part - 1, bytes(&own[..strip.side])));
        }
        if part + 1 < self.parts {
            context.turn.sent.push((part + 1, bytes(&own[own.len() - strip.side..])));
        }
        reply.extend_from_slice(&change.to_le_bytes());
        reply.extend_from_slice(&checksum(&bytes(own)).to_le_bytes());
        context.turn.kept = Some(strip);
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, 16)
    }

    fn iterations(&self) -> Option<&dyn Iterations> {
        Some(self)
    }
}

impl Iterations for Stencil {
    fn first(&self, _: &mut Vec<u8>) {}

    /// Nobody is told anything: all that a part needs to know comes from its neighbours.
    fn reduce(&self, _: u64, _: &[Vec<u8>], told: &mut Vec<u8>) -> Result<(), TaskError> {
        told.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::PartContext;

    /// Runs `count` iterations of a grid in parts, and gives the replies of the last, and the grid.
    fn iterations(job: &Stencil, count: u64) -> (Vec<Vec<u8>>, Vec<f64>) {
        let parts = job.parts as usize;
        let mut turns: Vec<PartContext> = (0..parts).map(|_| PartContext::default()).collect();
        let mut replies = vec![Vec::new(); parts];
        for iteration in 0..count {
            let mut letters: Vec<Vec<Message>> = vec![Vec::new(); parts];
            for part in 0..parts {
                let mut context = Context::native();
                context.turn = std::mem::take(&mut turns[part]);
                let item = iteration * job.parts + part as u64;
                replies[part].clear();
                job.run(&item.to_le_bytes(), &mut replies[part], &mut context).unwrap();
                turns[part] = context.turn;
                for (to, bytes) in std::mem::take(&mut turns[part].sent) {
                    letters[to as usize].push((part as u64, bytes));
                }
            }
            for (turn, letters) in turns.iter_mut().zip(letters) {
                turn.received = letters;
            }
        }
        let strip = |turn: &PartContext| turn.kept.as_ref().unwrap().downcast_ref::<Strip>().unwrap().own().to_vec();
        (replies, turns.iter().flat_map(strip).collect())
    }

    /// The same by definition: every point of the whole grid from those around it.
    fn whole(job: &Stencil, steps: u64) -> Vec<f64> {
        let side = job.side as i64;
        let mut grid: Vec<f64> =
            (0..side * side).map(|at| (numbered::mix(job.seed, at as u64) >> 40) as f64 / 16_777_216.0).collect();
        for _ in 0..steps {
            let at = |row: i64, column: i64| {
                let inside = (0..side).contains(&row) && (0..side).contains(&column);
                if inside { grid[(row * side + column) as usize] } else { 0.0 }
            };
            let next = |point: i64| {
                let (row, column) = (point / side, point % side);
                let around = at(row - 1, column) + at(row + 1, column) + at(row, column - 1) + at(row, column + 1);
                0.5 * at(row, column) + 0.125 * around
            };
            grid = (0..side * side).map(next).collect();
        }
        grid
    }

    #[test]
    fn parts_compute_the_whole_grid_to_the_bit() {
        for (side, parts) in [(1, 1), (7, 1), (7, 2), (16, 4), (13, 5), (6, 6)] {
            let job = Stencil::new(9, side, parts);
            let (_, grid) = iterations(&job, 12);
            let right = whole(&job, 11);
            let bits = |grid: &[f64]| grid.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&grid), bits(&right), "{side} in {parts}");
        }
    }

    #[test]
    fn replies_tell_the_change_and_the_strip() {
        let job = Stencil::new(9, 6, 2);
        let (replies, _) = iterations(&job, 3);
        let (before, after) = (whole(&job, 1), whole(&job, 2));
        for (part, reply) in replies.iter().enumerate() {
            let own = part * 18..(part + 1) * 18;
            let column = |column: usize| {
                let changes = own.clone().skip(column).step_by(6).map(|at| (after[at] - before[at]).powi(2));
                changes.fold(0.0, |sum, change| sum + change)
            };
            let sum = (0..6).map(column).fold(0.0, |sum: f64, change| sum + change);
            let right = [sum.to_le_bytes(), checksum(&bytes(&after[own.clone()])).to_le_bytes()].concat();
            assert_eq!(*reply, right, "part {part}");
        }
    }

    #[test]
    fn cpython_computes_the_same_bits() {
        // The checksum of all replies of the fifth iteration, by floats and zlib.crc32() of CPython.
        let (replies, _) = iterations(&Stencil::new(9, 10, 3), 5);
        assert_eq!(checksum(&replies.concat()), 0x30_1645_c4b6);
    }

    #[test]
    fn one_warm_point_spreads_as_by_hand() {
        let mut strip = Strip { side: 3, now: vec![0.0; 15], next: vec![0.0; 15] };
        strip.now[7] = 8.0;
        // 4 stays, and 1 goes to each neighbour: changes of −4 and four times 1.
        assert_eq!(strip.step(&mut Context::native()), 20.0);
        assert_eq!(strip.own(), [0.0, 1.0, 0.0, 1.0, 4.0, 1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn a_part_that_does_not_hear_from_its_neighbours_says_so() {
        let job = Stencil::new(1, 8, 2);
        let (mut context, mut reply) = (Context::native(), Vec::new());
        job.run(&0u64.to_le_bytes(), &mut reply, &mut context).unwrap();
        assert!(job.run(&2u64.to_le_bytes(), &mut reply, &mut context).is_err());
    }
}
