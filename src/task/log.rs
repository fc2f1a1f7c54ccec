//! `log`: many producers write lines into one file, through one writer or each by itself.

use std::cell::Cell;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lines::{self, SHORTEST};
use super::{
    Bound, Consumer, Context, Effort, Job, Made, Place, Setting, SettingKind, Settings, Task, TaskError, Topology,
    checksum, numbered,
};
use crate::text::show_bytes;

/// The file in the trial's folder, and the one that is written while workers warm up.
const FILE: &str = "log";
const WARM_UP: &str = "log-warm-up";
/// Bytes that one writer gathers before it writes them.
const BUFFER: usize = 64 << 10;

pub(super) struct Log;

impl Task for Log {
    fn name(&self) -> &'static str {
        "log"
    }
    fn about(&self) -> &'static str {
        "writes lines of many producers into one file, through one writer or each by itself; whole, once and in order"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "writer",
                about: "`one` takes the lines of all and writes them in blocks; or `each` worker appends a line by one call",
                kind: SettingKind::Word(&["one", "each"]),
                default: "one",
            },
            Setting {
                name: "sync",
                about: "when the writer makes its lines durable: `never`, after each `batch`, or after each `line`",
                kind: SettingKind::Word(&["never", "batch", "line"]),
                default: "never",
            },
            Setting {
                name: "batch",
                about: "lines of a batch, of the one writer or of each worker; the one writer ends with what is left",
                kind: SettingKind::Count { min: 1, max: 1_000_000 },
                default: "100",
            },
            Setting {
                name: "length",
                about: "bytes of a message, to which the line adds who made it, its turn and a checksum",
                kind: SettingKind::Bytes { min: SHORTEST, max: 64 << 10 },
                default: "120",
            },
        ]
    }
    fn topology(&self, settings: &Settings) -> Topology {
        if by_one(settings) { Topology::FanIn } else { Topology::Independent }
    }
    fn needs_folder(&self) -> bool {
        true
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let length = settings.whole("length") as f64;
        let waiting = match every(settings) {
            None => 0.0,
            Some(lines) => 1e-3 / lines as f64,
        };
        let call = if by_one(settings) { 0.0 } else { 1e-6 };
        Some(Effort { computing: 5e-7 + call + length * 1e-9, waiting, held: None }.in_bytecode())
    }
    fn describe(&self, settings: &Settings) -> String {
        let writer = if by_one(settings) { "through one writer" } else { "appended by each worker" };
        let durable = match every(settings) {
            None => "never made durable".into(),
            Some(1) => "durable line by line".into(),
            Some(lines) => format!("durable every {lines} lines"),
        };
        format!("lines of {}, {writer}, {durable}", show_bytes(settings.whole("length")))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(LogJob {
            seed: place.seed,
            items: place.items,
            length: settings.whole("length") as usize,
            each: !by_one(settings),
            every: every(settings),
            file: place.folder.join(FILE),
            appending: Appending::new(place.folder.join(FILE)),
            warming: Appending::new(place.folder.join(WARM_UP)),
        }))
    }
}

fn by_one(settings: &Settings) -> bool {
    settings.word("writer") == "one"
}

/// After how many lines they are made durable.
fn every(settings: &Settings) -> Option<u64> {
    match settings.word("sync") {
        "never" => None,
        "batch" => Some(settings.whole("batch").max(1)),
        _ => Some(1),
    }
}

fn failed(what: &str) -> impl FnOnce(std::io::Error) -> TaskError {
    let what = what.to_owned();
    move |source| TaskError::Io { what, source }
}

/// A file to which all threads of this process append, opened by the first that does.
struct Appending {
    path: PathBuf,
    file: OnceLock<File>,
}

impl Appending {
    fn new(path: PathBuf) -> Self {
        Self { path, file: OnceLock::new() }
    }

    fn file(&self, context: &mut Context<'_>) -> Result<&File, TaskError> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let opened = context.blocking(|| File::options().create(true).append(true).open(&self.path));
        let opened = opened.map_err(failed("opening the log"))?;
        // Two threads may both have opened it; one of their files is kept, and both are the same.
        Ok(self.file.get_or_init(|| opened))
    }

