# Container A: a run of some seconds. Container B: another PID namespace, the same temporary folder and /dev/shm.
# Everything in a mount namespace of its own with a /dev/shm and a TMPDIR of its own, so that no other run is touched.
mkdir -p $OUT/tmp; export TMPDIR=$OUT/tmp
unshare -m bash -c '
mount -t tmpfs tmpfs /dev/shm
$RUNNER -n 9 -o "$OUT/a" long.yaml > "$OUT/a.log" 2>&1 & A=$!
sleep 3
echo "before B:"; ls $TMPDIR
unshare -p -f --mount-proc $RUNNER -n 1 -o "$OUT/b" other.yaml > "$OUT/b.log" 2>&1
echo "B ended with $?"; echo "after B:"; ls $TMPDIR
wait $A; echo "A ended with $?"; tail -n 45 "$OUT/a.log"'
