//! The Markdown of a report as HTML: headings with names, tables that sort, and nothing that a strict policy would refuse.

use std::collections::BTreeMap;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::report::sorted::number_of;
use crate::text::escape::html as attribute;
use crate::text::{glued, slug};

/// How a text is converted.
pub(super) struct Prose<'a> {
    /// By how many levels headings go down.
    pub(super) level: usize,
    /// What the names of headings start with, so that they are unique in a page of many reports.
    pub(super) names: &'a str,
    /// Where the text's relative links start from, as the page sees it: empty, or with a slash at its end.
    pub(super) folder: &'a str,
}

impl Prose<'_> {
    /// The HTML of a Markdown text. Of HTML in it, only what folds a part or breaks a line comes
    /// through.
    pub(super) fn html(&self, markdown: &str) -> String {
        let mut writer = Writer { out: String::new(), prose: self, ids: BTreeMap::new(), table: None, head: None };
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
            writer.event(event);
        }
        writer.out
    }
}

/// A table that is being read.
struct Table {
    right: Vec<bool>,
    column: usize,
    in_head: bool,
    html: String,
    /// The number by which the cell is sorted.
    sort: Option<String>,
}

struct Writer<'a> {
    out: String,
    prose: &'a Prose<'a>,
    /// How often a heading's name was given.
    ids: BTreeMap<String, usize>,
    table: Option<Table>,
    /// A heading that is being read: its level and its text so far, with and without markup.
    head: Option<(usize, String, String)>,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => {
                self.plain(&code);
                self.put(&format!("<code>{}</code>", attribute(&code)));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim();
                if let Some(number) = number_of(html) {
                    if let Some(table) = &mut self.table {
                        table.sort = Some(number.to_owned());
                    }
                } else if ["<details>", "</details>"].iter().any(|known| html.starts_with(known)) {
                    self.put(&format!("{html}\n"));
                } else if html == "<br>" {
                    self.put(html);
                    self.plain(" ");
                }
            }
            Event::SoftBreak | Event::HardBreak => self.put("\n"),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.plain(text);
        // Lines of code stay lines.
        let lines: Vec<String> = text.split('\n').map(|line| attribute(&glued(line))).collect();
        self.put(&lines.join("\n"));
    }

    /// Puts markup where it belongs.
    fn put(&mut self, html: &str) {
        match (&mut self.table, &mut self.head) {
            (Some(table), _) => table.html += html,
            (None, Some((_, text, _))) => *text += html,
            (None, None) => self.out += html,
        }
    }

    fn plain(&mut self, text: &str) {
        if let Some((_, _, plain)) = &mut self.head {
            *plain += text;
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.head = Some(((depth(level) + self.prose.level).min(6), String::new(), String::new()));
            }
            Tag::Paragraph => self.put("<p>"),
            Tag::BlockQuote(_) => self.put("<blockquote>\n"),
            Tag::List(_) => self.put("<ul>\n"),
            Tag::Item => self.put("<li>"),
            Tag::Emphasis => self.put("<em>"),
            Tag::Strong => self.put("<strong>"),
            Tag::Link { dest_url, .. } => {
                let target = link(&dest_url, self.prose.folder);
                self.put(&format!("<a href=\"{}\">", attribute(&target)));
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => self.put("<pre><code>"),
            Tag::Table(alignments) => {
                let right = alignments.iter().map(|alignment| *alignment == Alignment::Right).collect();
                let label = "<div class=\"t\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">\n<table>\n";
                self.out += label;
                self.table = Some(Table { right, column: 0, in_head: false, html: String::new(), sort: None });
            }
            Tag::TableHead => self.row("<thead><tr>", true),
            Tag::TableRow => self.row("<tr>", false),
            _ => {}
        }
    }

    fn row(&mut self, open: &str, in_head: bool) {
        self.out += open;
        if let Some(table) = &mut self.table {
            (table.column, table.in_head) = (0, in_head);
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::Paragraph => self.put("</p>\n"),
            TagEnd::BlockQuote(_) => self.put("</blockquote>\n"),
            TagEnd::List(_) => self.put("</ul>\n"),
            TagEnd::Item => self.put("</li>\n"),
            TagEnd::Emphasis => self.put("</em>"),
            TagEnd::Strong => self.put("</strong>"),
            TagEnd::Link => self.put("</a>"),
            TagEnd::CodeBlock => self.put("</code></pre>\n"),
            TagEnd::TableHead => self.out += "</tr></thead>\n<tbody>\n",
            TagEnd::TableRow => self.out += "</tr>\n",
            TagEnd::TableCell => self.end_cell(),
            TagEnd::Table => {
                self.table = None;
                self.out += "</tbody>\n</table>\n</div>\n";
            }
            _ => {}
        }
    }

    fn end_heading(&mut self) {
        let Some((level, text, plain)) = self.head.take() else { return };
        let mut id = format!("{}-{}", self.prose.names, slug(&plain, usize::MAX));
        let times = self.ids.entry(id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            id = format!("{id}-{times}");
        }
        self.out += &format!("<h{level} id=\"{id}\">{text}</h{level}>\n");
    }

    fn end_cell(&mut self) {
        let Some(table) = &mut self.table else { return };
        let right = table.right.get(table.column).copied().unwrap_or(false);
        let (html, sort) = (std::mem::take(&mut table.html), table.sort.take());
        self.out += &if table.in_head {
            head_cell(&html, right)
        } else if table.column == 0 {
            format!("<th scope=\"row\">{html}</th>")
        } else {
            let class = if right { " class=\"n\"" } else { "" };
            let key = sort.map_or(String::new(), |number| format!(" data-k=\"{}\"", attribute(&number)));
            format!("<td{class}{key}>{html}</td>")
        };
        table.column += 1;
    }
}

