python3 real.py
export LOADS=$OUT/loads; rm -f $LOADS
$RUNNER --allow-commands -n 1 -o "$OUT" m.yaml; echo "rc $?"; echo "loaded $(wc -l < $LOADS) times"
