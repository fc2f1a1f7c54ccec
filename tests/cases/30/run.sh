# Takes root. In a folder of its own, since a relative TMPDIR is one below the current folder.
mkdir -p "$OUT/here/sub" "$OUT/here/rel" "$OUT/here/e"; cp a.yaml c.yaml "$OUT/here/"; cd "$OUT/here"
echo "-- relative"; TMPDIR=rel $RUNNER -n 1 -o "$OUT" a.yaml 2>&1 | tail -12
echo "-- relative, and a command in another folder"; TMPDIR=rel $RUNNER --allow-commands -n 1 -o "$OUT" c.yaml 2>&1 | tail -6
echo "-- empty"; (cd e && TMPDIR= $RUNNER -n 1 -o "$OUT" ../a.yaml 2>&1 | tail -6; ls -A)
echo "-- not there"; TMPDIR=/nowhere $RUNNER -n 1 -o "$OUT" a.yaml 2>&1 | tail -3
echo "-- long, and /tmp is read-only (a batch system)"; L=$OUT/scratch/job.1234567.cluster.example.org/local/tmp; mkdir -p "$L"
unshare -m sh -c "mount -t tmpfs tmpfs '$OUT/scratch'; mkdir -p '$L'; mount --bind /tmp /tmp; mount -o remount,bind,ro /tmp; TMPDIR='$L' $RUNNER -n 1 -o '$OUT/scratch/out' a.yaml" 2>&1 | tail -3
