# jam, cue and text in MB/s on the real jams of the public tree.
: "${LOAM_CORPUS:?set LOAM_CORPUS to a checkout of the public nockchain tree}"
for file in crates/hoonc/bootstrap/hoonc.jam crates/nockapp/test-jams/test-ker.jam crates/nockapp/test-jams/cue-test.jam; do
    [ ! -f "$LOAM_CORPUS/$file" ] || files+=("$LOAM_CORPUS/$file")
done
exec "$(program codec)" "${files[@]}"
