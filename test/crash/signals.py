#!/usr/bin/env python3
"""SIGTERM and SIGINT in the middle of each long operation.

usage: signals.py LOAM [SIGNALS]

Each operation is run whole once, to see how long it takes, and then again with a
signal at some instant of it.  Whatever the instant: the process is gone within
two seconds, its status says what happened, and the machine is as whole as before,
at the same event; what was being made is whole or not there.
"""
import os
import random
import shutil
import signal
import sys
import time

SIGNALS = int(sys.argv[2]) if len(sys.argv) > 2 else 4
from cli import *

GONE_SECONDS = 2

# [%fill n]: the state is a list of n new cells, from a job of a few bytes.
FILL = "6 [5 [0 12] 0 1983] [10 [6 0 13] 0 31] 9 2 10 [6 [4 0 12] [[0 12] 0 13]] 0 1"
FILL_POKE = f"[6 [3 0 223] [6 [5 [1 %fill] 0 446] [[1 0] 8 [1 0 0] 8 [1 {FILL}] 9 2 0 1] {POKE}] {POKE}]"
FILL_KERNEL = f"[[1 [{ARM('[10 [6 0 6] 0 7]')} [0 0] {ARM(PEEK)} {ARM(FILL_POKE)}] 0 0] 0]"

tried = 0
lost = 0


def gone(process, sent, begun, what):
    """Sends it, waits; True if all was as it must be."""
    process.send_signal(sent)
    sent_at = time.monotonic()
    out, err = process.communicate()
    seconds = time.monotonic() - sent_at
    good = seconds < GONE_SECONDS and process.returncode in (0, 128 + sent, -sent)
    if not good:
        note(f"{what}, {signal.Signals(sent).name} after {sent_at - begun:.3f} s: gone after {seconds:.3f} s with "
             f"{process.returncode}: {err.decode(errors='replace')[:300]}")
    return good


def remove(where):
    if os.path.isdir(where):
        shutil.rmtree(where)
    elif os.path.exists(where):
        os.remove(where)


def interrupt(what, words, check, prepare=lambda: None):
    """`check` says whether the machine is as it must be, done or not."""
    global tried, lost
    prepare()
    begun = time.monotonic()
    whole = loam(*words)
    duration = time.monotonic() - begun
    bad = 0 if whole.code == 0 and check() else 1
    if bad:
        note(f"{what}, whole: {whole.code} {whole.err[:500]}")
    for number in range(SIGNALS):
        prepare()
        sent = (signal.SIGTERM, signal.SIGINT)[number % 2]
        begun = time.monotonic()
        process = start(*words)
        time.sleep(random.uniform(0, duration))
        good = gone(process, sent, begun, what)
        if not check():
            note(f"{what}, {signal.Signals(sent).name}: the machine is not as it was")
            good = False
        bad += not good
        tried += 1
    lost += bad
    ok(bad == 0, f"{what}, which takes {duration:.2f} s: {SIGNALS} signals, {bad} of them wrong")


def is_whole_at(directory, event, state):
    shown = loam("status", directory, "--json")
    if shown.code != 0 or shown.json()["event"] != event:
        note(f"status {shown.code}: {shown.out[:300]} {shown.err[:300]}")
        return False
    verified = loam("verify", directory)
    if verified.code != 0:
        note(f"verify {verified.code}: {verified.err[:500]}")
    return verified.code == 0 and (state is None or status(directory).get("state_hash") == state)


directory = None


def prepare_machine(cells, fills):
    global directory
    directory = machine("large", kernel("fill.jam", FILL_KERNEL))
    for _ in range(fills):
        poked = loam("poke", directory, f"[%fill {cells}]")
        assert poked.code == 0, poked.err
    return status(directory)


def copy_without(*names):
    """A copy of the machine that lacks some files."""
    def prepare():
        remove(path("copy"))
        shutil.copytree(directory, path("copy"), ignore=shutil.ignore_patterns("control", *names))
    return prepare


def test_operations():
    facts = prepare_machine(400000, 3)
    event, state = facts["event"], facts.get("state_hash")
    same = lambda: is_whole_at(directory, event, state)
    copied = lambda: is_whole_at(path("copy"), event, state)
    interrupt("a replay of everything", ("run", path("copy"), "--until-idle", "--quiet"),
              lambda: loam("run", path("copy"), "--until-idle", "--quiet").code == 0 and copied(),
              copy_without("arena.loam"))
    interrupt("a start", ("run", directory, "--until-idle", "--quiet"), same)
    exported = path("state.loam")
    interrupt("an export", ("export", directory, exported), same)
    assert loam("export", directory, exported).code == 0
    made = path("made")
    interrupt("an import", ("import", made, exported, "--kernel", kernel("fill.jam", FILL_KERNEL)),
              lambda: not os.path.exists(made) or not os.listdir(made) or is_whole_at(made, event, None)
              or loam("status", made).code != 0 and loam("import", made, exported, "--kernel",
                                                         kernel("fill.jam", FILL_KERNEL)).code == 0,
              lambda: remove(made))
    interrupt("a verification", ("verify", directory), same)
    interrupt("a replay beside", ("replay", directory), same)
    interrupt("a sealed snapshot", ("snapshot", path("copy"), "--seal"), copied, copy_without())
    interrupt("a collection", ("gc", path("copy"), "--full"), copied, copy_without())
    interrupt("an archive", ("archive", path("copy"), path("archive")), copied,
              lambda: (remove(path("archive")), copy_without()()))
    assert loam("snapshot", directory, "--seal").code == 0
    interrupt("pruning", ("prune", path("copy"), "--keep", "events=1"), copied, copy_without())


def test_endless_event():
    """An event that never ends is dropped by a signal, and is no event."""
    global tried, lost
    bad = 0
    endless = machine("endless")
    for number in range(SIGNALS):
        sent = (signal.SIGTERM, signal.SIGINT)[number % 2]
        begun = time.monotonic()
        process = start("run", endless, "--poke", "%spin", "--quiet")
        time.sleep(random.uniform(0.0, 0.3))
        good = gone(process, sent, begun, "an event without end")
        bad += not (good and is_whole_at(endless, 0, None))
        tried += 1
    lost += bad
    ok(bad == 0, f"an event without end: {SIGNALS} signals, {bad} of them wrong")


seed()
test_operations()
test_endless_event()
note(f"signals in long operations: {tried} states")
done_line = f"{tried} crash states tried, {lost} lost"
note(done_line)
done()
