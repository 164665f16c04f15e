# jam, cue, mug and text in MB/s, on the real jams of the public tree if LOAM_CORPUS names one.
files=()
for file in crates/hoonc/bootstrap/hoonc.jam crates/nockapp/test-jams/test-ker.jam crates/nockapp/test-jams/cue-test.jam; do
    [ ! -f "${LOAM_CORPUS:-}/$file" ] || files+=("$LOAM_CORPUS/$file")
done
"$(program codec)" "${files[@]}"
