"""Nonsense is refused with a message that names cause and cure, and changes nothing."""
import os
import resource
import signal
import stat
import subprocess
import time

from cli import *


def test_usage():
    expect(loam(), 64, "usage: loam", "no command")
    expect(loam("frobnicate"), 64, "frobnicate", "an unknown command")
    expect(loam("new"), 64, "DIR is missing", "new without a directory")
    expect(loam("new", path("x")), 64, "--kernel", "new without a kernel")
    expect(loam("new", path("x"), "--kernel"), 64, "needs a value", "an option without its value")
    expect(loam("new", path("x"), "--kernle", "k"), 64, "--kernle", "a misspelt option")
    expect(loam("new", path("x"), "y", "--kernel", "k"), 64, '"y"', "one word too many")
    expect(loam("log", path("x"), "--from", "-5"), 64, "whole number", "a number that is none")
    expect(loam("log", path("x"), "--causes=yes"), 64, "takes no value", "a flag with a value")
    expect(loam("run", path("x"), "--log", "loud"), 64, "loud", "a log level that is none")
    expect(loam("import", path("x"), path("y")), 66, "no such file", "an import of nothing")
    ok(not os.path.exists(path("x")), "and nothing was made")


def test_inputs():
    directory = machine("inputs")
    before = status(directory)
    expect(loam("new", path("none"), "--kernel", path("absent.jam")), 66, "absent.jam", "a kernel that is not there")
    with open(path("garbage"), "wb") as stream:
        stream.write(os.urandom(1000))
    expect(loam("new", path("none"), "--kernel", path("garbage")), 65, "", "a kernel of garbage")
    with open(path("empty"), "wb"):
        pass
    expect(loam("new", path("none"), "--kernel", path("empty")), 65, "", "a kernel of no bytes")
    ok(loam("new", path("none"), "--kernel", scratch).code != 0, "a kernel that is a directory")
    ok(not os.path.exists(path("none")), "none of them left anything")
    expect(loam("poke", directory, "[1 2"), 65, "CAUSE", "a cause that is no noun")
    expect(loam("poke", directory, "@" + path("absent")), 66, "absent", "a cause file that is not there")
    expect(loam("poke", directory, "@" + path("garbage")), 65, "garbage", "a cause file of garbage")
    expect(loam("poke", directory, "5", "--wire", "]"), 65, "--wire", "a wire that is no noun")
    expect(loam("peek", directory, "[1 2"), 65, "PATH", "a path that is no noun")
    expect(loam("cue", stdin=b"\xff\xff\xff"), 65, "", "a jam that is none")
    expect(loam("cue", path("absent")), 66, "absent", "cue of no file")
    expect(loam("jam", stdin="[1"), 65, "", "jam of no noun")
    expect(loam("export", directory, path("no/such/folder/file")), 66, "no/such", "an export to nowhere")
    ok(status(directory) == before, "and the machine is as it was")


def test_outputs():
    directory = machine("outputs")
    loam("poke", directory, "%inc")
    before = fingerprint(directory)
    kernel_file = os.path.join(directory, "kernels", os.listdir(os.path.join(directory, "kernels"))[0])
    os.symlink(os.path.join(directory, "arena.loam"), path("to-arena"))
    for file in [os.path.join(directory, "events.sqlite"), os.path.join(directory, "arena.loam"), kernel_file,
                 path("to-arena")]:
        expect(loam("export", directory, file), 73, "belongs to the machine", "an export over a machine's file")
        expect(loam("export", directory, file, "--jam"), 73, "belongs to the machine", "as a jam")
        expect(loam("peek", directory, "/x", "--output", file), 73, "belongs to the machine", "the result of a peek")
        expect(loam("nock", "41", "[4 0 1]", "--profile", file), 73, "belongs to the machine", "a profile of Nock")
    ok(fingerprint(directory) == before, "and the machine is as it was")
    os.mkfifo(path("pipe"))
    for file, word in [(path("pipe"), "no file"), (scratch, "a directory")]:
        expect(loam("export", directory, file), 73, word, f"an export to {word}")
        expect(loam("export", directory, file, "--jam"), 73, word, "as a jam")
    ok(stat.S_ISFIFO(os.stat(path("pipe")).st_mode), "which is there yet")
    for words in [["mug", "5"], ["show", "%" + "a" * 5000], ["log", directory]]:
        with open("/dev/full", "w") as full:
            process = subprocess.run([LOAM, *words], stdout=full, stderr=subprocess.PIPE, text=True)
        expect(Result(process.returncode, "", process.stderr), 74, "standard output", f"{words[0]} to a full device")


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, 1 << 12))


