# The engine by itself; with LOAM_CORPUS the public tree's kernels too.
exec "$(program nock)"
