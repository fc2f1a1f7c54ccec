#!/usr/bin/env bash
# Compares what two revisions cost: builds the bench program and `runner` of each, and runs them in turn.
#
#   benches/compare.sh OLD NEW [PAIRS]
#
# OLD and NEW are revisions of git. Every pair runs both bench programs, the order changing from pair to pair, and a scenario
# of short CPython trials with both programs. The table has, for every row, NEW ÷ OLD of the pairs: median and quartiles; a
# row is worse where its lower quartile lies above 1.05. Written to benches/results/OLD-NEW.txt too, with the machine.
# Ends with 1 where a row is worse.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
old=$(git rev-parse --short "$1") new=$(git rev-parse --short "$2") pairs=${3:-5}
work=$(mktemp -d)
trap 'git worktree remove --force "$work/tree" 2>/dev/null || true; rm -rf "$work"' EXIT

build() {
    git worktree add --quiet --detach "$work/tree" "$1"
    # One target folder for both, so that packages are compiled once.
    (cd "$work/tree" && export CARGO_TARGET_DIR="$PWD/../target" \
        && cargo build --release --locked --quiet \
        && cargo bench --locked --no-run --bench anchors --message-format=json 2>/dev/null \
            | sed -n 's/.*"executable":"\([^"]*anchors-[^"]*\)".*/\1/p' | tail -n 1 >"$work/$1.path" \
        && cp "$(cat "$work/$1.path")" "$work/$1.bench" && cp ../target/release/runner "$work/$1.runner")
    git worktree remove --force "$work/tree"
}

cat >"$work/python.yaml" <<'YAML'
version: 1
name: python-start
runtime: python
rounds: 20
workers: 2
tasks: [{kind: empty, items: 40}]
models: [serial, threads, processes, ProcessPoolExecutor]
charts: []
YAML

# Both the bench program's lines, and milliseconds of a scenario of 80 CPython trials.
measure() {
    "$work/$1.bench" >"$work/$1.$2.txt"
    if command -v python3 >/dev/null; then
        local begin=$(date +%s%N)
        "$work/$1.runner" "$work/python.yaml" --quick --rounds 20 --output "$work/out" >/dev/null 2>&1
        printf 'trials of CPython, 20 rounds of four\n  a run %s ms\n' $((($(date +%s%N) - begin) / 1000000)) >>"$work/$1.$2.txt"
    fi
}

for revision in "$old" "$new"; do
    echo "building $revision" >&2
    build "$revision"
done
for pair in $(seq "$pairs"); do
    echo "pair $pair of $pairs" >&2
    if ((pair % 2)); then order=("$old" "$new"); else order=("$new" "$old"); fi
    for revision in "${order[@]}"; do measure "$revision" "$pair"; done
done
mkdir -p benches/results
python3 benches/compare.py "$work" "$old" "$new" "$pairs" | tee "benches/results/$old-$new.txt"
exit "${PIPESTATUS[0]}"
