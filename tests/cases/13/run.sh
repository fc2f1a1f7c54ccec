python3 ign.py /bin/grep SigIgn /proc/self/status
for s in cmd nat py; do echo "-- $s"; timeout 200 python3 ign.py $RUNNER --allow-commands -n 1 -o "$OUT" $s.yaml; echo "rc $?"; done
echo "-- an unplanned death"; timeout 60 python3 ign.py $RUNNER -n 1 -o "$OUT" kill.yaml; echo "rc $?"
echo "-- a host that ends"; timeout 60 python3 ign.py $RUNNER -n 1 -o "$OUT" crash.yaml; echo "rc $?"
echo "-- try"; timeout 60 python3 ign.py $RUNNER try -n 1 -o "$OUT" -- true; echo "rc $?"
