time timeout -s INT 25 $RUNNER try -n 1 -o "$OUT" -- tail -f log.txt; echo "rc $?"
