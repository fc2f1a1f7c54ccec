//! The server of tasks that fetch something: HTTP/1.1 on loopback, any number of connections in one thread, with a delay
//! before the first byte and a limit of bandwidth for each connection.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::TaskError;

/// A header of requests that warm a worker up: servers that count do not count them.
pub const WARMING: &str = "x-warming-up";

/// Pieces per second in which a limited connection sends.
const PIECES: u64 = 50;
/// How long the server waits when it can take no connection, such as where it may open no more files.
const PAUSE: Duration = Duration::from_millis(10);

/// How the server answers.
#[derive(Clone, Copy)]
pub(super) struct Manners {
    /// How long it waits before the first byte.
    pub(super) delay: Duration,
    /// Bytes per second of each connection; 0 for no limit.
    pub(super) bandwidth: u64,
}

/// What is found under a path.
pub(super) struct Found {
    /// Parts of the content, in order.
    pub(super) parts: Vec<Bytes>,
    /// Its media type.
    pub(super) kind: &'static str,
    /// Whether it is sent at once, whatever the server's manners.
    pub(super) at_once: bool,
}

/// Serves until the process is ended. `find` gets the path, and whether the request warms a worker up; a path that it does
/// not know is answered with 404.
///
/// # Errors
/// What the system says to a listener that cannot be used.
pub(super) fn serve(
    listener: TcpListener,
    manners: Manners,
    find: impl Fn(&str, bool) -> Option<Found> + Send + Sync + 'static,
) -> Result<(), TaskError> {
    let failed = |source| TaskError::Io { what: "serving".into(), source };
    open_more_files();
    listener.set_nonblocking(true).map_err(failed)?;
    let reactor = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    reactor.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        let find = Arc::new(find);
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(attend(stream, manners, Arc::clone(&find)))),
                Err(_) => sleep(PAUSE).await,
            }
        }
    })
}

/// Lets this process open as many files as it may at most: every worker has a connection.
pub(super) fn open_more_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where the system says no, the first connection that cannot be opened says so.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Answers one connection, request by request.
async fn attend<F>(stream: TcpStream, manners: Manners, find: Arc<F>)
where
    F: Fn(&str, bool) -> Option<Found> + Send + Sync + 'static,
{
    // An answer waits for no acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let find = Arc::clone(&find);
        async move { answer(&request, manners, find.as_ref()).await }
    });
    // A client that went away is no failure of the server.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: &Request<Incoming>,
    manners: Manners,
    find: &(impl Fn(&str, bool) -> Option<Found> + Sync),
) -> Result<Response<Paced>, Infallible> {
    let found = find(request.uri().path(), request.headers().contains_key(WARMING));
    let missing = found.is_none();
    let found = found.unwrap_or(Found { parts: Vec::new(), kind: "text/plain", at_once: true });
    let manners = if found.at_once { Manners { delay: Duration::ZERO, bandwidth: 0 } } else { manners };
    if !manners.delay.is_zero() {
        sleep(manners.delay).await;
    }
    let mut response = Response::new(Paced::new(found.parts, manners.bandwidth));
    if missing {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(found.kind));
    Ok(response)
}

/// A body that is sent no faster than its bandwidth: a piece is handed over when its last byte is due.
struct Paced {
    parts: VecDeque<Bytes>,
    left: u64,
    sent: u64,
    bandwidth: u64,
    began: Option<Instant>,
    due: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    fn new(parts: Vec<Bytes>, bandwidth: u64) -> Self {
        let left = parts.iter().map(|part| part.len() as u64).sum();
        Self { parts: parts.into(), left, sent: 0, bandwidth, began: None, due: None }
    }

    /// Takes the next bytes, at most so many.
    fn take(&mut self, most: u64) -> Option<Bytes> {
        let mut part = self.parts.pop_front()?;
        if part.len() as u64 > most {
            let rest = part.split_off(most as usize);
            self.parts.push_front(rest);
        }
        self.left -= part.len() as u64;
        self.sent += part.len() as u64;
        Some(part)
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if self.bandwidth == 0 {
            return Poll::Ready(self.take(u64::MAX).map(|part| Ok(Frame::data(part))));
        }
        let piece = (self.bandwidth / PIECES).max(1);
        if self.due.is_none() {
            let began = *self.began.get_or_insert_with(Instant::now);
            let until = self.sent + piece.min(self.left);
            let due = began + Duration::from_secs_f64(until as f64 / self.bandwidth as f64);
            self.due = Some(Box::pin(sleep_until(due)));
        }
        if let Some(due) = &mut self.due {
            ready!(due.as_mut().poll(context));
        }
        self.due = None;
        Poll::Ready(self.take(piece).map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The next bytes of a body.
///
/// # Errors
/// What the connection says.
pub(super) async fn next_part(body: &mut Incoming) -> Option<Result<Bytes, hyper::Error>> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await? {
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr};

    /// A server in a thread of its own, which ends with the test program.
    pub(in crate::task) fn start(serve: impl FnOnce(TcpListener) + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || serve(listener));
        address
    }

    #[test]
    fn a_limited_body_comes_whole_and_no_sooner_than_its_bandwidth_allows() {
        let reactor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let began = std::time::Instant::now();
        let bytes = reactor.block_on(async {
            let mut body = Paced::new(vec![Bytes::from_static(b"head"), Bytes::from(vec![7; 996])], 10_000);
            let mut bytes = Vec::new();
            while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                bytes.extend_from_slice(&frame.unwrap().into_data().unwrap());
            }
            bytes
        });
        assert_eq!((bytes.len(), &bytes[..5]), (1000, &b"head\x07"[..]));
        assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
    }
}
