//! A machine that is not quiet, and control groups that grant a part of it: made up, below a folder of their own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Ended, HANG, PROGRAM, Place};

/// A machine that is made up.
struct System {
    root: PathBuf,
}

impl System {
    fn of(place: &Place) -> Self {
        let system = Self { root: place.path("system") };
        system.busy(0);
        system
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Nobody finds half a file.
        let half = self.root.join("half");
        std::fs::write(&half, text).unwrap();
        std::fs::rename(half, path).unwrap();
    }

    /// Programs have used so many clock ticks of each core.
    fn busy(&self, ticks: u64) {
        let cores: String = (0..1024).map(|core| format!("cpu{core} {ticks} 0 0 0 0 0 0 0\n")).collect();
        self.write("proc/stat", format!("cpu {ticks} 0 0 0\n{cores}"));
    }

    /// A control group of version 2 with this quota, whose parent has that one.
    fn version_2(&self, own: &str, above: &str) {
        self.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        self.write("proc/self/cgroup", "0::/a/b\n");
        self.write("sys/fs/cgroup/a/cpu.max", above);
        self.write("sys/fs/cgroup/a/b/cpu.max", own);
    }

    /// One of version 1.
    fn version_1(&self, quota: &str, period: &str) {
        self.write("proc/self/mountinfo", "31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
        self.write("proc/self/cgroup", "4:cpu,cpuacct:/a\n");
        self.write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", quota);
        self.write("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", period);
    }

    fn program(&self, place: &Place, arguments: &[&str]) -> Command {
        let mut command = place.program(arguments);
        command.env("RUNNER_SYSTEM_ROOT", &self.root);
        command
    }

    fn run(&self, place: &Place, arguments: &[&str]) -> Ended {
        Ended::of(self.program(place, arguments).spawn().unwrap(), HANG)
    }

    /// Runs while programs use all cores.
    fn run_beside(&self, place: &Place, arguments: &[&str]) -> Ended {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut ticks = 0;
                while !is_over.load(Ordering::Relaxed) {
                    // More than passes, so that it is beyond doubt.
                    ticks += 20;
                    self.busy(ticks);
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
            let ended = self.run(place, arguments);
            is_over.store(true, Ordering::Relaxed);
            ended
        })
    }
}

const WORK: &str = "tasks: [{kind: sleep, delay: 5 ms, items: 4}]\nmodels: [serial, threads]\nworkers: 2\nrounds: 8\nbudget: 3 s\n\
                    expect: {compare: {model: threads}, metric: speedup, at_least: 50}\n";

#[test]
fn what_is_not_met_is_said_on_a_quiet_machine_alone() {
    let place = Place::new();
    let system = System::of(&place);
    place.charted_scenario("quiet", "[time]", WORK);
    let run = ["quiet.yaml", "--output", "o"];
    let quiet = system.run(&place, &run).expect(1);
    assert!(
        !quiet.stdout.contains("not quiet") && !quiet.stderr.contains("waiting"),
        "{}{}",
        quiet.stdout,
        quiet.stderr
    );

    let noisy = system.run_beside(&place, &run).expect(0);
    assert!(noisy.stderr.contains("waiting for a quiet machine, for 300 ms at most: others use "), "{}", noisy.stderr);
    let lines: Vec<&str> = noisy.stdout.lines().collect();
    assert!(lines[1].starts_with("not quiet: this machine had less than its"), "{}", noisy.stdout);
    assert!(noisy.stdout.contains("inconclusive, since the machine was not quiet"), "{}", noisy.stdout);
    assert!(!noisy.stdout.contains(": not met"), "{}", noisy.stdout);
    let warning = "nothing is called not met or slower than before";
    for file in ["report.md", "report.html", "time.svg"] {
        let text = std::fs::read_to_string(place.path("o/quiet").join(file)).unwrap();
        assert!(text.replace('\u{a0}', " ").contains(warning), "{file}");
    }
    let document = "<!-- runner:verdict scenario=quiet -->\n<!-- runner:end -->\n";
    place.write("doc.md", document);
    place.run(&["embed", "--reports", "o", "doc.md"]).expect(0);
    let embedded = std::fs::read_to_string(place.path("doc.md")).unwrap();
    assert!(embedded.contains("Not quiet: this machine"), "{embedded}");

    let strict = system.run_beside(&place, &[&run[..], &["--strict"]].concat()).expect(1);
    assert!(strict.stderr.contains("run it on a quiet machine"), "{}", strict.stderr);
}

#[test]
fn a_gate_stays_open_where_a_run_was_not_quiet() {
    let place = Place::new();
    let system = System::of(&place);
    for (name, run) in [("before", 5), ("after", 25)] {
        let text = format!(
            "tasks: [{{kind: sleep, delay: {run} ms, items: 4}}]\nmodels: [serial, threads]\nworkers: 2\nrounds: 8\n"
        );
        place.scenario("gate", &text.replace("sleep, delay: 25 ms, items: 4", "sleep, delay: 5 ms, items: 4"));
        let arguments = ["gate.yaml", "--output", name];
        let ended =
            if name == "after" { system.run_beside(&place, &arguments) } else { system.run(&place, &arguments) };
        ended.expect(0);
    }
    let compared = place.run(&["compare", "before/gate", "after/gate", "--gate"]).expect(0);
    assert!(
        compared.stdout.contains("not quiet: the later run was on a machine that others used too"),
        "{}",
        compared.stdout
    );
}

