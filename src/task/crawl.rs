//! `crawl`: follows links from the first page of each site to all others, and fetches each page once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use super::fetch::Client;
use super::site::{Sites, links, parse, path};
use super::web::{Found, Manners, serve};
use super::{
    Bound, Context, Effort, Job, Later, Place, Setting, SettingKind, Settings, Task, TaskError, Topology, checksum,
};
use crate::text::{show_count, show_seconds};

/// Where the server says which pages it was not asked for once.
const COUNTS: &str = "/counts";
/// Most pages that it names there.
const NAMED: usize = 5;

pub(super) struct Crawl;

impl Task for Crawl {
    fn name(&self) -> &'static str {
        "crawl"
    }
    fn about(&self) -> &'static str {
        "follows links through sites on loopback from their first pages; every page is found while running and fetched once"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "pages",
                about: "pages of a site; an item is its first page, which leads to all others",
                kind: SettingKind::Count { min: 1, max: 100_000 },
                default: "100",
            },
            Setting {
                name: "links",
                about: "links on a page to other pages of its site",
                kind: SettingKind::Count { min: 1, max: 256 },
                default: "8",
            },
            Setting {
                name: "delay",
                about: "how long the server waits before the first byte of a page",
                kind: SettingKind::Duration { min: 0, max: 10_000_000_000 },
                default: "10 ms",
            },
        ]
    }
    fn topology(&self, _: &Settings) -> Topology {
        Topology::Dynamic { once: true }
    }
    fn needs_server(&self) -> bool {
        true
    }
    fn serve(&self, settings: &Settings, place: &Place, listener: TcpListener) -> Result<(), TaskError> {
        let (sites, items) = (sites(settings, place), place.items);
        let manners = Manners { delay: settings.duration("delay"), bandwidth: 0 };
        let counts = Mutex::new(BTreeMap::new());
        serve(listener, manners, move |asked, warming| {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            if asked == COUNTS {
                let text = not_once(&counts, items, sites.pages);
                return Some(Found { parts: vec![text.into()], kind: "text/plain", at_once: true });
            }
            let (site, page) = parse(asked).filter(|(site, page)| *site < items && *page < sites.pages)?;
            if !warming {
                *counts.entry((site, page)).or_insert(0u64) += 1;
            }
            let html = sites.html(site, page);
            Some(Found { parts: vec![html.into()], kind: "text/html; charset=utf-8", at_once: false })
        })
    }
    fn is_async(&self) -> bool {
        true
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        // An item brings a whole site.
        let (pages, links) = (settings.whole("pages") as f64, settings.whole("links") as f64);
        let page =
            Effort { computing: 1e-4 + links * 2e-6, waiting: settings.duration("delay").as_secs_f64(), held: None };
        Some(Effort { computing: pages * page.computing, waiting: pages * page.waiting, ..page })
    }
    fn describe(&self, settings: &Settings) -> String {
        let (pages, links) = (show_count(settings.whole("pages")), settings.whole("links"));
        let delay = settings.duration("delay").as_secs_f64();
        let away = if delay == 0.0 { String::new() } else { format!(", each {} away", show_seconds(delay)) };
        format!("crawls of sites of {pages} pages with {links} links{away}")
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let client = Client::new(place.server, settings.duration("delay"));
        Ok(Box::new(CrawlJob { sites: sites(settings, place), client }))
    }
}

fn sites(settings: &Settings, place: &Place) -> Sites {
    Sites { seed: place.seed, pages: settings.whole("pages"), links: settings.whole("links") }
}

/// The pages that were not fetched once, a line each with how often, as many as are named, and then how many more.
fn not_once(counts: &BTreeMap<(u64, u64), u64>, sites: u64, pages: u64) -> String {
    let all = (0..sites).flat_map(|site| (0..pages).map(move |page| (site, page)));
    let count = |at: &(u64, u64)| counts.get(at).copied().unwrap_or(0);
    let wrong: Vec<_> = all.filter(|at| count(at) != 1).collect();
    let mut text = String::new();
    for at in wrong.iter().take(NAMED) {
        // Writing to a string cannot fail.
        let _ = match count(at) {
            0 => writeln!(text, "{} was never fetched", path(at.0, at.1)),
            times => writeln!(text, "{} was fetched {times} times", path(at.0, at.1)),
        };
    }
    if wrong.len() > NAMED {
        let _ = writeln!(text, "so it is with {} more", wrong.len() - NAMED);
    }
    text
}

