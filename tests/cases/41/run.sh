rm -rf "$OUT/try-run"
$RUNNER -q try a:run -n 1 --workers 2 -o "$OUT" >/dev/null 2>&1; grep -m1 -o '"title": *"[^"]*"' "$OUT/try-run/results.json"
$RUNNER try b:run -n 1 --workers 2 -o "$OUT" 2>&1 | head -3; grep -m1 -o '"title": *"[^"]*"' "$OUT/try-run/results.json"; ls -d "$OUT"/try-*
