//! `echo`: a payload there and back; both sides digest every byte of it.

use super::{
    Bound, Context, Data, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Transform, numbered,
};
use crate::text::show_bytes;

/// How many different payloads are prepared: few enough for memory, more than are ever in flight to one worker.
const BUFFERS: u64 = 8;
/// Room for the item number at the start of a payload that can hold it.
const STAMP: usize = 8;
/// Kinds of payloads: the one that every runtime has, and the one whose pickle holds no numbers.
const BYTES: &str = "bytes";
const OUT_OF_BAND: &str = "ndarray_out_of_band";

pub(super) struct Echo;

impl Task for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }
    fn about(&self) -> &'static str {
        "sends a payload on a round trip; both sides read every byte"
    }
    fn bound(&self) -> Bound {
        Bound::Moving
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "payload",
                about: "size of the payload, the same in both directions",
                kind: SettingKind::Bytes { min: 0, max: 1 << 30 },
                default: "64 B",
            },
            Setting {
                name: "payload_kind",
                about: "what the payload is: bytes or, in CPython with numpy, an array, which is pickled, or lies in shared memory as \
                        it is; its numbers may cross apart from the pickle (protocol 5, out of band)",
                kind: SettingKind::Word(&[BYTES, "ndarray", OUT_OF_BAND]),
                default: BYTES,
            },
        ]
    }
    fn check(&self, settings: &Settings) -> Result<(), String> {
        match self.needs_numpy(settings) && settings.whole("payload") == 0 {
            true => Err("an array needs a `payload` of one byte at least".into()),
            false => Ok(()),
        }
    }
    fn needs_numpy(&self, settings: &Settings) -> bool {
        settings.word("payload_kind") != BYTES
    }
    fn crosses_out_of_band(&self, settings: &Settings) -> bool {
        settings.word("payload_kind") == OUT_OF_BAND
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        Some(Effort::computing(3e-8 + settings.whole("payload") as f64 * 4e-10))
    }
    fn describe(&self, settings: &Settings) -> String {
        let size = show_bytes(settings.whole("payload"));
        match settings.word("payload_kind") {
            BYTES => format!("round trips of {size} payloads"),
            OUT_OF_BAND => format!("round trips of {size} arrays, out of band"),
            _ => format!("round trips of {size} arrays"),
        }
    }
    fn describe_stage(&self, settings: &Settings, later: bool) -> String {
        if later {
            "what comes, as it is".into()
        } else {
            format!("payloads of {}", show_bytes(settings.whole("payload")))
        }
    }
    fn own_data(&self) -> Option<&'static [&'static str]> {
        Some(&["payload", "payload_kind"])
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let size = settings.whole("payload") as usize;
        let buffers = (0..BUFFERS.min(place.items.max(1))).map(|i| numbered::bytes(place.seed, i, size)).collect();
        Ok(Box::new(EchoJob { size, buffers }))
    }
}

struct EchoJob {
    size: usize,
    buffers: Vec<Vec<u8>>,
}

impl Job for EchoJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        request.extend_from_slice(&self.buffers[(item % self.buffers.len() as u64) as usize]);
        if let Some(stamp) = request.first_chunk_mut::<STAMP>() {
            *stamp = item.to_le_bytes();
        }
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        if request.len() != self.size {
            return Err(TaskError::BadRequest);
        }
        reply.extend_from_slice(request);
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (self.size, self.size)
    }

    fn transform(&self) -> Option<&dyn Transform> {
        Some(self)
    }

    fn repeats(&self) -> Option<u64> {
        (self.size >= STAMP).then_some(self.buffers.len() as u64)
    }
}

impl Transform for EchoJob {
    fn run(&self, _: u64, data: Data<'_>, reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        match data {
            Data::Own(request) => Job::run(self, request, reply, context)?,
            Data::Came(bytes) => reply.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn room(&self, came: Option<usize>) -> usize {
        came.unwrap_or(self.size)
    }
}