struct CrawlJob {
    sites: Sites,
    client: Client,
}

/// The path of a request.
fn page_of(request: &[u8]) -> Result<(&str, u64, u64), TaskError> {
    let asked = std::str::from_utf8(request).map_err(|_| TaskError::BadRequest)?;
    let (site, page) = parse(asked).ok_or(TaskError::BadRequest)?;
    Ok((asked, site, page))
}

/// What is made of a page: its links are further items, and its digest is the reply.
fn read_page(html: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) {
    for link in links(html, context) {
        context.yield_item(link.into_bytes());
    }
    reply.extend_from_slice(&context.unlocked(|| checksum(html)).to_le_bytes());
}

impl Job for CrawlJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        request.extend_from_slice(path(item, 0).as_bytes());
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let (asked, ..) = page_of(request)?;
        let mut html = Vec::new();
        self.client.get(asked, context, |piece, _| html.extend_from_slice(piece))?;
        read_page(&html, reply, context);
        Ok(())
    }

    fn run_later<'a>(&'a self, request: &'a [u8], reply: &'a mut Vec<u8>, context: &'a mut Context<'_>) -> Later<'a> {
        Box::pin(async move {
            let (asked, ..) = page_of(request)?;
            let mut html = Vec::new();
            self.client.get_later(asked, context, |piece, _| html.extend_from_slice(piece)).await?;
            read_page(&html, reply, context);
            Ok(())
        })
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let (_, site, page) = page_of(request)?;
        // Not read out of the page, so that what reads it is checked too.
        for target in self.sites.targets(site, page) {
            context.yield_item(path(site, target).into_bytes());
        }
        reply.extend_from_slice(&checksum(self.sites.html(site, page).as_bytes()).to_le_bytes());
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        // Two numbers of at most twenty digits.
        (2 * 21, 8)
    }

    fn review(&self) -> Result<(), TaskError> {
        let mut wrong = Vec::new();
        self.client.get(COUNTS, &mut Context::native(), |piece, _| wrong.extend_from_slice(piece))?;
        if wrong.is_empty() {
            return Ok(());
        }
        let wrong = String::from_utf8_lossy(&wrong).trim_end().replace('\n', ", ");
        Err(TaskError::Settings(format!("pages must be fetched once each: {wrong}")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::web::tests::start;
    use super::*;
    use crate::setting::Value;

    #[test]
    fn a_page_that_was_fetched_twice_or_never_is_named() {
        let mut settings = Settings::default();
        for (name, value) in [("pages", 8), ("links", 2), ("delay", 0)] {
            settings.put(name, Value::Whole(value));
        }
        let place = Place { seed: 1, items: 2, folder: "/nowhere".into(), server: None };
        let (served, there) = (settings.clone(), place.clone());
        let address = start(move |listener| Crawl.serve(&served, &there, listener).unwrap());
        let job = Crawl.prepare(&settings, &Place { server: Some(address), ..place }).unwrap();
        let fetch = |site, page, warming| {
            let mut context = Context::native();
            context.warming = warming;
            let (mut reply, mut right) = (Vec::new(), Vec::new());
            job.run(path(site, page).as_bytes(), &mut reply, &mut context).unwrap();
            job.expected(path(site, page).as_bytes(), &mut right, &mut context).unwrap();
            assert_eq!(reply, right);
        };
        fetch(0, 0, true);
        for (site, page) in (0..2).flat_map(|site| (0..8).map(move |page| (site, page))) {
            let error = job.review().unwrap_err().to_string();
            assert!(error.contains(&format!("{} was never fetched", path(site, page))), "{error}");
            fetch(site, page, false);
        }
        job.review().unwrap();
        fetch(1, 3, false);
        let error = job.review().unwrap_err().to_string();
        assert_eq!(error, "pages must be fetched once each: /1/3 was fetched 2 times");
        let mut reply = Vec::new();
        let beyond = job.run(b"/0/8", &mut reply, &mut Context::native()).unwrap_err().to_string();
        assert!(beyond.contains("404"), "{beyond}");
    }
}
