"""The command line's promises: exit codes, three-line errors, machine formats."""

import json
import os
import signal
import subprocess

import pytest

import martlet


def test_the_version_is_printed():
    result = martlet.command("--version")
    assert result.returncode == 0 and result.stdout.strip().count(".") == 2


def test_help_shows_an_example_before_the_usage():
    for words in [["--help"], ["up", "--help"], ["run", "--help"], ["model", "promote", "--help"]]:
        result = martlet.command(*words)
        assert result.returncode == 0
        assert "EXAMPLE" in result.stdout, words
        assert result.stdout.index("EXAMPLE") < result.stdout.index("USAGE"), words


@pytest.mark.parametrize("words,suggestion", [
    (["staus"], "did you mean 'status'?"), (["up", "--prot", "1"], "--port"), (["data", "lst"], "did you mean 'list'?"),
])
def test_a_misspelt_word_is_a_usage_error_with_a_suggestion(words, suggestion):
    result = martlet.command(*words)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ") and suggestion in result.stderr
    assert "fix:" in result.stderr
    assert result.stdout == ""


def run_into(shared_server, **streams) -> subprocess.Popen:
    """`experiments list` with the given standard streams, at its end."""
    process = subprocess.Popen(
        [str(martlet.BINARY), "experiments", "list", "--server", shared_server.url], env=martlet.environment(), **streams)
    process.wait(timeout=30)
    return process


def test_a_reader_that_went_away_ends_the_command_quietly(shared_server):
    read, write = os.pipe()
    os.close(read)
    process = run_into(shared_server, stdout=write, stderr=subprocess.PIPE)
    assert process.returncode in (-signal.SIGPIPE, 128 + signal.SIGPIPE)
    assert process.stderr.read() == b""
    process = run_into(shared_server, stdout=subprocess.PIPE, stderr=write)
    assert process.returncode == 0 and b"Default" in process.stdout.read()
    os.close(write)


def test_a_result_that_cannot_be_written_is_an_error(shared_server):
    with open("/dev/full", "wb") as full:
        process = run_into(shared_server, stdout=full, stderr=subprocess.PIPE)
    assert process.returncode == 1
    assert process.stderr.read() == (
        b"error: the result could not be written\ncause: No space left on device\n"
        b"fix:   free some space, or write it elsewhere\n")


def test_global_options_stand_anywhere(shared_server):
    expected = shared_server.json("experiments", "list")
    assert expected[0]["name"] == "Default"
    for words in [["--server", shared_server.url, "-o", "json", "experiments", "list"],
                  ["experiments", f"--server={shared_server.url}", "list", "--output", "json"],
                  ["experiments", "list", "-o", "json", "--server", shared_server.url]]:
        result = martlet.command(*words)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout) == expected


@pytest.mark.parametrize("words", [
    ["data", "list", "--all"], ["runs", "list"], ["model", "list"], ["alert", "list"], ["deployment", "list"], ["audit", "log", "--object", "none"],
])
@pytest.mark.parametrize("format_", ["json", "table"])
def test_an_empty_list_is_an_empty_list(shared_server, words, format_):
    result = shared_server.cli(*words, "-o", format_)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[0]) == []


def test_an_unknown_thing_exits_with_3_and_says_what_to_do(shared_server):
    result = shared_server.cli("model", "show", "nothing")
    assert result.returncode == 3
    assert result.stderr.startswith("error: ") and "nothing" in result.stderr


def test_errors_are_structured_when_json_is_asked_for(shared_server):
    result = shared_server.cli("model", "show", "nothing", "-o", "json")
    assert json.loads(result.stderr)["error"]["code"] == "NOT_FOUND"


def test_a_server_that_is_not_there_exits_with_7():
    result = martlet.command("status", "--server", f"http://127.0.0.1:{martlet.free_port()}")
    assert result.returncode == 7
    assert "does not answer" in result.stderr and "martlet up" in result.stderr


def test_a_folder_without_a_project_is_refused(shared_server, folder):
    result = shared_server.cli("run", folder)
    assert result.returncode == 3
    assert "martlet.yaml" in result.stderr


def test_nothing_is_coloured_when_it_is_not_a_terminal(shared_server):
    assert "\x1b" not in shared_server.cli("doctor").stdout
