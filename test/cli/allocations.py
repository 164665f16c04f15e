"""Why an arena is as large as it is: what its bytes are for, and whose."""
from cli import *

SHARES = ["live_bytes", "live_large_bytes", "dead_bytes", "dead_large_bytes", "header_bytes", "padding_bytes",
          "node_bytes", "ring_bytes", "ahead_bytes", "moving_bytes", "free_bytes", "waiting_bytes", "unknown_bytes"]

# Keeps nouns by a key, and looks at one of them without keeping anything.
KERNEL_KEEPER = """
kernel keeper(state:[first second] = [0 0]) {
    arm load(old) = keeper with state = old
    arm peek(path) = [~ ~ first]
    arm poke(number, wire, entropy, our, now, cause) =
        if wire == [0 'arvo' 0] then [~ keeper]
        else match cause {
            [%first value] -> [~ (keeper with state = [value second])]
            [%second value] -> [~ (keeper with state = [first value])]
            %look -> let next = inc(first)
                [[[%looked (next == 5)] ~] keeper]
            [%list most] ->
                let list = loop fill(list = ~, done = 0)
                    if done == most then list else fill([[done done] list], inc(done))
                [~ (keeper with state = [first list])]
        }
}
"""


def atom(size, digit):
    return "0x7" + digit * (2 * size)


def poke(directory, cause, wire=None):
    made = loam("jam", "-", "--output", path("cause.jam"), stdin=cause)
    assert made.code == 0, made.err
    result = loam("poke", directory, "@" + path("cause.jam"), *(["--wire", wire] if wire else []))
    assert result.code == 0, result.err


def told(directory):
    result = loam("status", directory, "--allocations", "--json")
    assert result.code == 0, result.err
    return result.json()


def adds_up(report, what, directory):
    total = sum(report[share] for share in SHARES)
    # Beside a process that works the file may be another one by now.
    size = report["file_bytes"] if report["running"] else os.path.getsize(os.path.join(directory, "arena.loam"))
    fresh = sum(origin["fresh_bytes"] for origin in report["origins"])
    segments = report["live_bytes"] + report["dead_bytes"] + report["header_bytes"]
    large = sum(object["size_bytes"] for object in report["large_objects"])
    ok(total == report["file_bytes"] == size and fresh + report["older_bytes"] == segments and
       large == report["live_large_bytes"] + report["dead_large_bytes"],
       f"{what}: every byte of {size} is for something, and somebody's")


def origin(report, label):
    return next((one for one in report["origins"] if one["label"] == label), {"bytes": 0, "fresh_bytes": 0})


def owner(report, label):
    return next(one for one in report["owners"] if one["label"] == label)


