"""The nursery beside no collection at all, and beside copying on return.

    nursery.py BENCH_NOCK BENCH_RETURNS [NAME...]

Each program runs with the nursery as it is and with one of 2 GiB, which is never
full: the difference is what collecting costs, less what it saves, since memory
that is used again is in the cache.  Of the classic design, whose returns copy
their product to the caller's frame, bench-returns counts what would be copied.
The last line is one JSON object.
"""
import json
import subprocess
import sys

UNCOLLECTED_BYTES = 2 << 30
MIB = 1 << 20


def last_object(command):
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    bench, returns, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    copied = last_object([returns] + names)["copy_on_return"]
    table = {}
    print("%-20s %9s %9s %12s %12s %12s %12s %9s" % (
        "program", "ms", "no coll.", "collection", "copied MiB", "settled MiB", "on return", "peak MiB"))
    for name, on_return in copied.items():
        times = [bench, "--exact", "--no-calibration"]
        nursery = last_object(times + [name])["benchmarks"][name]
        without = last_object(times + ["--nursery", str(UNCOLLECTED_BYTES), name])["benchmarks"][name]
        row = {
            "median_ns": nursery["median_ns"],
            "uncollected_median_ns": without["median_ns"],
            "collection_share": nursery["collection_share"],
            "allocated_bytes": nursery["allocated_bytes"],
            "copied_bytes": nursery["copied_bytes"],
            "settled_bytes": nursery["settled_bytes"],
            "copied_on_return_bytes": on_return["bytes"],
            "returns": on_return["returns"],
            "peak_bytes": nursery["peak_bytes"],
            "uncollected_peak_bytes": without["peak_bytes"],
        }
        table[name] = row
        print("%-20s %9.2f %9.2f %11.0f%% %12.1f %12.1f %12.1f %9.1f" % (
            name, row["median_ns"] / 1e6, row["uncollected_median_ns"] / 1e6, 100 * row["collection_share"],
            row["copied_bytes"] / MIB, row["settled_bytes"] / MIB, row["copied_on_return_bytes"] / MIB,
            row["peak_bytes"] / MIB), flush=True)
    print(json.dumps({"nursery": table}))


if __name__ == "__main__":
    main()
