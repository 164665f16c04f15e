"""Snapshots and branches inside the arena."""
import os

from cli import *


def peek(directory, *words):
    return loam("peek", directory, "/x", *words).out.strip()


def test_names():
    """A name stands for one thing: not for a sealed snapshot, too, in whose list it is shown."""
    directory = machine("names")
    for name in ("latest", "latest-1", "epoch", "surplus"):
        for kind in ("snapshot", "branch"):
            expect(loam(kind, directory, name), 65, "sealed", f"a {kind} called {name} is refused")
    ok(loam("branch", directory, "latest-10").code == 0, "a name that only begins like that is not")


def test_life():
    directory = machine("life")
    loam("poke", directory, "[%set 10]")
    before = status(directory)
    made = loam("snapshot", directory, "ten", "--json")
    ok(made.code == 0 and made.json()["state_hash"] == before["state_hash"], f"a snapshot: {made.out.strip()}")
    after = status(directory)
    ok((after["event"], after["state_hash"]) == (before["event"], before["state_hash"]), "the main line has not moved")
    loam("poke", directory, "%inc")
    ok(peek(directory) == "11" and peek(directory, "--at", "ten") == "10", "it stays as it was")
    expect(loam("snapshot", directory, "ten"), 73, "already", "a name that is taken")
    expect(loam("branch", directory, "ten"), 73, "already", "also by the other kind")
    expect(loam("snapshot", directory, "../x"), 65, "letters", "a name that is none")
    expect(loam("peek", directory, "/x", "--at", "eleven"), 66, "eleven", "a name that is not there")

    ok(loam("branch", directory, "try", "--from", "ten").code == 0, "a branch from it")
    rows = len(loam("log", directory).out.splitlines())
    result = loam("poke", directory, "%inc", "--branch", "try")
    ok(result.out == "[%count 11]\n", "an event on the branch gives its effects: " + result.out + result.err)
    result = loam("poke", directory, "[%set 500]", "--branch", "try", "--json").json()
    ok(result["event"] == 3, f"a branch counts its events from where it began: {result}")
    ok(peek(directory, "--at", "try") == "500" and peek(directory, "--at", "ten") == "10" and peek(directory) == "11",
       "and only the branch has moved")
    facts = status(directory)
    ok(facts["event"] == 2 and len(loam("log", directory).out.splitlines()) == rows == 2, "the log has not noticed")
    result = loam("poke", directory, "%wrong", "--branch", "try")
    ok(result.code == 1 and "event 4" in result.err, "a crash on a branch: " + result.err)
    ok(loam("poke", directory, "%mute", "--branch", "try").code == 1 and peek(directory, "--at", "try") == "500",
       "a refusal on a branch")
    expect(loam("poke", directory, "%inc", "--branch", "ten"), 65, "branch of it", "an event on a snapshot")
    ok(loam("poke", directory, "%inc").out == "[%count 12]\n", "the main line goes on")
    ok(peek(directory, "--at", "try") == "500" and peek(directory, "--at", "ten") == "10", "and they are still there")
    ok(loam("verify", directory).code == 0, "all is whole")
    names = [item["name"] for item in loam("snapshot", directory, "--json").json()["snapshots"]]
    branches = loam("branch", directory, "--json").json()["branches"]
    ok(names == ["ten"] and branches[0]["name"] == "try" and branches[0]["event"] == 4, f"they are listed: {branches}")
    ok("try" in loam("branch", directory).out and "ten" in loam("snapshot", directory).out, "as text too")

    file = path("branch.state")
    ok(loam("export", directory, file, "--at", "try").code == 0, "a branch can be exported")
    made = loam("import", path("imported"), file, "--kernel", kernel(), "--json").json()
    ok(made["event"] == 4 and loam("peek", path("imported"), "/x").out == "500\n", "and imported")

    expect(loam("branch", directory, "ten", "--drop"), 66, "loam snapshot", "dropping a snapshot as a branch")
    ok(loam("branch", directory, "try", "--drop").code == 0, "a branch is dropped")
    expect(loam("peek", directory, "/x", "--at", "try"), 66, "try", "and gone")
    ok(loam("snapshot", directory, "ten", "--drop").code == 0 and loam("snapshot", directory).out == "", "so is a snapshot")
    ok(peek(directory) == "12" and loam("verify", directory).code == 0, "and the main line is as it was")


def test_upgrade():
    directory = machine("rehearsal")
    loam("poke", directory, "[%set 10]")
    loam("snapshot", directory, "before")
    loam("run", directory, "--kernel", kernel("next.jam", KERNEL_NEXT), "--until-idle")
    ok(peek(directory) == "13" and peek(directory, "--at", "before") == "10", "a snapshot outlives an upgrade")
    listed = loam("snapshot", directory, "--json").json()["snapshots"][0]
    ok(listed["kernel_hash"] != status(directory)["kernel_hash"], "with the kernel it had")


def test_lost_arena():
    directory = machine("lost")
    loam("poke", directory, "%inc")
    loam("snapshot", directory, "one")
    os.remove(os.path.join(directory, "arena.loam"))
    result = loam("poke", directory, "%inc")
    ok(result.code == 0 and "snapshots and branches" in result.err, "a lost arena loses them, and says so: " + result.err)
    ok(loam("snapshot", directory).out == "", "none is left")


def test_running():
    directory = machine("running")
    process = start("run", directory, "--poke", "[%set 10]", "--timer", "0.02:%inc")
    ok(wait_until(lambda: status(directory)["event"] > 3), "a process runs the machine")
    made = loam("snapshot", directory, "live", "--json")
    ok(made.code == 0, f"a snapshot of a running machine: {made.out.strip()} {made.err}")
    event = made.json()["event"]
    ok(loam("branch", directory, "side", "--from", "live").code == 0, "and a branch")
    result = loam("poke", directory, "[%do [%said %word 5] 0]", "--branch", "side")
    ok(result.code == 0 and result.out == "[%said %word 5]\n", f"an event on it: {result.out} {result.err}")
    result = loam("poke", directory, "%inc", "--branch", "side", "--json").json()
    ok(result["event"] == event + 2 and result["effects"] == [f"[%count {event + 11}]"], f"and another: {result}")
    result = loam("poke", directory, "%wrong", "--branch", "side")
    ok(result.code == 1 and "of the branch" in result.err, "a crash on it")
    result = loam("poke", directory, "%mute", "--branch", "side", "--json")
    ok(result.code == 1 and result.json()["answer"] == "refused", "a refusal on it")
    expect(loam("poke", directory, "%inc", "--branch", "none"), 66, "none", "no such branch")
    expect(loam("snapshot", directory, "live"), 73, "already", "a name that is taken")
    ok(wait_until(lambda: status(directory)["event"] > event + 5), "the main line goes on meanwhile")
    ok(peek(directory, "--at", "live") == str(event + 9) and peek(directory, "--at", "side") == str(event + 11),
       "both stay as they are")
    process.kill()
    process.wait()
    ok(peek(directory, "--at", "side") == str(event + 11), "a killed process has lost neither")
    loam("poke", directory, "%inc")
    ok(peek(directory, "--at", "live") == str(event + 9) and loam("verify", directory).code == 0,
       "nor does the next start")
    process = start("run", directory)
    ok(wait_until(lambda: status(directory)["running"]) and loam("branch", directory, "side", "--drop").code == 0,
       "a running machine drops one")
    process.terminate()
    process.wait()


test_names()
test_life()
test_running()
test_upgrade()
test_lost_arena()
done()