def test_file_limit():
    """As `ulimit -f 4`: less than a log or an arena is."""
    directory = machine("limited")
    loam("poke", directory, "%inc")
    before = status(directory)["state_hash"]
    for words in [["poke", directory, "%inc"], ["new", path("too-large"), "--kernel", kernel()],
                  ["gc", directory, "--full"], ["snapshot", directory, "kept"]]:
        process = subprocess.run([LOAM, *words], preexec_fn=limit_files, capture_output=True, text=True)
        ok(process.returncode == 72 and "File too large" in process.stderr,
           f"{words[0]} beyond a file's limit: {process.returncode}, {process.stderr.strip()[:200]}")
    ok(not os.path.exists(path("too-large")), "nothing is left of what was new")
    ok(status(directory)["state_hash"] == before and loam("verify", directory).code == 0, "and the machine is as it was")


def test_large_numbers():
    directory = machine("numbers")
    for option in ["--max-arena", "--max-stack", "--max-event-memory", "--event-timeout"]:
        expect(loam("poke", directory, "%inc", option, str((1 << 44) + 1)), 64, "at most", f"{option} beyond its bytes")
    expect(loam("run", directory, "--until-idle", "--scrub", "1d", "--scrub-pace", str((1 << 44) + 1)), 65, "scrub-pace",
           "a pace beyond its bytes")


def test_directories():
    foreign = path("foreign")
    os.mkdir(foreign)
    with open(os.path.join(foreign, "thesis.txt"), "w") as stream:
        stream.write("four years of work")
    before = fingerprint(foreign)
    expect(loam("new", foreign, "--kernel", kernel()), 73, "thesis.txt", "new in somebody's directory")
    for command in [["run"], ["poke", "%inc"], ["peek", "/x"], ["status"], ["log"], ["verify"],
                    ["export", path("e")]]:
        expect(loam(command[0], foreign, *command[1:]), 78, "no machine", f"{command[0]} on somebody's directory")
    ok(fingerprint(foreign) == before, "which is as it was")
    for command in [["run"], ["poke", "%inc"], ["peek", "/x"], ["status"], ["log"], ["verify"],
                    ["export", path("e")]]:
        expect(loam(command[0], path("absent"), *command[1:]), 66, "loam new", f"{command[0]} on no directory")
    expect(loam("run", kernel()), 78, "not a directory", "run on a file")
    expect(loam("new", kernel(), "--kernel", kernel()), 73, "not a directory", "new on a file")
    directory = machine("twice")
    before = fingerprint(directory)
    expect(loam("new", directory, "--kernel", kernel()), 73, "already", "new on a machine")
    ok(fingerprint(directory) == before, "which is as it was")


def test_second_process():
    directory = machine("busy")
    first = start("run", directory, "--poke", "%inc")
    ok(wait_until(lambda: status(directory)["event"] == 1), "a process runs the machine")
    for command in [["run"], ["poke", "%inc"]]:
        expect(loam(command[0], directory, *command[1:]), 75, "", f"{command[0]} beside it")
    ok(loam("peek", directory, "/x").out == "1\n", "peek beside it")
    ok(status(directory)["running"], "status beside it")
    ok(len(loam("log", directory).out.splitlines()) == 1, "log beside it")
    ok(loam("export", directory, path("beside")).code == 0, "export beside it")
    started = time.monotonic()
    first.send_signal(signal.SIGTERM)
    ok(first.wait(10) == 143 and time.monotonic() - started < 2, "SIGTERM ends it within two seconds, with 143")
    ok(not status(directory)["running"], "and the machine is free")
    spinning = start("run", directory, "--poke", "%spin")
    time.sleep(0.7)
    started = time.monotonic()
    spinning.send_signal(signal.SIGINT)
    ok(spinning.wait(10) == 130 and time.monotonic() - started < 2, "SIGINT ends an endless event, with 130")
    ok(status(directory)["event"] == 1, "which never happened")


