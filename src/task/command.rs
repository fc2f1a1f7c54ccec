//! `command`: a program of the user's own, started once for each item. Never through a shell.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, ExitStatus, Output, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::data::{missing_file, read_lines};
use super::{
    Bound, Context, Data, Effort, Job, Moment, Place, Setting, SettingKind, Settings, Task, TaskError, Transform,
    digest,
};
use crate::text::exit_words;

/// What stands for the item in an argument.
const ITEM: &str = "{item}";
/// Most arguments, and most bytes of each.
const MOST_ARGUMENTS: usize = 256;
const LONGEST_ARGUMENT: usize = 4 << 10;
/// Most bytes of an exit status, or of the word for all of them.
const LONGEST_STATUS: usize = 3;
/// The word for all exit statuses.
const ANY: &str = "any";
/// Most bytes of what a program reads, and of what it must write.
const LONGEST_INPUT: usize = 64 << 10;
/// Bytes that every pipe takes before anybody reads: a page.
const SMALLEST_PIPE: usize = 4096;
/// About as much as the programs of a stage write; more passes too.
const ROOM: usize = 64 << 10;
/// How much of what a failing program wrote to standard error is told.
const TOLD: usize = 200;

/// A setting that is a list of arguments.
const fn list(name: &'static str, about: &'static str) -> Setting {
    Setting { name, about, kind: SettingKind::List { most: MOST_ARGUMENTS, longest: LONGEST_ARGUMENT }, default: "" }
}

/// All settings, in the order in which help lists them.
const SETTINGS: [Setting; 11] = [
    list("argv", "the program and its arguments, in which `{item}` stands for the item"),
    Setting {
        name: "data",
        about: "a file of items, one per line, from where runner is started; else items are numbers",
        kind: SettingKind::Text { longest: LONGEST_ARGUMENT },
        default: "''",
    },
    Setting {
        name: "stdin",
        about: "what the program reads, in which `{item}` stands for the item",
        kind: SettingKind::Text { longest: LONGEST_INPUT },
        default: "''",
    },
    Setting {
        name: "folder",
        about: "the folder in which it runs, from where runner is started",
        kind: SettingKind::Text { longest: LONGEST_ARGUMENT },
        default: "'.'",
    },
    list(
        "environment",
        "all it sees of the environment: `NAME` is passed on, `NAME=value` is set; without this, everything is",
    ),
    Setting {
        name: "exit_status",
        about: "the exit statuses with which all is well, or `any`; without this, 0",
        kind: SettingKind::List { most: MOST_ARGUMENTS, longest: LONGEST_STATUS },
        default: "",
    },
    Setting {
        name: "writes",
        about: "what it must write, in which `{item}` stands for the item, but for blanks around; else it is not looked at",
        kind: SettingKind::Text { longest: LONGEST_INPUT },
        default: "''",
    },
    Setting {
        name: "compare",
        about: "what of each run must equal that of a serial one: what it writes, or nothing beyond its exit status",
        kind: SettingKind::Word(&["output", "status"]),
        default: "output",
    },
    list("setup", "a program with its arguments that runs once before the first trial, such as `[make]`"),
    list("prepare", "one that runs before every trial, outside of its time"),
    list("cleanup", "one that runs once after the last trial, of a run that was broken off too"),
];

pub(super) struct Command;

