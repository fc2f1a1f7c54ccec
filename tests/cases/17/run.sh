echo "-- driver"; $RUNNER try driver:run -n 1 --workers 2 -o "$OUT"; echo "rc $?"
echo "-- trial"; $RUNNER try trial:run -n 1 --workers 2 -o "$OUT" | head -12; echo "rc $?"
