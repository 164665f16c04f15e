"""Every command does what it says."""
import json
import os

from cli import *
from greedy import *


def test_help():
    result = loam("--help")
    ok(result.code == 0 and "usage: loam" in result.out, "--help")
    for name in ["new", "run", "poke", "peek", "status", "log", "verify", "export", "import", "hoonc", "nock", "jam",
                 "cue", "mug", "show", "asm", "snapshot", "branch", "stop"]:
        page = loam(name, "--help")
        ok(page.code == 0 and page.out.startswith(f"usage: loam {name}") and "--quiet" in page.out, f"{name} --help")
        ok(f"\n  {name} " in result.out, f"{name} is listed")
    ok(loam("--version").out.startswith("loam "), "--version")


def test_filters():
    ok(loam("mug", "0").out == "0x79ff04e8\n", "mug of 0")
    ok(loam("mug", stdin="[1 1]\n").out == loam("mug", "[1 1]").out, "mug of standard input")
    made = loam("jam", "[1 2 'three' 0x10]", "--output", path("x.jam"))
    ok(made.code == 0 and os.path.getsize(path("x.jam")) > 5, "jam to a file")
    ok(loam("cue", path("x.jam")).out == "[1 2 %three 16]\n", "cue of a file")
    with open(path("x.jam"), "rb") as stream:
        jam = stream.read()
    ok(loam("cue", stdin=jam).out == "[1 2 %three 16]\n", "cue of standard input")
    ok(loam("show", "@" + path("x.jam"), "--axis", "6").out == "2\n", "show a part")
    ok(loam("show", "@-", stdin=jam).code == 0, "show a jam from standard input")
    ok(loam("show", stdin=jam).out == "[1 2 %three 16]\n", "which need not be said")
    expect(loam("show", stdin=b"\xff\xff"), 65, "no jam either", "neither text nor jam")
    ok(loam("show", "[255 255]", "--style", "hex").out == "[0xff 0xff]\n", "show in hexadecimal")
    ok(loam("nock", "42", "[4 4 0 1]").out == "44\n", "nock")
    ok(loam("nock", "[42 4 0 1]").out == "43\n", "nock of one noun")
    ok(loam("nock", stdin="[42 4 0 1]").out == "43\n", "nock of standard input")
    result = loam("nock", "42", "[0 0]")
    ok(result.code == 1 and "crashed" in result.err and result.out == "", "a crash: " + result.err)
    ok(loam("nock", "42", "[4 0 1]", "--output", path("y.jam")).code == 0 and
       loam("cue", path("y.jam")).out == "43\n", "nock into a file")


def test_limits():
    """An event that exceeds a limit fails alone, and says which."""
    directory = greedy_machine("greedy")

    def limits(seconds):
        return ["--event-timeout", seconds, "--max-event-memory", "64", "--max-stack", "16"]

    for cause, limit, tight in [("%spin", "event-timeout", limits("2")),
                                ("[%hoard 3.000.000]", "max-event-memory", limits("60")),
                                ("[%deep 3.000.000]", "max-stack", limits("60"))]:
        result = loam("poke", directory, cause, *tight)
        ok(result.code == 1 and f"--{limit}" in result.err, f"{cause}: {result.err.strip()}")
        ok(loam("poke", directory, cause, *tight, "--json").json()["limit"] == limit, "also as JSON")
        result = loam("run", directory, "--poke", cause, "--poke", "[%hoard 3]", "--until-idle", *tight)
        ok(f"--{limit}" in result.err, "also by run")
    ok(loam("poke", directory, "[%hoard 5]", *tight).out == "[%length 5]\n", "others are not touched by it")
    ok(loam("poke", directory, "[%deep 3.000.000]", "--max-event-memory", "2000").out == "[%depth 3000000]\n",
       "without the limit it goes through")


