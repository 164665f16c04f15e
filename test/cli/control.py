"""A running machine is asked, told to stop, and annoyed."""
import json
import os
import random
import signal
import socket
import stat
import time

from cli import *


def control(directory):
    return os.path.join(directory, "control")


def run(directory, *words):
    process = start("run", directory, *words)
    assert wait_until(lambda: os.path.exists(control(directory))), "it does not listen"
    return process


def connect(directory):
    """Also where the path is longer than an address may be."""
    connection = socket.socket(socket.AF_UNIX)
    folder = os.open(directory, os.O_PATH)
    connection.connect(f"/proc/self/fd/{folder}/control")
    os.close(folder)
    connection.settimeout(30)
    return connection


def read_all(connection):
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def ask(directory, request):
    connection = connect(directory)
    try:
        connection.sendall(request)
    except (BrokenPipeError, ConnectionResetError):
        pass
    answer = read_all(connection)
    connection.close()
    return answer


def end(process):
    process.wait(timeout=20)
    return process.returncode


def test_status():
    directory = machine("status")
    process = run(directory, "--poke", "%inc")
    ok(wait_until(lambda: status(directory).get("events") == 1), "a running machine counts its events")
    facts = status(directory)
    ok(facts["running"] and facts["event"] == 1 and facts["boot_ms"] > 0, f"and tells: {facts}")
    ok("since start" in loam("status", directory).out, "in words, too")
    mode = os.stat(control(directory)).st_mode
    ok(stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600, "its socket is for its owner alone")
    ok(json.loads(ask(directory, b"status json x\n").split(b"\n")[0])["event"] == 1, "anybody's program can ask")
    ok(ask(directory, b"status json x\n").endswith(b"\n=ok\n"), "and sees how it ended")
    result = loam("stop", directory)
    ok(result.code == 0 and end(process) == 0, "stop: " + result.err)
    ok(not os.path.exists(control(directory)), "the socket is gone with it")
    facts = status(directory)
    ok(not facts["running"] and "events" not in facts and facts["event"] == 1, "a stopped one is looked at")
    result = loam("stop", directory)
    ok(result.code == 0 and "no process runs" in result.err, "stopping it again: " + result.err)
    expect(loam("stop", path("nothing")), 66, "nothing", "there is no such machine")


def test_stop_spinning():
    directory = machine("spinning")
    process = run(directory, "--poke", "%spin")
    time.sleep(0.3)
    started = time.monotonic()
    result = loam("stop", directory)
    ok(result.code == 0 and end(process) == 128 + signal.SIGTERM, f"stop in the middle of an event {result.err}")
    ok(time.monotonic() - started < 2, "within two seconds")
    ok(status(directory)["event"] == 0, "which has not happened")


def test_not_served():
    directory = machine("busy")
    process = start("poke", directory, "%spin", "--event-timeout", "2")
    assert wait_until(lambda: status(directory)["running"]), "it does not run"
    expect(loam("stop", directory), 75, "does not listen", "a poke cannot be stopped so")
    ok(status(directory)["running"], "but looked at")
    process.wait()


def test_stale():
    directory = machine("stale")
    process = run(directory)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ok(os.path.exists(control(directory)), "a killed process leaves its socket")
    ok(not status(directory)["running"], "which is not taken for a process")
    process = start("run", directory)
    ok(wait_until(lambda: "events" in status(directory)), "the next one listens there")
    ok(loam("stop", directory).code == 0 and end(process) == 0, "and can be stopped")


def test_in_the_way():
    directory = machine("in-the-way")
    with open(control(directory), "w") as stream:
        stream.write("mine")
    result = loam("run", directory, "--poke", "%inc", "--until-idle")
    ok(result.code == 0 and "cannot listen" in result.err, "somebody's file in the way is warned of: " + result.err)
    with open(control(directory)) as stream:
        ok(stream.read() == "mine", "and left alone")


def test_long_path():
    directory = path("long" + 60 * "x")
    os.mkdir(directory)
    directory = machine(os.path.join(directory, 60 * "y"))
    ok(len(control(directory)) > 108, f"a path of {len(control(directory))} bytes")
    process = run(directory, "--poke", "%inc")
    ok(wait_until(lambda: status(directory).get("events") == 1), "is listened at")
    ok(loam("stop", directory).code == 0 and end(process) == 0, "and stopped")
    ok(not os.path.exists(control(directory)), "and tidied")


def test_hostile():
    directory = machine("hostile")
    process = run(directory)
    ok(b"=invalid" in ask(directory, b"\n") and b"=invalid" in ask(directory, b"wrong\n"), "no command")
    ok(b"=invalid" in ask(directory, b"status\x00json\n"), "a zero byte")
    ok(b"=invalid" in ask(directory, b"%zz\n"), "a bad escape")
    ok(b"=invalid" in ask(directory, b"x" * 70000), "a line without an end")
    ok(b"=invalid" in ask(directory, b" " * 5000 + b"\n"), "five thousand words")
    ok(b"=invalid" in ask(directory, b"x" * 65535 + b"\n"), "a long word")
    ok(ask(directory, b"status json x\nstatus json x\n").count(b"=ok") == 1, "one request a connection")
    for number in range(300):
        connection = connect(directory)
        try:
            connection.sendall(random.randbytes(random.randrange(200)) + (b"\n" if number % 2 else b""))
        except BrokenPipeError:
            pass  # one of too many
        if number % 3:
            connection.close()
    ok(wait_until(lambda: ask(directory, b"status json x\n").endswith(b"=ok\n")), "garbage is survived")
    time.sleep(0.5)  # until it has seen that they are gone
    mute = [connect(directory) for _ in range(32)]
    crowd = [connect(directory) for _ in range(40)]
    ok(any(b"=busy" in read_all(connection) for connection in crowd[35:]), "too many at once are turned away")
    for connection in mute + crowd:
        connection.close()
    ok(wait_until(lambda: loam("status", directory, "--json").code == 0), "after all of them it answers")
    # Who asks and never reads costs nobody anything.
    deaf = []
    for _ in range(20):
        connection = connect(directory)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.sendall(b"status json " + b"z" * 60000 + b"\n")
        deaf.append(connection)
    ok("events" in status(directory), "while twenty do not read")
    ok(loam("stop", directory).code == 0 and end(process) == 0, "nobody keeps it from stopping")


seed()
test_status()
test_stop_spinning()
test_not_served()
test_stale()
test_in_the_way()
test_long_path()
test_hostile()
done()
