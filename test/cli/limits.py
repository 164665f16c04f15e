"""An event that exceeds a limit fails alone, with the limit's name and the cure; so does one for which the disk has no room."""
from cli import *
from greedy import *

QUOTA = os.path.abspath(sys.argv[2])
MIB = 1 << 20


class Running:
    """A process that runs a machine and is given causes, one at a time."""

    def __init__(self, directory, *words, env=None):
        self.directory = directory
        self.process = subprocess.Popen([LOAM, "run", directory, "--poke-file", "-", *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=open(path("stderr"), "w+b"), cwd=scratch, env=env)
        ok(wait_until(lambda: os.path.exists(os.path.join(directory, "control"))), "a process runs the machine")

    def said(self):
        with open(path("stderr"), "rb") as file:
            return file.read().decode(errors="replace")

    def give(self, cause):
        self.process.stdin.write(cause.encode() + b"\n")
        self.process.stdin.flush()

    def event(self):
        return status(self.directory)["event"]

    def takes(self, cause, what):
        before = self.event()
        self.give(cause)
        return ok(wait_until(lambda: self.event() == before + 1), what)

    def stop(self):
        self.process.stdin.close()
        self.process.terminate()
        return self.process.wait()


class Timed:
    """A process that gives its machine the same causes again and again."""

    def __init__(self, directory, causes, *words, env=None):
        self.directory, self.log = directory, path(f"stderr-{random.random()}")
        timers = [word for cause in causes for word in ("--timer", f"0.05:{cause}")]
        self.process = subprocess.Popen([LOAM, "run", directory, *timers, *words], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(self.log, "wb"), cwd=scratch, env=env)
        ok(wait_until(lambda: os.path.exists(os.path.join(directory, "control"))), "a process runs the machine")

    def said(self):
        with open(self.log, "rb") as file:
            return file.read().decode(errors="replace")

    def goes_on(self, seconds=20):
        before = status(self.directory)["event"]
        return wait_until(lambda: status(self.directory)["event"] > before + 3, seconds)

    def stop(self):
        self.process.terminate()
        return self.process.wait()


def is_whole(directory, what):
    result = loam("verify", directory)
    ok(result.code == 0, f"{what} is whole: {result.err.strip()[-200:]}")


# ---- what is read ---------------------------------------------------------------------------


def test_endless_input():
    """A device or a pipe is read up to a bound: it may have no end."""
    expect(loam("cue", "/dev/zero"), 71, "/dev/zero goes on after 1.0 GiB", "cue of a device without an end")
    with open("/dev/zero", "rb") as zeros:
        result = subprocess.run([LOAM, "jam"], stdin=zeros, capture_output=True, text=True)
    ok(result.returncode == 71 and "standard input goes on" in result.stderr, f"standard input without an end: {result.stderr}")


# ---- what one event may use -----------------------------------------------------------------


def test_event_limits():
    """In a process that runs on: the notice is the event, the state is as it was, the next event goes through."""
    directory = greedy_machine("event-limits")
    running = Running(directory, "--max-event-memory", "64", "--max-stack", "16")
    running.takes("[%list 50]", "an event within the limits")
    for cause, limit in (("[%hoard 3.000.000]", "max-event-memory"), ("[%deep 3.000.000]", "max-stack")):
        before = loam("peek", directory, "/x").out
        running.takes(cause, f"{cause}: its notice is an event")
        ok(wait_until(lambda: f"--{limit}" in running.said()), f"which names --{limit}: {running.said().strip()[-250:]}")
        ok(loam("peek", directory, "/x").out == before, "the state is as it was")
        running.takes("%small", "and the next event goes through")
    running.stop()
    result = loam("poke", directory, "[%deep 3.000.000]", "--max-stack", "2000", "--max-event-memory", "2000")
    ok(result.out == "[%depth 3000000]\n", "with larger limits it does, too")
    is_whole(directory, "the machine")


# ---- --max-arena -------------------------------------------------------------------------------


def test_max_arena():
    directory = greedy_machine("max-arena")
    limit = ("--max-arena", "16")
    assert loam("poke", directory, "[%list 1.000]", *limit).code == 0
    before = status(directory)
    result = loam("poke", directory, "[%list 400.000]", *limit)
    expect(result, 71, "--max-arena", "an event for which the arena would outgrow its limit is refused")
    ok("loam gc" in result.err and "nothing has changed" in result.err, "the message has the cure")
    refusal = loam("poke", directory, "[%list 400.000]", *limit, "--json")
    ok(refusal.code == 71 and refusal.json()["answer"] == "refused" and refusal.json()["limit"] == "max-arena",
       f"also as JSON: {refusal.out.strip()[:200]}")
    after = status(directory)
    ok(after["event"] == before["event"] and after["state_hash"] == before["state_hash"], "it has not happened")
    process = Timed(directory, ["[%list 400.000]", "%small"], *limit)
    ok(process.goes_on(), "a running machine goes on with what there is room for")
    ok("--max-arena" in process.said() and "loam gc" in process.said(), f"and tells of the other: {process.said()[-300:]}")
    process.stop()
    process = Timed(directory, ["[%list 20.000]"], "--gc=off", *limit)
    ok(wait_until(lambda: "--max-arena" in process.said()), "it grows to its limit")
    ok(os.path.getsize(os.path.join(directory, "arena.loam")) <= 16 * MIB, "and not beyond")
    ok(not process.goes_on(1), "so nothing happens any more")
    process.stop()
    expect(loam("poke", directory, "[%list 20.000]", *limit), 71, "loam gc", "nor to a poke")
    ok(loam("gc", directory, "--full").code == 0, "a collection")
    ok(loam("poke", directory, "[%list 20.000]", *limit).code == 0, "is one cure")
    ok(loam("poke", directory, "[%list 400.000]", "--max-arena", "200").code == 0, "a larger limit is another")
    is_whole(directory, "the machine")


# ---- a disk without room --------------------------------------------------------------------------


def fill_with(ballast):
    file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    for size in (MIB, 4096):
        try:
            while os.write(file, b"\1" * size) > 0:
                pass
        except OSError:
            pass
    os.close(file)


def fill(where):
    """A small file system fills up under a running machine; in a process that has it to itself."""
    directory = greedy_machine(os.path.join(where, "full"))
    process = Timed(directory, ["[%list 100]", "%small"])
    ok(process.goes_on(), "there is room")
    ballast = os.path.join(where, "ballast")
    fill_with(ballast)
    ok(wait_until(lambda: "free some space" in process.said()), "the disk is full: events are refused, and it says so")
    ok(not process.goes_on(1), "before they are accepted")
    before = status(directory)
    ok(before["running"] and "durable_event" in before, "the process still answers")
    os.remove(ballast)
    ok(process.goes_on(), "there is room again: it goes on")
    ok(process.stop() == 143, "and stops in order")
    is_whole(directory, "the machine")
    fill_with(ballast)
    expect(loam("poke", directory, "%small"), 72, "free some space", "a poke on the full disk")
    os.remove(ballast)
    ok(loam("poke", directory, "%small").code == 0, "and with room")


def test_full_disk():
    probe = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"],
                           capture_output=True)
    if probe.returncode != 0:
        skip("a full disk", "this process may not mount a file system (unshare --mount)")
        return
    where = path("small")
    os.mkdir(where)
    script = f'mount -t tmpfs -o size=64m none "{where}" && LOAM_SMALL_DISK="{where}" exec "$@"'
    result = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, __file__, *sys.argv[1:]],
                            capture_output=True, text=True)
    lines = [line for line in result.stdout.splitlines() if line.startswith(("ok", "not ok"))]
    for line in lines:
        ok(line.startswith("ok"), "full disk:" + line.split("-", 1)[1])
    ok(result.returncode == 0 and len(lines) >= 10, "all of it " + result.stderr[-500:])


