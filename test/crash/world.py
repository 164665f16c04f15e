#!/usr/bin/env python3
"""The world around the real program: a small disk that fills up, a directory that
may only be read, a clock that jumps, refusals that must change nothing.

usage: world.py LOAM JUMPING_CLOCK [ROUNDS]

The small disk is a tmpfs in a mount namespace of its own; where that is not
permitted, it is skipped, loudly.
"""
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

CLOCK = os.path.abspath(sys.argv[2])
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
from cli import *

tried = 0
lost = 0


def judge(good, what):
    global tried, lost
    tried += 1
    lost += not good
    if not good:
        note(what)
    return good


def stands_at(directory, least, most=None):
    """It starts, with an event between, whose number is its state."""
    started = loam("run", directory, "--until-idle", "--quiet", "--json")
    if started.code != 0:
        note(f"cannot start: {started.code} {started.err[:500]}")
        return False
    event = started.json()["event"]
    shown = loam("peek", directory, "/x").out.strip().replace(".", "")
    verified = loam("verify", directory)
    good = least <= event <= (event if most is None else most) and shown == str(event) and verified.code == 0
    if not good:
        note(f"at event {event} with state {shown}, expected {least} to {most}; {verified.err[:300]}")
    return good


# ---- a disk that fills up ----------------------------------------------------------------

def in_small_disk():
    """True in a child process that has /mnt/... to itself; see `unshared`."""
    return os.environ.get("LOAM_SMALL_DISK") is not None


def can_unshare():
    probe = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"],
                           capture_output=True)
    return probe.returncode == 0


def small_disk(size_mib, task="fill"):
    """Runs this program again with a disk of that size at LOAM_SMALL_DISK."""
    where = path("small")
    os.makedirs(where, exist_ok=True)
    script = f'mount -t tmpfs -o size={size_mib}m none "{where}" && LOAM_SMALL_DISK="{where}" LOAM_TASK={task} exec "$@"'
    return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, __file__, *sys.argv[1:]],
                          capture_output=True, text=True)


def fill_disk(where):
    """Pokes until the disk is full, makes room, goes on: nothing acknowledged is lost."""
    directory = os.path.join(where, "m")
    made = loam("new", directory, "--kernel", kernel(), "--quiet")
    if made.code == 72:
        return "refused"
    assert made.code == 0, made.err
    ballast = os.path.join(where, "ballast")
    acknowledged = 0
    refused = None
    for step in range(400):
        with open(ballast, "ab") as stream:
            try:
                stream.write(b"\1" * random.choice([4096, 1 << 19, 3 << 20]))
                stream.flush()
            except OSError:
                pass
        # the state is the number of the event
        poked = loam("poke", directory, "%inc")
        if poked.code != 0:
            refused = poked
            break
        acknowledged += 1
    if refused is None or refused.code not in (72, 74) or "free some space" not in refused.err:
        return f"after {acknowledged} events: {refused and refused.code} {refused and refused.err[:400]}"
    before = fingerprint(directory)
    if loam("poke", directory, "%inc").code == 0:
        return "took an event on the full disk after it had refused one"
    again = fingerprint(directory)
    os.truncate(ballast, 0)
    if acknowledged == 0 and loam("poke", directory, "%inc").code == 72:
        return "refused"
    if not stands_at(directory, acknowledged, acknowledged + 1):
        return "is not where it was"
    if loam("poke", directory, "%inc").code != 0:
        return "freeing space was not the cure"
    return "good" if before == again else "a refusal changed the directory"


def test_small_disk():
    if not can_unshare():
        skip("a disk that fills up", "this process may not mount a file system (unshare --mount)")
        return
    good = 0
    rounds = 0
    for size_mib in random.sample(range(1, 80), 2 * ROUNDS) + [28, 40]:
        result = small_disk(size_mib)
        verdict = result.stdout.strip().splitlines()[-1] if result.stdout.strip() else result.stderr[-600:]
        rounds += 1
        good += judge(verdict in ("good", "refused"), f"{size_mib} MiB: {verdict}")
        note(f"a disk of {size_mib} MiB: {verdict}")
    ok(good == rounds, f"{rounds} small disks filled up, {rounds - good} of them wrong")


# ---- a collection on a full disk -------------------------------------------------------------

LIST_KERNEL = """
kernel keeper(kept = 0) {
    arm load(old) = keeper with kept = old
    arm peek(path) = [~ ~ 0]
    arm poke(number, wire, entropy, our, now, cause) =
        if wire == [0 'arvo' 0] then [~ keeper]
        else
            let list = loop fill(list = ~, done = 0)
                if done == cause then list else fill([[done done] list], inc(done))
            [~ (keeper with kept = list)]
}
"""


