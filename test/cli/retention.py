"""What the log keeps, and what an archive keeps of it."""
import os

from cli import *


def events(*words):
    return [row["event"] for row in loam("log", *words, "--json").json()["events"]]


def test_archive():
    directory = machine("archived")
    loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin="%inc\n" * 200)
    file = path("events.archive")
    made = loam("archive", directory, file, "--through", "150", "--json")
    ok(made.code == 0 and made.json()["rows"] == 150, f"an archive: {made.out.strip()} {made.err}")
    ok(events(file) == list(range(1, 151)), "`loam log` lists it")
    ok(loam("log", file, "--causes", "--count", "1").out.strip().endswith("%inc"), "with causes")
    ok(loam("log", file, "--json").json()["events"] == loam("log", directory, "--json", "--count", "150").json()["events"],
       "every row is the machine's")
    before = open(file, "rb").read()
    expect(loam("archive", directory, file), 73, "never overwritten", "an archive in the way")
    expect(loam("archive", directory, path("none"), "--through", "500"), 66, "1 to 200", "an event that is not there")
    ok(not os.path.exists(path("none")) and not os.path.exists(path("none.new")), "leaves nothing")
    ok(open(file, "rb").read() == before and not os.path.exists(file + "-wal"), "reading has not changed it")
    expect(loam("archive", directory, path("no/such/file")), 66, "no/such", "a folder that is not there")
    process = start("run", directory, "--timer", "0.01:%inc")
    ok(wait_until(lambda: status(directory)["event"] > 210), "a process runs it")
    ok(loam("archive", directory, path("live.archive")).code == 0, "an archive beside a running process")
    process.terminate()
    process.wait()


def test_no_epoch():
    directory = machine("no-epoch")
    loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin="%inc\n" * 50)
    before = fingerprint(directory)
    result = loam("prune", directory, "--keep", "events=10", "--dry-run")
    ok(result.code == 0 and "no sealed snapshot" in result.err, "without a snapshot nothing goes: " + result.err)
    facts = loam("prune", directory, "--keep", "events=10", "--dry-run", "--json").json()
    ok(facts["rows"] == 0 and facts["wanted_through"] == 40 and not facts["has_epoch"], f"a dry run: {facts}")
    ok(fingerprint(directory) == before, "changes nothing")
    result = loam("prune", directory, "--keep", "events=10", "--archive", path("unused"))
    ok(result.code == 0 and events(directory) == list(range(1, 51)) and not os.path.exists(path("unused")),
       "nor does pruning")
    for policy in ["events", "events=", "events=-1", "events=5k", "age=5", "age=5y", "age=5dd", "size=1X", "size=1GG",
                   "events=99999999999999999999", "size=99999999999T", "all"]:
        expect(loam("prune", directory, "--keep", policy), 64, "--keep wants", f"a policy that is none: {policy}")
    expect(loam("run", directory, "--keep", "some", "--until-idle"), 65, "--keep wants", "the same of run")
    expect(loam("prune", directory), 64, "--keep", "no policy")
    ok(loam("run", directory, "--keep", "age=1s", "--poke", "%inc", "--until-idle").code == 0, "run --keep")
    ok(events(directory) == list(range(1, 52)), "prunes nothing either")
    process = start("run", directory)
    ok(wait_until(lambda: status(directory)["running"]), "a process runs it")
    result = loam("prune", directory, "--keep", "events=10", "--json")
    ok(result.code == 0 and result.json()["rows"] == 0, f"which can be asked: {result.out} {result.err}")
    process.terminate()
    ok(process.wait() == 143, "and stopped")


def sealed(name):
    """A machine at event 150 with sealed snapshots at 100 and 150."""
    directory = machine(name)
    for count in [100, 50]:
        loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin="%inc\n" * count)
        made = loam("snapshot", directory, "--seal")
        assert made.code == 0, made.err
    return directory


def test_prune():
    directory = sealed("pruned")
    facts = status(directory)
    ok(facts["epoch_event"] == 100 and facts["sealed_snapshots"] == 2, f"status tells of the epoch: {facts}")
    facts = loam("prune", directory, "--keep", "events=20", "--dry-run", "--json").json()
    ok(facts["rows"] == 100 and facts["base"] == 100 and facts["wanted_through"] == 130, f"a dry run: {facts}")
    file = path("pruned.archive")
    result = loam("prune", directory, "--keep", "events=20", "--archive", file)
    ok(result.code == 0 and "30 more events" in result.err and "pruned 100 events" in result.err, result.err)
    ok(events(directory) == list(range(101, 151)) and events(file) == list(range(1, 101)), "what went is in the archive")
    ok(loam("prune", directory, "--keep", "events=20", "--json").json()["rows"] == 0, "nothing more may go")
    ok(loam("verify", directory).code == 0 and loam("poke", directory, "%inc").out == "[%count 151]\n", "all is well")
    facts = loam("replay", directory, "--json").json()
    ok(facts["reproduced"] and facts["events"] == 51 and "snapshot" in facts["root"], f"the rest can be run again: {facts}")
    os.remove(os.path.join(directory, "arena.loam"))
    ok(loam("poke", directory, "%inc").out == "[%count 152]\n", "also by a start that has lost the arena")


def test_prune_running():
    directory = sealed("pruned-running")
    process = start("run", directory, "--timer", "0.01:%inc")
    ok(wait_until(lambda: status(directory)["event"] > 160), "a process runs the machine")
    result = loam("prune", directory, "--keep", "events=130", "--json").json()
    ok(0 < result["rows"] <= 100 and result["base"] == result["rows"], f"it prunes when asked: {result}")
    facts = status(directory)
    ok(facts["log_base"] == result["base"] and facts["log_last"] == facts["event"], f"and knows: {facts}")
    before = facts["event"]
    ok(wait_until(lambda: status(directory)["event"] > before + 5), "and goes on")
    process.kill()
    process.wait()
    ok(loam("verify", directory).code == 0, "a kill leaves all whole")
    process = start("run", directory, "--timer", "0.01:%inc", "--keep", "events=10")
    ok(wait_until(lambda: loam("log", directory, "--count", "1").out.split()[:1] == ["101"]), "run --keep prunes to the epoch")
    process.terminate()
    process.wait()
    ok(loam("verify", directory).code == 0 and events(directory)[0] == 101, "and leaves all whole")


test_archive()
test_no_epoch()
test_prune()
test_prune_running()
done()
