# What durability costs: one client, many clients, bytes; beside SQLite and LMDB.
"$(program commit)" "$(scratch)" ${BENCH_ROUNDS:-20}