def collect_on_full_disk(where):
    """Needs room for its copies: refused before it begins, the machine goes on, and freeing space is the cure."""
    with open(os.path.join(where, "keeper.loam"), "w") as source:
        source.write(LIST_KERNEL)
    jam, directory, ballast = (os.path.join(where, name) for name in ("keeper.jam", "m", "ballast"))
    assert loam("asm", source.name, "--output", jam).code == 0
    assert loam("new", directory, "--kernel", jam, "--quiet").code == 0
    assert loam("poke", directory, "400.000").code == 0
    before = status(directory)
    free = os.statvfs(where).f_bavail * os.statvfs(where).f_frsize
    with open(ballast, "wb") as stream:
        stream.write(bytes(free - (1 << 20)))
    refused = loam("gc", directory, "--full")
    if refused.code != 72 or "is not begun" not in refused.err or "free some space" not in refused.err:
        return f"collected, or refused otherwise: {refused.code} {refused.err[:400]} {refused.out}"
    after = status(directory)
    if any(after[name] != before[name] for name in ("event", "state_hash", "arena_used_bytes", "arena_file_bytes")):
        return f"a refusal changed the machine: {before} {after}"
    if loam("verify", directory).code != 0:
        return "is not whole"
    os.remove(ballast)
    collected = loam("gc", directory, "--full")
    if collected.code != 0:
        return f"freeing space was not the cure: {collected.err[:400]}"
    if status(directory)["state_hash"] != before["state_hash"]:
        return "another state"
    return young_on_full_disk(where, directory, ballast)


def young_on_full_disk(where, directory, ballast):
    """Where a full one has no room a young one may have it."""
    assert loam("run", directory, "--gc", "off", "--until-idle", "--poke", "1.200.000").code == 0
    assert loam("gc", directory, "--full").code == 0
    assert loam("run", directory, "--gc", "off", "--until-idle", "--poke", "10").code == 0
    free = os.statvfs(where).f_bavail * os.statvfs(where).f_frsize
    with open(ballast, "wb") as stream:
        stream.write(bytes(free - (1 << 20)))
    before = status(directory)
    note(f"{before['arena_used_bytes']} of {before['arena_file_bytes']} bytes are used")
    refused = loam("gc", directory, "--full")
    if refused.code != 72:
        return f"collected where there was no room: {refused.code} {refused.err[:400]} {refused.out}"
    collected = loam("gc", directory)
    if collected.code != 0 or "young" not in collected.out:
        return f"a young collection had no room either: {collected.code} {collected.err[:400]} {collected.out}"
    after = status(directory)
    return "good" if after["state_hash"] == before["state_hash"] and loam("verify", directory).code == 0 else "another state"


def test_full_collection():
    if not can_unshare():
        skip("a collection on a full disk", "this process may not mount a file system (unshare --mount)")
        return
    result = small_disk(256, "collect")
    verdict = result.stdout.strip().splitlines()[-1] if result.stdout.strip() else result.stderr[-600:]
    ok(judge(verdict == "good", f"collecting on a full disk: {verdict}"),
       "a collection for which the disk has no room is refused before it begins, and done when it has")


# ---- a directory that may only be read ----------------------------------------------------

def read_only(words):
    """Runs loam with the scratch directory mounted read-only."""
    script = f'mount --bind "{scratch}" "{scratch}" && mount -o remount,bind,ro "{scratch}" && exec "$@"'
    done_process = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", LOAM, *words], capture_output=True,
                                  text=True)
    return Result(done_process.returncode, done_process.stdout, done_process.stderr)


def test_read_only():
    if not can_unshare():
        skip("a directory that may only be read", "this process may not mount a file system (unshare --mount)")
        return
    directory = machine("read only")
    for _ in range(3):
        assert loam("poke", directory, "%inc").code == 0
    before = fingerprint(directory)
    for words in (["run", directory, "--until-idle"], ["poke", directory, "%inc"], ["gc", directory],
                  ["prune", directory, "--keep", "events=1"], ["snapshot", directory, "x"]):
        refused = read_only(words)
        judge(refused.code in (74, 77) and "read-only" in refused.err, f"{words[0]}: {refused.code} {refused.err[:300]}")
    expect(read_only(["poke", directory, "%inc"]), refused.code, "read-only", "a machine that may only be read is refused")
    ok(fingerprint(directory) == before and judge(stands_at(directory, 3, 3), "read only"), "and nothing has changed")