def test_life():
    directory = machine("life")
    ok(loam("peek", directory, "/count").out == "0\n", "a new machine's state")
    result = loam("poke", directory, "%inc")
    ok(result.code == 0 and result.out == "[%count 1]\n" and result.err == "", "a poke prints its effects")
    result = loam("poke", directory, "[%do [%one 1] [%two 2] 0]", "--json").json()
    ok(result["answer"] == "accepted" and result["event"] == 2 and result["effects"] == ["[%one 1]", "[%two 2]"],
       f"as JSON: {result}")
    result = loam("poke", directory, "%wrong")
    ok(result.code == 1 and "event 3" in result.err, "a crash: " + result.err)
    result = loam("poke", directory, "%mute", "--json")
    ok(result.code == 1 and result.json()["answer"] == "refused", "a refusal")
    result = loam("poke", directory, "%spin", "--event-timeout", "1")
    ok(result.code == 1 and "intr" in result.err, "an endless event ends: " + result.err)
    with open(path("cause.jam"), "wb") as stream:
        stream.write(b"")
    loam("jam", "[%set 40]", "--output", path("cause.jam"))
    ok(loam("poke", directory, "@" + path("cause.jam")).code == 0, "a cause from a jam")
    ok(loam("peek", directory, "[%count ~]").out == "40\n", "and its state")
    ok(loam("peek", directory, "/count", "--raw").out == "[0 0 40]\n", "peek --raw")
    ok(loam("peek", directory, "/count", "--json").json() == {"answer": "value", "value": "40"}, "peek --json")
    expect(loam("peek", directory, "/unknown"), 1, "does not know", "an unknown path")
    expect(loam("peek", directory, "/empty"), 0, "nothing at it", "an empty path")
    expect(loam("peek", directory, "0"), 1, "crashes", "a path that crashes")
    facts = status(directory)
    ok(facts["event"] == 5 and facts["log_rows"] == 5 and not facts["running"], f"status: {facts}")
    ok("event       5" in loam("status", directory).out, "status as text")
    rows = loam("log", directory, "--json", "--causes").json()["events"]
    ok([row["event"] for row in rows] == [1, 2, 3, 4, 5], "the log lists all")
    ok([row["kind"] for row in rows] == ["poke", "poke", "crash", "crash", "poke"], "and their kinds")
    ok(rows[0]["cause"] == "%inc" and rows[0]["wire"] == "/poke/sys/1", f"and causes: {rows[0]}")
    ok(rows[4]["state_hash"] == facts["state_hash"], "and hashes")
    ok(len(loam("log", directory, "--from", "4").out.splitlines()) == 2, "log --from")
    ok(len(loam("log", directory, "--count", "2").out.splitlines()) == 2, "log --count")
    result = loam("verify", directory)
    ok(result.code == 0 and "is whole" in result.out, result.out.strip())
    ok(loam("verify", directory, "--json").json()["whole"], "verify --json")


def test_run():
    directory = machine("run")
    result = loam("run", directory, "--poke", "%inc", "--poke", "%inc", "--until-idle")
    ok(result.code == 0 and "2 events" in result.err, "run pokes and stops: " + result.err)
    result = loam("run", directory, "--poke", "[%do [%exit 5] 0]", "--poke", "%inc")
    ok(result.code == 5, "a kernel's exit code passes through")
    ok(loam("peek", directory, "/x").out == "3\n", "and nothing happens after it")
    ok(loam("run", directory, "--poke", "[%do [%exit 200] 0]").code == 1, "a code that is ours does not")
    result = loam("run", directory, "--poke-file", "-", "--until-idle", "--json", stdin="%inc\n%inc\n\n%wrong\n")
    facts = result.json()
    ok(result.code == 0 and facts["events"] == 3 and facts["events_crashed"] == 1, f"run feeds standard input: {facts}")
    expect(loam("run", directory, "--poke-file", "-", "--until-idle", stdin="%inc\n[oops\n"), 65, "line 2",
           "a line that is no noun")
    result = loam("run", directory, "--poke", "%mute", "--until-idle")
    ok(result.code == 1, "a refused poke is no success")
    file = path("written/by/kernel")
    result = loam("run", directory, "--poke", f"[%do [%file %write '{file}' 'hello'] 0]", "--until-idle")
    with open(file, "rb") as stream:
        ok(stream.read() == b"hello\0\0\0", "run writes files")
    result = loam("run", directory, "--poke", "[%do [%markdown '# hi'] 0]", "--until-idle")
    ok(result.out == "# hi\n", "run prints markdown")
    result = loam("run", directory, "--timer", "0.05:%inc", "--poke", "[%do [%exit 0] 0]")
    ok(result.code == 0, "run takes timers")
    expect(loam("run", directory, "--timer", "soon:%inc"), 65, "SECONDS:CAUSE", "a timer that is none")


def test_upgrade():
    directory = machine("upgrade")
    loam("poke", directory, "[%set 10]")
    before = status(directory)
    expect(loam("run", directory, "--kernel", kernel("bad.jam", KERNEL_BAD), "--until-idle"), 1, "load arm",
           "a kernel that refuses the state")
    ok(status(directory) == before, "changes nothing")
    result = loam("run", directory, "--kernel", kernel("next.jam", KERNEL_NEXT), "--until-idle")
    ok(result.code == 0 and "takes the place" in result.err, "an upgrade says so: " + result.err.splitlines()[0])
    ok(loam("peek", directory, "/x").out == "13\n", "and migrates the state")
    after = status(directory)
    ok(after["kernel_hash"] != before["kernel_hash"] and after["event"] == 1, "at the same event, with the new kernel")


