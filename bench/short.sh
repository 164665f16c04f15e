# Where the time of a short job goes: loam hoonc on the public tree's trivial.hoon, by phases.  Needs perf
# and LOAM_CORPUS, and makes a build of its own, with frame pointers, beside the release build.
frames=$build-frames
[ -f "$frames/build.ninja" ] || meson setup "$frames" -Dc_args=-fno-omit-frame-pointer >&2
ninja -C "$frames" --quiet src/cli/loam >&2
python3 bench/nock/short.py "$frames/src/cli/loam" "$(scratch)"