#[test]
fn a_quota_that_held_the_program_back_makes_a_run_noisy() {
    let place = Place::new();
    let system = System::of(&place);
    system.version_2("200000 100000", "max 100000");
    place.scenario("held", WORK);
    let is_over = AtomicBool::new(false);
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            for periods in 0.. {
                system.write("sys/fs/cgroup/a/b/cpu.stat", format!("nr_periods 9\nnr_throttled {periods}\n"));
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let ended = system.run(&place, &["held.yaml", "--output", "o"]);
        is_over.store(true, Ordering::Relaxed);
        ended
    });
    let ended = ended.expect(0);
    let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("a quota held the program back in "), "{}", ended.stdout);
}

/// What `plan` says of the workers of `workers: [cores, 2*cores]`, and whether it warns of the latter.
fn planned(system: &System, place: &Place) -> (Vec<u64>, bool) {
    place.scenario(
        "cores",
        "tasks: [{kind: sleep, delay: 1 ms, items: 4}]\nmodels: [threads]\nworkers: [cores, 2*cores]\n",
    );
    let told = system.run(place, &["plan", "--json", "cores.yaml"]).expect(0).stdout;
    let plan: Value = serde_json::from_str(&told).unwrap();
    let text = plan.to_string();
    let workers = (1..64).filter(|workers| text.contains(&format!("threads × {workers}\""))).collect();
    (workers, text.contains("\"oversubscribed\":true"))
}

#[test]
fn cores_are_what_control_groups_grant_rounded_up() {
    let place = Place::new();
    let system = System::of(&place);
    system.version_2("max 100000", "max 100000");
    let all = planned(&system, &place).0[0];
    for (own, above, cores) in [
        ("max 100000", "100000 100000", 1),
        ("150000 100000", "max 100000", 2),
        ("300000 100000", "50000 100000", 1),
        ("100000000 100000", "max 100000", all),
    ] {
        system.version_2(own, above);
        let cores = cores.min(all);
        assert_eq!(planned(&system, &place), (vec![cores, 2 * cores], true), "{own} below {above}");
        let told = system.run(&place, &["machine", "--json"]).expect(0).stdout;
        let machine: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(machine["cores"], cores, "{told}");
    }
    for (quota, period, cores) in [("-1", "100000", all), ("50000", "100000", 1), ("20000", "10000", 2)] {
        system.version_1(quota, period);
        let cores = cores.min(all);
        assert_eq!(planned(&system, &place).0, [cores, 2 * cores], "{quota} of {period}");
    }
}

#[test]
fn counters_that_go_back_make_nothing_noisy() {
    let place = Place::new();
    let system = System::of(&place);
    place.scenario("back", WORK);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for ticks in (0..100_000).rev().step_by(50) {
                system.busy(ticks);
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let ended = system.run(&place, &["back.yaml", "--output", "o"]);
        is_over.store(true, Ordering::Relaxed);
        assert!(!ended.expect(1).stdout.contains("not quiet"));
    });
}

/// A real group of version 1, which is gone at the end.
struct Group(PathBuf);

impl Group {
    /// A group with half a core; nothing where there is no such hierarchy, or it may not be written to.
    fn with_half_a_core() -> Option<Self> {
        let folder = PathBuf::from(format!("/sys/fs/cgroup/cpu/runner-test-{}", std::process::id()));
        std::fs::create_dir(&folder).ok()?;
        let group = Self(folder);
        std::fs::write(group.0.join("cpu.cfs_period_us"), "100000").ok()?;
        std::fs::write(group.0.join("cpu.cfs_quota_us"), "50000").ok()?;
        Some(group)
    }

    /// Runs the program in it, on the machine as it is.
    fn run(&self, place: &Place, arguments: &[&str]) -> Ended {
        let script = format!("echo $$ >{}/cgroup.procs && exec \"$@\"", self.0.display());
        let mut command = place.command("sh", &["-c", &script, "sh", PROGRAM]);
        command.args(arguments).env_remove("RUNNER_SYSTEM_ROOT");
        Ended::of(command.spawn().unwrap(), HANG)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_real_group_with_half_a_core_grants_one_and_its_throttling_is_told() {
    let Some(group) = Group::with_half_a_core() else {
        return println!("skipped: no cpu hierarchy of control groups of version 1 that can be written to");
    };
    let place = Place::new();
    let text = "tasks: [{kind: primes, limit: 2000000, items: 32}]\nmodels: [threads]\nworkers: [cores, 2*cores]\nrounds: 6\nbudget: 1 s\n\
                expect: {compare: {workers: 2}, metric: speedup, at_least: 50}\n";
    place.scenario("half", text);
    let plan: Value =
        serde_json::from_str(&group.run(&place, &["plan", "--json", "half.yaml"]).expect(0).stdout).unwrap();
    let plan = plan.to_string();
    assert!(
        plan.contains("threads × 1\"") && plan.contains("threads × 2\"") && !plan.contains("threads × 4\""),
        "{plan}"
    );
    let ended = group.run(&place, &["half.yaml", "--output", "o"]).expect(0);
    let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("not quiet: this machine had less than its 1 core"), "{}", ended.stdout);
    assert!(told.contains("a quota held the program back in "), "{}", ended.stdout);
    let results = place.results("half");
    assert_eq!((results.machine.cores, results.machine.quota), (1, Some(0.5)));
    assert!(results.trials.iter().any(|trial| trial.details.throttled > 0));
}
