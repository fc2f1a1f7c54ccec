seq 1000 > "$OUT/numbers"
$RUNNER try -n 1 --workers 2 -o "$OUT" -- grep -c nothing "$OUT/numbers"; echo "rc $?"
$RUNNER try --help | grep -i status
