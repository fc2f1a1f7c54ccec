unshare -n $RUNNER -n 1 -o "$OUT" d.yaml 2>&1 | tail -40; echo "rc $?"
