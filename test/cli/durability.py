"""The modes of durability, and a process that is killed in each."""
import os
import random
import signal
import time

from cli import *

MODES = ["event", "batch=1000,50", "batch=1,1", "none"]


def mark(directory):
    return os.path.exists(os.path.join(directory, "events.sqlite-unflushed"))


def feed(name, count):
    file = path(name)
    with open(file, "w") as stream:
        stream.write("%inc\n" * count)
    return file


def test_words():
    directory = machine("words")
    for word in ["", "batch", "batch=", "batch=5", "batch=0,5", "batch=5,0", "batch=5,5x", "batch=-1,5", "often"]:
        expect(loam("run", directory, "--until-idle", f"--durability={word}"), 64, "--durability wants", repr(word))
    for mode in MODES:
        result = loam("run", directory, "--until-idle", "--durability", mode, "--poke", "%inc")
        ok(result.code == 0 and not mark(directory), f"{mode}: {result.err.strip()}")
    ok(status(directory)["event"] == len(MODES), "all of them are there")


def test_kill(mode):
    """What a client saw acknowledged is there after SIGKILL, in every mode."""
    directory = machine("killed-" + mode.replace("=", "-"))
    event, lost = 0, 0
    for kill in range(4):
        process = start("run", directory, "--durability", mode, "--poke-file", feed("many", 100000), "--quiet")
        if not wait_until(lambda: status(directory).get("events", 0) > 0):
            break
        time.sleep(random.uniform(0.0, 0.3))
        seen = status(directory)  # from the process itself: acknowledged
        process.send_signal(signal.SIGKILL)
        process.wait()
        ok(mark(directory) == (mode != "event"), f"{mode}: says that rows may not have been flushed")
        after = loam("run", directory, "--until-idle", "--json").json()
        lost += after["event"] < seen["event"]
        event = after["event"]
    ok(lost == 0 and event > 0, f"{mode}: killed at event {event}, nothing acknowledged was lost")
    ok(loam("peek", directory, "/count").out == f"{event}\n", "the state is the event's")
    ok(not mark(directory), "a start that ends in order flushes all")
    ok(loam("verify", directory).code == 0, "and all is whole")


def test_flushes():
    """Batches are flushed in time, also when nothing comes after them."""
    directory = machine("flushes")
    process = start("run", directory, "--durability", "batch=1000000,200", "--poke", "%inc", "--poke", "%inc")
    ok(wait_until(lambda: status(directory).get("durable_event") == 2), "a batch is flushed when its time is up")
    ok(loam("stop", directory).code == 0 and process.wait() == 0, "stop")
    process = start("run", directory, "--durability", "none", "--poke", "%inc")
    ok(wait_until(lambda: status(directory).get("event") == 3), "without flushes")
    time.sleep(0.3)
    ok(status(directory)["durable_event"] == 2, "nothing is called durable before its time")
    ok(loam("stop", directory).code == 0 and process.wait() == 0 and not mark(directory), "an orderly end flushes")


seed()
test_words()
for mode in MODES:
    test_kill(mode)
test_flushes()
done()
