//! Text of others inside a language: every escape that the project has, one for each language.

/// Text inside Markdown: nothing in it is markup, and it stays on one line.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '~' | '!' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text inside HTML and its attributes in double quotes, on one line.
#[must_use]
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '"' => out += "&quot;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text inside XML, such as SVG, and its attributes; what XML cannot hold becomes a blank, or U+FFFD for what is no
/// character.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '"' => out += "&quot;",
            '\'' => out += "&apos;",
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text inside reStructuredText: nothing in it is markup, and it stays on one line.
#[must_use]
pub fn rst(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '*' | '`' | '|' | '_' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A text as a field of CSV by RFC 4180, in quotes where it needs them. No spreadsheet takes it for a formula: an apostrophe
/// stands before the signs with which one starts (OWASP, "CSV Injection").
#[must_use]
pub fn csv(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Text as a scalar of YAML that means just this text: the strings of JSON are strings of YAML.
#[must_use]
pub fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// One argument of a shell command, to be shown in a code block of Markdown. Quotes, backquotes and control characters are left
/// out, since nothing can end the argument or the block then.
#[must_use]
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "=,._-+:".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    let inside: String = text.chars().filter(|c| !c.is_control() && !"'`".contains(*c)).collect();
    format!("'{inside}'")
}

/// The text on one line, with a blank for every control character: no escape code of it reaches a terminal.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A word of the user's for a message: control characters are shown as escapes, and what follows the 80th character is cut
/// off.
#[must_use]
pub fn printable(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(LONGEST) {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    if text.chars().count() > LONGEST {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEAN: &str = "a|b <i>*c*</i> & \"d\" 'e'\n`f`_g_\u{1b}";

    #[test]
    fn markdown_has_no_markup_left() {
        assert_eq!(markdown(MEAN), "a\\|b &lt;i&gt;\\*c\\*&lt;/i&gt; &amp; \"d\" 'e' \\`f\\`\\_g\\_ ");
        assert_eq!(markdown("[a](b)! # ~ \\"), "\\[a\\](b)\\! \\# \\~ \\\\");
    }

    #[test]
    fn html_ends_neither_a_tag_nor_an_attribute() {
        assert_eq!(html(MEAN), "a|b &lt;i&gt;*c*&lt;/i&gt; &amp; &quot;d&quot; 'e' `f`_g_ ");
        assert_eq!(html("&lt;"), "&amp;lt;");
    }

    #[test]
    fn xml_holds_only_characters_of_xml() {
        assert_eq!(xml("<&\"'>\u{1b}"), "&lt;&amp;&quot;&apos;&gt; ");
        assert_eq!(xml("a\u{ffff}b"), "a\u{fffd}b");
    }

    #[test]
    fn rst_has_no_markup_left() {
        assert_eq!(rst("*a* |b| `c`_ \\\n"), "\\*a\\* \\|b\\| \\`c\\`\\_ \\\\ ");
    }

    #[test]
    fn csv_is_quoted_and_holds_no_formula() {
        assert_eq!(csv("threads × 2"), "threads × 2");
        assert_eq!(csv("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(["+1", "-1", "@x", "\tx", "x=1"].map(csv), ["'+1", "'-1", "'@x", "'\tx", "x=1"]);
        assert_eq!(csv("=1,2"), "\"'=1,2\"");
    }

    #[test]
    fn yaml_means_the_same_text() {
        for text in ["no", "3", MEAN, "- x: #y"] {
            assert_eq!(serde_yaml::from_str::<String>(&yaml(text)).unwrap(), text);
        }
    }

    #[test]
    fn a_shell_sees_one_argument() {
        assert_eq!(shell("model=threads,workers=2"), "model=threads,workers=2");
        assert_eq!(shell("a b; `c` $(d) 'e'\n"), "'a b; c $(d) e'");
    }

    #[test]
    fn words_of_the_user_cannot_steer_the_terminal() {
        assert_eq!(one_line("a\u{1b}[2J\nb"), "a [2J b");
        assert_eq!(printable("a\u{1b}[31m"), "a\\u{1b}[31m");
        assert_eq!(printable(&"x".repeat(80)).chars().count(), 80);
        assert_eq!(printable(&"x".repeat(200)).chars().count(), 81);
    }
}