impl Task for Command {
    fn name(&self) -> &'static str {
        "command"
    }
    fn about(&self) -> &'static str {
        "starts your program for each item and checksums its output (needs --allow-commands)"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &SETTINGS
    }
    fn needs_permission(&self) -> bool {
        true
    }
    fn acts_around(&self, settings: &Settings) -> bool {
        MOMENTS.iter().any(|(_, name)| !settings.list(name).is_empty())
    }
    fn check(&self, settings: &Settings) -> Result<(), String> {
        if settings.list("argv").first().is_none_or(String::is_empty) {
            return Err("the task `command` needs `argv`, such as `argv: [gzip, -kc, \"{item}\"]`".into());
        }
        let folder = settings.text("folder");
        if !folder.is_empty() && !Path::new(folder).is_dir() {
            return Err(format!("the folder `{folder}`, in which the program is to run, does not exist"));
        }
        missing_file(settings.text("data"))?;
        statuses(settings.list("exit_status"))?;
        if let Some((_, name)) =
            MOMENTS.iter().find(|(_, name)| settings.list(name).first().is_some_and(String::is_empty))
        {
            return Err(format!("`{name}` has no program: it starts with one, as in `{name}: [make, clean]`"));
        }
        match settings.list("environment").iter().find(|variable| variable.is_empty() || variable.starts_with('=')) {
            Some(variable) => Err(format!("`{variable}` in `environment` is neither `NAME` nor `NAME=value`")),
            None => Ok(()),
        }
    }
    fn effort(&self, _: &Settings) -> Option<Effort> {
        Some(Effort::waiting(3e-3))
    }
    fn describe(&self, settings: &Settings) -> String {
        settings.list("argv").join(" ").chars().take(60).collect()
    }
    fn describe_stage(&self, settings: &Settings, later: bool) -> String {
        if later { format!("what comes, through {}", self.describe(settings)) } else { self.describe(settings) }
    }
    fn own_data(&self) -> Option<&'static [&'static str]> {
        Some(&["stdin"])
    }
    fn prepare(&self, settings: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        self.check(settings).map_err(TaskError::Settings)?;
        let items = match settings.text("data") {
            "" => Vec::new(),
            path => read_lines(Path::new(path), path)?,
        };
        let compared = settings.word("compare") != "status";
        let list = settings.list("environment");
        let environment =
            (!list.is_empty()).then(|| list.iter().filter_map(|variable| variable_of(variable)).collect());
        let text = |name: &str| Some(settings.text(name).to_owned()).filter(|text| !text.is_empty());
        Ok(Box::new(CommandJob {
            argv: settings.list("argv").to_vec(),
            items,
            stdin: text("stdin"),
            folder: text("folder").filter(|folder| folder != ".").map(PathBuf::from),
            environment,
            statuses: statuses(settings.list("exit_status")).map_err(TaskError::Settings)?,
            writes: text("writes"),
            compared,
            around: MOMENTS.map(|(moment, name)| (moment, settings.list(name).to_vec())).to_vec(),
        }))
    }
}

/// What a program writes until it ends. Another that it has started may hold its output open for longer, and is not waited for.
fn output_of(mut child: Child) -> io::Result<Output> {
    let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
    let mut out = child.stdout.take().map(unwaiting).transpose()?;
    let mut errors = child.stderr.take().map(unwaiting).transpose()?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        let ended = {
            let mut fds = vec![PollFd::new(&pidfd, PollFlags::IN)];
            fds.extend([&out, &errors].into_iter().flatten().map(|file| PollFd::new(file, PollFlags::IN)));
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other?,
            };
            !fds[0].revents().is_empty()
        };
        // What was written before its end is there once that is.
        take(&mut out, &mut stdout)?;
        take(&mut errors, &mut stderr)?;
        if ended || (out.is_none() && errors.is_none()) {
            return Ok(Output { status: child.wait()?, stdout, stderr });
        }
    }
}

/// Reads what there is; closes the pipe at its end.
fn take(pipe: &mut Option<File>, into: &mut Vec<u8>) -> io::Result<()> {
    let Some(file) = pipe else { return Ok(()) };
    match file.read_to_end(into) {
        Ok(_) => *pipe = None,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// A pipe as a file whose reads do not wait.
fn unwaiting(pipe: impl Into<OwnedFd>) -> io::Result<File> {
    let pipe = pipe.into();
    let flags = rustix::fs::fcntl_getfl(&pipe)?;
    rustix::fs::fcntl_setfl(&pipe, flags | rustix::fs::OFlags::NONBLOCK)?;
    Ok(pipe.into())
}

/// A variable that is set, or passed on where there is one.
fn variable_of(text: &str) -> Option<(OsString, OsString)> {
    match text.split_once('=') {
        Some((name, value)) => Some((name.into(), value.into())),
        None => std::env::var_os(text).map(|value| (text.into(), value)),
    }
}

/// The start of what a program wrote, in words.
fn told(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().chars().take(TOLD).collect()
}

/// What runs around trials, by the settings that name it.
const MOMENTS: [(Moment, &str); 3] =
    [(Moment::SetUp, "setup"), (Moment::Prepare, "prepare"), (Moment::CleanUp, "cleanup")];

/// The exit statuses with which all is well.
#[derive(Debug, PartialEq)]
pub(crate) enum Statuses {
    Any,
    These(Vec<u8>),
}

impl Default for Statuses {
    fn default() -> Self {
        Self::These(vec![0])
    }
}

impl Statuses {
    /// Whether a program that ended like this has succeeded. One that a signal ended has no exit status.
    #[must_use]
    pub(crate) fn has(&self, status: ExitStatus) -> bool {
        match (self, status.code()) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::These(list), Some(code)) => list.iter().any(|known| i32::from(*known) == code),
        }
    }
}

