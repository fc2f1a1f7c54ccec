$RUNNER try work:rows -n 1 --workers 2 -o "$OUT"; echo "rc $?"
