mkdir -p $OUT/small
unshare -m sh -c "mount -t tmpfs -o size=128k tmpfs $OUT/small; TMPDIR=$OUT/small $RUNNER -n 1 -o $OUT a.yaml" 2>&1 | tail -40; echo "rc $?"
echo "-- reports on a full disk"; unshare -m sh -c "mount -t tmpfs -o size=64k tmpfs $OUT/small; $RUNNER -n 1 -o $OUT/small/r a.yaml" 2>&1 | tail -6
