(ulimit -v 1000000; timeout 200 $RUNNER -n 3 -o "$OUT/one" one.yaml); echo "rc $?"
python3 - "$OUT/one/one/results.json" <<'P'
import json, sys
r = json.load(open(sys.argv[1]))
for t in r["trials"]:
    if isinstance(t[-1], dict) and t[-1].get("outcome"): print(t[0], t[-1].get("kind", "timed"), t[-1]["outcome"], repr(t[-1].get("stderr", ""))[:600])
P
echo "-- at most 40 processes of this user"
mkdir -p $OUT/u; chmod 777 $OUT/u
setpriv --reuid 65534 --regid 65534 --clear-groups prlimit --nproc=40 timeout 200 $RUNNER -n 1 -o $OUT/u t.yaml; echo "rc $?"
