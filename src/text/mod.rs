//! Text for people: numbers, units, escapes, line breaks, near misses. Everything that is printed, drawn or written is worded
//! with these, so that one thing looks the same everywhere.

pub mod escape;
mod exit;
mod near;
mod numbers;
mod slug;
mod units;
mod wrap;

pub use exit::exit_words;
pub use near::nearest;
pub use numbers::{fixed_three_digits, plural, show_count, show_fixed_percent, show_percent, three_digits};
pub use slug::{is_slug, slug};
pub use units::{exact_bytes, exact_seconds, parse_bytes, parse_duration, show_bytes, show_seconds};
pub use wrap::{capital, columns, cut, folded, glued, wrapped};
