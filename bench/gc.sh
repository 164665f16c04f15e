# The collector under a steady load of events on the ledger kernel, for each
# live size of GC_SIZES ("64M 512M"; up to 6G by default), then a simulated week.
# GC_SECONDS: of load before each collection; GC_ROUNDS: collections a size;
# GC_WEEK=0: no week.
# The last line is one JSON object.
machines=$(scratch)
bench=$(program gc)
"$loam" asm examples/ledger.loam --output "$machines/ledger.jam"
entries=()
for size in ${GC_SIZES:-64M 512M 2G 6G}; do
    entry=$("$bench" live "$machines/ledger.jam" "$machines/$size" "$size" "${GC_SECONDS:-10}" "${GC_ROUNDS:-5}")
    rm -rf "${machines:?}/$size"
    echo "$entry"
    entries+=("$entry")
done
week=null
if [ "${GC_WEEK:-1}" != 0 ]; then
    week=$("$bench" week "$machines/ledger.jam" "$machines/week")
    echo "$week"
fi
printf '{"sizes": [%s], "week": %s}\n' "$(IFS=,; echo "${entries[*]}")" "$week"
