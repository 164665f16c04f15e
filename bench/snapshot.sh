# What a sealed snapshot costs at 1, 10 and 100 times the live size, with the same
# change; and what commits notice of it.  SNAPSHOT_BASE_MIB: the smallest size.
"$(program snapshot)" "$(scratch)" "${SNAPSHOT_BASE_MIB:-4}"
