# Large atoms: what it costs to keep, commit, replace and drop them.
"$(program arena)" "$(scratch)"
