#!/usr/bin/env python3
"""The real program, killed at random instants, many times over.

usage: kill.py LOAM [KILLS]

A machine takes pokes from a file and is killed; it must come back at an event
no older than any that was seen of it while it lived, with the state of exactly
that event, and take the rest.  Then: a second process on the directory, and
SIGTERM and SIGINT in the middle of the work.
"""
import os
import random
import signal
import sys
import time

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 12
from cli import *

VERIFY_EVERY = 8


def feed(name, count):
    """Causes whose jobs differ in size, all of which count one."""
    file = path(name)
    with open(file, "w") as stream:
        for _ in range(count):
            size = random.choice([0, 0, 0, 1, 20, 400])
            stream.write("%inc\n" if size == 0 else "[%do [%text " + "'some words to log' " * size + "0] 0]\n")
    return file


def is_whole(directory, event):
    """The counter's state is the number of its event."""
    return loam("peek", directory, "/x").out == f"{event:,}".replace(",", ".") + "\n" or \
        loam("peek", directory, "/x").out == f"{event}\n"


def kill_once(directory, causes):
    """The event that was seen of the process while it lived."""
    process = start("run", directory, "--poke-file", causes, "--quiet")
    time.sleep(random.uniform(0.0, 0.12))
    seen = status(directory)["event"]
    time.sleep(random.uniform(0.0, 0.03))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return seen


def test_kills():
    directory, causes = machine("hunted"), feed("causes", 20000)
    lost, event = 0, 0
    for kill in range(KILLS):
        seen = kill_once(directory, causes)
        before, event = event, status(directory)["event"]
        if event < max(seen, before) or not is_whole(directory, event):
            lost += 1
            note(f"kill {kill}: at event {event}, seen at {seen}, {before} before")
        if kill % VERIFY_EVERY == 0 and loam("verify", directory).code != 0:
            lost += 1
            note(f"kill {kill}: not whole at event {event}")
    ok(lost == 0 and event > 0, f"{KILLS} kills, {lost} of them lost something; now at event {event}")
    ok(loam("poke", directory, "%inc").out == f"[%count {event + 1}]\n" or status(directory)["event"] == event + 1,
       "the next event is the next one")
    result = loam("verify", directory)
    ok(result.code == 0, "and all is whole " + result.err)
    return KILLS


def test_kill_start():
    """Killed while it starts, again and again, with a log that the arena lags behind."""
    directory, causes = machine("starting"), feed("few", 300)
    loam("run", directory, "--poke-file", causes, "--until-idle", "--quiet")
    event, lost = status(directory)["event"], 0
    for _ in range(KILLS):
        process = start("run", directory, "--quiet")
        time.sleep(random.uniform(0.0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        lost += status(directory)["event"] != event
    ok(lost == 0 and is_whole(directory, event), f"{KILLS} kills while starting, {lost} of them changed anything")
    return KILLS


def test_two_processes():
    directory, causes = machine("shared"), feed("shared causes", 20000)
    process = start("run", directory, "--poke-file", causes, "--quiet")
    wait_until(lambda: status(directory)["event"] > 0)
    expect(loam("poke", directory, "%inc"), loam("run", directory, "--until-idle").code, "another process",
           "a second process is refused")
    ok(process.poll() is None, "and the first one goes on")
    process.send_signal(signal.SIGTERM)
    process.communicate()


def test_stop(signal_number):
    """Gone within two seconds, everything durable, and nothing to be run again."""
    name = signal.Signals(signal_number).name
    directory, causes = machine(name), feed(name + " causes", 100000)
    process = start("run", directory, "--poke-file", causes, "--quiet")
    wait_until(lambda: status(directory)["event"] > 50)
    begun = time.monotonic()
    process.send_signal(signal_number)
    process.communicate()
    seconds = time.monotonic() - begun
    ok(seconds < 2, f"{name}: gone after {seconds:.3f} s, with {process.returncode}")
    event = status(directory)["event"]
    result = loam("run", directory, "--until-idle", "--json").json()
    ok(result["event"] == event > 50 and result["events_replayed"] == 0, f"{name}: everything is durable")
    ok(is_whole(directory, event), f"{name}: at event {event}")


seed()
kills = test_kills()
kills += test_kill_start()
test_two_processes()
test_stop(signal.SIGTERM)
test_stop(signal.SIGINT)
note(f"SIGKILL at random instants: {kills} states")
note(f"{kills} crash states tried, {failed} lost")
done()
