"""A flipped bit is found, wherever it is, and what is whole is called whole."""
import os
import random
import sqlite3
import time

from cli import *

PAGE = 4096


def flip(file, offset, bit):
    with open(file, "r+b") as stream:
        stream.seek(offset)
        byte = stream.read(1)[0]
        stream.seek(offset)
        stream.write(bytes([byte ^ (1 << bit)]))


def restore(file, content):
    with open(file, "r+b") as stream:
        stream.write(content)


def test_beside():
    directory = machine("beside")
    loam("run", directory, "--poke", "[%set [1 2 3 0x1234.5678.9abc.def0.1234]]", "--until-idle", "--quiet")
    loam("snapshot", directory, "kept")
    process = start("run", directory, "--timer", "0.005:%inc", "--scrub", "1s")
    ok(wait_until(lambda: status(directory)["event"] > 5), "a process runs the machine")
    for number in range(10):
        result = loam("verify", directory, "--json")
        if result.code != 0 or not result.json()["beside_a_process"]:
            break
    ok(number == 9 and result.code == 0, f"verify beside it, ten times: {result.out.strip()} {result.err}")
    process.terminate()
    error = process.communicate()[1].decode()
    ok(process.returncode == 143 and "damage" not in error, "its scrub has found nothing: " + error[-200:])


def test_scrub():
    directory = machine("rotting")
    file = os.path.join(directory, "arena.loam")
    loam("run", directory, "--poke", "[%set 0x" + "1234.5678." * 200 + "1234]", "--until-idle", "--quiet")
    process = start("run", directory, "--scrub", "1s")
    ok(wait_until(lambda: status(directory)["running"]), "a process runs the machine")
    with open(file, "rb") as stream:
        content = stream.read()
    at = content.rindex(bytes.fromhex("7856341278563412")) + 3
    flip(file, at, 5)
    result = loam("verify", directory)
    ok(result.code == 76 and "arena" in result.err, "verify beside it finds a flipped bit: " + result.err.strip()[:200])
    time.sleep(2.5)
    process.terminate()
    error = process.communicate()[1].decode()
    ok("the scrub has found damage" in error, "so does its scrub: " + error.strip()[-300:])


def flips(directory, name, judge):
    """Flips one bit at random in each page that is in use, tells which were neither found nor harmless."""
    file = os.path.join(directory, name)
    with open(file, "rb") as stream:
        content = stream.read()
    pages = [page for page in range(0, len(content), PAGE) if any(content[page:page + PAGE])]
    if len(pages) > 60:
        pages = pages[:20] + random.sample(pages[20:], 40)
    missed, found = [], 0
    for page in pages:
        used = [at for at in range(page, min(page + PAGE, len(content))) if content[at]]
        offset, bit = random.choice(used), random.randrange(8)
        flip(file, offset, bit)
        verdict = judge()
        found += verdict == "found"
        if verdict == "missed":
            missed.append((offset, bit))
        restore(file, content)
    ok(not missed, f"{name}: a flip in each of {len(pages)} pages, {found} found, missed {missed}")
    return found, len(pages)


def test_flips():
    directory = machine("flips")
    pokes = "".join(f"[%set [{number} 'a text of some length, number {number}' 0x{'5a' * 40}{number:04x}]]\n"
                    for number in range(100))
    loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin=pokes)
    ok(loam("verify", directory).code == 0, "a machine is whole")
    rows = loam("log", directory, "--json").out
    state = loam("peek", directory, "/x").out

    def judge():
        result = loam("verify", directory, "--json")
        if result.code != 0 or result.json()["arena_ahead_events"] > 0:
            return "found"
        # not found is harmless only if every row and the state can be read as they were
        same = loam("log", directory, "--json").out == rows and loam("peek", directory, "/x").out == state
        return "harmless" if same else "missed"

    found, pages = flips(directory, "arena.loam", judge)
    # A page that was freed keeps what it held until it is used again.
    ok(found > pages / 2, "in the arena most are found, and none that changes a noun is not")
    # What the write-ahead log shadows is copied back again by the next start, and what it has was copied back.
    flips(directory, "events.sqlite-wal", judge)
    database = sqlite3.connect(os.path.join(directory, "events.sqlite"))
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    found, pages = flips(directory, "events.sqlite", judge)
    ok(found > pages / 2, "in the log most are, and none that changes a row is not")
    archive = path("flips.archive")
    loam("archive", directory, archive)
    rows_archived = loam("log", archive, "--json").out

    def judge_archive():
        if loam("verify", archive).code != 0:
            return "found"
        return "harmless" if loam("log", archive, "--json").out == rows_archived else "missed"

    flips(scratch, "flips.archive", judge_archive)
    ok(loam("verify", archive).code == 0 and loam("verify", archive, "--json").json()["whole"], "an archive is whole")


seed()
test_beside()
test_scrub()
test_flips()
done()
