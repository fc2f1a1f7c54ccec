rm -rf "$OUT/p" "$OUT/g"
(umask 077; $RUNNER -q -n 1 -o "$OUT/p" a.yaml >/dev/null; ls -ld "$OUT/p" "$OUT/p/private"; ls -l "$OUT/p/private")
(umask 002; $RUNNER -q -n 1 -o "$OUT/g" a.yaml >/dev/null; ls -ld "$OUT/g/private"; ls -l "$OUT/g/private" | head -4)
