//! Short names of definitions in pictures.

/// A short text for a number, of digits and lower-case letters.
pub(super) fn base36(mut value: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = (value % 36) as u8;
        digits.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
        value /= 36;
        if value == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::base36;

    #[test]
    fn numbers_are_written_in_36_digits() {
        assert_eq!([base36(0), base36(35), base36(36)], ["0", "z", "10"].map(str::to_owned));
    }
}
