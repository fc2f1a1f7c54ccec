echo "(only looked at in the source: free_memory() is MemAvailable of the machine; memory_limit() is recorded and never compared)"
grep -n "memory_limit" "${SRC:-../../../src}" -r | head; $RUNNER plan m.yaml | tail
