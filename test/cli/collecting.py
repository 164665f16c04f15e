"""The arena is collected: at rest, beside a running machine, and where it cannot be."""
import json
import os
import sys

from cli import *


def listens(directory):
    return wait_until(lambda: os.path.exists(os.path.join(directory, "control")))


def test_at_rest():
    directory = machine("rest")
    for _ in range(20):
        loam("poke", directory, "%inc")
    before = status(directory)
    result = loam("gc", directory, "--full")
    ok(result.code == 0 and "full collection at event 20" in result.out, "gc --full: " + result.out)
    after = status(directory)
    ok(after["state_hash"] == before["state_hash"] and after["event"] == 20, "the state is the same")
    ok(after["arena_used_bytes"] < before["arena_used_bytes"], "and smaller")
    ok(after["gc_phase"] == "idle" and after["gc_full_collections"] == 1 and len(after["collections"]) == 1,
       "status knows it")
    ok("pause_us" not in after["collections"][0], "but not the pause, which nobody noted before the process ended")
    ok(loam("gc", directory).code == 0, "what is new, too")
    facts = loam("gc", directory, "--full", "--json").json()
    ok(facts["full"] and facts["live_bytes"] > 0 and facts["event"] == 20, f"in JSON: {facts}")
    ok("full collection" in loam("status", directory).out, "status in words")
    ok(loam("verify", directory).code == 0, "the machine is whole")
    ok(loam("poke", directory, "%inc").out.strip() == "[%count 21]", "and goes on")


def test_running():
    directory = machine("running")
    process = start("run", directory, "--gc", "off", "--timer", "0.01:%inc")
    ok(listens(directory), "a machine runs")
    for words in (["--full"], [], ["--full"]):
        event = status(directory)["event"]
        wait_until(lambda: status(directory)["event"] > event)  # of nothing new a young one does nothing
        result = loam("gc", directory, *words)
        ok(result.code == 0 and "collection at event" in result.out, "it collects: " + result.out + result.err)
    facts = status(directory)
    ok(facts["running"] and len(facts["collections"]) == 3 and facts["collections"][0]["pause_us"] > 0,
       "and tells of it while it runs")
    ok(loam("stop", directory).code == 0 and process.wait(timeout=20) is not None, "it stops")
    ok(loam("verify", directory).code == 0, "the machine is whole")
    ok(len(status(directory)["collections"]) == 3, "the history is kept")


def test_beside_an_export():
    """Both read the arena; what is exported is one state, whatever moves meanwhile."""
    ledger = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/ledger.loam")
    directory = machine("exported", ledger)
    ok(loam("poke", directory, "[%fill 0 200000]").code == 0, "a ledger is filled")
    process = start("run", directory, "--gc", "off", "--timer", "0.01:[%add 7 1]")
    ok(listens(directory), "it runs")
    exports = [start("export", directory, path(f"export-{i}")) for i in range(3)]
    collections = 0
    while collections < 3 or any(export.poll() is None for export in exports):
        collections += loam("gc", directory, "--full").code == 0
    ok(all(export.wait(timeout=60) == 0 for export in exports), f"exports end well beside {collections} collections")
    ok(loam("stop", directory).code == 0 and process.wait(timeout=20) is not None, "it stops")
    for i in range(3):
        copy = path(f"copy-{i}")
        ok(loam("import", copy, path(f"export-{i}")).code == 0 and loam("verify", copy).code == 0 and
           "200000" in loam("peek", copy, "/size").out, "what was exported is whole")


def test_file_shrinks():
    """A machine that nobody runs gives its disk back when it is collected, not when it runs again."""
    ledger = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/ledger.loam")
    directory = machine("shrunk", ledger)
    arena = os.path.join(directory, "arena.loam")
    fills = [word for _ in range(6) for word in ("--poke", "[%fill 0 200000]")]
    ok(loam("run", directory, "--gc", "off", "--until-idle", *fills).code == 0, "a ledger is filled again and again")
    before, facts = os.path.getsize(arena), status(directory)
    ok(loam("gc", directory, "--full").code == 0, "collected")
    after, used = os.path.getsize(arena), status(directory)["arena_used_bytes"]
    step = 64 << 20
    ok(before > used + step + (32 << 20) and after <= used + step and os.stat(arena).st_blocks * 512 <= used + step,
       f"its file has {after} bytes at once, after {before}; {used} are used")
    again = status(directory)
    ok((again["event"], again["state_hash"]) == (facts["event"], facts["state_hash"]) and
       loam("verify", directory).code == 0, "and the machine is whole")
    ok(loam("gc", directory).code == 0 and os.path.getsize(arena) <= after + (1 << 20), "nothing is left for another")
    ok(loam("poke", directory, "[%add 1 1]").code == 0 and os.path.getsize(arena) <= used + step + (16 << 20),
       "it goes on")


def test_words():
    directory = machine("words")
    expect(loam("run", directory, "--gc", "sometimes", "--until-idle"), 64, "auto, off or a time", "--gc is read")
    ok(loam("run", directory, "--gc", "1s", "--until-idle", "--poke", "%inc").code == 0, "a time is")
    expect(loam("gc", path("nowhere")), 66, "", "no machine is refused")


def restarted(times):
    directory = machine("restarted")
    loam("poke", directory, "%inc")
    first = status(directory)
    good = True
    for _ in range(times):
        good = good and loam("run", directory, "--until-idle", "--gc", "1s").code == 0
    last = status(directory)
    ok(good and last["arena_used_bytes"] == first["arena_used_bytes"] and
       last["arena_file_bytes"] <= first["arena_file_bytes"] + (64 << 20) and
       last["state_hash"] == first["state_hash"],
       f"{times} starts at one event: {first['arena_used_bytes']} and {last['arena_used_bytes']} bytes")


if "--restarts" in sys.argv:
    restarted(int(sys.argv[sys.argv.index("--restarts") + 1]))
else:
    test_at_rest()
    test_running()
    test_beside_an_export()
    test_file_shrinks()
    test_words()
    restarted(10)
done()
