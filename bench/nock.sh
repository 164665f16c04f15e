# The engine: programs, events, jets, jam and cue, and real compile jobs of the
# public tree if LOAM_CORPUS names one.  REAL_JOBS="boot trivial" narrows those.
files=()
for file in crates/hoonc/bootstrap/hoonc.jam crates/nockapp/test-jams/test-ker.jam; do
    [ ! -f "${LOAM_CORPUS:-}/$file" ] || files+=("$LOAM_CORPUS/$file")
done
"$(program nock)" | tee "$scratches/nock"
python3 bench/nock/nursery.py "$(program nock)" "$(program returns)" | tee "$scratches/nursery"
"$(program jets)" | tee "$scratches/jets"
"$(program codec)" "${files[@]}" | tee "$scratches/codec"
if [ -n "${LOAM_CORPUS:-}" ]; then
    python3 bench/nock/real.py "$loam" "$(scratch)" ${REAL_JOBS:-} | tee "$scratches/real"
fi
python3 bench/nock/report.py "$scratches"
