(cd sub && $RUNNER --allow-commands -n 1 -o "$OUT" mine.yaml > /dev/null; echo "in its folder: rc $?")
$RUNNER check sub/mine.yaml; $RUNNER --allow-commands -n 1 -o "$OUT" sub/mine.yaml; echo "from above: rc $?"
