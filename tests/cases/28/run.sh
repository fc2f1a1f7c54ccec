echo "-- 1 MiB"; unshare -m sh -c "mount -t tmpfs -o size=1m tmpfs /dev/shm; $RUNNER -n 1 -o $OUT s.yaml"; echo "rc $?"
echo "-- read-only"; unshare -m sh -c "mount -t tmpfs -o ro tmpfs /dev/shm; $RUNNER -n 1 -o $OUT s.yaml" 2>&1 | tail -20; echo "rc $?"
