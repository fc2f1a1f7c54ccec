time timeout 30 $RUNNER try -n 1 -o "$OUT" -- sh -c 'sleep 7 & echo started'; echo "rc $?"
echo "-- scenario"; time timeout 60 $RUNNER --allow-commands -n 1 -o "$OUT" back.yaml; echo "rc $?"
