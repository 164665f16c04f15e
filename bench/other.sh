# The engine in turns with another Nock runtime: OTHER_RUNTIME is its command, which does what bench/nock/other.py
# says.  OTHER_TASKS="trivial cue" narrows the tasks.
if [ -z "${OTHER_RUNTIME:-}" ]; then
    echo "set OTHER_RUNTIME to the command of another Nock runtime (docs/benchmarks.md)" >&2
    echo '{}'
else
    python3 bench/nock/other.py "$loam" "$(program nock)" "$(program codec)" "$(scratch)" ${OTHER_TASKS:-}
fi
