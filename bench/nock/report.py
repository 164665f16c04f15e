"""The parts of `make bench-nock` beside what the issue quotes of Vere.

    report.py DIRECTORY      of the outputs nock, nursery, jets, codec and, maybe, real

The quoted figures are those of Vere 4.6 (clang -O3) in processor seconds on
ANOTHER machine, a virtual one with 2 cores.  What a fixed loop in C takes there
is not known, so the ratios say only how far away the aim is; other.py measures
another runtime here.  The last line is one JSON object of all of it.
"""
import json
import os
import sys

QUOTED_S = {
    "decrement-10M": 0.60,
    "fibonacci-25": 0.136,
    "ackermann-3-6": 0.87,
    "leaves-1M": 0.20,
    "boot-cold": 36.1,
    "trivial-imported": 0.10,
    "trivial-cold": 0.10,
    "hoonc-imported": 2.19,
    "hoonc-cold": 2.19,
    "markdown-imported": 6.1,
    "markdown-cold": 6.1,
    "zose-imported": 13.5,
    "zose-cold": 13.5,
    "wallet-cold": 316.0,
    "dumbnet-cold": 290.0,
}
QUOTED_MB_PER_S = {"cue": (8, 15), "jam": (8, 11)}


def last_object(directory, name):
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        return None
    with open(path) as text:
        lines = text.read().splitlines()
    return json.loads(lines[-1]) if lines else None


def main():
    parts = {name: last_object(sys.argv[1], name) for name in ("nock", "nursery", "jets", "codec", "real")}
    parts = {name: part for name, part in parts.items() if part}
    seconds = {name: b["median_ns"] / 1e9 for name, b in parts.get("nock", {}).get("benchmarks", {}).items()}
    for job, runs in parts.get("real", {}).items():
        seconds.update({"%s-%s" % (job, name): run["cpu_s"] for name, run in runs.items()})
    print("\nbeside Vere 4.6's figures, QUOTED FROM ANOTHER MACHINE")
    compared = {}
    for name, quoted in QUOTED_S.items():
        if name not in seconds:
            continue
        compared[name] = {"seconds": seconds[name], "vere_quoted_seconds": quoted, "ratio": seconds[name] / quoted}
        print("%-24s %9.3f s   Vere (quoted) %8.3f s   %6.3f of it" % (name, seconds[name], quoted, seconds[name] / quoted))
    for task, (low, high) in QUOTED_MB_PER_S.items():
        for file, speeds in parts.get("codec", {}).items():
            if task + "_mb_per_s" in speeds:
                speed = speeds[task + "_mb_per_s"]
                print("%-24s %9.1f MB/s Vere (quoted) %d to %d MB/s, %.1f to %.1f times" % (
                    task + " " + file, speed, low, high, speed / high, speed / low))
    print(json.dumps({"calibration_ns": parts.get("nock", {}).get("calibration_ns"),
                      "vere_quoted_from_another_machine": compared, **parts}))


if __name__ == "__main__":
    main()
