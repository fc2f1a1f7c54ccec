//! Sites of HTML pages that link to each other, all of which can be reached from the first; and the links in a page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use html5gum::{Token, Tokenizer};

use super::{Context, numbered};

/// Words that paragraphs are made of.
const WORDS: [&str; 16] = [
    "thread", "process", "queue", "pipe", "worker", "lock", "page", "link", "server", "client", "item", "reply",
    "core", "memory", "event", "loop",
];
/// Words of a paragraph; every page has one for each of its links.
const PARAGRAPH: u64 = 24;

/// Sites that differ in their number alone.
#[derive(Clone, Copy)]
pub(super) struct Sites {
    pub(super) seed: u64,
    /// Pages of a site.
    pub(super) pages: u64,
    /// Links to other pages on each page, as far as the site has so many.
    pub(super) links: u64,
}

/// The path of a page.
pub(super) fn path(site: u64, page: u64) -> String {
    format!("/{site}/{page}")
}

/// Site and page of a path.
pub(super) fn parse(path: &str) -> Option<(u64, u64)> {
    let (site, page) = path.strip_prefix('/')?.split_once('/')?;
    Some((site.parse().ok()?, page.parse().ok()?))
}

impl Sites {
    /// The pages that a page leads to, each once. The first half of them are its children in a tree of all pages, so that
    /// all can be reached, and many at a time; the others may be any.
    pub(super) fn targets(&self, site: u64, page: u64) -> BTreeSet<u64> {
        let children = self.links.div_ceil(2);
        let tree = (1..=children).map(|child| page * children + child).filter(|child| *child < self.pages);
        let any = |link| numbered::mix(self.seed ^ numbered::mix(site, page), link) % self.pages;
        tree.chain((children..self.links).map(any)).chain([0]).collect()
    }

    /// A page as a server has it: with links that are commented out, that lead elsewhere, or to a part of a page.
    pub(super) fn html(&self, site: u64, page: u64) -> String {
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Page {page} of site {site}</title>\
             </head>\n<body>\n<nav><a href=\"{}\">Start</a> &middot; <a href=\"#end\">End</a></nav>\n\
             <!-- <a href=\"{}\">not a link</a> -->\n",
            path(site, 0),
            path(site, self.pages),
        );
        for (at, target) in self.targets(site, page).into_iter().enumerate() {
            html.push_str("<p>");
            for word in 0..PARAGRAPH {
                let place = numbered::mix(self.seed ^ page, at as u64 * PARAGRAPH + word) % WORDS.len() as u64;
                html.push_str(WORDS[place as usize]);
                html.push(' ');
            }
            let part = if at % 2 == 0 { "" } else { "#part" };
            // Writing to a string cannot fail.
            let _ = writeln!(html, "<a class='next' href='{}{part}'>page {target}</a>.</p>", path(site, target));
        }
        html.push_str("<p id=\"end\"><a href=\"https://example.org/1/1\">Elsewhere</a></p>\n</body>\n</html>\n");
        html
    }
}

/// The links of a page that lead to pages of its server, as paths, in their order, without parts of pages.
pub(super) fn links(html: &[u8], context: &mut Context<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for Ok(token) in Tokenizer::new(html) {
        context.check_point();
        let Token::StartTag(tag) = token else { continue };
        if **tag.name != *b"a" {
            continue;
        }
        let href = tag.attributes.get(&b"href"[..]).map(|value| String::from_utf8_lossy(&value[..]).into_owned());
        let path = href.as_deref().and_then(|href| href.split('#').next()).unwrap_or_default();
        // Two slashes begin the name of another server.
        if path.starts_with('/') && !path.starts_with("//") {
            found.push(path.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_can_be_reached_by_the_links_that_are_read() {
        for (pages, count) in [(1, 1), (2, 1), (40, 1), (40, 2), (100, 5), (7, 64)] {
            let sites = Sites { seed: 5, pages, links: count };
            let (mut known, mut open) = (BTreeSet::from([path(3, 0)]), vec![path(3, 0)]);
            while let Some(next) = open.pop() {
                let (site, page) = parse(&next).unwrap();
                assert!(site == 3 && page < pages, "{next}");
                let html = sites.html(site, page);
                let read = links(html.as_bytes(), &mut Context::native());
                let unique: BTreeSet<String> = read.iter().cloned().collect();
                let right: BTreeSet<String> = sites.targets(3, page).into_iter().map(|to| path(3, to)).collect();
                assert_eq!(unique, right, "{html}");
                open.extend(read.into_iter().filter(|link| known.insert(link.clone())));
            }
            assert_eq!(known.len() as u64, pages, "{pages} pages of {count} links");
        }
    }

    #[test]
    fn only_links_that_a_browser_would_follow_to_this_server_are_read() {
        let html = br#"<A HREF=/1/2>x</A><!-- <a href="/1/3"> --><a name="/1/4"><link href="/1/5"><a href="//else/1/6">
            <a href="https://else/1/7"><a href="/1/8#part"><a href="8"><a title="<a href='/1/9'>"><a href='/1/1&amp;0'>"#;
        assert_eq!(links(html, &mut Context::native()), ["/1/2", "/1/8", "/1/1&0"]);
    }
}
