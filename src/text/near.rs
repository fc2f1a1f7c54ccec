//! Near misses: the known word that somebody meant.

use strsim::osa_distance;

/// The candidate nearest to `word`, if one is near enough to be meant. Case counts for nothing, and `-`, `_` and blanks are
/// one. At most a third of the letters of the longer word may differ, and one always may; swapped neighbours are one
/// difference. Of several that are equally near, the first.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = fold(word);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let folded = fold(candidate);
            let most = (word.chars().count().max(folded.chars().count()) / 3).max(1);
            let distance = osa_distance(&word, &folded);
            (distance <= most).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(word: &str) -> String {
    word.chars().map(|c| if c == '-' || c == ' ' { '_' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("proceses", ["serial", "threads", "processes"]), Some("processes"));
        assert_eq!(nearest("banana", ["serial", "threads"]), None);
        assert_eq!(nearest("threads", []), None);
    }

    #[test]
    fn case_hyphens_and_underscores_do_not_count() {
        assert_eq!(nearest("SHARED-memory", ["queue", "shared_memory"]), Some("shared_memory"));
        assert_eq!(nearest("worker died", ["worker_died"]), Some("worker_died"));
    }

    #[test]
    fn swapped_letters_are_one_difference() {
        // Of four letters, one may differ: without transpositions these would be two.
        assert_eq!(nearest("ppie", ["pipe"]), Some("pipe"));
        assert_eq!(nearest("limti", ["items", "limit"]), Some("limit"));
    }

    #[test]
    fn a_third_of_the_longer_word_may_differ() {
        assert_eq!(nearest("abcxyf", ["abcdef"]), Some("abcdef"));
        assert_eq!(nearest("abxyzf", ["abcdef"]), None);
        assert_eq!(nearest("ab", ["ax"]), Some("ax"), "one letter may always differ");
        // Letters count, not bytes: three differ of eight.
        assert_eq!(nearest("ééééé", ["éé"]), None);
    }

    #[test]
    fn of_equally_near_ones_the_first_is_meant() {
        assert_eq!(nearest("bat", ["cat", "hat"]), Some("cat"));
    }
}
