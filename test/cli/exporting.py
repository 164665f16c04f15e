"""States leave as a stream of pieces, and come in again."""
import os

from cli import *


def head(file):
    with open(file, "rb") as opened:
        return opened.read(8)


def grown(name):
    """A machine of some megabytes."""
    directory = machine(name)
    digits = "".join(random.choice("123456789abcdef") for _ in range(400000))
    causes = path(name + ".causes")
    with open(causes, "w") as file:
        for n in range(12):
            file.write(f"[%set 0x{n + 1:x}{digits}]\n")
    ok(loam("run", directory, "--poke-file", causes, "--until-idle").code == 0, "a machine of some megabytes")
    return directory


def test_round_trip():
    directory, file, copy = machine("one"), path("one.state"), path("copy")
    loam("poke", directory, "[%set 41]")
    made = loam("export", directory, file, "--json").json()
    facts = status(directory)
    ok(head(file) == b"LoamStrm" and made["state_hash"] == facts["state_hash"], f"an export: {made}")
    ok(not os.path.exists(file + ".partial"), "nothing is left beside")
    result = loam("import", copy, file, "--json")
    ok(result.code == 0 and result.json()["event"] == 1, f"is imported without a kernel: {result.out} {result.err}")
    ok(status(copy)["state_hash"] == facts["state_hash"], "with the same state")
    ok(loam("poke", copy, "%inc").out == "[%count 42]\n", "and goes on")
    ok(loam("verify", copy).code == 0, "and is whole")
    os.remove(os.path.join(copy, "arena.loam"))
    result = loam("poke", copy, "%inc")
    ok(result.out == "[%count 43]\n", f"a lost arena comes back to where it began, and then on: {result.err}")
    other = path("upgraded")
    ok(loam("import", other, file, "--kernel", kernel("next.jam", KERNEL_NEXT)).code == 0, "another kernel may take it")
    ok(loam("poke", other, "%inc").out == "[%count 48]\n", "and changes it at every start")
    jam = path("one.jam")
    ok(loam("export", directory, jam, "--jam").code == 0 and head(jam) == b"LoamJam\n", "as a jam, if that is wanted")
    expect(loam("import", path("no-kernel"), jam), 65, "kernel", "which needs a kernel")
    ok(not os.path.exists(path("no-kernel")), "and leaves nothing")
    ok(loam("import", path("jammed"), jam, "--kernel", kernel()).code == 0, "and is imported with one")


def test_damage():
    directory, file = grown("damage"), path("damage.state")
    loam("export", directory, file)
    size = os.path.getsize(file)
    ok(size > 2 << 20, f"an export of {size} bytes")
    with open(file, "rb") as opened:
        whole = opened.read()
    wrong = 0
    places = [0, 9, 20, 60, 64, 100, 70000, size // 2, size - 300, size - 60, size - 12, size - 3]
    for place in places:
        with open(file, "wb") as opened:
            opened.write(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1:])
        result = loam("import", path("never"), file)
        if result.code not in (76, 78) or os.path.exists(path("never")):
            wrong += 1
            note(f"{place}: {result.code} {result.err}")
    ok(wrong == 0, f"a flipped bit at {len(places)} places is found")
    wrong = 0
    for length in (0, 7, 63, 64, 128, 5000, size // 2, size - 16, size - 1):
        with open(file, "wb") as opened:
            opened.write(whole[:length])
        result = loam("import", path("never"), file)
        wrong += result.code not in (76, 78) or os.path.exists(path("never"))
    ok(wrong == 0, "and so is a cut")


def test_resume():
    directory, file = grown("resume"), path("resume.state")
    whole = loam("export", directory, file, "--json").json()
    with open(file, "rb") as opened:
        bytes_ = opened.read()
    with open(file + ".partial", "wb") as opened:
        opened.write(bytes_[:len(bytes_) * 2 // 3])
    os.remove(file)
    loam("poke", directory, "%unknown")
    made = loam("export", directory, file, "--resume", "--json").json()
    ok(made["kept_bytes"] > whole["written_bytes"] // 3 and made["written_bytes"] < whole["written_bytes"] * 2 // 3,
       f"an export that was ended is gone on with: {made}")
    ok(loam("import", path("resumed"), file).code == 0 and
       status(path("resumed"))["state_hash"] == status(directory)["state_hash"], "to the newest state")
    with open(file + ".partial", "wb") as opened:
        opened.write(b"something else altogether" * 10)
    made = loam("export", directory, file, "--resume", "--json").json()
    ok(made["kept_bytes"] == 0 and loam("import", path("again"), file).code == 0, "what is of no use is not used")
    expect(loam("export", directory, file, "--jam", "--resume"), 64, "--resume", "a jam is not resumed")


def test_running():
    directory, file = machine("running"), path("running.state")
    process = start("run", directory, "--timer", "0.005:%inc")
    ok(wait_until(lambda: status(directory).get("events", 0) > 20), "a running machine")
    wrong = 0
    for n in range(8):
        made = loam("export", directory, file, "--json").json()
        copy = path(f"live-{n}")
        wrong += loam("import", copy, file).code != 0 or status(copy)["state_hash"] != made["state_hash"]
    ok(wrong == 0, "is exported eight times, each one whole")
    loam("stop", directory)
    process.wait(timeout=20)


seed()
test_round_trip()
test_damage()
test_resume()
test_running()
done()
