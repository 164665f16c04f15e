"""What `--profile` costs: the same job with it and without, in turns.

    profile.py LOAM SCRATCH [PAIRS]

The job compiles common/zose.hoon of the public tree with `loam hoonc` (some 2.5 s
of processor time), or, without LOAM_CORPUS, counts down with `loam nock`.  Seconds
are processor time of the process, all its threads, user and system.  A pair is two
runs beside each other in time, so that a machine's slow minutes fall on both; the
pair's cost is the second over the first, and the answer is the median of all
pairs (10).  The last line is one JSON object.
"""
import json
import os
import shutil
import statistics
import sys

from real import ALONE, BOOTSTRAP, JOBS, run, take_sources

JOB = "zose"
COUNT = 1500000000
DECREMENT = "[8 [1 0] 8 [1 6 [5 [0 7] 4 0 6] [0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 0 1]"


class Compiling:
    """Each run in a copy of one machine that has the prewarmed state."""

    def __init__(self, loam, corpus, scratch):
        self.loam, self.scratch = loam, scratch
        sources = take_sources(corpus, scratch)
        self.directory = os.path.join(scratch, "alone")
        for file in [JOBS[JOB]] + ALONE[JOB]:
            path = os.path.join(self.directory, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(os.path.join(sources, file), path)
        self.first = ["--new", "--kernel", os.path.join(corpus, BOOTSTRAP, "hoonc.jam"),
                      "--state-jam", os.path.join(corpus, BOOTSTRAP, "hoonc-prewarm.jam")]

    def run(self, options):
        data = os.path.join(self.scratch, "machine")
        shutil.rmtree(data, ignore_errors=True)
        return run([self.loam, "hoonc", "--quiet", "--data-dir", data, "--output", os.path.join(self.scratch, "out.jam"),
                    "--arbitrary"] + self.first + options + [os.path.join(self.directory, JOBS[JOB]), self.directory])


class Counting:
    def __init__(self, loam):
        self.loam = loam

    def run(self, options):
        return run([self.loam, "nock", "--quiet", str(COUNT), DECREMENT] + options)


def main():
    loam, scratch, pairs = sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["10"])[0])
    corpus = os.environ.get("LOAM_CORPUS")
    job = Compiling(loam, corpus, scratch) if corpus else Counting(loam)
    profile = ["--profile", os.path.join(scratch, "profile.json")]
    costs, seconds = [], {"without": [], "with": []}
    for pair in range(pairs):
        order = [("without", []), ("with", profile)]
        for name, options in order if pair % 2 == 0 else order[::-1]:
            result = job.run(options)
            if result is None:
                sys.exit("the job failed")
            seconds[name].append(result["cpu_s"])
        costs.append(seconds["with"][-1] / seconds["without"][-1] - 1)
        print("%2d: %7.3f s without, %7.3f s with, %+5.2f %%" % (
            pair + 1, seconds["without"][-1], seconds["with"][-1], 100 * costs[-1]), flush=True)
    median = statistics.median(costs)
    least = min(seconds["with"]) / min(seconds["without"]) - 1
    print("--profile costs %.2f %% (median of %d pairs), %.2f %% (best against best)" % (100 * median, pairs, 100 * least))
    print(json.dumps({"job": JOB if corpus else "decrement", "pairs": pairs, "cost": round(median, 4),
                      "cost_of_best": round(least, 4), "seconds": seconds}))


if __name__ == "__main__":
    main()