def test_export():
    directory = machine("export")
    loam("run", directory, "--poke", "%inc", "--poke", "%inc", "--until-idle", "--quiet")
    file = path("state.loam-state")
    result = loam("export", directory, file)
    ok(result.code == 0 and "event 2" in result.err, result.err.strip())
    result = loam("import", path("imported"), file, "--kernel", kernel(), "--json")
    ok(result.code == 0 and result.json()["event"] == 2, "an import stands at the export's event")
    ok(result.json()["state_hash"] == status(directory)["state_hash"], "with its state")
    ok(loam("poke", path("imported"), "%inc").out == "[%count 3]\n", "and goes on")
    with open(file, "r+b") as stream:
        stream.seek(os.path.getsize(file) - 3)
        byte = stream.read(1)
        stream.seek(-1, 1)
        stream.write(bytes([byte[0] ^ 1]))
    expect(loam("import", path("rotten"), file, "--kernel", kernel()), 76, file, "an export with a flipped bit")
    ok(not os.path.exists(path("rotten")), "leaves nothing behind")
    reference = path("state.jam")
    ok(loam("export", directory, reference, "--reference").code == 0, "an export for the reference")
    with open(reference, "rb") as stream:
        ok(stream.read(9) == bytes.fromhex("fd4558504a414d0000"), "has its magic")
    ok(loam("import", path("back"), reference, "--kernel", kernel()).code == 0, "and can be imported")
    ok(loam("new", path("with-state"), "--kernel", kernel(), "--state", reference).code == 0, "new --state")
    ok(loam("peek", path("with-state"), "/x").out == "2\n", "as well")


def test_profile():
    counting = "[8 [1 0] 8 [1 6 [5 [0 7] 4 0 6] [0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 0 1]"
    trace, folded = path("profile.json"), path("profile.folded")
    result = loam("nock", "30000000", counting, "--profile", trace, "--profile", folded)
    ok(result.code == 0 and result.out == "29999999\n" and "samples" in result.err, "nock --profile: " + result.err)
    with open(trace) as stream:
        events = json.load(stream)["traceEvents"]
    ok(sum(e["ph"] == "B" for e in events) == sum(e["ph"] == "E" for e in events), "a trace of whole slices")
    ok(any(e.get("name") == "run" for e in events), "with the run in it")
    with open(folded) as stream:
        ok(all(line.split(";")[0].split()[0] == "nock" and int(line.split()[-1]) > 0 for line in stream), "folded stacks")
    expect(loam("nock", "1", "[4 0 1]", "--profile", path("none/x.json")), 66, "none/x.json", "a profile nowhere")
    machine, kernel_file = path("profiled"), kernel()
    ok(loam("new", machine, "--kernel", kernel_file).code == 0, "a machine")
    result = loam("run", machine, "--poke", "%inc", "--until-idle", "--profile", trace)
    ok(result.code == 0 and "samples" in result.err, "run --profile")
    ok(loam("poke", machine, "%inc", "--profile", folded).code == 0 and os.path.exists(folded), "poke --profile")


def test_counts():
    """One is one: "1 event", not "1 events"."""
    directory = machine("counts")
    loam("poke", directory, "%inc")
    archived = loam("archive", directory, path("one.sqlite"))
    ok(": 1 event after 0" in archived.err, "archive: " + archived.err)
    sealed = loam("snapshot", directory, "--seal")
    ok(" in 1 piece," in sealed.err, "snapshot --seal: " + sealed.err)
    loam("snapshot", directory, "a")
    loam("branch", directory, "b")
    said = loam("status", directory).out
    ok(" 1 event after 0" in said and " 1 snapshot and 1 branch in" in said and " 1 snapshot, the newest" in said,
       "status: " + said)
    said = loam("verify", directory).out
    ok(": 1 event, " in said, "verify: " + said)
    said = loam("bisect", directory, path("one.sqlite")).out
    ok(" the 1 event that both have" in said, "bisect: " + said)
    said = loam("run", directory, "--poke", "%inc", "--until-idle").err
    ok(": 1 event in " in said, "run: " + said.splitlines()[-1])


test_help()
test_counts()
test_filters()
test_profile()
test_life()
test_limits()
test_run()
test_upgrade()
test_export()
done()
