"""Machines as past versions wrote them: read, verified, continued."""
import struct
import tarfile

from cli import *

OLD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "old")
STATE = "f35844f922997465"


def unpack(name):
    directory = os.path.join(scratch, name)
    os.mkdir(directory)
    with tarfile.open(os.path.join(OLD, "machine-arena-1.tar.xz")) as archive:
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


def is_continued(machine):
    poked = loam("poke", machine, "[%put 1000 [%entry 1000 %new]]")
    verified = loam("verify", machine)
    return (
        poked.returncode == 0
        and "[%size 206]" in poked.stdout
        and version_of(machine) == 2
        and verified.returncode == 0
        and "7 events" in verified.stdout
    )


machine = unpack("plain")
before = hash_of(machine)
verified = loam("verify", machine)
ok(verified.returncode == 0 and STATE in verified.stdout and "2224 cells" in verified.stdout, f"a machine with an arena of format 1 is whole: {verified.stdout}{verified.stderr}")
peeked = loam("peek", machine, "/size")
ok(peeked.returncode == 0 and "205" in peeked.stdout, f"it can be looked at: {peeked.stdout}{peeked.stderr}")
ok(hash_of(machine) == before and version_of(machine) == 1, "and neither changes it")
ok(is_continued(machine), "an event makes it format 2, whole")
ok("206" in loam("peek", machine, "/size").stdout, "and is kept")

# The one rewriting of the identity page, torn: the version of one with the
# checksum, in another sector, of the other.
done_page = open(arena_of(machine), "rb").read(4096)
for words, torn in (
    ("the version", lambda old, new: new[:512] + old[512:]),
    ("the checksum", lambda old, new: old[:512] + new[512:]),
):
    machine = unpack("torn " + words)
    with open(arena_of(machine), "r+b") as file:
        old_page = file.read(4096)
        file.seek(0)
        file.write(torn(old_page, done_page))
    ok(loam("verify", machine).returncode == 0, f"of the step to format 2 only {words} was written: the machine is whole")
    ok(is_continued(machine), "and goes on")

done()
