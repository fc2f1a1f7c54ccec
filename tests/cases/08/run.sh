V=$OUT/venv; python3 -m venv --without-pip "$V"; P=$V/bin/python3; SITE=$(echo "$V"/lib/python3.*/site-packages)
sed "s|^python: .*|python: $P|" built.yaml > "$OUT/built.yaml"
echo 'print("Loading the company environment ...")' > "$SITE/sitecustomize.py"
"$P" -I -c 'print("the answer")'
echo "-- built-in"; $RUNNER --allow-commands -n 1 -o "$OUT" "$OUT/built.yaml"; echo "rc $?"
echo "-- try"; $RUNNER try work:shrink --python "$P" -n 1 -o "$OUT"; echo "rc $?"
rm "$SITE/sitecustomize.py"
echo "-- a .pth that prints"; echo 'import sys; print("hooks loaded")' > "$SITE/hooks.pth"
$RUNNER try work:shrink --python "$P" -n 1 -o "$OUT"; echo "rc $?"; rm "$SITE/hooks.pth"
echo "-- only in processes of the trial: it prints where a variable is set, as coverage and debuggers do"
echo 'import sys, os
if not sys.flags.isolated: print("tracing on")' > "$SITE/sitecustomize.py"
$RUNNER try work:shrink --python "$P" -n 1 --workers 2 -o "$OUT"; echo "rc $?"
