echo "-- scenario"; $RUNNER --allow-commands -n 1 -o "$OUT" thumb.yaml; echo "rc $?"
echo "-- try"; $RUNNER try work:Thumb.make -n 1 -o "$OUT"; echo "rc $?"
