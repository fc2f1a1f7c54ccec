//! The server of a trial, for tasks that need one: this program again, in a process of its own, on loopback.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Stdio};

use rustix::process::Pid;

use crate::model::{JobSpec, RunContext, die_with_parent};
use crate::record::RunError;
use crate::reexec::SERVER;
use crate::task::{Task, Tasks};

/// A running server. Dropping it ends it.
pub(super) struct Server {
    child: Child,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts the server of a task that needs one, and waits until it listens.
    ///
    /// # Errors
    /// What stood in the way.
    pub(super) fn start(order: &RunContext<'_>) -> Result<Option<Self>, RunError> {
        if !order.tasks.get(&order.brief.task).is_some_and(Task::needs_server) {
            return Ok(None);
        }
        let failed = |error: std::io::Error| RunError::Failed(format!("the task's server cannot be started: {error}"));
        let mut command = order.program.command::<&str>(SERVER, []);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        // Dropped where anything below fails, and then ended.
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let mut server = Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
        let brief = serde_json::to_string(&order.brief).unwrap_or_default();
        let mut line = String::new();
        if let (Some(mut input), Some(output)) = (input, output) {
            input.write_all(format!("{brief}\n").as_bytes()).map_err(failed)?;
            BufReader::new(output).read_line(&mut line).map_err(failed)?;
            // Its standard input stays open: the end of it ends the server.
            server.child.stdin = Some(input);
        }
        let port =
            line.trim().parse().map_err(|_| RunError::Failed("the task's server ended before it listened".into()))?;
        server.address.set_port(port);
        Ok(Some(server))
    }
}

impl Server {
    /// Its process.
    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server process's whole life. Returns the exit code.
#[must_use]
pub fn server_main(tasks: &Tasks) -> u8 {
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).is_err() {
        return 2;
    }
    let Ok(brief) = serde_json::from_str::<JobSpec>(&line) else { return 2 };
    die_with_parent();
    let Some(task) = tasks.get(&brief.task) else { return 2 };
    let served = listen()
        .and_then(|listener| task.serve(&brief.settings, &brief.place(), listener).map_err(std::io::Error::other));
    match served {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "server: {error}");
            1
        }
    }
}

/// Listens on a free port of loopback, and says on which.
fn listen() -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{port}\n").as_bytes())?;
    stdout.flush()?;
    Ok(listener)
}
