"""An event that needs several times the memory there is: ended by the system, unless its nouns may go to the disk."""
import signal

from cli import *
from greedy import *

MIB = 1 << 20
LIMIT = 64 * MIB
COUNT = 6_000_000  # cells of 24 bytes twice: some 280 MB


class Group:
    """A memory control group, of either version; None where we may not make one."""

    ROOTS = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"))

    @classmethod
    def make(cls):
        for root, limit in cls.ROOTS:
            folder = os.path.join(root, f"loam-test-{os.getpid()}")
            try:
                os.mkdir(folder)
            except OSError:
                continue
            try:
                with open(os.path.join(folder, limit), "w") as file:
                    file.write(str(LIMIT))
                for name in ("memory.swap.max", "memory.memsw.limit_in_bytes"):
                    try:
                        with open(os.path.join(folder, name), "w") as file:
                            file.write("0" if name == "memory.swap.max" else str(LIMIT))
                    except OSError:
                        pass  # a kernel without swap accounting: see `has_swap`
                return cls(folder)
            except OSError:
                os.rmdir(folder)
        return None

    def __init__(self, folder):
        self.folder = folder

    def run(self, *words):
        def enter():
            with open(os.path.join(self.folder, "cgroup.procs"), "w") as file:
                file.write("0")

        process = subprocess.run([LOAM, *words], capture_output=True, timeout=280, preexec_fn=enter)
        return Result(process.returncode, process.stdout.decode(), process.stderr.decode())

    def remove(self):
        wait_until(lambda: self.try_remove(), 5)

    def try_remove(self):
        try:
            os.rmdir(self.folder)
            return True
        except OSError:
            return False


def has_swap():
    with open("/proc/swaps") as file:
        return len(file.readlines()) > 1


def test_plain():
    directory = greedy_machine("hoard")
    for where in ("memory", "arena"):
        result = loam("poke", directory, "[%hoard 300.000]", "--stack-backing", where)
        ok(result.code == 0 and "[%length 300000]" in result.out, f"--stack-backing {where}: the event runs")
    ok(sorted(os.listdir(directory)) == sorted(os.listdir(machine("other"))), "and leaves no file behind")
    expect(loam("poke", directory, "[%hoard 1]", "--stack-backing", "tape"), 64, "memory or arena", "no such place")
    result = loam("poke", directory, "[%hoard 3.000.000]", "--stack-backing", "arena", "--max-event-memory", "64")
    ok(result.code == 1 and "meme" in result.err, "the limit holds for it as well")
    ok(status(directory)["event"] >= 2, "and the machine is well")
    return directory


def test_pressure(directory):
    what = f"an event that touches more than 4 times the memory of its control group, {LIMIT // MIB} MiB"
    group = None if has_swap() else Group.make()
    if group is None:
        skip(what, "this system has swap, or lets us make no memory control group")
        return
    poke = ("poke", directory, f"[%hoard {COUNT}]", "--max-event-memory", "8000", "--stack-backing")
    before = status(directory)["event"]
    ended = group.run(*poke, "memory")
    ok(ended.code == -signal.SIGKILL, f"{what}, is ended by the system with its nouns in memory ({ended.code})")
    ok(status(directory)["event"] == before, "and has not happened")
    backed = group.run(*poke, "arena")
    ok(backed.code == 0 and f"[%length {COUNT}]" in backed.out, f"with the disk behind them it completes {backed.err}")
    ok(status(directory)["event"] == before + 1, "and is durable")
    group.remove()


test_pressure(test_plain())
done()
