echo "-- a set"; $RUNNER try work:words -n 1 --workers 2 -o "$OUT"; echo "rc $?"
echo "-- with a time stamp"; $RUNNER try work:stamped -n 1 --workers 2 -o "$OUT"; echo "rc $?"