/// The head of a column, by which its table can be sorted.
pub(super) fn head_cell(html: &str, right: bool) -> String {
    let class = if right { " class=\"n\"" } else { "" };
    format!("<th scope=\"col\"{class} aria-sort=\"none\"><button type=\"button\">{html}</button></th>")
}

fn depth(level: HeadingLevel) -> usize {
    level as usize
}

/// Links between reports lead to the parts of a page that has them all, others to files.
fn link(target: &str, folder: &str) -> String {
    match target.strip_prefix("../").and_then(|rest| rest.strip_suffix("/report.md")) {
        Some(name) => format!("#{name}"),
        None if target.starts_with('#') || target.contains("://") => target.to_owned(),
        None => format!("{folder}{target}"),
    }
}

/// The text of markup.
pub(super) fn plain(html: &str) -> String {
    let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let text: String = parts.collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markdown: &str) -> String {
        Prose { level: 1, names: "a", folder: "" }.html(markdown)
    }

    #[test]
    fn tables_have_heads_to_sort_by_and_no_inline_style() {
        let out = html("| way | time |\n|:--|--:|\n| **a** | 2 ms<!--sort=0.002--> |\n");
        assert!(
            out.contains("<th scope=\"col\" class=\"n\" aria-sort=\"none\"><button type=\"button\">time</button></th>"),
            "{out}"
        );
        assert!(
            out.contains("<th scope=\"row\"><strong>a</strong></th><td class=\"n\" data-k=\"0.002\">2\u{a0}ms</td>"),
            "{out}"
        );
        assert!(!out.contains("style"), "{out}");
    }

    #[test]
    fn headings_have_names_and_foreign_html_is_dropped() {
        let out = html(
            "## A & b\n\n## A & b\n\n<details><summary>2 x</summary>\n\ntext <script>alert(1)</script>\n\n</details>\n\n<img src=x>\n",
        );
        assert!(out.contains("<h3 id=\"a-a-b\">A &amp; b</h3>") && out.contains("<h3 id=\"a-a-b-2\">"), "{out}");
        assert!(out.contains("<details><summary>2 x</summary>\n") && out.contains("</details>"), "{out}");
        assert!(!out.contains("<script") && !out.contains("<img"), "{out}");
        assert!(html("| a |\n|:--|\n| *b*<br>c |\n").contains("<em>b</em><br>c"));
        let of = |target| link(target, "gil/");
        assert_eq!((of("../io/report.md"), of("results.json")), ("#io".into(), "gil/results.json".into()));
        assert_eq!(of("https://example.org/"), "https://example.org/");
    }
}
