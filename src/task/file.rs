//! `file`: writes a file, makes it durable if asked, reads it back and removes it.

use std::fs;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    Bound, Context, Data, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Transform, checksum,
    numbered,
};
use crate::text::show_bytes;

pub(super) struct File;

impl Task for File {
    fn name(&self) -> &'static str {
        "file"
    }
    fn about(&self) -> &'static str {
        "writes a file, with or without fsync, reads it back and removes it"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "size",
                about: "size of a file",
                kind: SettingKind::Bytes { min: 8, max: 1 << 28 },
                default: "64 KiB",
            },
            Setting {
                name: "fsync",
                about: "whether the file is made durable before it is read back",
                kind: SettingKind::Bool,
                default: "false",
            },
        ]
    }
    fn needs_folder(&self) -> bool {
        true
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let disk = if settings.flag("fsync") { 1e-3 } else { 0.0 };
        Some(Effort { computing: 5e-5 + settings.whole("size") as f64 * 1e-9, waiting: disk, held: None })
    }
    fn describe(&self, settings: &Settings) -> String {
        let fsync = if settings.flag("fsync") { "with fsync" } else { "without fsync" };
        format!("files of {}, written {fsync} and read back", show_bytes(settings.whole("size")))
    }
    fn describe_stage(&self, settings: &Settings, later: bool) -> String {
        let fsync = if settings.flag("fsync") { "with fsync" } else { "without fsync" };
        if later { format!("what comes, written {fsync} and read back") } else { self.describe(settings) }
    }
    fn own_data(&self) -> Option<&'static [&'static str]> {
        Some(&["size"])
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let rest = numbered::bytes(place.seed, 0, settings.whole("size") as usize - 8);
        Ok(Box::new(FileJob { rest, fsync: settings.flag("fsync"), folder: place.folder.clone() }))
    }
}

struct FileJob {
    /// What follows the item number in every file.
    rest: Vec<u8>,
    fsync: bool,
    folder: PathBuf,
}

impl FileJob {
    /// Every call of the system is a blocking section of its own, as every call of Python's file objects is.
    fn write_and_read(&self, parts: [&[u8]; 2], context: &mut Context<'_>) -> Result<Vec<u8>, TaskError> {
        self.try_file(parts, context)
            .map_err(|source| TaskError::Io { what: "a file of the work folder".into(), source })
    }

    fn try_file(&self, parts: [&[u8]; 2], context: &mut Context<'_>) -> std::io::Result<Vec<u8>> {
        // Two workers may run one item at a time (a warm-up does), and each must find its own file.
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{}-{run}", std::process::id()));
        let mut options = fs::File::options();
        options.read(true).write(true).create(true).truncate(true);
        let mut file = context.blocking(|| options.open(&path))?;
        for part in parts.iter().filter(|part| !part.is_empty()) {
            context.blocking(|| file.write_all(part))?;
        }
        if self.fsync {
            context.blocking(|| file.sync_all())?;
        }
        context.blocking(|| file.rewind())?;
        let mut back = Vec::with_capacity(parts[0].len() + parts[1].len());
        context.blocking(|| file.read_to_end(&mut back))?;
        context.blocking(|| fs::remove_file(&path))?;
        Ok(back)
    }
}

impl Job for FileJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        numbered::read(request)?;
        let back = self.write_and_read([request, &self.rest], context)?;
        reply.extend_from_slice(&checksum(&back).to_le_bytes());
        Ok(())
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        let whole = [request, &self.rest].concat();
        reply.extend_from_slice(&checksum(&whole).to_le_bytes());
        Ok(())
    }

    fn transform(&self) -> Option<&dyn Transform> {
        Some(self)
    }

    fn constants(&self) -> Vec<Vec<u8>> {
        vec![self.rest.clone()]
    }
}

impl FileJob {
    /// What a file holds.
    fn contents<'a>(&'a self, data: Data<'a>) -> [&'a [u8]; 2] {
        match data {
            Data::Own(request) => [request, &self.rest],
            Data::Came(bytes) => [bytes, &[]],
        }
    }
}

/// A stage hands on what it has read back.
impl Transform for FileJob {
    fn run(&self, _: u64, data: Data<'_>, reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        reply.extend_from_slice(&self.write_and_read(self.contents(data), context)?);
        Ok(())
    }

    fn expected(&self, _: u64, data: Data<'_>, reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        self.contents(data).iter().for_each(|part| reply.extend_from_slice(part));
        Ok(())
    }

    fn room(&self, came: Option<usize>) -> usize {
        came.unwrap_or(self.rest.len() + 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_that_run_one_item_at_once_do_not_share_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let job = FileJob { rest: vec![7; 1000], fsync: false, folder: folder.path().to_owned() };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let (mut reply, mut right) = (Vec::new(), Vec::new());
                        let mut context = Context::native();
                        Job::run(&job, &0u64.to_le_bytes(), &mut reply, &mut context).unwrap();
                        Job::expected(&job, &0u64.to_le_bytes(), &mut right, &mut context).unwrap();
                        assert_eq!(reply, right);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