# ---- a clock that jumps ----------------------------------------------------------------------

def test_clock():
    directory = machine("clock")
    jumping = dict(os.environ, LD_PRELOAD=CLOCK)
    event, good, rounds = 0, 0, 0
    for number in range(4 * ROUNDS):
        count = random.randrange(1, 6)
        for _ in range(count):
            event += judge(loam("poke", directory, "%inc", env=jumping).code == 0, "a poke while the clock jumps")
        if number % 3 == 1:
            loam("snapshot", directory, "--seal", env=jumping)
        if number % 3 == 2:
            loam("prune", directory, "--keep", "age=1h", env=jumping)
            loam("gc", directory, env=jumping)
        rounds += 1
        good += judge(stands_at(directory, event, event), f"the clock jumped, round {number}")
    ok(good == rounds, f"a clock that jumps by up to ten years: {rounds} lives, {rounds - good} of them wrong")
    process = subprocess.Popen([LOAM, "run", directory, "--timer", "0.05:%inc", "--quiet"], env=jumping, cwd=scratch,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ticks = wait_until(lambda: status(directory)["event"] > event + 5, 10)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    ok(judge(ticks, "timers while the clock jumps"), "timers go on meanwhile")


# ---- refusals change nothing -------------------------------------------------------------------

def alter_log(directory, statement):
    """Through SQLite, which leaves an empty write-ahead log."""
    log = sqlite3.connect(os.path.join(directory, "events.sqlite"), isolation_level=None)
    if statement:
        log.execute(statement)
    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.close()


def altered_row(directory):
    alter_log(directory, "UPDATE events SET wall_ms = wall_ms + 1 WHERE event = (SELECT max(event) FROM events)")


def missing_row(directory):
    alter_log(directory, "DELETE FROM events WHERE event = 2")
    os.remove(os.path.join(directory, "arena.loam"))


def foreign_log(directory):
    alter_log(directory, None)
    with open(os.path.join(directory, "events.sqlite"), "r+b") as stream:
        stream.write(b"not a database at all")


def no_log(directory):
    for name in ("events.sqlite", "events.sqlite-wal", "events.sqlite-shm"):
        if os.path.exists(os.path.join(directory, name)):
            os.remove(os.path.join(directory, name))


def log_of_another(directory):
    other = machine("another one", kernel("next.jam", KERNEL_NEXT))
    for _ in range(3):
        loam("poke", other, "%inc")
    no_log(directory)
    shutil.copy(os.path.join(other, "events.sqlite"), directory)
    remove(other)


def no_kernel_and_no_arena(directory):
    shutil.rmtree(os.path.join(directory, "kernels"))
    os.remove(os.path.join(directory, "arena.loam"))


def newer_arena_alone(directory):
    no_log(directory)
    arena = os.path.join(directory, "arena.loam")
    with open(arena, "r+b") as stream:
        stream.seek(8)
        stream.write(b"\xff\xff")


def remove(where):
    shutil.rmtree(where, ignore_errors=True)


def test_refusals():
    good = 0
    ways = [altered_row, missing_row, foreign_log, no_log, log_of_another, no_kernel_and_no_arena, newer_arena_alone]
    for way in ways:
        name = "refused " + way.__name__
        directory = machine(name)
        for _ in range(3):
            assert loam("poke", directory, "%inc").code == 0
        way(directory)
        before = fingerprint(directory)
        first = loam("run", directory, "--until-idle")
        between = fingerprint(directory)
        second = loam("run", directory, "--until-idle")
        after = fingerprint(directory)
        fine = first.code not in (0, 70) and first.code > 0 and (first.code, first.err) == (second.code, second.err) \
            and before == between == after
        good += judge(fine, f"{way.__name__}: {first.code} {first.err[:300]} / {second.code} {second.err[:300]}; "
                            f"{'changed' if before != after else 'the same'}")
    ok(good == len(ways), f"{len(ways)} starts that are refused, twice: {len(ways) - good} of them changed anything")


if in_small_disk():
    task = collect_on_full_disk if os.environ["LOAM_TASK"] == "collect" else fill_disk
    print(task(os.environ["LOAM_SMALL_DISK"]))
    sys.exit(0)
seed()
test_small_disk()
test_full_collection()
test_read_only()
test_clock()
test_refusals()
note(f"full disks, read-only directories, clocks, refusals: {tried} states")
note(f"{tried} crash states tried, {lost} lost")
done()
