time $RUNNER try work:shrink -n 1 --workers 2 -o "$OUT"; echo "rc $?"; $RUNNER try --help | grep -i "timeout\|second"
