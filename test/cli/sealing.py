"""Sealed snapshots: made by hand, by a running machine, in time; and used."""
import os

from cli import *


def folder(directory, suffix):
    where = os.path.join(directory, "snapshots")
    return sorted(name for name in os.listdir(where) if name.endswith(suffix)) if os.path.isdir(where) else []


def lose_arena(directory):
    os.remove(os.path.join(directory, "arena.loam"))


def sealed(directory):
    return loam("snapshot", directory, "--json").json()["sealed"]


def run(directory, *words):
    process = start("run", directory, *words)
    assert wait_until(lambda: os.path.exists(os.path.join(directory, "control"))), "it does not listen"
    return process


def end(directory, process):
    loam("stop", directory)
    process.wait(timeout=20)
    return process.stderr.read().decode()


def test_by_hand():
    directory = machine("hand")
    loam("poke", directory, "[%set 10]")
    made = loam("snapshot", directory, "--seal", "--json")
    facts = status(directory)
    ok(made.code == 0 and made.json()["event"] == 1 and made.json()["state_hash"] == facts["state_hash"],
       f"sealed: {made.out.strip()} {made.err}")
    ok(len(folder(directory, ".manifest")) == 1 and len(folder(directory, ".new")) == 0, "one manifest")
    loam("poke", directory, "%inc")
    again = loam("snapshot", directory, "--seal", "--json").json()
    ok(again["event"] == 2 and again["written_bytes"] < again["bytes"], f"the next one shares: {again}")
    ok([item["role"] for item in sealed(directory)] == ["latest", "latest-1"], "they are listed")
    ok("latest-1" in loam("snapshot", directory).out, "as text, too")
    loam("poke", directory, "%inc")
    lose_arena(directory)
    back = loam("poke", directory, "%inc")
    ok(back.code == 0 and back.out == "[%count 13]\n" and "event 2" in back.err, f"a lost arena comes back: {back.err}")
    ok(loam("verify", directory).code == 0, "all is whole")
    expect(loam("snapshot", directory, "name", "--seal"), 64, "--seal", "a sealed one has no name")
    expect(loam("snapshot", directory, "--epoch"), 64, "--seal", "--epoch alone")


def test_damage():
    directory = machine("damage")
    for _ in range(3):
        loam("poke", directory, "%inc")
        loam("snapshot", directory, "--seal")
    newest = folder(directory, ".manifest")[-1]
    with open(os.path.join(directory, "snapshots", newest), "r+b") as file:
        file.seek(60)
        file.write(b"rot")
    lose_arena(directory)
    back = loam("poke", directory, "%inc")
    ok(back.code == 0 and newest in back.err and newest + ".damaged" in folder(directory, ".damaged"),
       f"a damaged one is named and set aside: {back.err}")
    ok(back.out == "[%count 4]\n", "and the one before serves")


def test_running():
    directory = machine("running")
    process = run(directory, "--poke", "%inc", "--poke", "%inc")
    ok(wait_until(lambda: status(directory).get("events") == 2), "a running machine")
    made = loam("snapshot", directory, "--seal", "--json")
    ok(made.code == 0 and made.json()["event"] == 2, f"is sealed while it runs: {made.out} {made.err}")
    ok(loam("snapshot", directory, "--seal", "--json").json()["is_old"], "twice is once")
    ok("latest" in loam("snapshot", directory).out, "and listed")
    end(directory, process)
    lose_arena(directory)
    ok(loam("poke", directory, "%inc").out == "[%count 3]\n", "it comes back from it")


def test_budget():
    directory = machine("budget")
    process = run(directory, "--replay-budget", "0.001", "--timer", "0.02:%inc")
    ok(wait_until(lambda: len(folder(directory, ".manifest")) >= 2), "a budget seals by itself, again and again")
    said = end(directory, process)
    ok("Traceback" not in said and len(folder(directory, ".new")) == 0, f"and stops in order: {said[-300:]}")
    ok(len(folder(directory, ".manifest")) <= 3, f"old ones go: {folder(directory, '.manifest')}")
    event = status(directory)["event"]
    lose_arena(directory)
    ok(loam("poke", directory, "%inc").code == 0 and status(directory)["event"] == event + 1, "and it comes back")
    expect(loam("run", directory, "--replay-budget", "soon", "--until-idle"), 65, "900s", "a budget that is none")


def test_epoch():
    directory = machine("epoch")
    for _ in range(5):
        loam("poke", directory, "%inc")
        loam("snapshot", directory, "--seal")
    ok([item["event"] for item in sealed(directory)] == [5, 4, 1], "the newest two and the oldest are kept")
    ok(loam("snapshot", directory, "--seal", "--epoch").code == 0, "the epoch is moved")
    ok([item["event"] for item in sealed(directory)] == [5, 4], "and the old one is gone")
    ok(loam("prune", directory, "--keep", "events=1").code == 0, "the log is pruned to it")
    lose_arena(directory)
    ok(loam("poke", directory, "%inc").out == "[%count 6]\n", "and the machine comes back")


def test_quarantine():
    directory = machine("quarantine")
    loam("poke", directory, "%inc")
    loam("poke", directory, "%inc")
    expect(loam("run", directory, "--until-idle", "--quarantine", "7"), 65, "event 7", "an event that is not there")
    result = loam("run", directory, "--until-idle", "--quarantine", "2")
    ok(result.code == 0 and "did not have to be run again" in result.err, f"one that is well: {result.err}")
    lose_arena(directory)
    result = loam("run", directory, "--until-idle", "--quarantine", "2")
    ok(result.code == 0 and "quarantine" in result.err and "skipped" in result.err, f"one that had to be: {result.err}")
    ok(loam("poke", directory, "%inc").out == "[%count 2]\n", "is left out")
    lose_arena(directory)
    result = loam("poke", directory, "%inc")
    ok(result.out == "[%count 3]\n" and "skipped" in result.err, f"for good, and it is said: {result.err}")


test_by_hand()
test_damage()
test_running()
test_budget()
test_epoch()
test_quarantine()
done()
