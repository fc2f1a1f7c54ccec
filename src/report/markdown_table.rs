//! Tables in Markdown.

/// A table. Columns of numbers stand at the right.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let number = |text: &str| text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit() || "–−∞".contains(c));
    let right = |column: usize| {
        let mut texts = rows.iter().filter_map(|row| row.get(column)).peekable();
        column > 0 && texts.peek().is_some() && texts.all(|text| number(text))
    };
    let marks: String = (0..head.len()).map(|column| if right(column) { "--:|" } else { ":--|" }).collect();
    let mut out = format!("| {} |\n|{marks}\n", head.join(" | "));
    for row in rows {
        out += &format!("| {} |\n", row.join(" | "));
    }
    out
}
