# The first event after a start beside the hundredth, on the ledger.
directory=$(scratch)
ninja -C "$build" --quiet src/cli/loam >&2
"$build/src/cli/loam" asm examples/ledger.loam > "$directory/ledger.jam"
"$(program warm)" "$directory"
