# Both are YAML 1.2: the block is indented by six blanks and its content begins with tabs; a line of blanks and tabs is empty.
echo "-- tabs within a block scalar"; $RUNNER check tabs.yaml; echo "rc $?"
echo "-- a line of nothing but a tab"; $RUNNER check blank.yaml; echo "rc $?"