def test_quota():
    used = path("quota-is-used")
    environment = {**os.environ, "LD_PRELOAD": QUOTA, "LOAM_QUOTA_USED": used}
    if "sanitize" in subprocess.run(["ldd", LOAM], capture_output=True, text=True).stdout or \
            loam("--version", env=environment).code != 0:
        skip("a quota", "nothing can be put before the system's calls in this build")
        return
    directory = greedy_machine("rationed")  # whose name must not be what its process is to say
    process = Timed(directory, ["[%list 20.000]"], "--gc=off", env=environment)
    ok(process.goes_on(), "there is room")
    open(used, "w").close()
    ok(wait_until(lambda: "quota" in process.said()), "the quota is used up: events are refused, and it says so")
    ok(not process.goes_on(1), "before they are accepted: " + process.said()[-300:])
    os.remove(used)
    ok(process.goes_on(), "there is room again: it goes on")
    ok(process.stop() == 143, "and stops in order")
    is_whole(directory, "the machine")
    open(used, "w").close()
    result = loam("poke", directory, "[%list 2.000.000]", env=environment)
    expect(result, 72, "quota", "a poke likewise")
    os.remove(used)
    ok(loam("poke", directory, "[%list 200.000]", env=environment).code == 0, "and with room")
    is_whole(directory, "the machine")


if os.environ.get("LOAM_SMALL_DISK"):
    fill(os.environ["LOAM_SMALL_DISK"])
    done()
test_endless_input()
test_event_limits()
test_max_arena()
test_full_disk()
test_quota()
done()
