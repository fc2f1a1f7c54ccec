mkdir -p $OUT/tmp; chmod 1777 $OUT/tmp; export TMPDIR=$OUT/tmp
mkdir -p $TMPDIR/runner-$$-12345
unshare -m sh -c "mount -t tmpfs tmpfs /dev/shm; mount -t tmpfs tmpfs /proc; timeout 30 $RUNNER -n 1 -o $OUT a.yaml"; echo "rc $?"; ls $TMPDIR
echo "-- hidepid=2, as another user"; mkdir -p $OUT/h; chmod 777 $OUT/h
unshare -p -f -m sh -c "mount -t tmpfs -o mode=1777 tmpfs /dev/shm; mount -t proc -o hidepid=2 proc /proc; setpriv --reuid 65534 --regid 65534 --clear-groups timeout 30 $RUNNER -n 1 -o $OUT/h a.yaml" 2>&1 | tail -8
