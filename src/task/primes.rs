//! `primes`: counts primes by trial division. π(limit) is cut into 64 blocks; item `i` counts block `i % 64`.

use super::{Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};
use crate::text::show_count;

/// Blocks of π(limit); a number that every worker count in use divides well.
const BLOCKS: u64 = 64;

pub(super) struct Primes;

impl Task for Primes {
    fn name(&self) -> &'static str {
        "primes"
    }
    fn about(&self) -> &'static str {
        "counts primes below a limit by trial division: pure computing"
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "limit",
            about: "count the primes below this number, in 64 blocks",
            kind: SettingKind::Count { min: 64, max: 100_000_000 },
            default: "200000",
        }]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        // Of the n / ln n primes each is tried by about sqrt(n) / 3 odd numbers, and the rest by a part of that in all.
        let limit = settings.whole("limit") as f64;
        let divisions = limit * (limit.sqrt() / 3.0 / limit.ln() + 4.0);
        Some(Effort::computing(divisions * 2e-9 / BLOCKS as f64).in_bytecode())
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("primes below {}, in 64 blocks", show_count(settings.whole("limit")))
    }
    fn prepare(&self, settings: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(PrimesJob { limit: settings.whole("limit") }))
    }
}

struct PrimesJob {
    limit: u64,
}

fn is_prime(n: u64) -> bool {
    if n < 4 {
        return n >= 2;
    }
    if n.is_multiple_of(2) {
        return false;
    }
    let mut divisor = 3;
    while divisor * divisor <= n {
        if n.is_multiple_of(divisor) {
            return false;
        }
        divisor += 2;
    }
    true
}

impl Job for PrimesJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item % BLOCKS, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let block = numbered::read(request)?;
        if block >= BLOCKS {
            return Err(TaskError::BadRequest);
        }
        let mut count = 0u64;
        for n in self.limit * block / BLOCKS..self.limit * (block + 1) / BLOCKS {
            if n.is_multiple_of(32) {
                context.check_point();
            }
            count += u64::from(is_prime(n));
        }
        reply.extend_from_slice(&count.to_le_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_add_up_to_pi() {
        for (limit, pi) in [(100u64, 25u64), (1000, 168), (200_000, 17_984)] {
            let job = PrimesJob { limit };
            let mut sum = 0;
            for item in 0..BLOCKS {
                let (mut request, mut reply) = (Vec::new(), Vec::new());
                job.request(item, &mut request);
                job.run(&request, &mut reply, &mut Context::native()).unwrap();
                sum += numbered::read(&reply).unwrap();
            }
            assert_eq!(sum, pi, "π({limit})");
        }
    }
}