def run_root(*words):
    return subprocess.run(words, capture_output=True).returncode == 0


def mount_tmpfs(directory, size):
    os.makedirs(directory, exist_ok=True)
    return os.geteuid() == 0 and run_root("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory)


def test_read_only():
    volume = path("read-only")
    if not mount_tmpfs(volume, "256m"):
        skip("a read-only directory", "needs root and mount")
        return
    directory = os.path.join(volume, "machine")
    try:
        made = loam("new", directory, "--kernel", kernel(), "--quiet")
        ok(made.code == 0, "a machine on a volume of its own: " + made.err)
        loam("poke", directory, "%inc")
        ok(run_root("mount", "-o", "remount,ro", volume), "which becomes read-only")
        before = fingerprint(directory)
        expect(loam("run", directory), 77, directory, "run on it")
        expect(loam("poke", directory, "%inc"), 77, directory, "poke on it")
        ok(loam("peek", directory, "/x").out == "1\n", "peek on it")
        ok(loam("status", directory).code == 0, "status on it")
        ok(fingerprint(directory) == before, "nothing has changed")
        expect(loam("new", os.path.join(volume, "another"), "--kernel", kernel()), 77, "another", "new on it")
        expect(loam("archive", directory, os.path.join(volume, "archive")), 77, "Read-only", "an archive on it")
    finally:
        run_root("umount", volume)


def test_no_permission():
    """Of a file that may not be made SQLite says that it is not there."""
    if os.geteuid() == 0:
        skip("a directory without permission", "root has every permission")
        return
    directory, closed = machine("open"), path("closed")
    os.mkdir(closed, 0o500)
    expect(loam("archive", directory, os.path.join(closed, "archive")), 77, "Permission denied", "an archive into it")


def fill(volume, leave):
    """Takes all the space of a volume but `leave` bytes."""
    free = os.statvfs(volume)
    with open(os.path.join(volume, "filler"), "wb") as stream:
        try:
            os.posix_fallocate(stream.fileno(), 0, free.f_bavail * free.f_frsize - leave)
        except OSError as error:
            note(f"cannot fill: {error}")


def test_full_disk():
    volume = path("full")
    if not mount_tmpfs(volume, "240m"):
        skip("a full disk", "needs root and mount")
        return
    directory = os.path.join(volume, "machine")
    try:
        ok(loam("new", directory, "--kernel", kernel(), "--quiet").code == 0, "a machine on a volume of its own")
        ok(loam("poke", directory, "%inc").code == 0, "takes an event")
        fill(volume, 4 << 20)
        before = status(directory)
        expect(loam("poke", directory, "%inc"), 72, "free some space", "poke on a full disk")
        result = loam("run", directory, "--poke-file", "-", "--until-idle", stdin="%inc\n" * 10)
        expect(result, 72, "free some space", "run on a full disk")
        ok(status(directory) == before, "nothing has changed")
        expect(loam("new", os.path.join(volume, "another"), "--kernel", kernel()), 72, "", "new on a full disk")
        ok(not os.path.exists(os.path.join(volume, "another")), "leaves nothing behind")
        os.remove(os.path.join(volume, "filler"))
        ok(loam("poke", directory, "%inc").out == "[%count 2]\n", "freeing space is the whole cure")
        ok(loam("verify", directory).code == 0, "and all is whole")
        grow_until_full(volume, directory)
    finally:
        run_root("umount", volume)


def grow_until_full(volume, directory):
    """Large events until the disk is full: refused, not crashed, and nothing lost."""
    loam("jam", "-", "--output", path("large.jam"), stdin="[%set 0x" + "ab" * (2 << 20) + "]")
    for number in range(100):
        result = loam("poke", directory, "@" + path("large.jam"))
        if result.code != 0:
            break
    expect(result, 72, "", f"the disk is full after {number} large events")
    ok(status(directory)["event"] == 2 + number, "every accepted one is there")
    ok(loam("verify", directory).code == 0, "and all is whole")


test_usage()
test_inputs()
test_outputs()
test_file_limit()
test_large_numbers()
test_directories()
test_second_process()
test_read_only()
test_no_permission()
test_full_disk()
done()
