"""SIGKILL at random moments loses nothing that was acknowledged."""
import os
import random
import signal
import time

from cli import *

EVENTS = 3000
KILLS = 8


def feed(name, first):
    file = path(name)
    with open(file, "w") as stream:
        stream.write("%inc\n" * (EVENTS - first))
    return file


def test_kill_loop():
    calm = machine("calm")
    result = loam("run", calm, "--poke-file", feed("all", 0), "--until-idle", "--json")
    ok(result.code == 0 and result.json()["event"] == EVENTS, "an uninterrupted run")
    hunted = machine("hunted")
    event = 0
    for kill in range(KILLS):
        process = start("run", hunted, "--poke-file", feed("rest", event), "--quiet")
        time.sleep(random.uniform(0.02, 0.35))
        seen = status(hunted)["event"]
        process.send_signal(signal.SIGKILL)
        process.wait()
        event = status(hunted)["event"]
        if not ok(event >= seen, f"kill {kill}: at event {event}, seen alive at {seen}"):
            break
        ok(loam("peek", hunted, "/x").out == f"{event}\n", "the state is that of the event")
        ok(loam("verify", hunted).code == 0, "and all is whole")
    result = loam("run", hunted, "--poke-file", feed("rest", event), "--until-idle", "--json")
    ok(result.code == 0 and result.json()["event"] == EVENTS, f"the rest of the events ({result.out.strip()})")
    ok(status(hunted)["state_hash"] == status(calm)["state_hash"], "ends in the same state")


def test_kill_new():
    """A creation that is killed leaves either nothing that counts, or a machine."""
    for kill in range(6):
        directory = path(f"new{kill}")
        process = start("new", directory, "--kernel", kernel())
        time.sleep(random.uniform(0.0, 0.08))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if loam("status", directory).code == 0:
            ok(loam("poke", directory, "%inc").out == "[%count 1]\n", "killed too late: a machine")
        else:
            ok(loam("new", directory, "--kernel", kernel()).code == 0, "killed in time: new does it again")


def test_acknowledged():
    """What `poke` has printed is there, although it was killed right after."""
    directory = machine("acknowledged")
    for number in range(1, 6):
        process = start("poke", directory, "%inc")
        line = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        ok(line == f"[%count {number}]\n".encode() and status(directory)["event"] == number,
           f"event {number} was printed and is there")


def test_kill_replay():
    """Killed during a replay of everything, again and again, it gets there."""
    directory = machine("replayed")
    loam("run", directory, "--poke-file", feed("all", 0), "--until-idle", "--quiet")
    before = status(directory)
    os.remove(os.path.join(directory, "arena.loam"))
    for kill in range(4):
        process = start("run", directory, "--until-idle", "--quiet")
        time.sleep(random.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
    result = loam("run", directory, "--until-idle", "--json")
    ok(result.code == 0, "a start after kills during the replay: " + result.err)
    after = status(directory)
    ok(after["event"] == before["event"] and after["state_hash"] == before["state_hash"], "has replayed all of it")


seed()
test_kill_loop()
test_kill_new()
test_acknowledged()
test_kill_replay()
done()
