# What `--profile` costs, by ten pairs of runs: a minute or two.
python3 bench/nock/profile.py "$loam" "$(scratch)"
