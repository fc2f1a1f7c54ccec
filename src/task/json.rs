//! `json`: parses a JSON document, changes its records, and serialises it again, as most services do all day.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};
use crate::text::show_count;

/// What stands before the document in a request: the number of the item.
const STAMP: usize = 8;
/// About the bytes of a record.
const RECORD: usize = 250;
/// What names and notes are made of. ASCII alone, some of which is to be escaped.
const WORDS: [&str; 8] = ["alder", "birch", "cedar \\\"tall\\\"", "elm\\n", "fir", "hazel\\t2", "maple\\\\", "oak"];

pub(super) struct Json;

impl Task for Json {
    fn name(&self) -> &'static str {
        "json"
    }
    fn about(&self) -> &'static str {
        "parses a JSON document, changes its records, and serialises it again"
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "records",
            about: "records of the document, each of about 200 bytes",
            kind: SettingKind::Count { min: 1, max: 1_000_000 },
            default: "200",
        }]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        Some(Effort::computing(1e-6 + settings.whole("records") as f64 * 2.5e-6).holding_the_lock(2.5))
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("JSON documents of {} records, parsed, changed and serialised", show_count(settings.whole("records")))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(JsonJob { document: document(place.seed, settings.whole("records")) }))
    }
}

/// A document without any white space, whose keys stand in the order of the alphabet: so they stay in their order whether a
/// parser keeps the order of keys, as Python's does, or sorts them, as the one used here does. All numbers are whole.
fn document(seed: u64, records: u64) -> String {
    let mut text = String::from("{\"next\":null,\"records\":[");
    for record in 0..records {
        let number = numbered::mix(seed, record);
        let word = |at: u32| WORDS[(number >> at) as usize % WORDS.len()];
        let comma = if record == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{comma}{{\"active\":{},\"address\":{{\"city\":\"{} {}\",\"lines\":[\"{}\",\"\"],\"zip\":\"{:05}\"}},\
             \"balance\":{},\"id\":{record},\"marks\":[{},{},{}],\"name\":\"{} {}\",\"visits\":{}}}",
            number.is_multiple_of(2),
            word(1),
            word(4),
            word(7),
            number >> 10 & 0xffff,
            (number >> 20) as i64 % 1_000_000 - 500_000,
            number >> 30 & 0xff,
            number >> 38 & 0xffff,
            number >> 3,
            word(50),
            word(53),
            number >> 56,
        );
    }
    text + "],\"total\":0}"
}

/// Changes a document as item `item`: every record is visited and paid `item`, every second one is switched and marked, and
/// the document tells the sum of all balances.
fn change(document: &mut Value, item: u64, context: &mut Context<'_>) -> Option<()> {
    let (mut total, item) = (0, i64::try_from(item).ok()?);
    for record in document.get_mut("records")?.as_array_mut()? {
        context.check_point();
        let balance = record.get("balance")?.as_i64()? + item;
        let visits = record.get("visits")?.as_i64()? + 1;
        total += balance;
        record["balance"] = balance.into();
        record["visits"] = visits.into();
        if (record.get("id")?.as_i64()? + item) % 2 == 0 {
            record["active"] = (!record.get("active")?.as_bool()?).into();
            record.get_mut("marks")?.as_array_mut()?.push(item.into());
        }
    }
    document["total"] = total.into();
    Some(())
}

struct JsonJob {
    document: String,
}

impl Job for JsonJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
        request.extend_from_slice(self.document.as_bytes());
    }

    /// The request is the item's number and the document; the reply is the changed document, without white space. Nothing
    /// within parsing and serialising can be handed over: in CPython each is one call that holds the lock.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let (stamp, text) = request.split_at_checked(STAMP).ok_or(TaskError::BadRequest)?;
        context.check_point();
        let mut document = serde_json::from_slice(text).map_err(|_| TaskError::BadRequest)?;
        change(&mut document, numbered::read(stamp)?, context).ok_or(TaskError::BadRequest)?;
        context.check_point();
        serde_json::to_writer(reply, &document).map_err(|_| TaskError::BadRequest)
    }

    fn sizes(&self) -> (usize, usize) {
        let request = STAMP + self.document.len();
        (request, request + self.document.len() / 2 + RECORD)
    }

    fn repeats(&self) -> Option<u64> {
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::checksum;
    use super::*;

    fn run(item: u64, document: &str) -> Result<String, TaskError> {
        let (mut reply, request) = (Vec::new(), [&item.to_le_bytes()[..], document.as_bytes()].concat());
        let job = JsonJob { document: String::new() };
        job.run(&request, &mut reply, &mut Context::native())?;
        Ok(String::from_utf8(reply).unwrap())
    }

    #[test]
    fn records_are_changed_as_worked_out_by_hand() {
        let before = "{\"next\":null,\"records\":[\
            {\"active\":true,\"balance\":-5,\"id\":0,\"marks\":[],\"name\":\"a \\\"b\\\"\\n\",\"visits\":0},\
            {\"active\":true,\"balance\":7,\"id\":1,\"marks\":[9],\"visits\":255}],\"total\":0}";
        let after = "{\"next\":null,\"records\":[\
            {\"active\":true,\"balance\":-2,\"id\":0,\"marks\":[],\"name\":\"a \\\"b\\\"\\n\",\"visits\":1},\
            {\"active\":false,\"balance\":10,\"id\":1,\"marks\":[9,3],\"visits\":256}],\"total\":8}";
        assert_eq!(run(3, before).unwrap(), after);
    }

    #[test]
    fn documents_come_back_as_they_are_written_but_for_the_changes() {
        let document = document(4, 50);
        let parsed: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(parsed["records"].as_array().unwrap().len(), 50);
        assert_eq!(parsed.to_string(), document, "keys, numbers and escapes are those that a serialiser writes");
        assert!(document.is_ascii() && document.contains("\\\"") && document.contains(":-"));
    }

    #[test]
    fn cpython_writes_the_same_bytes() {
        // The same document by json.dumps(..., separators=(",", ":")), and the same after json.loads() and the changes.
        let document = document(4, 50);
        assert_eq!(checksum(document.as_bytes()), 0x24fc_3313_e442);
        assert_eq!(checksum(run(3, &document).unwrap().as_bytes()), 0x2532_82fb_b541);
    }

    #[test]
    fn replies_fit_their_bound_and_damage_is_refused() {
        let job = JsonJob { document: document(4, 1) };
        for item in [0, u64::from(u32::MAX)] {
            let (mut request, mut reply) = (Vec::new(), Vec::new());
            job.request(item, &mut request);
            job.run(&request, &mut reply, &mut Context::native()).unwrap();
            assert!(request.len() <= job.sizes().0 && reply.len() <= job.sizes().1);
        }
        assert!(run(0, "{\"records\":[{}]}").is_err());
        assert!(run(0, &job.document[..40]).is_err());
    }
}
