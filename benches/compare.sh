#!/usr/bin/env bash
# Compares what two revisions cost: builds the bench program and `runner` of each, and runs them in turn.
#
#   benches/compare.sh OLD NEW [PAIRS]
#
# OLD and NEW are revisions of git; PAIRS is 5 unless it is given. Each pair runs both bench programs, the order changing from
# pair to pair, and a scenario of short CPython trials with both programs. Prints NEW ÷ OLD for each row: the median and
# quartiles of the pairs. A row is worse if its lower quartile is above 1.05; then this ends with 1.
#
# Writes benches/results.json, with the commit and the machine. `benches/table.py` writes README's table from that file. Run it
# on a machine that does nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ $# -ge 2 ] || { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
old=$(git rev-parse --verify "$1^{commit}") new=$(git rev-parse --verify "$2^{commit}") pairs=${3:-5}
work=$(mktemp -d)
trap 'git worktree remove --force "$work/tree" 2>/dev/null || true; rm -rf "$work"' EXIT
# One target folder for both, so that packages are compiled once.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/target}

# The programs of a revision: $work/REVISION.bench and $work/REVISION.runner.
build() {
    git worktree add --quiet --detach "$work/tree" "$1"
    (cd "$work/tree" && cargo build --release --locked --quiet \
        && cargo bench --locked --no-run --bench anchors --message-format=json-render-diagnostics >"$work/build.json")
    cp "$CARGO_TARGET_DIR/release/runner" "$work/$1.runner"
    cp "$(sed -n 's/.*"executable":"\([^"]*\/anchors-[^"]*\)".*/\1/p' "$work/build.json" | tail -n 1)" "$work/$1.bench"
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

# The lines of the bench program, and milliseconds of a scenario of 80 CPython trials.
measure() {
    "$work/$1.bench" >"$work/$1.$2.txt"
    local log="$work/$1.log" begin
    begin=$(date +%s%N)
    if ! command -v python3 >/dev/null; then
        echo "skipped: trials of CPython: there is no python3" >&2
    elif "$work/$1.runner" "$work/python.yaml" --quick --rounds 20 --output "$work/out" >"$log" 2>&1; then
        local milliseconds=$((($(date +%s%N) - begin) / 1000000))
        printf 'trials of CPython, 20 rounds of four\n  a run %s ms\n' "$milliseconds" >>"$work/$1.$2.txt"
    else
        # Another revision may have another scenario language.
        echo "skipped: trials of CPython: ${1:0:10} does not run them: $(head -n 1 "$log")" >&2
    fi
}

for revision in "$old" "$new"; do
    [ -e "$work/$revision.bench" ] && continue
    echo "building ${revision:0:10}" >&2
    build "$revision"
done
for pair in $(seq "$pairs"); do
    echo "pair $pair of $pairs" >&2
    if ((pair % 2)); then order=("$old" "$new"); else order=("$new" "$old"); fi
    mkdir -p "$work/$pair"
    for side in 0 1; do
        measure "${order[side]}" "$pair"
        # A revision that is compared with itself, as a check of the machine, is measured twice.
        name=new
        if [ "${order[side]}" = "$old" ] && { [ "$old" != "$new" ] || [ "$side" = 0 ]; }; then name=old; fi
        mv "$work/${order[side]}.$pair.txt" "$work/$pair/$name.txt"
    done
done
python3 benches/compare.py "$work" "$old" "$new" "$pairs" benches/results.json
