G=/sys/fs/cgroup/cpu/case15; mkdir -p $G/in; echo 100000 > $G/cpu.cfs_period_us; echo 50000 > $G/cpu.cfs_quota_us
echo "-- the group itself has half a core"
(echo $BASHPID > $G/cgroup.procs; $RUNNER plan q.yaml | tail -25; $RUNNER -n 1 -o "$OUT" q.yaml)
echo "-- the group above it has"
(echo $BASHPID > $G/in/cgroup.procs; $RUNNER -n 1 -o "$OUT/in" q.yaml 2>/dev/null | tail -12)
echo "-- as in a container: its group is mounted at the root, and /proc/self/cgroup names another place"
(echo $BASHPID > $G/cgroup.procs; unshare -m sh -c "mount --bind $G /sys/fs/cgroup/cpu; grep cpu: /proc/self/cgroup; cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us; $RUNNER -n 1 -o $OUT/c q.yaml 2>/dev/null | tail -12")
sleep 1; rmdir $G/in $G
