chmod -R a+rX . ; mkdir -p $OUT/u; chmod 777 $OUT/u
echo "-- processes (as another user)"; setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "ulimit -u 40; timeout 100 $RUNNER -n 1 -o $OUT/u t.yaml" 2>&1 | tail -40; echo "rc $?"
echo "-- address space of 1 GB"; (ulimit -v 1000000; timeout 100 $RUNNER -n 1 -o "$OUT/v" t.yaml) 2>&1 | tail -40; echo "rc $?"
echo "-- 24 files"; (ulimit -n 24; timeout 100 $RUNNER -n 1 -o "$OUT/n" t.yaml) 2>&1 | tail -30; echo "rc $?"
