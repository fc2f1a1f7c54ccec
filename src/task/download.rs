//! `download`: fetches files over HTTP from a server on loopback, as a download manager does.

use std::net::TcpListener;
use std::sync::OnceLock;

use crc32fast::Hasher;
use hyper::body::Bytes;

use super::fetch::Client;
use super::web::{Found, Manners, serve};
use super::{
    Bound, Context, Effort, Job, Later, Place, Setting, SettingKind, Settings, Task, TaskError, checksum, numbered,
};
use crate::text::{show_bytes, show_seconds};

/// What paths start with; the number of the file follows.
const FOLDER: &str = "/files/";
/// Bytes at the start of a file that no other file has.
const OWN: usize = 8;

pub(super) struct Download;

impl Task for Download {
    fn name(&self) -> &'static str {
        "download"
    }
    fn about(&self) -> &'static str {
        "fetches files over HTTP from a server of the trial's own on loopback, with connections that are kept"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "size",
                about: "size of a file",
                kind: SettingKind::Bytes { min: OWN as u64, max: 1 << 28 },
                default: "64 KiB",
            },
            Setting {
                name: "delay",
                about: "how long the server waits before the first byte",
                kind: SettingKind::Duration { min: 0, max: 10_000_000_000 },
                default: "10 ms",
            },
            Setting {
                name: "bandwidth",
                about: "bytes per second of each connection; 0 for no limit",
                kind: SettingKind::Bytes { min: 0, max: 1 << 40 },
                default: "0",
            },
            Setting {
                name: "returns",
                about: "what an item returns: a `digest` of the file, or its whole `body`",
                kind: SettingKind::Word(&["digest", "body"]),
                default: "digest",
            },
        ]
    }
    fn needs_server(&self) -> bool {
        true
    }
    fn serve(&self, settings: &Settings, place: &Place, listener: TcpListener) -> Result<(), TaskError> {
        let (files, items) = (Files::new(settings, place), place.items);
        serve(listener, manners(settings), move |path, _| {
            let number = number_of(path).filter(|number| *number < items)?;
            let parts = vec![Bytes::copy_from_slice(&files.own(number)), files.rest().clone()];
            Some(Found { parts, kind: "application/octet-stream", at_once: false })
        })
    }
    fn is_async(&self) -> bool {
        true
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let Manners { delay, bandwidth } = manners(settings);
        let size = settings.whole("size") as f64;
        let sending = if bandwidth == 0 { 0.0 } else { size / bandwidth as f64 };
        Some(Effort { computing: 1e-4 + size * 1e-9, waiting: delay.as_secs_f64() + sending, held: None })
    }
    fn describe(&self, settings: &Settings) -> String {
        let Manners { delay, bandwidth } = manners(settings);
        let delay =
            if delay.is_zero() { "at once".into() } else { format!("after {}", show_seconds(delay.as_secs_f64())) };
        let limit = if bandwidth == 0 { String::new() } else { format!(", at {} per second", show_bytes(bandwidth)) };
        format!("downloads of {}, which begin {delay}{limit}", show_bytes(settings.whole("size")))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(DownloadJob {
            files: Files::new(settings, place),
            whole: settings.word("returns") == "body",
            client: Client::new(place.server, manners(settings).delay),
        }))
    }
}

fn manners(settings: &Settings) -> Manners {
    Manners { delay: settings.duration("delay"), bandwidth: settings.whole("bandwidth") }
}

/// The number in a path.
fn number_of(path: &str) -> Option<u64> {
    path.strip_prefix(FOLDER)?.parse().ok()
}

/// All files: their first bytes are their own, the rest is the same in all, so that a server need not hold each.
struct Files {
    seed: u64,
    size: usize,
    rest: OnceLock<Bytes>,
}

impl Files {
    fn new(settings: &Settings, place: &Place) -> Self {
        Self { seed: place.seed, size: settings.whole("size") as usize, rest: OnceLock::new() }
    }

    fn own(&self, number: u64) -> [u8; OWN] {
        numbered::mix(self.seed, number).to_le_bytes()
    }

    /// Made when it is needed: workers that fetch do not need it.
    fn rest(&self) -> &Bytes {
        self.rest.get_or_init(|| numbered::bytes(self.seed, 0, self.size - OWN).into())
    }
}

struct DownloadJob {
    files: Files,
    /// Whether the reply is the whole file.
    whole: bool,
    client: Client,
}

/// A file as it arrives.
struct Arriving<'a> {
    reply: &'a mut Vec<u8>,
    sum: Hasher,
    length: u64,
    whole: bool,
}

impl<'a> Arriving<'a> {
    fn new(reply: &'a mut Vec<u8>, whole: bool) -> Self {
        Self { reply, sum: Hasher::new(), length: 0, whole }
    }

    fn take(&mut self, piece: &[u8], context: &mut Context<'_>) {
        if self.whole {
            self.reply.extend_from_slice(piece);
        } else {
            context.unlocked(|| self.sum.update(piece));
            self.length += piece.len() as u64;
        }
    }

    /// Writes the same as [`checksum`] of the whole would.
    fn finish(self) {
        if !self.whole {
            let sum = u64::from(self.sum.finalize()) | self.length << 32;
            self.reply.extend_from_slice(&sum.to_le_bytes());
        }
    }
}

