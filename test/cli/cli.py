"""What the black-box tests of the program share: TAP, machines, processes."""
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LOAM = os.path.abspath(sys.argv[1])
scratch = tempfile.mkdtemp(prefix="loam-cli-")
count = 0
failed = 0

# A kernel that counts (test/recovery/test_kernel.h): %inc, [%do effects],
# [%set n], %spin, %mute; other causes crash.
ARM = "[[1 {}] [1 0] 0 1]".format
POKE = (
    "[6 [5 [1 0] 0 52] [6 [5 [1 %mute] 0 447] [0 0] [1 0] 0 7]"
    " 6 [5 [1 %inc] 0 223] [8 [4 0 30] [[[1 %count] 0 2] 1 0] 10 [6 0 2] 0 15]"
    " 6 [5 [1 %spin] 0 223] [7 [1 [9 2 0 1] 0] 9 2 0 1]"
    " 6 [5 [1 %do] 0 446] [8 [4 0 30] [0 959] 10 [6 0 2] 0 15]"
    " 6 [5 [1 %set] 0 446] [[1 0] 10 [6 0 447] 0 7] 0 0]"
)
PEEK = "[6 [5 [1 0] 0 6] [0 0] 6 [5 [1 %unknown] 0 12] [1 0] 6 [5 [1 %empty] 0 12] [1 0 0] [1 0] [1 0] 0 30]"


def kernel_text(load):
    return f"[[1 [{ARM(load)} [0 0] {ARM(PEEK)} {ARM(POKE)}] 0 0] 0]"


KERNEL = kernel_text("[10 [6 0 6] 0 7]")
KERNEL_NEXT = kernel_text("[10 [6 4 4 4 0 6] 0 7]")
KERNEL_BAD = kernel_text("[0 0]")


def ok(condition, what):
    global count, failed
    count += 1
    what = str(what).replace("#", "").replace("\n", " ")
    print(("ok" if condition else "not ok"), count, "-", what, flush=True)
    failed += not condition
    return condition


def skip(what, why):
    global count
    count += 1
    print(f"ok {count} - {what} # SKIP {why}", flush=True)


def note(text):
    for line in str(text).splitlines():
        print("#", line, flush=True)


def done():
    print(f"1..{count}")
    shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if failed else 0)


def seed():
    value = int(os.environ.get("LOAM_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
    note(f"LOAM_TEST_SEED={value}")
    random.seed(value)


def path(name):
    return os.path.join(scratch, name)


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)


def loam(*words, stdin=b"", timeout=120, cwd=None, env=None):
    done_process = subprocess.run(
        [LOAM, *words], input=stdin if isinstance(stdin, bytes) else stdin.encode(), capture_output=True,
        timeout=timeout, cwd=cwd or scratch, env=env)
    return Result(done_process.returncode, done_process.stdout.decode(errors="replace"),
                  done_process.stderr.decode(errors="replace"))


def start(*words):
    return subprocess.Popen([LOAM, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            cwd=scratch)


def expect(result, code, word, what):
    """The exit status, and a word of the message (None: no message at all)."""
    good = result.code == code and (word in result.err if word else True)
    if not ok(good, f"{what}: exit status {result.code}, {result.err.strip()[:200]!r}"):
        note(f"expected {code} and {word!r}; got {result.code}\n{result.out[:2000]}\n{result.err[:2000]}")


def kernel(name="kernel.jam", text=None):
    """The path of a kernel's jam, made the first time."""
    file = path(name)
    if not os.path.exists(file):
        made = loam("jam", "-", "--output", file, stdin=text or KERNEL)
        assert made.code == 0, made.err
    return file


def assembled(name, text):
    """The path of the jam of a kernel in the assembler's language, made the first time."""
    file = path(name + ".jam")
    if not os.path.exists(file):
        with open(path(name + ".loam"), "w") as source:
            source.write(text)
        made = loam("asm", source.name, "--output", file)
        assert made.code == 0, made.err
    return file


def machine(name, kernel_path=None):
    made = loam("new", path(name), "--kernel", kernel_path or kernel(), "--quiet")
    assert made.code == 0, made.err
    return path(name)


def status(directory):
    return loam("status", directory, "--json").json()


def fingerprint(directory):
    """Every name and byte in a directory, but for the index that SQLite makes anew and the socket of a process."""
    digest = hashlib.sha256()
    for folder, folders, files in sorted(os.walk(directory)):
        folders.sort()
        for file in sorted(files):
            if file == "control":
                continue
            digest.update(os.path.join(folder, file).encode())
            if not file.endswith("-shm"):
                with open(os.path.join(folder, file), "rb") as stream:
                    digest.update(stream.read())
    return digest.hexdigest()


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False
