# Takes root. REPORTS is a folder of reports; by default the committed ones.
reports=$(cd "${REPORTS:-../../../reports}" && pwd); d=$OUT/doc; mkdir -p "$d/reports"; cp -r "$reports/io-bound" "$d/reports/"; cd "$d"
printf '# Mine\n\n<!-- runner:verdict scenario=io-bound -->\n<!-- runner:end -->\n' > README.md
chown 1000:1000 README.md; ln README.md hard.md; ls -ln README.md
$RUNNER embed README.md; echo "rc $?"; ls -ln README.md hard.md
