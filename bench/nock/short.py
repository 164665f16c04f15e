"""Where the time of a short job goes.

    short.py LOAM SCRATCH

compiles the public tree's trivial.hoon with `loam hoonc` SHORT_RUNS (20) times,
`imported`: in a copy of a data directory that holds the prewarmed state, and
`warm`: in a copy of one that has compiled the file already.  perf takes samples of
all of the process, in the system too, and each is given to the first of PHASES of
which a function is on its stack; so LOAM has to be built with frame pointers.
Machine code has none: what it calls counts as Nock.  The C library and SQLite have none
either, and where they use that register for something else the stack ends: such a
sample belongs to the phase of the one before it, as phases are long.  Beside that, each
sample is given to the first of KINDS by its innermost functions.  Milliseconds of
processor time a run, with what perf itself costs in them; then the median of runs
without perf, and their page faults.  The last line is one JSON object.
"""
import collections
import json
import os
import shutil
import statistics
import subprocess
import sys

from real import copy_flushed

RUNS = int(os.environ.get("SHORT_RUNS", "20"))
FREQUENCY_HZ = 4000
BOOTSTRAP = "crates/hoonc/bootstrap"

# What is looked for, in this order, among a stack's functions and libraries.
PHASES = [
    ("output", "the kernel jams its output", ["jet_jam"]),
    ("compiling", "formulas to bytecode and machine code", ["code_compile", "native_want", "native_compile"]),
    ("registering", "jets are registered, or restored", ["registry_register", "nock_registry_restore"]),
    ("collecting", "collections of the nursery", ["machine_collect"]),
    ("forgetting", "between events", ["nock_forget_ephemeral"]),
    ("start_nock", "kick and load at the start, without the above", ["kernel_boot", "kernel_load"]),
    ("persisting", "new nouns into the arena", ["node_persist"]),
    ("end", "the end: flushes, the log settled, memory given back", ["host_close"]),
    ("log", "the log, encoding and SQLite", ["record_encode", "eventlog_", "sqlite3"]),
    ("effects", "effects and their answers", ["commit_release", "codec_cue", "build_cause"]),
    ("event_nock", "the events' Nock, without the above", ["kernel_try", "kernel_peek", "/perf-", "native_"]),
    ("opening", "the machine is opened, without the above", ["host_open"]),
    ("loading", "the program is loaded, linked and left", ["ld-linux", "_dl_", "execve", "exit_mm"]),
]


# What is looked for in the system's part of a stack, in this order, and then in the innermost function.
KINDS = [
    ("page_faults", "page faults", ["page_fault"]),
    ("flushes", "flushes", ["sys_fdatasync", "sys_fsync"]),
    ("mapping", "memory asked for, protected and given back", ["sys_m", "sys_brk", "exit_mm", "sys_exit"]),
    ("transfers", "files read and written", ["sys_pread", "sys_pwrite", "sys_read", "sys_write", "sys_ftruncate"]),
    ("system_calls", "the rest of the system", ["[kernel"]),
    ("copying", "memory copied and cleared", ["memmove", "memcpy", "memset", "memcmp"]),
    ("allocating", "allocation in the C library", ["malloc", "_int_", "calloc", "realloc", "cfree", "unlink_chunk"]),
]


def job(loam, data, scratch):
    return [loam, "hoonc", "--quiet", "--arbitrary", "--data-dir", data, "--output", os.path.join(scratch, "out.jam"),
            os.path.join(scratch, "hoon", "trivial.hoon"), os.path.join(scratch, "hoon")]


def prepare(loam, corpus, scratch):
    os.mkdir(os.path.join(scratch, "hoon"))
    shutil.copy(os.path.join(corpus, "hoon", "trivial.hoon"), os.path.join(scratch, "hoon"))
    imported, warm = os.path.join(scratch, "imported"), os.path.join(scratch, "warm")
    subprocess.run([loam, "new", imported, "--quiet", "--kernel", os.path.join(corpus, BOOTSTRAP, "hoonc.jam"),
                    "--state", os.path.join(corpus, BOOTSTRAP, "hoonc-prewarm.jam")], check=True)
    shutil.copytree(imported, warm)
    subprocess.run(job(loam, warm, scratch), check=True)


def samples(text):
    """Each sample's frames, innermost first, as (function, object)."""
    frames = []
    for line in text.splitlines():
        if not line.strip():
            if frames:
                yield frames
            frames = []
        elif line[0] == "\t":
            words = line.split(None, 1)[1]
            frames.append((words.rsplit(" (", 1)[0], words.rsplit("(", 1)[-1].rstrip(")")))
    if frames:
        yield frames


def phase_of(frames):
    """None if it cannot be told."""
    names = " ".join(function + " " + where for function, where in frames)
    return next((name for name, _, wanted in PHASES if any(word in names for word in wanted)), None)


def kind_of(frames):
    innermost = [name for frame in frames if "kernel" in frame[1] for name in frame] or frames[0][:1]
    names = " ".join(innermost)
    return next((name for name, _, wanted in KINDS if any(word in names for word in wanted)), "own")


def fresh(scratch, kind):
    data = os.path.join(scratch, "run")
    copy_flushed(os.path.join(scratch, kind), data)
    return data


def measure_alone(loam, scratch, kind):
    """Medians of runs that nobody watches."""
    runs = []
    for _ in range(RUNS):
        command = job(loam, fresh(scratch, kind), scratch)
        process = os.spawnv(os.P_NOWAIT, command[0], command)
        _, status, usage = os.wait4(process, 0)
        if status != 0:
            sys.exit("%s failed" % " ".join(command))
        runs.append((1000 * (usage.ru_utime + usage.ru_stime), usage.ru_minflt))
    return {"alone": round(statistics.median(cpu for cpu, _ in runs), 2),
            "faults": round(statistics.median(faults for _, faults in runs))}


def measure(loam, scratch, kind):
    counts = collections.Counter()
    for _ in range(RUNS):
        data = fresh(scratch, kind)
        record = os.path.join(scratch, "perf.data")
        subprocess.run(["perf", "record", "-q", "-F", str(FREQUENCY_HZ), "-e", "cpu-clock", "-g", "-o", record] +
                       job(loam, data, scratch), check=True, stderr=subprocess.DEVNULL)
        text = subprocess.run(["perf", "script", "-i", record, "-F", "comm,ip,sym,dso"], check=True,
                              capture_output=True, text=True, errors="replace").stdout
        phase = "loading"
        for frames in samples(text):
            phase = phase_of(frames) or phase
            counts[phase] += 1
            counts[kind_of(frames)] += 1
            counts["total"] += 1
    phases = {name: round(count * 1000 / FREQUENCY_HZ / RUNS, 2) for name, count in counts.items()}
    return dict(phases, **measure_alone(loam, scratch, kind))


def main():
    loam, scratch = os.path.abspath(sys.argv[1]), sys.argv[2]
    corpus = os.environ.get("LOAM_CORPUS")
    if not corpus:
        sys.exit("set LOAM_CORPUS to a checkout of the public nockchain tree")
    prepare(loam, corpus, scratch)
    results = {kind: measure(loam, scratch, kind) for kind in ("imported", "warm")}
    rows = [(name, what) for name, what, _ in PHASES] + [("total", "all")] + [
        (name, "of all: " + what) for name, what, _ in KINDS] + [
        ("own", "of all: Loam, SQLite, machine code"), ("alone", "all, without perf"), ("faults", "page faults, their number")]
    for name, what in rows:
        print("%-54s %8.2f %8.2f" % (what, results["imported"].get(name, 0), results["warm"].get(name, 0)))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
