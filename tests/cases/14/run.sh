[ -x $OUT/deny ] || gcc -O1 -o $OUT/deny deny.c
echo "-- pidfd_open: EPERM (old profiles of containers)"; timeout 60 $OUT/deny 434 1 $RUNNER -n 1 -o "$OUT" a.yaml; echo "rc $?"
echo "-- pidfd_open: ENOSYS (old kernels, gVisor)"; timeout 60 $OUT/deny 434 38 $RUNNER -n 1 -o "$OUT" a.yaml; echo "rc $?"
echo "-- flock: ENOLCK/ENOSYS (network file systems)"; timeout 60 $OUT/deny 73 37 $RUNNER -n 1 -o "$OUT" a.yaml; echo "rc $?"
echo "-- sched_setaffinity: EPERM"; timeout 60 $OUT/deny 203 1 $RUNNER -n 1 -o "$OUT" a.yaml | tail -5; echo "rc $?"
echo "-- fsync: EINVAL"; timeout 60 $OUT/deny 74 22 $RUNNER -n 1 -o "$OUT" a.yaml | tail -5; echo "rc $?"
