"""Another Nock runtime and this one, in turns, on the same nouns.

    other.py LOAM BENCH-NOCK BENCH-CODEC SCRATCH [NAME...]

OTHER_RUNTIME is the command of the other one.  With these words after it it
does a task, and prints as its last line how many nanoseconds of processor time
that alone took (nock, cue, jam: the middle of some rounds):

    nock FILE OUTPUT           evaluates the jam's [subject formula]; the product's
                               jam goes to OUTPUT
    cue FILE                   cues FILE, a jam
    jam FILE                   jams the noun of FILE
    prepare DIR KERNEL STATE   makes in DIR what it keeps of a machine: KERNEL is a
                               kernel's jam, STATE that of the state to load
    poke DIR OUTPUT JOB...     takes up that machine, pokes it with each job, a jam,
                               and writes to OUTPUT the contents of the effect
                               [%file %write path contents]

The machine is the Hoon compiler's with the prewarmed state; the jobs are those
that `loam hoonc` has logged.  Both must write the same bytes to OUTPUT.  The time
of such a job is ours of the whole process, durable writes included, and the
other's once of the pokes alone and once of its whole process.  NAME is a program
of bench-nock, cue, jam, or a job of real.py that begins with the prewarmed state
(trivial, hoonc, markdown, zose); OTHER_ROUNDS (8) is how often both do each.
Seconds are medians, and the least in brackets.  The last line is one JSON object.
"""
import json
import os
import shlex
import sqlite3
import statistics
import subprocess
import sys

import real

ROUNDS = int(os.environ.get("OTHER_ROUNDS", "8"))
PROGRAMS = ["decrement-10M", "fibonacci-25", "ackermann-3-6", "leaves-1M"]
CODEC = ["cue", "jam"]
JOBS = ["trivial", "hoonc"]


def ask(*words):
    """What the other runtime printed last, and its processor seconds."""
    command = shlex.split(os.environ["OTHER_RUNTIME"]) + list(words)
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    lines = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("%s failed (%d)" % (" ".join(command), process.returncode))
    return int(lines[-1]) / 1e9 if lines else None, usage.ru_utime + usage.ru_stime


def last_object(*command):
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout.splitlines()[-1])


def must_run(command):
    usage = real.run(command)
    if usage is None:
        sys.exit(1)
    return usage["cpu_s"]


def drop_header(path):
    """Leaves the jam in an exported state; its header (src/import/own.c) says at byte 12 how long it is."""
    with open(path, "rb") as file:
        exported = file.read()
    with open(path, "wb") as file:
        file.write(exported[int.from_bytes(exported[12:16], "little"):])


def compare(name, ours, theirs):
    """Zero bytes at the end do not matter: a file effect may pad with them."""
    with open(ours, "rb") as a, open(theirs, "rb") as b:
        if a.read().rstrip(b"\0") != b.read().rstrip(b"\0"):
            sys.exit("%s: %s and %s are not the same" % (name, ours, theirs))


class Program:
    """A program of bench-nock."""

    def __init__(self, name, loam, bench, scratch):
        self.name, self.bench, self.file = name, bench, os.path.join(scratch, name + ".jam")
        self.product, self.other = os.path.join(scratch, name + ".product"), os.path.join(scratch, name + ".other")
        subprocess.run([bench, "--write", scratch, "--exact", name], check=True)
        if not os.path.exists(self.file):
            sys.exit("bench-nock has no program %s" % name)
        must_run([loam, "nock", "@" + self.file, "--output", self.product])

    def turn(self):
        found = last_object(self.bench, "--no-calibration", "--exact", self.name)
        other = ask("nock", self.file, self.other)[0]
        compare(self.name, self.product, self.other)
        return {"loam": found["benchmarks"][self.name]["median_ns"] / 1e9, "other": other}


