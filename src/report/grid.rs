//! Tables of the terminal: columns that line up, and that fit.

use crate::text::{columns as width, cut, wrapped};

/// Terminals from here on have room for intervals; narrower ones show medians alone.
const NARROW: usize = 60;
/// The fewest columns into which a configuration's name is broken.
const BROKEN: usize = 18;
/// The fewest letters of a configuration's name that still tell it from others.
const SHORTEST: usize = 8;
/// Columns between two columns of a table.
const GAP: usize = 2;

/// A column of a table: its head, its texts, and whether it stands at the right. A text of several lines has line breaks.
#[derive(Clone)]
pub(super) struct Column {
    head: String,
    texts: Vec<String>,
    right: bool,
}

impl Column {
    pub(super) fn new(head: &str, right: bool, texts: Vec<String>) -> Self {
        Self { head: head.into(), texts, right }
    }

    pub(super) fn width(&self) -> usize {
        self.texts.iter().chain([&self.head]).flat_map(|text| text.lines()).map(width).max().unwrap_or(0)
    }

    fn widest_text(&self) -> usize {
        self.texts.iter().flat_map(|text| text.lines()).map(width).max().unwrap_or(0)
    }

    fn padded(&self, text: &str) -> String {
        let space = " ".repeat(self.width().saturating_sub(width(text)));
        if self.right { space + text } else { text.to_owned() + &space }
    }
}

/// How many columns of a terminal a table takes.
pub(super) fn taken(columns: &[Column]) -> usize {
    columns.iter().map(|column| column.width() + GAP).sum::<usize>().saturating_sub(GAP)
}

/// The lines of the head; the last line of each stands above its column.
pub(super) fn heads(columns: &[Column]) -> Vec<String> {
    let most = columns.iter().map(|column| column.head.lines().count()).max().unwrap_or(0).max(1);
    let line = |at: usize| {
        let part = |column: &Column| {
            let missing = most - column.head.lines().count();
            let text = at.checked_sub(missing).and_then(|at| column.head.lines().nth(at)).unwrap_or_default();
            column.padded(text)
        };
        columns.iter().map(part).collect::<Vec<_>>().join("  ")
    };
    (0..most).map(line).collect()
}

/// The lines of a row.
pub(super) fn row(columns: &[Column], row: usize) -> Vec<String> {
    let text = |column: &Column| column.texts.get(row).cloned().unwrap_or_default();
    let most = columns.iter().map(|column| text(column).lines().count()).max().unwrap_or(0).max(1);
    let line = |at: usize| {
        let part = |column: &Column| column.padded(text(column).lines().nth(at).unwrap_or_default());
        columns.iter().map(part).collect::<Vec<_>>().join("  ")
    };
    (0..most).map(line).collect()
}

/// How many rows a table has.
pub(super) fn rows(columns: &[Column]) -> usize {
    columns.iter().map(|column| column.texts.len()).min().unwrap_or(0)
}

/// The columns as they fit: heads are broken first, then names; narrow terminals lose intervals and letters of names.
pub(super) fn fitted(mut columns: Vec<Column>, room: usize) -> Vec<Column> {
    let excess = |columns: &[Column]| taken(columns).saturating_sub(room);
    if excess(&columns) == 0 {
        return columns;
    }
    for column in &mut columns {
        column.head = wrapped(&column.head, "", "", column.widest_text()).join("\n");
    }
    if room >= NARROW {
        while excess(&columns) > 0 {
            let names = columns.iter_mut().filter(|column| !column.right && column.widest_text() > BROKEN);
            let Some(widest) = names.max_by_key(|column| column.widest_text()) else { break };
            let most = widest.widest_text() - 1;
            widest
                .texts
                .iter_mut()
                .for_each(|text| *text = wrapped(&text.replace('\n', ""), "", "  ", most).join("\n"));
            if widest.widest_text() > most {
                break;
            }
        }
    }
    if excess(&columns) > 0 {
        for text in columns.iter_mut().skip(1).flat_map(|column| &mut column.texts) {
            if let Some((number, _)) = text.split_once(" (").filter(|_| text.starts_with(|c: char| c.is_ascii_digit()))
            {
                *text = number.to_owned();
            }
        }
    }
    let excess = excess(&columns);
    if let Some(names) = columns.first_mut().filter(|_| excess > 0) {
        let most = names.width().saturating_sub(excess).max(SHORTEST);
        for name in names.texts.iter_mut().filter(|name| width(name) > most) {
            *name = cut(name, most);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(room: usize) -> Vec<String> {
        let columns =
            [("", "processes × 2, shared memory"), ("time", "1.84 s (1.82–1.86)"), ("speedup", "1.94× (1.90–1.97)")];
        let columns = columns.map(|(head, text)| Column::new(head, !head.is_empty(), vec![text.to_owned()]));
        let columns = fitted(columns.to_vec(), room);
        [heads(&columns), row(&columns, 0)].concat()
    }

    #[test]
    fn tables_break_names_first_and_lose_intervals_and_letters_when_narrow() {
        assert_eq!(table(67)[1], "processes × 2, shared memory  1.84 s (1.82–1.86)  1.94× (1.90–1.97)");
        let broken = table(60);
        assert_eq!(broken[1], "processes × 2, shared  1.84 s (1.82–1.86)  1.94× (1.90–1.97)");
        assert_eq!(broken[2].trim_end(), "  memory");
        assert_eq!(table(50)[1], "processes × 2, shared memory  1.84 s    1.94×");
        assert_eq!(table(40)[1], "processes × 2, shared…  1.84 s    1.94×");
        assert!([40, 50, 60].iter().all(|room| table(*room).iter().all(|line| width(line) <= *room)));
    }

    #[test]
    fn heads_are_broken_where_that_is_enough() {
        let column = |head: &str, text: &str| Column::new(head, true, vec![text.into()]);
        let columns = vec![column("", "native"), column("times the first", "1.08×"), column("per item", "44 µs")];
        assert_eq!(heads(&columns).len(), 1);
        let lines = heads(&fitted(columns, 24));
        assert_eq!(
            lines,
            ["        times       ", "          the    per", "        first   item"].map(|line| line.to_owned())
        );
    }

    #[test]
    fn wide_letters_take_two_columns() {
        let columns = [
            Column::new("", false, vec!["素数".into(), "serial".into()]),
            Column::new("n", true, vec!["1".into(), "2".into()]),
        ];
        assert_eq!([row(&columns, 0), row(&columns, 1)].concat(), ["素数    1", "serial  2"]);
    }
}
