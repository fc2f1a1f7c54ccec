unshare -m bash -c '
head -1 /proc/stat > '$OUT'/stat; tail -n +2 /proc/stat >> '$OUT'/stat; mount --bind '$OUT'/stat /proc/stat
(for i in $(seq 400); do awk -v i=$i '"'"'NR==1 {print "cpu  " 100000-i, 0, 50000, 900000+i*10, 5000, 0, 0, 0, 0, 0} NR>1'"'"' /proc/stat > '$OUT'/next; cat '$OUT'/next > '$OUT'/stat; sleep 0.02; done) & S=$!
'"$RUNNER"' -n 6 -o '$OUT' a.yaml; echo "rc $?"; kill $S'
python3 - "$OUT/ticks/results.json" <<'P'
import json, sys
r = json.load(open(sys.argv[1]))
print([(t["kind"], t.get("others"), t["marks"]) for t in r["trials"]][:12])
P
