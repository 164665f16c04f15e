"""The engine on real work: compile jobs of the public tree, by the program.

    real.py LOAM SCRATCH [JOB...]

Each job compiles with `loam hoonc` in a data directory of its own and is then
repeated there: cold, the compiler knows the library at most, and its machine is
made in the same process, from the jams of kernel and prewarmed state; warm, it
has seen every file.  The short jobs are also measured in a directory that holds
the prewarmed state already (imported): so are other runtimes' figures taken,
which begin with a mapped image.  Jobs: boot (compiles the library from its text
first), trivial, hoonc, markdown, zose, dumbnet, wallet.  Seconds are processor
time of the process, user and system.  A run that takes REAL_TIMEOUT_S seconds
(900) is ended and counts as failed.  The last line is one JSON object.
"""
import json
import os
import shutil
import subprocess
import sys
import threading
import time

BOOTSTRAP = "crates/hoonc/bootstrap"
LIBRARY = "crates/hoonc/hoon/hoon-138.hoon"
JOBS = {
    "boot": "trivial.hoon",
    "trivial": "trivial.hoon",
    "hoonc": "apps/hoonc/hoonc.hoon",
    "markdown": "common/markdown/markdown.hoon",
    "zose": "common/zose.hoon",
    "dumbnet": "apps/dumbnet/outer.hoon",
    "wallet": "apps/wallet/wallet.hoon",
}

# Whatever is in the directory is parsed; these jobs need only so much of it.
ZTD = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
ALONE = {
    "boot": [],
    "trivial": [],
    "hoonc": ["common/wrapper.hoon"],
    "markdown": ["common/markdown/types.hoon"],
    "zose": ["common/zeke.hoon"] + ["common/ztd/%s.hoon" % name for name in ZTD],
}
# What is not a kernel.
ARBITRARY = ["boot", "trivial", "markdown", "zose"]
TIMEOUT_S = float(os.environ.get("REAL_TIMEOUT_S", "900"))

# What is measured with an imported state, too.
IMPORTED = ("trivial", "hoonc", "markdown", "zose")


def take_sources(corpus, scratch):
    """A copy of the tree's sources, with what git keeps as a link made whole."""
    sources = os.path.join(scratch, "hoon")
    shutil.copytree(os.path.join(corpus, "hoon"), sources)
    link = os.path.join(sources, "common/hoon.hoon")
    if os.path.exists(link) and os.path.getsize(link) < 1000:
        os.remove(link)
        shutil.copy(os.path.join(corpus, LIBRARY), link)
    # The constraint tables that the public tree leaves out.
    for name, jam in (("constraints-0-1.jam", b"\x99\x29"), ("constraints-2.jam", b"\x21\x33\x05")):
        path = os.path.join(sources, "jams", name)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(jam)
    return sources


def run(command):
    """Processor seconds and peak memory of a command, or None if it failed."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    timer = threading.Timer(TIMEOUT_S, process.kill)
    timer.start()
    complaint = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        print("%s failed (%d):\n%s" % (" ".join(command), process.returncode, complaint[-2000:]), file=sys.stderr)
        return None
    return {
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
        "wall_s": round(time.monotonic() - started, 3),
        "resident_peak_bytes": usage.ru_maxrss * 1024,
    }


def import_state(loam, corpus, data, job):
    """A data directory with the prewarmed state, and nothing compiled; False if the job is not to be measured so."""
    if job not in IMPORTED:
        return False
    shutil.rmtree(data, ignore_errors=True)
    bootstrap = os.path.join(corpus, BOOTSTRAP)
    return run([loam, "new", data, "--quiet", "--kernel", os.path.join(bootstrap, "hoonc.jam"),
                "--state", os.path.join(bootstrap, "hoonc-prewarm.jam")]) is not None


def copy_flushed(source, target):
    """A copy, on the disk already: else the run's own flushes would write it, and pay for that."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    for folder, _, names in os.walk(target):
        subprocess.run(["sync", folder] + [os.path.join(folder, name) for name in names], check=True)


def compile_command(loam, scratch, sources, job, data, output):
    """The command without its options of the first time, and its operands."""
    directory = sources
    if job in ALONE:
        directory = os.path.join(scratch, "alone-" + job)
        for file in [JOBS[job]] + ALONE[job]:
            os.makedirs(os.path.dirname(os.path.join(directory, file)), exist_ok=True)
            shutil.copy(os.path.join(sources, file), os.path.join(directory, file))
    command = [loam, "hoonc", "--quiet", "--data-dir", data, "--output", output]
    if job in ARBITRARY:
        command.append("--arbitrary")
    return command, [os.path.join(directory, JOBS[job]), directory]


def run_job(loam, corpus, scratch, sources, job):
    data, output = os.path.join(scratch, job + ".machine"), os.path.join(scratch, job + ".jam")
    command, words = compile_command(loam, scratch, sources, job, data, output)
    first = ["--new", "--kernel", os.path.join(corpus, BOOTSTRAP, "hoonc.jam")]
    if job == "boot":
        first += ["--library", os.path.join(corpus, LIBRARY)]
    else:
        first += ["--state-jam", os.path.join(corpus, BOOTSTRAP, "hoonc-prewarm.jam")]
    results = {}
    for name, options in (("cold", first), ("warm", []), ("imported", [])):
        if name == "imported" and not import_state(loam, corpus, data, job):
            break
        result = run(command + options + words)
        if result is None:
            break
        results[name] = dict(result, written_bytes=os.path.getsize(output))
        print("%-24s %9.2f s of CPU, %6.0f MiB resident" % (
            "%s-%s" % (job, name), result["cpu_s"], result["resident_peak_bytes"] / 2**20), flush=True)
    shutil.rmtree(data, ignore_errors=True)
    return results


def main():
    loam, scratch, jobs = sys.argv[1], sys.argv[2], sys.argv[3:] or list(JOBS)
    corpus = os.environ.get("LOAM_CORPUS")
    if not corpus:
        sys.exit("set LOAM_CORPUS to a checkout of the public nockchain tree")
    sources = take_sources(corpus, scratch)
    print(json.dumps({job: run_job(loam, corpus, scratch, sources, job) for job in jobs}))


if __name__ == "__main__":
    main()
