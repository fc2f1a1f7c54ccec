//! Memory that the parent holds while workers start and work: what a copy of the parent shares with it, and a fresh program
//! does not have.

use crate::model::spec::JobSpec;
use crate::setting::ParentUse;

/// The size of the smallest page on the systems that `runner` knows: looking at such steps looks at every page.
const PAGE: usize = 4096;

/// The memory, as those see it that have it: the parent, its threads, and copies of the parent.
#[derive(Default)]
pub struct ParentMemory {
    bytes: Vec<u8>,
    read: bool,
}

impl ParentMemory {
    /// Allocates and writes what the brief asks for. Where it asks for nothing, there is nothing.
    pub fn hold(brief: &JobSpec) -> Self {
        let bytes = usize::try_from(brief.config.parent_memory.unwrap_or(0)).unwrap_or(usize::MAX);
        // Zeros would be pages that nobody has written, and that take up no memory.
        Self { bytes: vec![0x5a; bytes], read: brief.config.parent_use == Some(ParentUse::Read) }
    }

    /// Does with it what workers are asked to do.
    pub fn visit(&self) {
        if self.read {
            std::hint::black_box(self.bytes.iter().step_by(PAGE).fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
        }
    }
}