    /// Appends a line by one call, since lines of others may come between two.
    fn append(&self, line: &[u8], sync: bool, context: &mut Context<'_>) -> Result<(), TaskError> {
        let mut file = self.file(context)?;
        let written = context.blocking(|| file.write(line)).map_err(failed("appending a line to the log"))?;
        if written < line.len() {
            let words = format!("only {written} of {} bytes of a line were written: the disk is full", line.len());
            return Err(TaskError::Settings(words));
        }
        if sync {
            context.blocking(|| file.sync_data()).map_err(failed("making the log durable"))?;
        }
        Ok(())
    }
}

thread_local! {
    /// This thread as a producer: its number within the process, once it has one, and how many lines it has written.
    static OWN: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// The name of this thread as a producer, and its next turn.
fn own_turn() -> (String, u64) {
    static THREADS: AtomicU64 = AtomicU64::new(0);
    let (mut number, turn) = OWN.get();
    if number == 0 {
        number = THREADS.fetch_add(1, Ordering::Relaxed) + 1;
    }
    OWN.set((number, turn + 1));
    // A copy of a process has its threads' numbers too, but not its id.
    (format!("{}.{number}", std::process::id()), turn)
}

struct LogJob {
    seed: u64,
    items: u64,
    length: usize,
    /// Whether every worker writes its own lines.
    each: bool,
    every: Option<u64>,
    file: PathBuf,
    appending: Appending,
    warming: Appending,
}

impl LogJob {
    fn append(&self, message: &[u8], context: &mut Context<'_>) -> Result<(), TaskError> {
        let (producer, turn) = own_turn();
        let mut line = Vec::with_capacity(self.length + 64);
        lines::line(&producer, turn, message, &mut line);
        let due = self.every.is_some_and(|every| (turn + 1).is_multiple_of(every));
        let file = if context.warming { &self.warming } else { &self.appending };
        file.append(&line, due, context)
    }
}

impl Job for LogJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        if self.each {
            let mut message = Vec::with_capacity(self.length);
            lines::message(self.seed, numbered::read(request)?, self.length, &mut message);
            self.append(&message, context)?;
            reply.extend_from_slice(&checksum(&message).to_le_bytes());
            return Ok(());
        }
        lines::message(self.seed, numbered::read(request)?, self.length, reply);
        Ok(())
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        lines::message(self.seed, numbered::read(request)?, self.length, reply);
        if self.each {
            let sum = checksum(reply);
            reply.clear();
            reply.extend_from_slice(&sum.to_le_bytes());
        }
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, if self.each { 8 } else { self.length })
    }

    fn consumer(&self) -> Result<Option<Box<dyn Consumer>>, TaskError> {
        if self.each {
            return Ok(None);
        }
        let file = File::create(&self.file).map_err(failed("making the log"))?;
        Ok(Some(Box::new(Writer { file, every: self.every, held: Vec::with_capacity(2 * BUFFER), waiting: 0 })))
    }

    fn review(&self) -> Result<(), TaskError> {
        lines::review(&self.file, self.items, self.length)
    }
}

/// The one writer: gathers lines, and writes them in blocks.
struct Writer {
    file: File,
    every: Option<u64>,
    held: Vec<u8>,
    /// Lines that are not durable yet.
    waiting: u64,
}

impl Writer {
    fn write(&mut self, context: &mut Context<'_>) -> Result<(), TaskError> {
        let Self { file, held, .. } = self;
        context.blocking(|| file.write_all(held)).map_err(failed("writing the log"))?;
        held.clear();
        Ok(())
    }

    fn sync(&mut self, context: &mut Context<'_>) -> Result<(), TaskError> {
        self.write(context)?;
        self.waiting = 0;
        context.blocking(|| self.file.sync_data()).map_err(failed("making the log durable"))
    }
}

