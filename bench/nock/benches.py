"""bench-nock of a build: its programs, their times, their instructions."""
import json
import os
import subprocess
import sys


def program(build):
    subprocess.run(["ninja", "-C", build, "bench/nock/bench-nock"], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(build, "bench/nock/bench-nock")


def names_of(path, wanted):
    return subprocess.run([path, "--list"] + wanted, check=True, capture_output=True, text=True).stdout.split()


def time_ns(path, name):
    done = subprocess.run([path, "--exact", "--rounds", "3", name], check=True, capture_output=True, text=True)
    benchmark = json.loads(done.stdout.splitlines()[-1])["benchmarks"].get(name)
    return benchmark and benchmark["median_ns"]


def count(path, name):
    """Instructions of one round, the warm-up left out."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=measure_counted",
         path, "--exact", "--rounds", "1", "--no-calibration", name], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("valgrind failed:\n" + done.stderr[-2000:])
    return int([line.split()[-1] for line in done.stderr.splitlines() if "Collected" in line][0])
