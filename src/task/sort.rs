//! `sort`: sorts numbers, or words, and adds up what comes out in its order.

use super::{Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, checksum, numbered};
use crate::text::show_count;

/// Letters of a word.
const LETTERS: usize = 12;
/// Letters of the alphabet.
const ALPHABET: u64 = 26;

pub(super) struct Sort;

impl Task for Sort {
    fn name(&self) -> &'static str {
        "sort"
    }
    fn about(&self) -> &'static str {
        "sorts numbers or words: computing that jumps about in memory"
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "count",
                about: "how many records are sorted",
                kind: SettingKind::Count { min: 1, max: 10_000_000 },
                default: "20000",
            },
            Setting {
                name: "of",
                about: "`numbers` of 64 bits, or `words` of 12 letters, which are compared byte by byte",
                kind: SettingKind::Word(&["numbers", "words"]),
                default: "numbers",
            },
        ]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let count = settings.whole("count") as f64;
        // CPython compares objects, and makes one of every number.
        let (compared, times) = if settings.word("of") == "words" { (5e-9, 4.0) } else { (1e-9, 15.0) };
        Some(Effort::computing(count * (5e-9 + count.log2() * compared)).holding_the_lock(times))
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("sorting {} {}", show_count(settings.whole("count")), settings.word("of"))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let numbers = (0..settings.whole("count")).map(|index| numbered::mix(place.seed, index));
        Ok(match settings.word("of") {
            "words" => Box::new(Words { text: numbers.flat_map(word).collect() }),
            _ => Box::new(Numbers { seed: place.seed, numbers: numbers.collect() }),
        })
    }
}

/// A word of lower-case letters and a line feed.
fn word(mut number: u64) -> [u8; LETTERS + 1] {
    let mut word = [b'\n'; LETTERS + 1];
    for letter in &mut word[..LETTERS] {
        *letter = b'a' + (number % ALPHABET) as u8;
        number /= ALPHABET;
    }
    word
}

struct Numbers {
    seed: u64,
    numbers: Vec<u64>,
}

impl Job for Numbers {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        // Flipping the same bits in all numbers gives each item an order of its own.
        numbered::write(numbered::mix(self.seed ^ u64::MAX, item), request);
    }

    /// Sorts all numbers with the bits of the request flipped. The reply is the checksum of the sorted numbers in
    /// little-endian order. Nothing in the middle can be handed over: CPython's sort is one call that holds the lock.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let key = numbered::read(request)?;
        context.check_point();
        let mut numbers: Vec<u64> = self.numbers.iter().map(|number| number ^ key).collect();
        context.check_point();
        numbers.sort_unstable();
        context.check_point();
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        reply.extend_from_slice(&checksum(&bytes).to_le_bytes());
        Ok(())
    }

    fn constants(&self) -> Vec<Vec<u8>> {
        vec![self.numbers.iter().flat_map(|number| number.to_le_bytes()).collect()]
    }
}

struct Words {
    /// Words, each with a line feed after it.
    text: Vec<u8>,
}

impl Job for Words {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item % ALPHABET, request);
    }

    /// Sorts all words with every letter moved on in the alphabet by the number of the request, from `z` on to `a`, which
    /// gives each of 26 items an order of its own. The reply is the checksum of the sorted words, each with its line feed.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let shift = u8::try_from(numbered::read(request)? % ALPHABET).map_err(|_| TaskError::BadRequest)?;
        context.check_point();
        let moved = |byte: &u8| match byte {
            b'\n' => b'\n',
            letter => b'a' + (letter - b'a' + shift) % ALPHABET as u8,
        };
        let text: Vec<u8> = self.text.iter().map(moved).collect();
        let mut words: Vec<&[u8]> = text.chunks_exact(LETTERS + 1).collect();
        context.check_point();
        words.sort_unstable();
        context.check_point();
        reply.extend_from_slice(&checksum(&words.concat()).to_le_bytes());
        Ok(())
    }

    fn constants(&self) -> Vec<Vec<u8>> {
        vec![self.text.clone()]
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::setting::Value;

    fn reply(job: &dyn Job, request: u64) -> u64 {
        let mut reply = Vec::new();
        job.run(&request.to_le_bytes(), &mut reply, &mut Context::native()).unwrap();
        numbered::read(&reply).unwrap()
    }

    #[test]
    fn numbers_come_in_their_order() {
        let job = Numbers { seed: 0, numbers: vec![5, 1, 1 << 40, 0] };
        let sum = |numbers: &[u64]| checksum(&numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
        assert_eq!(reply(&job, 0), sum(&[0, 1, 5, 1 << 40]));
        // 5 ^ 4 = 1, 1 ^ 4 = 5, 0 ^ 4 = 4.
        assert_eq!(reply(&job, 4), sum(&[1, 4, 5, 4 + (1 << 40)]));
    }

    #[test]
    fn words_come_in_their_order() {
        let job = Words { text: b"zebrazebraze\naardvarkaard\nmonkeymonkey\n".to_vec() };
        assert_eq!(reply(&job, 0), checksum(b"aardvarkaard\nmonkeymonkey\nzebrazebraze\n"));
        // One letter on, `z` is `a`.
        assert_eq!(reply(&job, 1), checksum(b"afcsbafcsbaf\nbbsewbslbbse\nnpolfznpolfz\n"));
    }

    #[test]
    fn words_are_spelled_with_the_digits_of_numbers() {
        assert_eq!(&word(0), b"aaaaaaaaaaaa\n");
        assert_eq!(&word(25 + 26 * 2), b"zcaaaaaaaaaa\n");
    }

    #[test]
    fn items_have_different_replies_which_cpython_gives_too() {
        // Item 3 of 1000 records of seed 1 by sorted(), zlib.crc32() and the same mix() in CPython.
        for (of, third) in [("numbers", 0x1f40_c474_4514), ("words", 0x32c8_8847_8e0e)] {
            let mut settings = Settings::default();
            settings.put("count", Value::Whole(1000));
            settings.put("of", Value::Word(of.into()));
            let place = Place { seed: 1, items: 4, folder: PathBuf::new(), server: None };
            let job = Sort.prepare(&settings, &place).unwrap();
            let run = |item| {
                let mut request = Vec::new();
                job.request(item, &mut request);
                reply(&*job, numbered::read(&request).unwrap())
            };
            let replies: Vec<u64> = (0..4).map(run).collect();
            assert!((1..4).all(|at| !replies[..at].contains(&replies[at])), "{of}: {replies:x?}");
            assert_eq!(replies[3], third, "{of}");
        }
    }
}
