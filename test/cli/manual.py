"""The manual page knows every command, and every option that a command's --help shows."""
import pathlib
import re

from cli import *

MANUAL = (pathlib.Path(__file__).resolve().parents[2] / "man" / "loam.1").read_text()


def options_of(text):
    return set(re.findall(r"^\s+--([a-z-]+)", text, re.MULTILINE))


def section(name):
    return MANUAL.split(f"\n.Sh {name}\n")[1].split("\n.Sh ")[0]


def shared_options():
    """Those of the lists "Options of every command ..."."""
    lists = re.findall(r"^\.Ss Options of every.*?(?=^\.S[hs])", MANUAL, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^\.It Fl -([a-z-]+)", "\n".join(lists), re.MULTILINE))


def synopses():
    """Each command's options in the synopsis."""
    found = {}
    for block in section("SYNOPSIS").split(".Nm\n")[1:]:
        name = re.match(r"\.Cm ([a-z]+)", block)[1]
        found.setdefault(name, set()).update(re.findall(r"Fl -([a-z-]+)", block))
    return found


def test_manual():
    commands = re.findall(r"^  ([a-z]+) +\S", loam("--help").out.split("Exit statuses")[0], re.MULTILINE)
    ok(len(commands) > 20, f"{len(commands)} commands are listed")
    shown, shared, told = synopses(), shared_options(), section("COMMANDS")
    ok(sorted(shown) == sorted(commands), "the synopsis has each of them, and no other")
    for name in commands:
        own = options_of(loam(name, "--help").out) - shared
        missing = own ^ (shown.get(name, set()) - shared)
        ok(not missing, f"{name}: its synopsis has just its options {sorted(missing)}")
        untold = [option for option in own if f"Fl -{option}" not in told]
        ok(not untold, f"{name}: the page says what they do {untold}")


test_manual()
done()
