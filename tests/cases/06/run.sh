for f in fetch client double; do echo "-- $f"; $RUNNER try work:$f -n 1 --workers 2 -o "$OUT"; echo "rc $?"; done