/// Reads exit statuses; 0 where there are none.
///
/// # Errors
/// A word that is none.
pub(crate) fn statuses(words: &[String]) -> Result<Statuses, String> {
    match words {
        [] => Ok(Statuses::default()),
        [word] if word == ANY => Ok(Statuses::Any),
        words => {
            let one = |word: &String| {
                word.parse().map_err(|_| {
                    format!(
                        "`{word}` in `exit_status` is no exit status: write whole numbers from 0 to 255, or `{ANY}`"
                    )
                })
            };
            Ok(Statuses::These(words.iter().map(one).collect::<Result<_, _>>()?))
        }
    }
}

#[derive(Default)]
struct CommandJob {
    argv: Vec<String>,
    /// Items as text; none where they are numbers.
    items: Vec<String>,
    stdin: Option<String>,
    folder: Option<PathBuf>,
    /// All variables that the program sees; none where it sees those of this process.
    environment: Option<Vec<(OsString, OsString)>>,
    statuses: Statuses,
    /// What it must write.
    writes: Option<String>,
    compared: bool,
    /// What runs around trials.
    around: Vec<(Moment, Vec<String>)>,
}

impl CommandJob {
    /// An item as text.
    fn text(&self, item: u64) -> String {
        match self.items.len() as u64 {
            0 => item.to_string(),
            count => self.items[(item % count) as usize].clone(),
        }
    }

    /// Runs the program to its end with this to read, or nothing, and gives all that it wrote.
    fn output(&self, name: &str, arguments: impl Iterator<Item = String>, input: Option<&[u8]>) -> io::Result<Output> {
        let mut program = Program::new(name);
        program.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = &self.folder {
            program.current_dir(folder);
        }
        if let Some(environment) = &self.environment {
            program.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        }
        let Some(text) = input else { return output_of(program.stdin(Stdio::null()).spawn()?) };
        let mut child = program.stdin(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take();
        let mut feed = move || match input.take().map(|mut input| input.write_all(text)) {
            // A program need not read what it is given.
            Some(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        };
        // What fits into any pipe is written without waiting, and needs no thread, which would be in the time of the item.
        if text.len() <= SMALLEST_PIPE {
            feed()?;
            return output_of(child);
        }
        // A program that writes before it has read all would wait for this one, and this one for it.
        std::thread::scope(|scope| {
            let fed = scope.spawn(feed);
            let output = output_of(child);
            fed.join().unwrap_or_else(|_| Err(io::Error::other("feeding it panicked")))?;
            output
        })
    }

    /// Runs the program for an item, and gives what it wrote once that is as it must be.
    fn checked(&self, item: &str, input: Option<&[u8]>, context: &mut Context<'_>) -> Result<Vec<u8>, TaskError> {
        let mut argv = self.argv.iter().map(|argument| argument.replace(ITEM, item));
        let name = argv.next().unwrap_or_default();
        let output = context
            .blocking(|| self.output(&name, argv, input))
            .map_err(|source| TaskError::Io { what: format!("starting {name}"), source })?;
        if !self.statuses.has(output.status) {
            let said = told(&output.stderr);
            let ended = exit_words(output.status.into_raw());
            let said = if said.is_empty() { String::new() } else { format!(": {said}") };
            return Err(TaskError::Settings(format!("{name} ended with {ended} for item {item}{said}")));
        }
        let expected = self.writes.as_ref().map(|text| text.replace(ITEM, item));
        if expected.is_some_and(|expected| expected.trim().as_bytes() != output.stdout.trim_ascii()) {
            let wrote = told(&output.stdout);
            return Err(TaskError::Settings(format!("{name} wrote for item {item} what it should not: {wrote}")));
        }
        Ok(output.stdout)
    }

    /// The same for an item that brings no more than its text.
    fn checked_own(&self, request: &[u8], context: &mut Context<'_>) -> Result<Vec<u8>, TaskError> {
        let item = str::from_utf8(request).map_err(|_| TaskError::BadRequest)?;
        let input = self.stdin.as_ref().map(|text| text.replace(ITEM, item));
        self.checked(item, input.as_ref().map(String::as_bytes), context)
    }
}

impl Job for CommandJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        request.extend_from_slice(self.text(item).as_bytes());
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let wrote = self.checked_own(request, context)?;
        let written = if self.compared { digest(&wrote) } else { 0 };
        reply.extend_from_slice(&written.to_le_bytes());
        Ok(())
    }

