python3 -c 'import parsed; print(parsed.shrink(0))'
echo "-- try work"; $RUNNER try work:shrink -n 1 -o "$OUT"; echo "rc $?"
echo "-- try parsed"; $RUNNER try parsed:shrink -n 1 -o "$OUT"; echo "rc $?"
echo "-- scenario"; $RUNNER --allow-commands -n 1 -o "$OUT" plain.yaml; echo "rc $?"
