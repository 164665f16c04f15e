# From process start to the first peek, with a state of 2 MiB and of 2 GiB.
"$(program boot)" "$(scratch)"