/// The path of a request.
fn path_of(request: &[u8]) -> Result<&str, TaskError> {
    let path = std::str::from_utf8(request).map_err(|_| TaskError::BadRequest)?;
    number_of(path).map(|_| path).ok_or(TaskError::BadRequest)
}

impl Job for DownloadJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        request.extend_from_slice(format!("{FOLDER}{item}").as_bytes());
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let mut arriving = Arriving::new(reply, self.whole);
        self.client.get(path_of(request)?, context, |piece, context| arriving.take(piece, context))?;
        arriving.finish();
        Ok(())
    }

    fn run_later<'a>(&'a self, request: &'a [u8], reply: &'a mut Vec<u8>, context: &'a mut Context<'_>) -> Later<'a> {
        Box::pin(async move {
            let mut arriving = Arriving::new(reply, self.whole);
            let taken =
                self.client.get_later(path_of(request)?, context, |piece, context| arriving.take(piece, context));
            taken.await?;
            arriving.finish();
            Ok(())
        })
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        let number = number_of(path_of(request)?).ok_or(TaskError::BadRequest)?;
        let file = [&self.files.own(number)[..], self.files.rest()].concat();
        if self.whole {
            reply.extend_from_slice(&file);
        } else {
            reply.extend_from_slice(&checksum(&file).to_le_bytes());
        }
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        // The longest number has twenty digits.
        (FOLDER.len() + 20, if self.whole { self.files.size } else { 8 })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::SocketAddr;
    use std::time::{Duration, Instant};

    use super::super::web::tests::start;
    use super::*;
    use crate::setting::Value;

    fn settings(whole: bool) -> Settings {
        let mut settings = Settings::default();
        settings.put("size", Value::Whole(100_000));
        settings.put("delay", Value::Whole(1_000_000));
        settings.put("bandwidth", Value::Whole(if whole { 10 << 20 } else { 0 }));
        settings.put("returns", Value::Word(if whole { "body" } else { "digest" }.into()));
        settings
    }

    fn place(server: SocketAddr) -> Place {
        Place { seed: 7, items: 20, folder: "/nowhere".into(), server: Some(server) }
    }

    /// What a job replies to a request, blocking and in an event loop.
    fn both(job: &dyn Job, request: &[u8]) -> [Result<Vec<u8>, String>; 2] {
        let run = || {
            let mut reply = Vec::new();
            job.run(request, &mut reply, &mut Context::native()).map(|()| reply)
        };
        let run_later = || {
            let mut reply = Vec::new();
            let reactor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            reactor.block_on(job.run_later(request, &mut reply, &mut Context::native())).map(|()| reply)
        };
        // At once, since some wait for a server that says nothing.
        let both = std::thread::scope(|scope| {
            let running = scope.spawn(run);
            let later = run_later();
            [running.join().unwrap(), later]
        });
        both.map(|ran| ran.map_err(|error| error.to_string()))
    }

    #[test]
    fn both_clients_get_what_is_expected() {
        for whole in [false, true] {
            let here = settings(whole);
            let served = here.clone();
            let address = start(move |listener| {
                let place = Place { server: None, ..place(listener.local_addr().unwrap()) };
                Download.serve(&served, &place, listener).unwrap();
            });
            let job = Download.prepare(&here, &place(address)).unwrap();
            for item in [0, 1, 19] {
                let (mut request, mut right) = (Vec::new(), Vec::new());
                job.request(item, &mut request);
                job.expected(&request, &mut right, &mut Context::native()).unwrap();
                assert_eq!(both(job.as_ref(), &request), [Ok(right.clone()), Ok(right.clone())]);
                assert!(right.len() <= job.sizes().1 && request.len() <= job.sizes().0);
            }
            for error in both(job.as_ref(), b"/files/20").map(Result::unwrap_err) {
                assert!(error.contains("GET /files/20: the task's server answered 404 Not Found"), "{error}");
            }
            for error in both(job.as_ref(), b"/elsewhere/1").map(Result::unwrap_err) {
                assert_eq!(error, TaskError::BadRequest.to_string());
            }
        }
    }

    #[test]
    fn a_server_that_is_gone_or_goes_is_told_and_not_waited_for() {
        let began = Instant::now();
        let nobody = start(drop);
        // Each connection dies in the middle of a file.
        let dying = start(|listener| {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1000]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nfirst bytes");
            }
        });
        while std::net::TcpStream::connect(nobody).is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
        for (address, words) in [(nobody, "cannot be reached, it may have ended"), (dying, "server broke: ")] {
            let job = Download.prepare(&settings(false), &place(address)).unwrap();
            for error in both(job.as_ref(), b"/files/3").map(Result::unwrap_err) {
                assert!(error.starts_with("GET /files/3: ") && error.contains(words), "{error}");
            }
        }
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for_without_end() {
        let silent = start(|listener| {
            let streams: Vec<_> = listener.incoming().collect();
            drop(streams);
        });
        let began = Instant::now();
        let job = Download.prepare(&settings(false), &place(silent)).unwrap();
        for error in both(job.as_ref(), b"/files/3").map(Result::unwrap_err) {
            assert_eq!(error, "GET /files/3: the task's server has said nothing for 4 s");
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
