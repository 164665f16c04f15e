# The collector under a steady load of events on the ledger kernel, for each
# live size of GC_SIZES ("64M 512M"; up to 6G by default), then what the disk alone
# does beside as many bytes as the largest writes, then a simulated week.
# GC_SECONDS: of collections at each size; GC_DISK=0: no disk; GC_WEEK=0: no week.
# Needs 20 GB of disk and 12 GB of memory for 6G.
# The last line is one JSON object.
machines=$(scratch)
bench=$(program gc)
"$loam" asm examples/ledger.loam --output "$machines/ledger.jam"
entries=()
for size in ${GC_SIZES:-64M 512M 2G 6G}; do
    entry=$("$bench" live "$machines/ledger.jam" "$machines/$size" "$size" "${GC_SECONDS:-15}")
    rm -rf "${machines:?}/$size"
    echo "$entry"
    entries+=("$entry")
done
disk=null
if [ "${GC_DISK:-6G}" != 0 ]; then
    disk=$("$bench" disk "$machines" "${GC_DISK:-6G}" 128M)
    echo "$disk"
fi
week=null
if [ "${GC_WEEK:-1}" != 0 ]; then
    week=$("$bench" week "$machines/ledger.jam" "$machines/week")
    echo "$week"
fi
# The time of young collections must not depend on what lives below them.
young_ratio=$(printf '%s\n' "${entries[@]}" | sed 's/.*"young_ms": \([0-9.]*\).*/\1/' | sort -n |
    awk '{ last = $1 } NR == 1 { first = $1 } END { if (first > 0) printf "%.2f", last / first; else print "null" }')
printf '{"sizes": [%s], "young_ratio": %s, "disk": %s, "week": %s}\n' "$(IFS=,; echo "${entries[*]}")" "$young_ratio" \
    "$disk" "$week"
