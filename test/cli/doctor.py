"""The doctor says what is wrong, and mends what can be mended."""
import os
import random
import shutil
import sqlite3

from cli import *


def doctor(directory, *words):
    result = loam("doctor", directory, "--json", *words)
    return result.code, result.json()["verdict"], result


def file(directory, name):
    return os.path.join(directory, name)


def sql(directory, *statements):
    database = sqlite3.connect(file(directory, "events.sqlite"))
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def flip(path_of_file, offset):
    with open(path_of_file, "r+b") as stream:
        stream.seek(offset)
        byte = stream.read(1)[0]
        stream.seek(offset)
        stream.write(bytes([byte ^ 16]))


def ailing(name, sealed=False):
    """A machine at event 60, and what it has to be like after a repair."""
    directory = machine(name)
    loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet",
         stdin="".join(f"[%set [{number} 'some text' 0x{'77' * 20}]]\n" for number in range(60)))
    if sealed:
        made = loam("snapshot", directory, "--seal")
        assert made.code == 0, made.err
    loam("run", directory, "--poke", "%inc", "--until-idle", "--quiet")
    facts = status(directory)
    return directory, (facts["event"], facts["state_hash"])


def is_well(directory, wanted, what):
    facts = status(directory)
    ok((facts["event"], facts["state_hash"]) == wanted, f"{what}: the state is what it was")
    code, verdict, result = doctor(directory)
    ok(code == 0 and verdict == "whole", f"{what}: all is whole: {result.out[-300:]}")
    ok(loam("verify", directory).code == 0 and loam("poke", directory, "[%set 5]").code == 0, f"{what}: and goes on")


def expect_verdict(directory, wanted, what):
    before = fingerprint(directory)
    code, verdict, result = doctor(directory)
    ok(code == (0 if wanted == "whole" else 76) and verdict == wanted, f"{what} is {verdict}: {result.out[-200:]}{result.err}")
    ok(fingerprint(directory) == before, "and nothing was changed")


def mend(directory, what, *words):
    result = loam("doctor", directory, "--repair", *words)
    ok(result.code == 0 and "repaired" in result.out, f"{what} is repaired: {result.out.strip()[-200:]} {result.err}")


def test_whole():
    directory, wanted = ailing("whole")
    expect_verdict(directory, "whole", "a whole machine")
    result = loam("doctor", directory)
    ok("a start takes this one" in result.out and "events 1 to 61" in result.out, result.out.splitlines()[0])
    is_well(directory, wanted, "a whole machine")
    result = loam("doctor", machine("fresh"))
    ok("whole: no event after 0 yet" in result.out, "a machine without events: " + result.out.splitlines()[0])
    expect(loam("doctor", scratch), 78, "no machine", "somebody's directory")
    expect(loam("doctor", path("absent")), 66, "", "no directory")
    process = start("run", directory)
    ok(wait_until(lambda: status(directory)["running"]), "a process runs it")
    expect(loam("doctor", directory), 75, "loam verify", "the doctor beside it")
    process.terminate()
    process.wait()


def test_arena():
    directory, wanted = ailing("no-arena")
    os.remove(file(directory, "arena.loam"))
    expect_verdict(directory, "a start mends it", "a machine without its arena")
    mend(directory, "it")
    is_well(directory, wanted, "a lost arena")

    directory, wanted = ailing("rotten-arena")
    with open(file(directory, "arena.loam"), "rb") as stream:
        at = stream.read().index(bytes([0x77] * 16))
    flip(file(directory, "arena.loam"), at)
    expect_verdict(directory, "repairable", "an arena that has rotted where no start looks")
    mend(directory, "it")
    ok(os.path.exists(file(directory, "arena.damaged.loam")), "and the old one is kept")
    is_well(directory, wanted, "a rotten arena")


def test_rows():
    directory, wanted = ailing("rows")
    sql(directory, "UPDATE events SET job = zeroblob(length(job)) WHERE event = 7", "DELETE FROM events WHERE event = 30")
    expect_verdict(directory, "repairable", "a log with damaged rows")
    mend(directory, "it")
    ok(loam("log", directory).out.splitlines()[0].split()[0] == "32", "the log begins after them")
    ok(os.path.exists(file(directory, "events.damaged.sqlite")), "and the old one is kept")
    is_well(directory, wanted, "damaged rows")

    directory, wanted = ailing("behind")
    shutil.copy(file(directory, "arena.loam"), path("old.arena"))
    loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin="[%set 9]\n" * 30)
    shutil.copy(path("old.arena"), file(directory, "arena.loam"))
    sql(directory, "UPDATE events SET wall_ms = 5 WHERE event = 80")
    expect_verdict(directory, "hopeless", "a damaged row that the arena lacks")
    before = fingerprint(directory)
    expect(loam("doctor", directory, "--repair", "--give-up-history"), 76, "restore a copy", "which no repair")
    ok(fingerprint(directory) == before, "touches")


