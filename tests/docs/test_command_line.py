"""docs/command-line.md has each command and each of its options, with an example, and none that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from blazy_jobs.cli.app import application
from blazy_jobs.cli.commands import server

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "command-line.md"
TEXT = PAGE.read_text()
SHARED = {"--url", "--api-key", "--json", "--no-color", "--help"}


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Ours with those within them, by the words that call them."""
    group = group or typer.main.get_command(application())
    for name, command in group.commands.items():
        if path or name not in server.SERVER_COMMANDS:
            yield " ".join([*path, name]), command
            if hasattr(command, "commands"):
                yield from commands(command, (*path, name))


COMMANDS = dict(commands())


def section(name: str) -> str:
    found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section on {name}"
    return found[1]


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example(name: str) -> None:
    assert re.search(rf"^\$ .*blazy-jobs {re.escape(name)}( |$)", section(name.split()[0]), re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_of_a_command_is_in_its_section(name: str) -> None:
    said = set(re.findall(r"--[a-z][a-z-]*", section(name.split()[0])))
    assert options(COMMANDS[name]) - SHARED - said == set()


@pytest.mark.parametrize("name", [name for name in COMMANDS if " " not in name])
def test_no_section_names_an_option_that_does_not_exist(name: str) -> None:
    known = set.union(*(options(command) for words, command in COMMANDS.items() if words.split()[0] == name))
    assert set(re.findall(r"`(--[a-z][a-z-]*)", section(name))) <= known | SHARED


def test_the_options_of_every_command_are_those_of_the_code() -> None:
    group = typer.main.get_command(application())
    table = set(re.findall(r"^\| `(--[a-z-]+)", section("Options of every command"), re.MULTILINE))
    assert table == SHARED
    assert options(group) - SHARED - {"--version"} <= set(re.findall(r"--[a-z-]+", section("Shell completion")))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_an_example(name: str) -> None:
    assert f"blazy-jobs {name} " in f"{COMMANDS[name].epilog} "
    assert COMMANDS[name].help