    fn around(&self, moment: Moment) -> Result<(), TaskError> {
        let argv = self.around.iter().find(|(known, _)| *known == moment).map_or(&[][..], |(_, argv)| argv.as_slice());
        let Some((name, arguments)) = argv.split_first() else { return Ok(()) };
        let word = MOMENTS.iter().find(|(known, _)| *known == moment).map_or("", |(_, word)| word);
        let output = self
            .output(name, arguments.iter().cloned(), None)
            .map_err(|source| TaskError::Io { what: format!("{word}: starting {name}"), source })?;
        if output.status.success() {
            return Ok(());
        }
        let (ended, said) = (exit_words(output.status.into_raw()), told(&output.stderr));
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        Err(TaskError::Settings(format!("{word}: {name} ended with {ended}{said}")))
    }

    fn sizes(&self) -> (usize, usize) {
        (self.items.iter().map(String::len).max().unwrap_or(20), 8)
    }

    fn transform(&self) -> Option<&dyn Transform> {
        Some(self)
    }
}

/// In a pipeline a program reads what the one before has written, as in a shell's. Where it is not to be compared, nothing
/// goes on.
impl Transform for CommandJob {
    fn run(&self, item: u64, data: Data<'_>, reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let wrote = match data {
            Data::Own(request) => self.checked_own(request, context)?,
            Data::Came(bytes) => self.checked(&self.text(item), Some(bytes), context)?,
        };
        if self.compared {
            reply.extend_from_slice(&wrote);
        }
        Ok(())
    }

    fn room(&self, _: Option<usize>) -> usize {
        ROOM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(argv: &[&str]) -> CommandJob {
        let argv = argv.iter().map(|argument| (*argument).to_owned()).collect();
        CommandJob { argv, compared: true, ..CommandJob::default() }
    }

    fn run(job: CommandJob, item: &str) -> Result<Vec<u8>, TaskError> {
        let job = CommandJob { items: vec![item.to_owned()], ..job };
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        job.request(7, &mut request);
        Job::run(&job, &request, &mut reply, &mut Context::native())?;
        Ok(reply)
    }

    /// The reply of a program that wrote this.
    fn wrote(bytes: &[u8]) -> Vec<u8> {
        digest(bytes).to_le_bytes().to_vec()
    }

    #[test]
    fn the_item_is_an_argument_and_never_shell() {
        let echoed = run(job(&["printf", "%s", "<{item}>"]), "$(id); `id` | x").unwrap();
        assert_eq!(echoed, wrote(b"<$(id); `id` | x>"));
        let failed = run(job(&["sh", "-c", "echo why >&2; exit 4"]), "1").unwrap_err().to_string();
        assert_eq!(failed, "sh ended with exit code 4 for item 1: why");
        let missing = run(job(&["/nowhere/program"]), "1").unwrap_err().to_string();
        assert!(missing.starts_with("starting /nowhere/program: "), "{missing}");
    }

    #[test]
    fn it_ends_with_its_program_whoever_holds_its_output() {
        let begun = std::time::Instant::now();
        let left = run(job(&["sh", "-c", "sleep 20 & echo started"]), "1").unwrap();
        assert_eq!(left, wrote(b"started\n"));
        assert!(begun.elapsed().as_secs() < 15);
        // More than a pipe holds, up to its end.
        let long = run(job(&["sh", "-c", "head -c 1000000 /dev/zero; exec >&- 2>&-; sleep 0.1"]), "1").unwrap();
        assert_eq!(long, wrote(&vec![0; 1_000_000]));
    }

    #[test]
    fn it_reads_what_it_is_given_however_much_and_need_not() {
        let of = |argv: &[&str], stdin: &str| CommandJob { stdin: Some(stdin.into()), ..job(argv) };
        assert_eq!(run(of(&["cat"], "<{item}>"), "7").unwrap(), wrote(b"<7>"));
        // More than two pipes hold, there and back.
        let long = "x".repeat(1 << 20);
        assert_eq!(run(of(&["cat"], "{item}"), &long).unwrap(), wrote(long.as_bytes()));
        assert_eq!(run(of(&["true"], "{item}"), &long).unwrap(), wrote(b""));
        assert_eq!(run(job(&["cat"]), "7").unwrap(), wrote(b""));
    }

    #[test]
    fn it_runs_in_its_folder_and_sees_of_the_environment_what_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        let there =
            CommandJob { folder: Some(path.clone()), writes: path.to_str().map(str::to_owned), ..job(&["pwd", "-P"]) };
        run(there, "1").unwrap();
        let list = ["PATH", "GREETING=a=b", "RUNNER_HAS_NO_SUCH_VARIABLE"];
        let environment = Some(list.iter().filter_map(|text| variable_of(text)).collect());
        let sees = CommandJob { environment, ..job(&["env"]) };
        let path = std::env::var("PATH").unwrap();
        // `env` writes them in the order in which it got them, which is that of their names.
        assert_eq!(run(sees, "1").unwrap(), wrote(format!("GREETING=a=b\nPATH={path}\n").as_bytes()));
    }

    #[test]
    fn another_status_or_output_than_asked_for_is_a_failure() {
        let of = |words: &[&str], writes: Option<&str>, script: &str| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let (statuses, writes) = (statuses(&words).unwrap(), writes.map(str::to_owned));
            run(CommandJob { statuses, writes, ..job(&["sh", "-c", script]) }, "7").map_err(|error| error.to_string())
        };
        assert_eq!(of(&["1"], None, "exit 1").unwrap(), wrote(b""));
        assert_eq!(of(&["1", "2"], None, "exit 0").unwrap_err(), "sh ended with exit code 0 for item 7");
        assert_eq!(of(&["any"], None, "kill -9 $$").unwrap_err(), "sh ended with signal 9 (SIGKILL) for item 7");
        assert_eq!(of(&[], Some("item {item}"), "echo '  item 7'").unwrap(), wrote(b"  item 7\n"));
        assert_eq!(of(&["0", "3"], None, "exit 3").unwrap(), wrote(b""));
        assert_eq!(of(&["any"], None, "exit 77").unwrap(), wrote(b""));
        let wrong = of(&[], Some("item {item}"), "echo item 8").unwrap_err();
        assert_eq!(wrong, "sh wrote for item 7 what it should not: item 8");
    }

    #[test]
    fn what_runs_around_trials_has_the_folder_of_the_program_and_must_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let argv = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
        let around = vec![(Moment::SetUp, argv("echo made > made")), (Moment::Prepare, argv("echo why >&2; exit 4"))];
        let job = CommandJob { folder: Some(folder.path().to_owned()), around, ..job(&["true"]) };
        job.around(Moment::SetUp).unwrap();
        job.around(Moment::CleanUp).unwrap();
        assert_eq!(std::fs::read(folder.path().join("made")).unwrap(), b"made\n");
        assert_eq!(job.around(Moment::Prepare).unwrap_err().to_string(), "prepare: sh ended with exit code 4: why");
    }

    #[test]
    fn what_is_no_exit_status_or_no_program_is_refused() {
        let mut settings = Settings::default();
        let list = |words: &[&str]| crate::setting::Value::List(words.iter().map(|word| (*word).to_owned()).collect());
        settings.put("argv", list(&["true"]));
        assert!(!Command.acts_around(&settings));
        for (name, words, wrong) in [
            ("exit_status", &["0", "1"][..], ""),
            ("exit_status", &["any"], ""),
            ("exit_status", &["256"], "`256` in `exit_status` is no exit status"),
            ("exit_status", &["any", "0"], "`any` in `exit_status` is no exit status"),
            ("exit_status", &["0"], ""),
            ("prepare", &[""], "`prepare` has no program"),
            ("prepare", &["make", "clean"], ""),
        ] {
            settings.put(name, list(words));
            let told = Command.check(&settings).err().unwrap_or_default();
            assert!(told.contains(wrong) && told.is_empty() == wrong.is_empty(), "{name}: {words:?}: {told}");
        }
        assert!(Command.acts_around(&settings));
    }

    #[test]
    fn a_variable_without_a_name_is_refused() {
        let mut settings = Settings::default();
        settings.put("argv", crate::setting::Value::List(vec!["env".into()]));
        assert_eq!(Command.check(&settings), Ok(()));
        settings.put("environment", crate::setting::Value::List(vec!["=x".into()]));
        assert!(Command.check(&settings).unwrap_err().contains("neither `NAME` nor"));
    }
}