impl Consumer for Writer {
    fn take(&mut self, made: &Made<'_>, context: &mut Context<'_>) -> Result<(), TaskError> {
        lines::line(&made.producer.to_string(), made.turn, made.reply, &mut self.held);
        self.waiting += 1;
        if self.every.is_some_and(|every| self.waiting >= every) {
            return self.sync(context);
        }
        if self.held.len() >= BUFFER { self.write(context) } else { Ok(()) }
    }

    fn finish(&mut self, context: &mut Context<'_>) -> Result<(), TaskError> {
        self.write(context)?;
        if self.every.is_some() && self.waiting > 0 { self.sync(context) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::setting::Value;

    fn job(folder: &Path, writer: &str, sync: &str, items: u64) -> Box<dyn Job> {
        let mut settings = Settings::default();
        settings.put("writer", Value::Word(writer.into()));
        settings.put("sync", Value::Word(sync.into()));
        settings.put("batch", Value::Whole(7));
        settings.put("length", Value::Whole(300));
        Log.prepare(&settings, &Place { seed: 4, items, folder: folder.to_owned(), server: None }).unwrap()
    }

    fn run(job: &dyn Job, item: u64, warming: bool) -> Result<Vec<u8>, TaskError> {
        let (mut reply, mut right, mut context) = (Vec::new(), Vec::new(), Context::native());
        context.warming = warming;
        let request = item.to_le_bytes();
        job.run(&request, &mut reply, &mut context)?;
        job.expected(&request, &mut right, &mut context)?;
        assert_eq!(reply, right);
        assert!(reply.len() <= job.sizes().1);
        Ok(reply)
    }

    #[test]
    fn each_worker_appends_whole_lines_in_its_own_order() {
        for sync in ["never", "batch", "line"] {
            let folder = tempfile::tempdir().unwrap();
            let job = job(folder.path(), "each", sync, 400);
            std::thread::scope(|scope| {
                for worker in 0..4 {
                    let job = job.as_ref();
                    scope.spawn(move || {
                        run(job, 0, true).unwrap();
                        (0..100).for_each(|turn| drop(run(job, turn * 4 + worker, false).unwrap()));
                    });
                }
            });
            job.review().unwrap();
        }
    }

    #[test]
    fn one_writer_writes_what_it_is_given() {
        for sync in ["never", "batch", "line"] {
            let folder = tempfile::tempdir().unwrap();
            let job = job(folder.path(), "one", sync, 1000);
            let mut writer = job.consumer().unwrap().unwrap();
            let mut context = Context::native();
            for item in 0..1000 {
                let reply = run(job.as_ref(), item, false).unwrap();
                let made = Made { producer: (item % 3) as usize, turn: item, reply: &reply };
                writer.take(&made, &mut context).unwrap();
            }
            writer.finish(&mut context).unwrap();
            job.review().unwrap();
        }
    }

    #[test]
    fn a_folder_that_is_gone_is_told() {
        let gone = Path::new("/nowhere");
        let told = run(job(gone, "each", "never", 1).as_ref(), 0, false).unwrap_err().to_string();
        assert!(told.starts_with("opening the log: No such file"), "{told}");
        let told = job(gone, "one", "never", 1).consumer().err().unwrap().to_string();
        assert!(told.starts_with("making the log: No such file"), "{told}");
    }

    #[test]
    fn a_full_disk_is_told() {
        let Ok(full) = File::options().append(true).open("/dev/full") else { return };
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer { file: full.try_clone().unwrap(), every: None, held: Vec::new(), waiting: 0 };
        let mut context = Context::native();
        writer.take(&Made { producer: 0, turn: 0, reply: b"a message" }, &mut context).unwrap();
        let told = writer.finish(&mut context).unwrap_err().to_string();
        assert!(told.starts_with("writing the log: No space left on device"), "{told}");
        let appending = Appending { path: folder.path().join("log"), file: OnceLock::from(full) };
        let told = appending.append(b"a line\n", false, &mut context).unwrap_err().to_string();
        assert!(told.starts_with("appending a line to the log: No space left on device"), "{told}");
    }
}
