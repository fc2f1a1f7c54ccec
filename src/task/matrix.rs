//! `matrix`: the product of two square matrices of small whole numbers, in blocks that fit the cache.

use super::{Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};

/// Side of a block: three blocks of 32 × 32 doubles are 24 KiB and stay in a first-level cache.
const BLOCK: usize = 32;

pub(super) struct Matrix;

impl Task for Matrix {
    fn name(&self) -> &'static str {
        "matrix"
    }
    fn about(&self) -> &'static str {
        "multiplies two n × n matrices in blocks: computing on more data than registers hold"
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "n",
            about: "side of the matrices",
            kind: SettingKind::Count { min: 1, max: 4096 },
            default: "128",
        }]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        Some(Effort::computing(2.0 * (settings.whole("n") as f64).powi(3) / 2e9).in_bytecode())
    }
    fn describe(&self, settings: &Settings) -> String {
        let n = settings.whole("n");
        format!("blocked products of {n} × {n} matrices")
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let n = settings.whole("n") as usize;
        let side = |index| numbered::bytes(place.seed, index, n * n).iter().map(|b| f64::from(b % 16)).collect();
        Ok(Box::new(MatrixJob { n, a: side(0), b: side(1) }))
    }
}

struct MatrixJob {
    n: usize,
    a: Vec<f64>,
    b: Vec<f64>,
}

impl MatrixJob {
    /// Adds the product of one pair of blocks to `c`, the left matrix scaled by `scale`.
    fn add_block(&self, c: &mut [f64], (i0, j0, k0): (usize, usize, usize), scale: f64) {
        let n = self.n;
        let j1 = (j0 + BLOCK).min(n);
        for i in i0..(i0 + BLOCK).min(n) {
            for k in k0..(k0 + BLOCK).min(n) {
                let left = self.a[i * n + k] * scale;
                let right = &self.b[k * n + j0..k * n + j1];
                for (sum, value) in c[i * n + j0..i * n + j1].iter_mut().zip(right) {
                    *sum += left * value;
                }
            }
        }
    }
}

impl Job for MatrixJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item % 64 + 1, request);
    }

    /// Multiplies (scale · A) by B, where the request is the scale, and replies with a weighted sum of the product.
    /// All values are whole and below 2⁵³, so that the sum does not depend on the order of additions.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let scale = numbered::read(request)? as f64;
        let n = self.n;
        let mut c = vec![0.0; n * n];
        for i0 in (0..n).step_by(BLOCK) {
            for k0 in (0..n).step_by(BLOCK) {
                for j0 in (0..n).step_by(BLOCK) {
                    context.check_point();
                    self.add_block(&mut c, (i0, j0, k0), scale);
                }
            }
        }
        let sum = c
            .iter()
            .enumerate()
            .fold(0u64, |sum, (i, &value)| sum.wrapping_add((value as u64).wrapping_mul(numbered::mix(0, i as u64))));
        reply.extend_from_slice(&sum.to_le_bytes());
        Ok(())
    }

    fn constants(&self) -> Vec<Vec<u8>> {
        let bytes = |side: &[f64]| side.iter().map(|value| *value as u8).collect();
        vec![bytes(&self.a), bytes(&self.b)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_the_product_by_definition() {
        for n in [1usize, 5, 32, 33, 70] {
            let a: Vec<f64> = (0..n * n).map(|i| (i % 7) as f64).collect();
            let b: Vec<f64> = (0..n * n).map(|i| (i % 5) as f64).collect();
            let job = MatrixJob { n, a, b };
            let mut c = vec![0.0; n * n];
            for i0 in (0..n).step_by(BLOCK) {
                for j0 in (0..n).step_by(BLOCK) {
                    for k0 in (0..n).step_by(BLOCK) {
                        job.add_block(&mut c, (i0, j0, k0), 3.0);
                    }
                }
            }
            for i in 0..n {
                for j in 0..n {
                    let exact: f64 = (0..n).map(|k| 3.0 * job.a[i * n + k] * job.b[k * n + j]).sum();
                    assert_eq!(c[i * n + j], exact, "n {n}, element {i},{j}");
                }
            }
        }
    }
}
