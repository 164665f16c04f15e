#!/usr/bin/env python3
"""The crash laboratory, in full: every program of it, one after another.

usage: laboratory.py BUILD [NAME...] [MINUTES]

With MINUTES the three programs that try states end in about that time each, and say
what they have left out.

Prints what each program says of itself, then the number of crash states by class of
fault, and last `N crash states tried, N lost`.
"""
import os
import re
import resource
import subprocess
import sys
import time

BUILD = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
JOBS = str(len(os.sched_getaffinity(0)))
LOAM = os.path.join(BUILD, "src", "cli", "loam")


def program(name):
    return os.path.join(BUILD, "test", "crash", "test-crash-" + name)


def script(name, *words):
    return [sys.executable, os.path.join(HERE, name + ".py"), LOAM, *words]


PROGRAMS = {
    "kill": script("kill", "1000"),
    "signals": script("signals", "40"),
    "world": script("world", os.path.join(BUILD, "test", "crash", "libjumping_clock.so"), "10"),
    "states": [program("states"), "--random", "60", "--subsets", "9", "--torn", "24", "--rounds", "8", "--stride", "1",
               "--jobs", JOBS],
    "sequences": [program("sequences"), "--sample", "1", "--subsets", "9", "--torn", "24", "--random", "8", "--jobs",
                  JOBS],
    "faults": [program("faults"), "--stride", "1", "--jobs", JOBS],
}

CLASS = re.compile(r"^# (.*): (\d+) states$")
TOTAL = re.compile(r"^(?:# )?(\d+) crash states tried, (\d+) lost$")


def run(name, command, classes):
    """(states tried, lost), or None if it did not say."""
    print(f"==== {name}", flush=True)
    begun = time.monotonic()
    cpu_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=os.path.join(HERE, "..", "cli"))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    total = None
    for line in process.stdout:
        counted = CLASS.match(line)
        said = TOTAL.match(line.strip())
        if counted:
            classes.append((counted.group(1), int(counted.group(2))))
        elif said:
            total = int(said.group(1)), int(said.group(2))
        else:
            print(line, end="", flush=True)
    code = process.wait()
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = cpu.ru_utime + cpu.ru_stime - cpu_before.ru_utime - cpu_before.ru_stime
    print(f"# {name}: {total[0] if total else 'no count of'} states in {time.monotonic() - begun:.0f} s, "
          f"{seconds:.0f} s of CPU", flush=True)
    if code != 0 and (total is None or total[1] == 0):
        print(f"# {name}: failed with {code}")
        total = (total[0] if total else 0), 1
    return total or (0, 0)


def main():
    classes, tried, lost = [], 0, 0
    begun = time.monotonic()
    words = sys.argv[2:]
    limit = ["--seconds", str(int(words.pop()) * 60)] if words and words[-1].isdigit() else []
    for name in words or PROGRAMS:
        is_timed = PROGRAMS[name][0] == program(name)
        counted = run(name, PROGRAMS[name] + (limit if is_timed else []), classes)
        tried, lost = tried + counted[0], lost + counted[1]
    print("==== by class of fault")
    for name, count in classes:
        print(f"{count:10,} {name}")
    print(f"{time.monotonic() - begun:.0f} s on {JOBS} cores")
    print(f"{tried} crash states tried, {lost} lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
