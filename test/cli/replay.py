"""History again: replay, records, bisect."""
import os
import sqlite3

from cli import *


def test_replay():
    directory = machine("history")
    loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin="%inc\n%wrong\n" * 20)
    loam("snapshot", directory, "forty")
    loam("run", directory, "--kernel", kernel("next.jam", KERNEL_NEXT), "--until-idle", "--quiet")
    loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin="%inc\n" * 20)
    loam("run", directory, "--until-idle", "--quiet")
    before = fingerprint(directory)
    facts = loam("replay", directory, "--check", "--json")
    ok(facts.code == 0 and facts.json()["reproduced"] and facts.json()["events"] == 60,
       f"all of it gives what it gave, over an upgrade: {facts.out.strip()} {facts.err}")
    facts = loam("replay", directory, "--from", "50", "--to", "55", "--json").json()
    ok(facts["events"] == 6 and facts["root"] == "snapshot forty" and facts["root_event"] == 40,
       f"a range begins with the nearest snapshot: {facts}")
    facts = loam("replay", directory, "--to", "10", "--json").json()
    ok(facts["events"] == 10 and facts["root_event"] == 0, f"or with the first kernel: {facts}")
    expect(loam("replay", directory, "--to", "61"), 66, "1 to 60", "a range that is not there")
    expect(loam("replay", directory, "--from", "10", "--to", "9"), 66, "", "a range that is none")
    ok(fingerprint(directory) == before, "the machine has not changed")
    process = start("run", directory)
    ok(wait_until(lambda: status(directory)["running"]) and loam("replay", directory).code == 0,
       "also beside a process that runs it")
    process.terminate()
    process.wait()

    record = path("record")
    ok(loam("replay", directory, "--record", record).code == 0, "a record is made")
    ok(loam("verify", directory).code == 0 and len(loam("log", record).out.splitlines()) == 60, "which is a log")
    result = loam("bisect", directory, record)
    ok(result.code == 0 and "agree on the 60" in result.out, result.out.strip())
    ok(loam("bisect", directory, record, "--json").json()["same"], "also as JSON")
    database = sqlite3.connect(record)
    database.execute("UPDATE events SET state_hash = 5 WHERE event IN (17, 23)")
    database.commit()
    database.close()
    result = loam("bisect", directory, record)
    ok(result.code == 79 and "event 17 " in result.out and "2 of 60" in result.out, result.out.strip())
    part = path("part")
    ok(loam("replay", directory, "--from", "45", "--record", part).code == 0 and
       loam("bisect", part, directory, "--json").json()["compared"] == 16, "a part can be recorded and compared")
    expect(loam("bisect", directory, path("absent")), 66, "absent", "bisect with nothing")
    leftovers = [name for name in os.listdir(scratch) if name.startswith("loam-replay")]
    ok(not leftovers, "nothing is left of the replays")


def test_archive():
    directory = machine("archived")
    loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin="%inc\n" * 30)
    archive = path("old.archive")
    loam("archive", directory, archive, "--through", "20")
    facts = loam("replay", directory, "--archive", archive, "--json").json()
    ok(facts["reproduced"] and facts["events"] == 20, f"an archive can be run again: {facts}")
    ok(loam("bisect", directory, archive).code == 0, "and compared")


os.environ["TMPDIR"] = scratch
test_replay()
test_archive()
done()
