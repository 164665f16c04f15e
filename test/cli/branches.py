"""Snapshots and branches inside the arena."""
import os

from cli import *


def peek(directory, *words):
    return loam("peek", directory, "/x", *words).out.strip()


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


test_life()
test_upgrade()
test_lost_arena()
done()
