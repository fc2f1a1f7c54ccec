//! Shared memory segments: reserved at once, mapped in full before the clock, gone even when their owner is killed.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, fallocate};
use rustix::shm::OFlags;
use shared_memory::{Shmem, ShmemConf};

use super::IpcError;

/// How far words of different writers stand apart: two cache lines, since cores fetch lines in pairs.
pub(super) const LINE: usize = 128;

/// Held while a segment is made, and for good once this process makes none any more.
static MAKING: Mutex<()> = Mutex::new(());

/// A mapped segment.
pub(super) struct Segment {
    mapping: Mapping,
    name: String,
    linked: AtomicBool,
    /// Kept by the owner, so that the segment can be handed to others after its name is gone.
    fd: Option<OwnedFd>,
}

/// What holds the mapping.
enum Mapping {
    /// Found by its name.
    Named(Shmem),
    /// Mapped by a descriptor.
    Inherited { start: *mut u8, size: usize },
}

impl Mapping {
    fn start(&self) -> *mut u8 {
        match self {
            Self::Named(shmem) => shmem.as_ptr(),
            Self::Inherited { start, .. } => *start,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Named(shmem) => shmem.len(),
            Self::Inherited { size, .. } => *size,
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if let Self::Inherited { start, size } = self {
            // SAFETY: Unmaps exactly what was mapped, which nobody uses any more: the segment owns the mapping.
            let _ = unsafe { rustix::mm::munmap(start.cast(), *size) };
        }
    }
}

// SAFETY: The mapping is valid in every thread of the process; all access goes through atomics and raw copies whose
// order the users of the segment (rings, tables) establish.
unsafe impl Send for Segment {}
// SAFETY: As above.
unsafe impl Sync for Segment {}

impl Segment {
    /// Creates a segment of `size` zero bytes, named `prefix` and a number, and reserves its memory, so that no later
    /// access can fail for want of it.
    pub(super) fn create(prefix: &str, size: usize) -> Result<Self, IpcError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{prefix}-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let failed = |source: std::io::Error| IpcError::Os { what: "a shared memory segment", source };
        let mut shmem =
            ShmemConf::new().os_id(&name).size(size).create().map_err(|e| failed(std::io::Error::other(e)))?;
        shmem.set_owner(false);
        let mut segment = Self { mapping: Mapping::Named(shmem), name, linked: AtomicBool::new(true), fd: None };
        let fd = rustix::shm::open(&segment.name, OFlags::RDWR, Mode::empty()).map_err(|e| failed(e.into()))?;
        fallocate(&fd, rustix::fs::FallocateFlags::empty(), 0, size as u64).map_err(|e| failed(e.into()))?;
        segment.fd = Some(fd);
        segment.touch();
        Ok(segment)
    }

    /// Opens a segment that another process created.
    pub(super) fn open(name: &str) -> Result<Self, IpcError> {
        let failed = |e| IpcError::Os { what: "opening a shared memory segment", source: std::io::Error::other(e) };
        let mut shmem = ShmemConf::new().os_id(name).open().map_err(failed)?;
        shmem.set_owner(false);
        let mapping = Mapping::Named(shmem);
        let segment = Self { mapping, name: name.to_owned(), linked: AtomicBool::new(false), fd: None };
        segment.touch();
        Ok(segment)
    }

    /// Maps a segment by a descriptor that came from its owner, whatever became of its name.
    pub(super) fn inherited(fd: &OwnedFd) -> Result<Self, IpcError> {
        use rustix::mm::{MapFlags, ProtFlags, mmap};
        let failed = |e: rustix::io::Errno| IpcError::os("mapping a shared memory segment")(e.into());
        let size = rustix::fs::fstat(fd).map_err(failed)?.st_size as usize;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: A new mapping at a place of the kernel's choice overlaps nothing.
        let start = unsafe { mmap(std::ptr::null_mut(), size, access, MapFlags::SHARED, fd, 0) }.map_err(failed)?;
        let mapping = Mapping::Inherited { start: start.cast(), size };
        let segment = Self { mapping, name: String::new(), linked: AtomicBool::new(false), fd: None };
        segment.touch();
        Ok(segment)
    }

    /// A descriptor of the segment for [`Segment::inherited`]; the owner has it.
    pub(super) fn descriptor(&self) -> Result<OwnedFd, IpcError> {
        let missing = || std::io::Error::other("this process does not own it");
        let fd = self.fd.as_ref().ok_or_else(missing).and_then(OwnedFd::try_clone);
        fd.map_err(IpcError::os("a descriptor of a shared memory segment"))
    }

    /// Maps every page now, so that no page fault falls into the measurement. Older kernels refuse, and map later.
    fn touch(&self) {
        // SAFETY: The range is exactly this mapping; populating changes no contents.
        unsafe { libc::madvise(self.mapping.start().cast(), self.len(), libc::MADV_POPULATE_WRITE) };
    }

    /// Removes the name once every peer has it open; the memory stays until the last of them ends.
    pub(super) fn unlink(&self) {
        if self.linked.swap(false, Ordering::Relaxed) {
            let _ = rustix::shm::unlink(&self.name);
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn len(&self) -> usize {
        self.mapping.len()
    }

    /// A pointer to `size` bytes at `offset`.
    ///
    /// # Panics
    /// Where they lie outside.
    pub(super) fn at(&self, offset: usize, size: usize) -> *mut u8 {
        assert!(offset.checked_add(size).is_some_and(|end| end <= self.len()), "outside of the segment");
        // SAFETY: Just checked to lie inside of the mapping.
        unsafe { self.mapping.start().add(offset) }
    }

    /// The 32-bit word at `offset`, a multiple of 4.
    pub(super) fn word32(&self, offset: usize) -> &AtomicU32 {
        assert!(offset.is_multiple_of(4));
        // SAFETY: In bounds and aligned (mappings start at a page); atomics allow concurrent access.
        unsafe { &*self.at(offset, 4).cast::<AtomicU32>() }
    }

    /// The 64-bit word at `offset`, a multiple of 8.
    pub(super) fn word64(&self, offset: usize) -> &AtomicU64 {
        assert!(offset.is_multiple_of(8));
        // SAFETY: In bounds and aligned (mappings start at a page); atomics allow concurrent access.
        unsafe { &*self.at(offset, 8).cast::<AtomicU64>() }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.unlink();
    }
}

/// Names of segments that still exist in /dev/shm and start with `prefix` (which starts with `/`).
#[must_use]
pub fn leftovers(prefix: &str) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(Path::new("/dev/shm")) else { return Vec::new() };
    let start = OsStr::new(prefix.trim_start_matches('/')).as_encoded_bytes().to_vec();
    // Semaphores of Python lie in the same folder, with a word before their names.
    let ours = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.strip_prefix(b"sem.").unwrap_or(name).starts_with(&start)
    };
    let mut names: Vec<String> = folder
        .flatten()
        .filter(|entry| ours(&entry.file_name()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// Removes the segments of a process that is about to end itself. None can be made after that: whoever tries waits for
/// the end.
pub fn sweep_for_good(prefix: &str) {
    std::mem::forget(MAKING.lock().unwrap_or_else(PoisonError::into_inner));
    sweep(prefix);
}

/// Removes the segments whose names start with `prefix`: what a killed process left.
pub fn sweep(prefix: &str) {
    for name in leftovers(prefix) {
        let _ = rustix::shm::unlink(format!("/{name}"));
    }
}
