$RUNNER -n 6 -o "$OUT" cjk.yaml; echo "rc $?"; ls "$OUT/cjk"; grep -o 'U+[0-9A-F]*' "$OUT/cjk/"*.svg "$OUT/cjk/report.md" | head