class Codec:
    """cue or jam of the compiler's jam."""

    def __init__(self, task, bench, corpus):
        self.name, self.bench, self.file = task, bench, os.path.join(corpus, real.BOOTSTRAP, "hoonc.jam")

    def turn(self):
        found = last_object(self.bench, self.file)["hoonc.jam"]
        return {"loam": found["bytes"] / 1e6 / found[self.name + "_mb_per_s"], "other": ask(self.name, self.file)[0]}


class Job:
    """One compilation, from the prewarmed state."""

    def __init__(self, name, loam, corpus, scratch):
        self.name, self.scratch = name, os.path.join(scratch, "job-" + name)
        self.prepared, self.data = os.path.join(self.scratch, "prepared"), os.path.join(self.scratch, "data")
        self.output = os.path.join(self.scratch, "out.jam")
        os.mkdir(self.scratch)
        if not real.import_state(loam, corpus, self.prepared, name):
            sys.exit("%s is not compiled from the prewarmed state" % name)
        sources = real.take_sources(corpus, self.scratch)
        command, words = real.compile_command(loam, self.scratch, sources, name, self.data, self.output)
        self.command = command + words
        self.prepare_other(loam, os.path.join(corpus, real.BOOTSTRAP, "hoonc.jam"))
        self.compile()
        self.write_jobs()

    def prepare_other(self, loam, kernel):
        state, self.other = os.path.join(self.scratch, "state.jam"), os.path.join(self.scratch, "other")
        must_run([loam, "export", self.prepared, state, "--jam", "--quiet"])
        drop_header(state)
        os.mkdir(self.other)
        ask("prepare", self.other, kernel, state)

    def write_jobs(self):
        log = sqlite3.connect(os.path.join(self.data, "events.sqlite"))
        self.jobs = []
        for event, job in log.execute("SELECT event, job FROM events ORDER BY event"):
            self.jobs.append(os.path.join(self.scratch, "job-%04d.jam" % event))
            with open(self.jobs[-1], "wb") as file:
                file.write(job)

    def compile(self):
        real.copy_flushed(self.prepared, self.data)
        return must_run(self.command)

    def turn(self):
        copy, output = os.path.join(self.scratch, "copy"), os.path.join(self.scratch, "other.jam")
        loam = self.compile()
        real.copy_flushed(self.other, copy)
        alone, whole = ask("poke", copy, output, *self.jobs)
        compare(self.name, self.output, output)
        return {"loam": loam, "other": alone, "other_process": whole}


def measured(task):
    turns = [task.turn() for _ in range(ROUNDS)]
    result = {}
    for who in turns[0]:
        seconds = [turn[who] for turn in turns]
        result.update({who + "_s": statistics.median(seconds), who + "_least_s": min(seconds)})
    line = "%-16s loam %.4f s (%.4f)" % (task.name, result["loam_s"], result["loam_least_s"])
    for who in ("other", "other_process"):
        if who in turns[0]:
            result["of_" + who] = round(result["loam_s"] / result[who + "_s"], 4)
            line += ", %s %.4f (%.4f): %.3f" % (who, result[who + "_s"], result[who + "_least_s"], result["of_" + who])
    print(line, flush=True)
    return result


def main():
    loam, bench, codec, scratch = sys.argv[1:5]
    names, corpus = sys.argv[5:], os.environ.get("LOAM_CORPUS")
    if not names:
        names = PROGRAMS + (CODEC + JOBS if corpus else [])
    if not corpus and (set(names) & set(CODEC + list(real.JOBS))):
        sys.exit("set LOAM_CORPUS to a checkout of the public nockchain tree")
    results = {}
    for name in names:
        if name in CODEC:
            task = Codec(name, codec, corpus)
        elif name in real.JOBS:
            task = Job(name, loam, corpus, scratch)
        else:
            task = Program(name, loam, bench, scratch)
        results[name] = measured(task)
    print(json.dumps({"rounds": ROUNDS, "tasks": results}))


if __name__ == "__main__":
    main()
