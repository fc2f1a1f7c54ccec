//! Charts inside a page: one drawing for both colour schemes, with marks that can be pointed at and focused.

use crate::chart::{Picture, Theme};

/// The colours of all drawings of a page, each with its light and its dark value. Drawings name them by number.
#[derive(Default)]
pub(super) struct Palette {
    pairs: Vec<(String, String)>,
}

impl Palette {
    /// The drawing as a part of a page.
    pub(super) fn svg(&mut self, picture: &Picture) -> String {
        interactive(&self.merged(&picture.svg(Theme::Light), &picture.svg(Theme::Dark)))
    }

    /// Both themes of a drawing as one: they differ in nothing but the values of colour attributes.
    fn merged(&mut self, light: &str, dark: &str) -> String {
        let mut out = String::with_capacity(light.len() + light.len() / 8);
        let mut first = true;
        for (a, b) in light.trim_end().split('"').zip(dark.trim_end().split('"')) {
            if !std::mem::take(&mut first) {
                out.push('"');
            }
            if is_colour(a) && is_colour(b) {
                out += &format!("var(--c{})", self.number(a, b));
            } else {
                out += a;
            }
        }
        out
    }

    fn number(&mut self, light: &str, dark: &str) -> usize {
        let known = self.pairs.iter().position(|(a, b)| (a.as_str(), b.as_str()) == (light, dark));
        known.unwrap_or_else(|| {
            self.pairs.push((light.to_owned(), dark.to_owned()));
            self.pairs.len() - 1
        })
    }

    /// The colours as variables. Paper is light.
    pub(super) fn css(&self) -> String {
        let list = |of: fn(&(String, String)) -> &String| -> String {
            self.pairs.iter().enumerate().map(|(at, pair)| format!("--c{at}:{};", of(pair))).collect()
        };
        format!(
            ":root{{{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
            list(|pair| &pair.0),
            list(|pair| &pair.1)
        )
    }
}

fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Makes marks, which are the shapes with a title, reachable: the first by tabulator, the others from there by arrow keys.
fn interactive(svg: &str) -> String {
    // What is an image has no parts that assistive technology could reach.
    let svg = svg.replacen(" role=\"img\"", " role=\"group\"", 1);
    let mut out = String::with_capacity(svg.len());
    let mut parts = svg.split("><title>");
    out += parts.next().unwrap_or_default();
    for (at, part) in parts.enumerate() {
        let index = if at == 0 { "0" } else { "-1" };
        out += &format!(" class=\"m\" tabindex=\"{index}\" role=\"img\"><title>{part}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_themes_become_one_drawing_with_variables() {
        let mut palette = Palette::default();
        let svg = |ink: &str, mark: &str| {
            format!("<svg fill=\"{ink}\"><use href=\"#r1\"/><path d=\"M0 0\" fill=\"{mark}\"/></svg>\n")
        };
        let out = palette.merged(&svg("#000000", "#0051a9"), &svg("#ffffff", "#3d87e5"));
        assert_eq!(out, "<svg fill=\"var(--c0)\"><use href=\"#r1\"/><path d=\"M0 0\" fill=\"var(--c1)\"/></svg>");
        assert!(palette.css().starts_with(":root{--c0:#000000;--c1:#0051a9;}\n@media screen"), "{}", palette.css());
    }

    #[test]
    fn marks_can_be_reached_by_keyboard() {
        let out = interactive(
            "<svg role=\"img\">\n<title id=\"t\">x</title><a><title>1</title></a><b><title>2</title></b></svg>",
        );
        let first = "<a class=\"m\" tabindex=\"0\" role=\"img\"><title>1</title></a>";
        let second = "<b class=\"m\" tabindex=\"-1\" role=\"img\"><title>2</title></b>";
        assert_eq!(out, format!("<svg role=\"group\">\n<title id=\"t\">x</title>{first}{second}</svg>"));
    }
}
