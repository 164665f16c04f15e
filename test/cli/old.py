"""Machines as past versions wrote them: read, verified, continued."""
import struct
import tarfile

from cli import *

OLD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "old")
NOW = 3  # the version that this program writes
STATES = {1: "f35844f922997465", 2: "692a6f9c3abec062"}
SIZES = {1: 205, 2: 204}
EVENTS = {1: 6, 2: 5}


def unpack(name, version):
    directory = os.path.join(scratch, f"{name} {version}")
    os.mkdir(directory)
    with tarfile.open(os.path.join(OLD, f"machine-arena-{version}.tar.xz")) as archive:
        archive.extractall(directory)
    return os.path.join(directory, "machine")


def loam(*words):
    return subprocess.run([LOAM, *words], capture_output=True, text=True, timeout=60)


def arena_of(machine):
    return os.path.join(machine, "arena.loam")


def version_of(machine):
    with open(arena_of(machine), "rb") as file:
        return struct.unpack("<8xI", file.read(12))[0]


def hash_of(machine):
    with open(arena_of(machine), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def is_continued(machine, version):
    poked = loam("poke", machine, "[%put 1000 [%entry 1000 %new]]")
    verified = loam("verify", machine)
    return (
        poked.returncode == 0
        and f"[%size {SIZES[version] + 1}]" in poked.stdout
        and version_of(machine) == NOW
        and verified.returncode == 0
        and f"{EVENTS[version] + 1} events" in verified.stdout
    )


def test_plain(version):
    machine = unpack("plain", version)
    before = hash_of(machine)
    verified = loam("verify", machine)
    ok(verified.returncode == 0 and STATES[version] in verified.stdout,
       f"a machine with an arena of format {version} is whole: {verified.stdout}{verified.stderr}")
    peeked = loam("peek", machine, "/size")
    ok(peeked.returncode == 0 and str(SIZES[version]) in peeked.stdout,
       f"it can be looked at: {peeked.stdout}{peeked.stderr}")
    told = loam("status", machine)
    ok(told.returncode == 0, f"and told of: {told.stderr}")
    ok(hash_of(machine) == before and version_of(machine) == version, "and none of that changes it")
    ok(is_continued(machine, version), f"an event makes it format {NOW}, whole")
    ok(str(SIZES[version] + 1) in loam("peek", machine, "/size").stdout, "and is kept")
    with open(arena_of(machine), "rb") as file:
        return file.read(4096)


def test_torn(version, done_page):
    """The one rewriting of the identity page, torn: the version of one with the checksum, in another sector, of the other."""
    for words, torn in (
        ("the version", lambda old, new: new[:512] + old[512:]),
        ("the checksum", lambda old, new: old[:512] + new[512:]),
    ):
        machine = unpack("torn " + words, version)
        with open(arena_of(machine), "r+b") as file:
            old_page = file.read(4096)
            file.seek(0)
            file.write(torn(old_page, done_page))
        ok(loam("verify", machine).returncode == 0,
           f"of the step from format {version} only {words} was written: the machine is whole")
        ok(is_continued(machine, version), "and goes on")


def test_carried():
    """What a program of format 2 has sealed and exported."""
    machine = unpack("sealed", 2)
    os.remove(arena_of(machine))
    run = loam("run", machine, "--until-idle")
    peeked = loam("peek", machine, "[%get 4 ~]")
    ok(run.returncode == 0 and STATES[2] in loam("status", machine).stdout and len(peeked.stdout) > 300000,
       f"without its arena it comes back from its sealed snapshot, large atom and all: {run.stderr}")
    imported = os.path.join(scratch, "imported")
    made = loam("import", imported, os.path.join(os.path.dirname(machine), "machine.state"))
    ok(made.returncode == 0 and STATES[2] in loam("status", imported).stdout,
       f"and what it exported is imported: {made.stderr}")
    ok(loam("verify", imported).returncode == 0 and version_of(imported) == NOW, f"as format {NOW}")


for version in STATES:
    test_torn(version, test_plain(version))
test_carried()
done()
