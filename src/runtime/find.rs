//! Finding a CPython and asking what it can do.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{Interpreter, NamedPython};

/// How long an interpreter may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes that are read of an answer, and of what is printed before it.
const LONGEST_ANSWER: u64 = 1 << 20;

/// What an interpreter is asked: one line of JSON on standard output. It imports nothing that a user could replace (`-I`).
const QUESTION: &str = r#"
import concurrent.futures, importlib.util, json, platform, sys, sysconfig, multiprocessing
try:
    import concurrent.interpreters as sub
except ImportError:
    try:
        import _interpreters as sub
    except ImportError:
        # Those of 3.12 have a lock of their own already, under another name.
        sub = sys.version_info[:2] == (3, 12) or None
enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
jit = getattr(sys, "_jit", None)
print(json.dumps({
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "executable": sys.executable or "",
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "gil": bool(enabled),
    "jit": bool(jit and jit.is_enabled()),
    "start_methods": multiprocessing.get_all_start_methods(),
    "default_start": multiprocessing.get_start_method(),
    "interpreters": sub is not None,
    "numpy": importlib.util.find_spec("numpy") is not None,
    "interpreter_pool": hasattr(concurrent.futures, "InterpreterPoolExecutor"),
}))
"#;

/// What an interpreter says of itself.
#[derive(Deserialize)]
struct Answer {
    implementation: String,
    version: String,
    /// Its own path, which is another one where the program that was found only starts it (a script of a version manager).
    #[serde(default)]
    executable: PathBuf,
    free_threaded: bool,
    gil: bool,
    jit: bool,
    start_methods: Vec<String>,
    default_start: String,
    interpreters: bool,
    interpreter_pool: bool,
    #[serde(default)]
    numpy: bool,
}

/// Whether naming this interpreter needs no permission: a bare `python3…`, which is looked for on PATH.
fn is_plain(name: &str) -> bool {
    name.starts_with("python3") && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}

/// Finds every interpreter that is named. `path` is the search path; other names than bare `python3…` are started only
/// where `allowed`.
#[must_use]
pub fn find(named: &[NamedPython], path: &str, allowed: bool) -> BTreeMap<NamedPython, Result<Interpreter, String>> {
    named.iter().map(|one| (one.clone(), find_one(one, path, allowed))).collect()
}

fn find_one(named: &NamedPython, path: &str, allowed: bool) -> Result<Interpreter, String> {
    let name = named.name.as_str();
    if !is_plain(name) && !allowed {
        return Err(format!("needs --allow-commands: `{name}` is not a `python3…` on PATH"));
    }
    let programs = locate(name, path);
    let missing = || match name.contains('/') {
        true => format!("there is no {name}"),
        false => format!("no {name} on PATH"),
    };
    // A script of a version manager stands for versions that may not be active: the next of that name on the path may answer.
    let mut first = None;
    let mut asked = programs.into_iter().map(|program| (ask(&program, &named.environment), program));
    let found = asked.find_map(|(answer, program)| match answer {
        Ok(answer) => Some((answer, program)),
        Err(why) => {
            first.get_or_insert(why);
            None
        }
    });
    let Some((answer, program)) = found else {
        return Err(first.map_or_else(missing, |why| format!("{name} {why}")));
    };
    if answer.implementation != "CPython" {
        return Err(format!("{name} is {}, not CPython", answer.implementation));
    }
    let direct = Some(answer.executable).filter(|own| own.is_absolute() && own.is_file());
    Ok(Interpreter {
        path: direct.unwrap_or(program),
        version: answer.version,
        free_threaded: answer.free_threaded,
        gil: answer.gil,
        jit: answer.jit,
        default_start: answer.default_start,
        start_methods: answer.start_methods,
        interpreters: answer.interpreters,
        interpreter_pool: answer.interpreter_pool,
        numpy: answer.numpy,
    })
}

/// The programs of that name: as it is where it is a path, else those on the search path that may be executed, the first first.
fn locate(name: &str, path: &str) -> Vec<PathBuf> {
    let is_program = |program: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        program.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return std::path::absolute(name).ok().filter(|program| is_program(program)).into_iter().collect();
    }
    let folders = path.split(':').filter(|folder| folder.starts_with('/'));
    folders.map(|folder| Path::new(folder).join(name)).filter(|program| is_program(program)).collect()
}

/// Asks an interpreter; what went wrong otherwise, behind its name.
fn ask(program: &Path, environment: &BTreeMap<String, String>) -> Result<Answer, String> {
    let mut child = Command::new(program)
        // Isolated, it would not look at variables of its own such as PYTHON_GIL.
        .args([if environment.is_empty() { "-I" } else { "-s" }, "-c", QUESTION])
        .envs(environment)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let text = answer_within(&mut child, PATIENCE);
    let text = text.ok_or_else(|| format!("did not answer within {} s", PATIENCE.as_secs()))?;
    // What it prints at its start, as what is installed into it may, stands before the answer.
    let answers = text.lines().rev().filter_map(|line| serde_json::from_str(line.trim()).ok());
    answers.take(1).next().ok_or_else(|| {
        let said = text.lines().next().filter(|line| !line.trim().is_empty());
        let said = said.map_or(String::new(), |line| format!(", and wrote: {line}"));
        format!("gave no answer when asked for its version{said}")
    })
}

/// What a child writes until its end, where it ends in time; ends it and its whole group otherwise.
fn answer_within(child: &mut Child, patience: Duration) -> Option<String> {
    let stdout = child.stdout.take();
    let (send, receive) = std::sync::mpsc::channel();
    // It ends with the child, whose whole group is ended below.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = stdout.map(|stdout| stdout.take(LONGEST_ANSWER).read_to_string(&mut text));
        let _ = send.send(read.map_or_else(String::new, |_| text));
    });
    let deadline = Instant::now() + patience;
    let text = receive.recv_timeout(patience).ok();
    while child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < deadline && text.is_some() {
        std::thread::sleep(Duration::from_millis(1));
    }
    if let Some(group) = rustix::process::Pid::from_raw(child.id() as i32) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_names_of_python_need_no_permission() {
        assert!(is_plain("python3") && is_plain("python3.13t") && is_plain("python3.11"));
        for name in ["/usr/bin/python3", "./python3", "python3/../sh", "python", "sh", "python3 -c x", "python3;sh"] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn what_is_absent_or_no_python_says_so() {
        let names = ["python3.99", "/bin/true", "/nowhere/python3"].map(NamedPython::from);
        let strict = find(&names, "/usr/bin:/bin", false);
        assert_eq!(strict[&"python3.99".into()], Err("no python3.99 on PATH".into()));
        assert!(strict[&"/bin/true".into()].as_ref().unwrap_err().starts_with("needs --allow-commands"));
        let allowed = find(&names, "/usr/bin:/bin", true);
        assert_eq!(allowed[&"/bin/true".into()], Err("/bin/true gave no answer when asked for its version".into()));
        assert_eq!(allowed[&"/nowhere/python3".into()], Err("there is no /nowhere/python3".into()));
    }
}
