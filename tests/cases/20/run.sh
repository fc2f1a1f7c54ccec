python3 hand.py
python3 -c '
import time, work
t = time.perf_counter()
for i in range(10): work.table(i)
print("by hand: %.1f ms an item" % ((time.perf_counter() - t) * 100))'
$RUNNER try work:table -n 1 --workers 2 -o "$OUT"; echo "rc $?"
echo "-- scenario"; $RUNNER --allow-commands -o "$OUT" t.yaml; echo "rc $?"
echo "-- others by hand: rows of dicts, shorter lists"; python3 hand2.py; python3 hand3.py
