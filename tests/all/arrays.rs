//! Arrays of numpy between processes: pickled, beside their pickles, and in shared memory as they are.

use runner::internal::setting::Outcome;

use super::support::{Ended, HANG, Place, skipped};

/// A folder with a `python3` that has numpy: one that is named, else that on PATH.
fn with_numpy() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("RUNNER_TEST_NUMPY").map(std::path::PathBuf::from);
    let script = "import numpy, os, sys; print(os.path.dirname(sys.executable))";
    let program = named.map_or("python3".into(), |folder| folder.join("python3"));
    let output = std::process::Command::new(program).args(["-I", "-c", script]).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().into())
}

#[track_caller]
fn run(place: &Place, folder: &std::path::Path, arguments: &[&str], code: i32) -> Ended {
    let mut program = place.program(arguments);
    let path = std::env::var_os("PATH").unwrap();
    let all = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    program.env("PATH", std::env::join_paths(all).unwrap());
    Ended::of(program.spawn().unwrap(), HANG).expect(code)
}

#[test]
fn arrays_cross_in_every_way_that_can_take_them() {
    let Some(folder) = with_numpy() else { return skipped("no python3 with numpy") };
    let place = Place::new();
    let rest = "runtime: python
tasks: [{kind: echo, payload: [1, 100 KiB], payload_kind: [bytes, ndarray, ndarray_out_of_band], items: 12}]
models: [serial, threads, {kind: processes, ipc: [pipe, queue, shared_memory, manager], in_flight: 2}, ProcessPoolExecutor]
workers: 2
";
    place.scenario("arrays", rest);
    run(&place, &folder, &["arrays.yaml", "--quick", "--rounds", "1", "--output", "o"], 0);
    let results = place.results("arrays");
    assert!(results.trials.iter().all(|trial| trial.outcome == Outcome::Ok), "{:?}", results.trials);
    // Of a size: seven ways for bytes and arrays each, and three where numbers go beside the pickles.
    assert_eq!(results.configurations.len(), 2 * (7 + 7 + 3), "{:?}", results.skipped);
    let why = |part: &str| results.skipped.iter().any(|skipped| skipped.why.contains(part));
    assert!(why("pickles what it is given by itself") && why("in shared memory an array lies as it is"));
    // The same bytes arrive, whatever they are called.
    let digests = |payload: u64| {
        let of = |trial: &&runner::results::Trial| {
            results.workloads[results.configurations[trial.configuration].workload].payload == Some(payload)
        };
        results.trials.iter().filter(of).map(|trial| trial.digest.clone()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!((digests(1).len(), digests(102_400).len()), (1, 1));
}

#[test]
fn functions_take_and_give_arrays() {
    let Some(folder) = with_numpy() else { return skipped("no python3 with numpy") };
    let place = Place::new();
    let work = "import numpy
items = [numpy.arange(n, dtype='f8') for n in (1, 1000, 30000)]
def doubled(array):
    assert isinstance(array, numpy.ndarray)
    return {'twice': array * 2, 'sum': array.sum(), 'nan': numpy.array([numpy.nan])}
";
    place.write("work.py", work);
    let rest = "runtime: python
tasks: [{kind: python, call: 'work:doubled', items_from: 'work:items', items: 6}]
models: [serial, threads, {kind: processes, ipc: [pipe, queue, shared_memory]}, Pool, ProcessPoolExecutor]
workers: 2
";
    place.scenario("doubled", rest);
    run(&place, &folder, &["doubled.yaml", "--allow-commands", "--quick", "--rounds", "1", "--output", "o"], 0);
    let results = place.results("doubled");
    assert!(results.trials.iter().all(|trial| trial.outcome == Outcome::Ok), "{:?}", results.trials);
    assert_eq!(results.configurations.len(), 7);
}

#[test]
fn arrays_are_pythons_own_and_need_a_payload() {
    let place = Place::new();
    place.scenario("native", "tasks: [{kind: echo, payload_kind: ndarray}]\nmodels: [serial]\n");
    let ended = place.run(&["plan", "native.yaml"]);
    assert!(
        format!("{}{}", ended.stdout, ended.stderr).contains("arrays of numpy are Python's own"),
        "{}",
        ended.stdout
    );
    place.scenario(
        "empty",
        "runtime: python\ntasks: [{kind: echo, payload: 0, payload_kind: ndarray}]\nmodels: [serial]\n",
    );
    let refused = place.run(&["check", "empty.yaml"]).expect(2);
    assert!(refused.stderr.contains("an array needs a `payload` of one byte at least"), "{}", refused.stderr);
}
