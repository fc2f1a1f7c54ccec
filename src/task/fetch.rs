//! The client of tasks that fetch something: a blocking one and one for event loops, both with connections that are kept.

use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use ureq::Agent;

use super::web::{WARMING, next_part, open_more_files};
use super::{Context, TaskError};

/// How long a server may say nothing beyond what its settings say.
pub const PATIENCE: Duration = Duration::from_secs(4);
/// Connections that are kept: one for each worker of a process.
const KEPT: usize = 1024;
/// Bytes that are read at a time.
const PIECE: usize = 32 << 10;

/// Fetches from one server. A process has one of them for all its workers.
pub(super) struct Client {
    server: Option<SocketAddr>,
    agent: Agent,
    /// Idle connections of an event loop.
    idle: Mutex<Vec<SendRequest<String>>>,
    patience: Duration,
}

impl Client {
    /// A client of this server, which answers after so long. Nothing is opened yet.
    pub(super) fn new(server: Option<SocketAddr>, delay: Duration) -> Self {
        open_more_files();
        let patience = delay + PATIENCE;
        // No limit on a call as a whole: it would have a thread look names up, for each call.
        let config = Agent::config_builder()
            .proxy(None)
            .timeout_connect(Some(PATIENCE))
            .timeout_send_request(Some(PATIENCE))
            .timeout_per_read(Some(patience))
            .max_idle_connections(KEPT)
            .max_idle_connections_per_host(KEPT)
            .max_idle_age(Duration::from_secs(3600))
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Self { server, agent: Agent::new_with_config(config), idle: Mutex::default(), patience }
    }

    fn server(&self) -> Result<SocketAddr, TaskError> {
        self.server.ok_or_else(|| TaskError::Settings("the task's server was not started".into()))
    }

    /// Fetches a path and hands its content on, piece by piece.
    ///
    /// # Errors
    /// What the server answered if not 200, or that it cannot be reached or says nothing.
    pub(super) fn get(
        &self,
        path: &str,
        context: &mut Context<'_>,
        mut take: impl FnMut(&[u8], &mut Context<'_>),
    ) -> Result<(), TaskError> {
        let mut request = self.agent.get(format!("http://{}{path}", self.server()?));
        if context.warming {
            request = request.header(WARMING, "1");
        }
        let response = context.blocking(|| request.call()).map_err(|error| self.failed(path, why_of(error)))?;
        if response.status() != StatusCode::OK {
            return Err(self.failed(path, Why::Answer(response.status())));
        }
        let mut body = response.into_body().into_reader();
        let mut piece = vec![0; PIECE];
        loop {
            let read = context.blocking(|| body.read(&mut piece));
            match read.map_err(|error| self.failed(path, why_of(ureq::Error::from(error))))? {
                0 => return Ok(()),
                count => take(&piece[..count], context),
            }
            context.check_point();
        }
    }

    /// The same in an event loop.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn get_later(
        &self,
        path: &str,
        context: &mut Context<'_>,
        mut take: impl FnMut(&[u8], &mut Context<'_>),
    ) -> Result<(), TaskError> {
        let server = self.server()?;
        let mut request = Request::get(path).header(HOST, server.to_string());
        if context.warming {
            request = request.header(WARMING, "1");
        }
        let request = request.body(String::new()).map_err(|_| TaskError::BadRequest)?;
        let fetched = async {
            let mut connection = self.connection(server).await?;
            let mut response = in_time(self.patience, connection.send_request(request)).await?;
            if response.status() != StatusCode::OK {
                return Err(Why::Answer(response.status()));
            }
            while let Some(part) =
                in_time(self.patience, async { next_part(response.body_mut()).await.transpose() }).await?
            {
                take(&part, context);
            }
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(())
        };
        fetched.await.map_err(|why| self.failed(path, why))
    }

    /// An idle connection, or a new one.
    async fn connection(&self, server: SocketAddr) -> Result<SendRequest<String>, Why> {
        let next = || self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        while let Some(mut kept) = next() {
            // A server may close what is idle.
            if in_time(PATIENCE, kept.ready()).await.is_ok() {
                return Ok(kept);
            }
        }
        let stream = timeout(PATIENCE, TcpStream::connect(server)).await.map_err(|_| Why::Silence)?;
        let stream = stream.map_err(Why::Unreachable)?;
        stream.set_nodelay(true).map_err(Why::Unreachable)?;
        let (connection, work) = in_time(PATIENCE, handshake(TokioIo::new(stream))).await?;
        // It ends with the connection; what goes wrong, whoever waits for an answer is told.
        tokio::spawn(work);
        Ok(connection)
    }

    fn failed(&self, path: &str, why: Why) -> TaskError {
        let silence = self.patience.as_secs();
        TaskError::Settings(match why {
            Why::Answer(status) => format!("GET {path}: the task's server answered {status}"),
            Why::Unreachable(error) => {
                format!("GET {path}: the task's server cannot be reached, it may have ended: {error}")
            }
            Why::Silence => format!("GET {path}: the task's server has said nothing for {silence} s"),
            Why::Broken(words) => format!("GET {path}: the connection to the task's server broke: {words}"),
        })
    }
}

/// Why something could not be fetched.
enum Why {
    Answer(StatusCode),
    Unreachable(std::io::Error),
    Silence,
    Broken(String),
}

async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T, hyper::Error>>) -> Result<T, Why> {
    match timeout(patience, work).await {
        Err(_) => Err(Why::Silence),
        Ok(done) => done.map_err(|error| Why::Broken(error.to_string())),
    }
}

fn why_of(error: ureq::Error) -> Why {
    use std::io::ErrorKind;
    match error {
        ureq::Error::Timeout(_) => Why::Silence,
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => Why::Unreachable(error),
        ureq::Error::Io(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => Why::Silence,
        other => Why::Broken(other.to_string()),
    }
}
