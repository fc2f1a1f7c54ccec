//! The machine that a run was made on. No host names, no absolute paths.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known about the machine; unknown facts are `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// CPU model, such as `AMD EPYC`.
    pub cpu: String,
    /// Architecture, such as `x86_64`.
    pub arch: String,
    /// Cores that this process may use (its affinity mask), which cpusets narrow.
    pub cores: u32,
    /// Cores that are online.
    pub cores_online: u32,
    /// CPU quota of the control group in cores, if one is set.
    pub quota: Option<f64>,
    /// Kernel name and release.
    pub kernel: String,
    /// Frequency governor.
    pub governor: Option<String>,
    /// Memory in bytes.
    pub memory: u64,
    /// Load average over one minute at the start.
    pub load: f64,
    /// Whether it is a virtual machine, where the CPU says so.
    pub virtual_machine: bool,
    /// The cores that this process may use, by number, such as `0-3,8`.
    #[serde(default)]
    pub cpuset: Option<String>,
    /// Whether two or more threads share a core.
    #[serde(default)]
    pub smt: Option<bool>,
    /// Whether cores may run faster than their nominal frequency for a while.
    #[serde(default)]
    pub turbo: Option<bool>,
    /// Transparent huge pages: `always`, `madvise` or `never`.
    #[serde(default)]
    pub huge_pages: Option<String>,
    /// Randomisation of addresses: 0 is none, 1 all but the heap, 2 all.
    #[serde(default)]
    pub aslr: Option<u32>,
    /// Memory in bytes that could be had without swapping at the start.
    #[serde(default)]
    pub memory_free: Option<u64>,
    /// Limit of the control group on memory in bytes, if one is set.
    #[serde(default)]
    pub memory_limit: Option<u64>,
    /// Share of the ten seconds before the start in which some process waited for memory, 0 to 1.
    #[serde(default)]
    pub memory_pressure: Option<f64>,
    /// How the program was built: `release` or `debug`.
    #[serde(default)]
    pub profile: Option<String>,
}

impl Machine {
    /// The facts in which another machine differs and that may move numbers, as (what, there, here), in words. The load is
    /// left out: it changes from minute to minute.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> Vec<(&'static str, String, String)> {
        let unknown = || "unknown".to_owned();
        let facts = |machine: &Self| {
            [
                ("CPU", machine.cpu.clone()),
                ("architecture", machine.arch.clone()),
                ("cores", machine.cores.to_string()),
                ("cores online", machine.cores_online.to_string()),
                ("quota", machine.quota.map_or("none".into(), |quota| format!("{quota:.2} cores"))),
                ("kernel", machine.kernel.clone()),
                ("governor", machine.governor.clone().unwrap_or_else(unknown)),
                ("memory", crate::text::show_bytes(machine.memory)),
                ("virtual machine", if machine.virtual_machine { "yes".into() } else { "no".into() }),
            ]
        };
        let both = facts(other).into_iter().zip(facts(self));
        both.filter(|(there, here)| there.1 != here.1).map(|((what, there), (_, here))| (what, there, here)).collect()
    }
}
