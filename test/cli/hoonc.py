"""`loam hoonc` on the public tree's compiler."""
import os
import signal
import time

from cli import *

CORPUS = os.environ.get("LOAM_CORPUS")


def corpus(relative):
    file = os.path.join(CORPUS or "", relative)
    return file if CORPUS and os.path.exists(file) else None


def write(name, text):
    file = path(name)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "w") as stream:
        stream.write(text)
    return file


def test_refusals():
    entry = write("w/hoon/trivial.hoon", "%trivial\n")
    hoon = os.path.dirname(entry)
    data = path("no-data")
    expect(loam("hoonc", path("absent.hoon"), hoon, "--data-dir", data), 66, "absent.hoon", "no entry")
    expect(loam("hoonc", hoon, hoon, "--data-dir", data), 65, "not a file", "an entry that is a directory")
    expect(loam("hoonc", entry, path("nowhere"), "--data-dir", data), 66, "nowhere", "no directory")
    expect(loam("hoonc", entry, hoon, "--data-dir", data), 66, "--kernel", "no kernel the first time")
    expect(loam("hoonc", entry, hoon, "--data-dir", data, "--output", path("no/where/out.jam")), 66, "no/where",
           "an output in no directory")
    bad = write("bad/Upper.hoon", "5\n")
    expect(loam("hoonc", entry, os.path.dirname(bad), "--data-dir", data), 65, "Upper.hoon",
           "a name that the compiler does not take")
    os.makedirs(path("loop/inner"))
    os.symlink(path("loop"), path("loop/inner/again"))
    expect(loam("hoonc", entry, path("loop"), "--data-dir", data), 65, "links back", "a link that leads back")
    ok(not os.path.exists(data), "and no machine was made")


def test_compilation(kernel_jam, prewarm):
    data = path("compiler")
    entry = write("w/hoon/trivial.hoon", "%trivial\n")
    hoon = os.path.dirname(entry)
    first = ["--kernel", kernel_jam, "--state-jam", prewarm, "--data-dir", data]
    result = loam("hoonc", entry, hoon, *first, "--arbitrary", cwd=path("w"))
    ok(result.code == 0 and os.path.exists(path("w/out.jam")), "a trivial file is compiled: " + result.err[-200:])
    ok(loam("nock", "@" + path("w/out.jam"), "[9 2 0 1]").out == "%trivial\n", "and kicked")
    os.makedirs(path("elsewhere"))
    result = loam("hoonc", entry, hoon, "--data-dir", data, "--arbitrary", "--output", path("elsewhere"))
    ok(result.code == 0 and os.path.exists(path("elsewhere/out.jam")), "--output names a directory")
    ok("reusing build cache" in result.err, "and the compiler remembers")
    result = loam("hoonc", entry, hoon, "--data-dir", data, "--arbitrary", "--output", path("elsewhere/named.jam"),
                  "--json")
    ok(result.json()["output"] == path("elsewhere/named.jam") and result.json()["bytes"] % 8 == 0,
       "--output names a file in its directory")
    with open(path("w/out.jam"), "rb") as a, open(path("elsewhere/named.jam"), "rb") as b:
        ok(a.read() == b.read(), "and gives the same bytes")

    wrong = write("wrong/wrong.hoon", "(add 1 'x' )\n=/  oops\n")
    expect(loam("hoonc", wrong, os.path.dirname(wrong), "--data-dir", data, "--output", path("wrong.jam")), 1,
           "no output", "a syntax error")
    wrong = write("untyped/untyped.hoon", "(add 1 nonexistent)\n")
    expect(loam("hoonc", wrong, os.path.dirname(wrong), "--data-dir", data, "--arbitrary", "--output",
                path("wrong.jam")), 1, "no output", "a name that is not there")
    ok(not os.path.exists(path("wrong.jam")), "neither wrote anything")
    expect(loam("hoonc", entry, hoon, "--new", *first), 73, "already", "--new wants an empty directory")


test_refusals()
if corpus("crates/hoonc/bootstrap/hoonc.jam"):
    test_compilation(corpus("crates/hoonc/bootstrap/hoonc.jam"), corpus("crates/hoonc/bootstrap/hoonc-prewarm.jam"))
else:
    skip("compiling Hoon", "LOAM_CORPUS has no crates/hoonc/bootstrap/hoonc.jam")
done()
