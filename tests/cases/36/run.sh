mkdir -p $OUT/tmp; export TMPDIR=$OUT/tmp
unshare -m bash -c '
mount -t tmpfs tmpfs /dev/shm
unshare -p -f --mount-proc $RUNNER -n 1 -o "$OUT" a.yaml 2>&1 | tail -14; echo "rc ${PIPESTATUS[0]}"
echo "-- SIGTERM to it"; unshare -p -f --mount-proc $RUNNER -n 40 -o "$OUT/t" a.yaml > "$OUT/t.log" 2>&1 & U=$!
sleep 3; P=$(pgrep -P $U); kill -TERM $P; wait $U; echo "rc $?"; tail -3 "$OUT/t.log"; ls $TMPDIR /dev/shm'
