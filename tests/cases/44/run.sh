for w in "work.py:shrink" "./work.py:shrink" "work.shrink" "work:shrink()" "work:two" "work:none" "work:shrnk"; do echo "-- $w"; $RUNNER try "$w" -n 1 --workers 2 -o "$OUT" 2>&1 | head -3; done