def test_stopped():
    directory = machine("keeper", assembled("keeper", KERNEL_KEEPER))
    adds_up(told(directory), "a new machine", directory)
    poke(directory, f"[%first {atom(1400000, 'a')}]", "[%poke %npc 1 0]")
    poke(directory, f"[%second {atom(1300000, 'b')}]", "[%poke %http-server 1 77 0]")
    assert loam("snapshot", directory, "before").code == 0
    poke(directory, "[%list 20.000]")
    poke(directory, f"[%first {atom(1500000, 'c')}]", "[%poke %npc 1 0]")
    poke(directory, f"[%first {atom(1600000, 'd')}]", "[%poke %npc 1 0]")
    report = told(directory)
    adds_up(report, "after some events", directory)
    ok(origin(report, "npc %first")["bytes"] > 4500000 and origin(report, "http-server %second")["bytes"] > 1300000 and
       origin(report, "npc %first")["fresh_bytes"] < 10000 and origin(report, "sys %list")["fresh_bytes"] > 20000 * 48 and
       origin(report, "boot")["bytes"] > 0 and origin(report, "snapshots")["bytes"] > 0,
       f"it has grown by wire and cause: {report['origins']}")
    labels = [(one["size_bytes"] // 100000, one["label"], one["made_event"], one["owners"])
              for one in report["large_objects"]]
    ok(labels == [(16, "npc %first", 5, ["kernel state"]), (15, "npc %first", 4, []),
                  (14, "npc %first", 1, ["snapshot before"]), (13, "http-server %second", 2, ["snapshot before"])],
       f"large objects have who brought them, when, and who keeps them: {labels}")
    ok(all(one["references"] >= len(one["owners"]) for one in report["large_objects"]) and
       abs(report["large_objects"][0]["made_wall_ms"] / 1000 - time.time()) < 600, "how often, and since when")
    state, kept = owner(report, "kernel state"), owner(report, "snapshot before")
    ok(1600000 < state["large_bytes"] < 1605000 and state["alone_bytes"] > 1600000 + 20000 * 48 and
       2700000 < kept["alone_bytes"] < 2710000 and owner(report, "code")["reached_bytes"] > 0,
       f"each root has what it keeps, and what would go with it: {state} {kept}")
    text = loam("status", directory, "--allocations")
    ok(text.code == 0 and all(word in text.out for word in
                              ("npc %first", "snapshot before", "dead large objects", "kept by nobody", "of 5 formulas"
                               if report["formulas"] == 5 else "formulas")), "as text as well")
    return directory


def test_prediction(directory):
    """What it says would be freed is what is."""
    before = told(directory)
    assert loam("gc", directory, "--full").code == 0
    after = told(directory)
    adds_up(after, "after a collection", directory)
    ok(after["dead_large_bytes"] == 0 and after["live_large_bytes"] == before["live_large_bytes"] and
       after["dead_bytes"] == 0 and sum(one["fresh_bytes"] for one in after["origins"]) == 0,
       "the collection has freed what was dead, and nothing else")
    alone = owner(after, "snapshot before")["alone_bytes"]
    live = after["live_bytes"] + after["live_large_bytes"] - after["list_bytes"]
    gc_bytes = owner(after, "collections")["reached_bytes"]
    assert loam("snapshot", directory, "--drop", "before").code == 0
    assert loam("gc", directory, "--full").code == 0
    last = told(directory)
    now = last["live_bytes"] + last["live_large_bytes"] - last["list_bytes"]
    moved = owner(last, "collections")["reached_bytes"] - gc_bytes
    ok(abs(live - (now - moved) - alone) < 4096 and [one["made_event"] for one in last["large_objects"]] == [5],
       f"a dropped snapshot gives back the {alone} bytes that were its alone (and what a start has made anew): "
       f"{live - now + moved}")
    adds_up(last, "then", directory)


def test_running(directory):
    before = told(directory)["large_objects"][0]
    process = subprocess.Popen([LOAM, "run", directory, "--poke-file", "-", "--quiet"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=scratch)
    process.stdin.write(b"%look\n%look\n%look\n")
    process.stdin.flush()
    ok(wait_until(lambda: told(directory)["running"] and
                  told(directory)["large_objects"][0]["use_count"] >= before["use_count"] + 3),
       "a running process tells the uses that it has in memory")
    report = told(directory)
    one = report["large_objects"][0]
    ok(one["used_event"] > before["used_event"] and one["used_wall_ms"] >= before["used_wall_ms"],
       f"with the event: {before['used_event']}, then {one['used_event']}")
    adds_up(report, "beside a process", directory)
    for i in range(50):
        process.stdin.write(f"[%list {500 * i}]\n".encode())
    process.stdin.flush()
    for i in range(5):
        adds_up(told(directory), "while it works", directory) if i == 4 else told(directory)
    ok(wait_until(lambda: told(directory)["event"] == report["event"] + 50), "it has worked")
    grown = origin(told(directory), "one-punch %list")
    process.kill()
    process.wait()
    report = told(directory)
    ok(origin(report, "one-punch %list")["bytes"] == grown["bytes"] > 50 * 49 // 2 * 500 * 48,
       f"a killed process has lost nothing of who made it grow: {grown}")
    ok(loam("run", directory, "--until-idle").code == 0, "it starts")
    poke(directory, "%look")
    later = told(directory)["large_objects"][0]
    poke(directory, "%look")
    ok(told(directory)["large_objects"][0]["use_count"] > later["use_count"], "and an orderly end keeps the uses")
    adds_up(told(directory), "at last", directory)


machine_directory = test_stopped()
test_prediction(machine_directory)
test_running(machine_directory)
done()
