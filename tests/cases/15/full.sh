G=/sys/fs/cgroup/cpu/case15; mkdir -p $G; echo 100000 > $G/cpu.cfs_period_us; echo 50000 > $G/cpu.cfs_quota_us
echo "-- all blocks, as in a container of half a core"
(echo $BASHPID > $G/cgroup.procs; unshare -m sh -c "mount --bind $G /sys/fs/cgroup/cpu; $RUNNER -o $OUT/full q.yaml 2>&1"; grep throttled $G/cpu.stat)
sleep 1; rmdir $G
