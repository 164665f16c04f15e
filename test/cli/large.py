"""Atoms that have pages of their own, through everything that keeps or carries a state."""
from cli import *

PAGE = 4096


def atom(pages, number):
    """One whose object fills so many pages to the last byte: 16 of them are its head."""
    size = pages * PAGE - 16
    return "0x" + "7" + f"{number:07x}" + "5a" * (size - 4)


def set_state(directory, noun):
    made = loam("run", directory, "--poke-file", "-", "--until-idle", "--quiet", stdin=f"[%set {noun}]\n")
    assert made.code == 0, made.err


def is_whole(directory, what):
    result = loam("verify", directory)
    ok(result.code == 0, f"{what} is whole: {result.err.strip()[-200:]}")


def large(directory):
    return loam("status", directory, "--json").json()["state_hash"]


def test_life(name, noun):
    directory = machine(name)
    set_state(directory, noun)
    is_whole(directory, f"a machine with {name}")
    hash_before = large(directory)
    state = loam("peek", directory, "/x").out
    ok(len(state) > 280 * PAGE / 1.1, f"its state is of {len(state)} characters")
    process = start("run", directory, "--scrub", "1s")
    ok(wait_until(lambda: os.path.exists(os.path.join(directory, "control"))), "a process runs it, and listens")
    is_whole(directory, "beside that process it")
    sealed = loam("snapshot", directory, "--seal")
    ok(sealed.code == 0, "the process seals a snapshot " + sealed.err.strip())
    exported = loam("export", directory, path(name + ".state"))
    ok(exported.code == 0, "and exports its state " + exported.err.strip())
    collected = loam("gc", directory, "--full")
    ok(collected.code == 0, "and collects its arena " + collected.err.strip())
    time.sleep(1.5)
    process.terminate()
    error = process.communicate()[1].decode()
    ok(process.returncode == 143 and "damage" not in error, "its scrub has found nothing: " + error[-200:])
    is_whole(directory, "after all that it")
    os.remove(os.path.join(directory, "arena.loam"))
    ok(loam("run", directory, "--until-idle").code == 0 and large(directory) == hash_before and
       loam("peek", directory, "/x").out == state, "without its arena it comes back from the snapshot")
    is_whole(directory, "and then it")
    other = path(name + "-imported")
    imported = loam("import", other, path(name + ".state"))
    ok(imported.code == 0 and loam("peek", other, "/x").out == state, "an import of the export has the state, too " +
       imported.err.strip())
    is_whole(other, "which")


test_life("one", atom(280, 1))
test_life("neighbours", f"[{atom(280, 1)} {atom(260, 2)} {atom(320, 3)}]")
done()