def test_lost_log():
    directory, wanted = ailing("no-log")
    for name in ["events.sqlite", "events.sqlite-wal", "events.sqlite-shm"]:
        if os.path.exists(file(directory, name)):
            os.remove(file(directory, name))
    expect_verdict(directory, "history lost", "a machine without its log")
    before = fingerprint(directory)
    expect(loam("doctor", directory, "--repair"), 76, "--give-up-history", "it is not repaired without a word")
    ok(fingerprint(directory) == before, "and not touched")
    mend(directory, "with it the machine", "--give-up-history")
    is_well(directory, wanted, "a lost log")

    directory, wanted = ailing("header")
    sql(directory)
    flip(file(directory, "events.sqlite"), 3)
    expect_verdict(directory, "history lost", "a log that is no database")
    mend(directory, "it", "--give-up-history")
    is_well(directory, wanted, "a log that is no database")

    directory, (event, _) = ailing("wal")
    with open(path("more"), "w") as stream:
        stream.write("[%set 5 'more']\n" * 60)
    process = start("run", directory, "--poke-file", path("more"))
    ok(wait_until(lambda: status(directory)["event"] == event + 60), "an orderly end would leave nothing in the WAL")
    facts = status(directory)
    wanted = facts["event"], facts["state_hash"]
    process.kill()
    process.wait()
    size = os.path.getsize(file(directory, "events.sqlite-wal"))
    with open(file(directory, "events.sqlite-wal"), "rb") as stream:
        content = stream.read()
    salts = content[16:24]  # of this generation
    frames = [at for at in range(32, size - 4120, 4120) if content[at + 8:at + 16] == salts]
    flip(file(directory, "events.sqlite-wal"), frames[0] + 2000)
    expect_verdict(directory, "history lost", "a damaged write-ahead log")
    mend(directory, "it", "--give-up-history")
    is_well(directory, wanted, "a damaged write-ahead log")


def test_interrupted():
    directory, wanted = ailing("interrupted")
    sql(directory, "UPDATE events SET kind = 1 WHERE event = 7")
    shutil.copytree(directory, path("other"))
    loam("doctor", path("other"), "--repair")
    shutil.copy(file(path("other"), "events.sqlite"), file(directory, "events.repaired.sqlite"))
    # the moment between: the new log is whole, the mark aside, the old log still there
    os.rename(file(directory, "loam.machine"), file(directory, "loam.machine.repair"))
    expect(loam("run", directory, "--until-idle"), 76, "loam doctor", "a start in the middle of a repair")
    mend(directory, "it")
    is_well(directory, wanted, "an interrupted repair")
    directory, wanted = ailing("interrupted-late")
    os.rename(file(directory, "loam.machine"), file(directory, "loam.machine.repair"))
    mend(directory, "one that was nearly done")
    is_well(directory, wanted, "one that was nearly done")


def test_snapshots():
    if "--seal" not in loam("snapshot", "--help").out:
        skip("sealed snapshots", "no `loam snapshot --seal`")
        return
    directory, wanted = ailing("snapshots", sealed=True)
    expect_verdict(directory, "whole", "a machine with a sealed snapshot")
    folder = file(directory, "snapshots")
    piece = [name for name in os.listdir(folder) if name.endswith(".piece")][0]
    flip(os.path.join(folder, piece), 100)
    expect_verdict(directory, "repairable", "a damaged snapshot")
    mend(directory, "it")
    ok(os.path.exists(os.path.join(folder, piece + ".damaged")), "the damaged piece is set aside")
    is_well(directory, wanted, "a damaged snapshot")
    directory, wanted = ailing("from-snapshot", sealed=True)
    loam("prune", directory, "--keep", "events=0")
    ok(loam("log", directory).out.splitlines()[0].split()[0] == "61", "a pruned log")
    with open(file(directory, "arena.loam"), "rb") as stream:
        at = stream.read().index(bytes([0x77] * 16))
    flip(file(directory, "arena.loam"), at)
    expect_verdict(directory, "repairable", "a rotten arena with a snapshot and the rows after it")
    mend(directory, "it")
    is_well(directory, wanted, "a rotten arena with a snapshot")


def test_in_flight():
    """The newest superblock is there, and not what it reaches: a power cut. No other way leads to a state."""
    source = machine("cut-source")
    loam("poke", source, "%inc")
    loam("export", source, path("cut.state"))
    directory = path("cut")
    loam("import", directory, path("cut.state"))
    shutil.rmtree(file(directory, "snapshots"))
    arena = file(directory, "arena.loam")
    loam("poke", directory, "[%set [1 2 3]]")
    with open(arena, "rb") as stream:
        before = stream.read()
    process = start("run", directory, "--poke", "[%set [4 5 6 7 8 9 10]]")
    ok(wait_until(lambda: status(directory)["event"] == 3), "a process has taken an event")
    process.kill()  # what it has written claims nothing of what it had flushed
    process.communicate()
    wanted = status(directory)
    with open(arena, "r+b") as stream:
        stream.seek(17 * 4096)
        stream.write(before[17 * 4096:])
    ok(loam("verify", directory).code == 76, "segments that were lost in flight are a fault")
    expect_verdict(directory, "a start mends it", "what was lost in flight")
    result = loam("poke", directory, "%inc")
    now = status(directory)
    ok(result.code in (0, 1) and now["event"] == wanted["event"] + 1, "a start goes on: " + result.err.strip())
    ok(loam("verify", directory).code == 0, "and the machine is whole")


test_whole()
test_in_flight()
test_arena()
test_rows()
test_lost_log()
test_interrupted()
test_snapshots()
done()
