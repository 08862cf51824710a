"""What an operator says about the outside: each effect sees its own section, and nobody else sees a secret."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pgs_capabilities.side_effects.email import Email
from pgs_capabilities.side_effects.http import Http
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.workspace.settings import MAX_BYTES, NOTHING, Secret, Settings, accepted_by, no_settings, read_settings
from pgs_snapshot.model import Schema
from pgs_snapshot.values import NotPlain, Value, plain

MAIL, HTTP = "core::CS_SEND_EMAIL_V0", "core::CS_HTTP_CALL_V0"
ACCEPTED: Schema = accepted_by(Email)
SECTION: dict[str, Value] = {"host": "mail.example.org", "from": "shop@example.org"}
HIDDEN = "correct horse"


def written(folder: Path, sections: object, mode: int = 0o600) -> Settings:
    return read_settings(file_of(folder, json.dumps(sections), mode))


def file_of(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "settings.json"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def refused(settings: Settings, side_effect: str = MAIL, accepted: Schema = ACCEPTED) -> Refusal:
    with pytest.raises(Refusal) as told:
        settings.of(side_effect, accepted, {"PASSWORD": HIDDEN})
    assert told.value.exit_code is ExitCode.USAGE
    assert HIDDEN not in f"{told.value.message}{told.value.where}{told.value.hint}"
    return told.value


def test_an_effect_sees_its_own_section_with_defaults(tmp_path: Path) -> None:
    settings = written(tmp_path, {MAIL: SECTION, HTTP: {"endpoints": {}}})
    assert dict(settings.of(MAIL, ACCEPTED, {})) == {**SECTION, "security": "starttls"}
    assert dict(settings.of(HTTP, accepted_by(Http), {})) == {"endpoints": {}}


def test_who_declares_no_settings_is_given_none(tmp_path: Path) -> None:
    assert accepted_by(object) == NOTHING
    assert dict(no_settings().of("shop::CS_X_V0", NOTHING, {})) == {}
    told = refused(written(tmp_path, {"shop::CS_X_V0": {"host": "x"}}), "shop::CS_X_V0", NOTHING)
    assert (told.code, told.message) == (
        "R068",
        "The settings of `shop::CS_X_V0` do not fit: the section holds something that is not declared.",
    )


# --- secrets -------------------------------------------------------------------------------------


def test_a_secret_comes_from_the_environment_and_shows_itself_nowhere(tmp_path: Path) -> None:
    account: dict[str, Value] = {"user": "shop", "password": {"env": "PASSWORD"}}
    settings = written(tmp_path, {MAIL: {**SECTION, **account}}, 0o644)
    section = settings.of(MAIL, ACCEPTED, {"PASSWORD": HIDDEN})
    assert section["password"] == HIDDEN
    assert HIDDEN not in f"{section} {section!r} {dict(section)!r} {section['password']!r}"
    assert repr(section) == "Section(from, host, password, security, user)"
    with pytest.raises(NotPlain, match="a Python Secret"):
        plain({"told": section["password"]})


def test_a_secret_of_any_depth_is_found(tmp_path: Path) -> None:
    endpoint = {"url": "https://example.org", "headers": {"Authorization": {"env": "TOKEN"}}}
    section = written(tmp_path, {HTTP: {"endpoints": {"env": endpoint}}}).of(HTTP, accepted_by(Http), {"TOKEN": HIDDEN})
    assert section["endpoints"] == {"env": {"url": "https://example.org", "headers": {"Authorization": HIDDEN}}}
    assert HIDDEN not in repr(section["endpoints"])


@pytest.mark.parametrize("environment", [{}, {"PASSWORD": ""}])
def test_a_variable_that_is_not_set_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    settings = written(tmp_path, {MAIL: {**SECTION, "user": "shop", "password": {"env": "PASSWORD"}}})
    with pytest.raises(Refusal) as told:
        settings.of(MAIL, ACCEPTED, environment)
    assert told.value.code == "R068"
    assert told.value.message == "The settings want the variable `PASSWORD`, which is not set, or empty."
    assert told.value.where == f"{tmp_path}/settings.json: {MAIL}/password"


def test_a_variable_stands_only_where_text_does(tmp_path: Path) -> None:
    told = refused(written(tmp_path, {MAIL: {**SECTION, "port": {"env": "PASSWORD"}}}))
    assert told.message == f"The settings of `{MAIL}` do not fit: `/port` is not an integer."
    told = refused(written(tmp_path, {MAIL: {**SECTION, "host": {"env": "PASSWORD", "else": "x"}}}))
    assert told.message == f"The settings of `{MAIL}` do not fit: `/host` is not a string."


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o744])
def test_a_secret_in_a_file_that_everybody_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    stated = {MAIL: {**SECTION, "user": "shop", "password": HIDDEN}}
    told = refused(written(tmp_path, stated, mode))
    assert (told.code, told.where) == ("R069", f"{tmp_path}/settings.json: {MAIL}/password")
    assert told.hint.startswith(f"Type `chmod 600 {tmp_path}/settings.json`")
    assert written(tmp_path, stated, 0o640).of(MAIL, ACCEPTED, {})["password"] == HIDDEN
    assert dict(written(tmp_path, {MAIL: SECTION}, mode).of(MAIL, ACCEPTED, {}))


def test_a_file_that_everybody_can_change_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as told:
        written(tmp_path, {}, 0o602)
    assert (told.value.code, told.value.exit_code) == ("R069", ExitCode.USAGE)


# --- what does not fit ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "why", "hint"),
    [
        ({MAIL: {**SECTION, "hots": "x"}}, "`/hots` is not declared", "Write `host`."),
        (
            {MAIL: {**SECTION, "zzz": "x"}},
            "`/zzz` is not declared",
            "Known here: ca_file, from, hello, host, password, port, security, user.",
        ),
        ({MAIL: {"host": "mail.example.org"}}, "`/from` is required, and not there", ""),
        ({MAIL: {**SECTION, "port": 0}}, "`/port` is below 1", ""),
        ({MAIL: {**SECTION, "user": "shop"}}, "`/password` is required, and not there", ""),
        (
            {"core::CS_SEND_EMIAL_V0": SECTION},
            "`/from` is required, and not there",
            "Is `core::CS_SEND_EMIAL_V0` meant for it?",
        ),
    ],
)
def test_what_does_not_fit_is_said_where_it_stands(tmp_path: Path, sections: object, why: str, hint: str) -> None:
    told = refused(written(tmp_path, sections))
    assert (told.code, told.message) == ("R068", f"The settings of `{MAIL}` do not fit: {why}.")
    assert (told.where, told.hint) == (f"{tmp_path}/settings.json: {MAIL}", hint)


def test_what_is_known_of_a_nested_place_is_said_there(tmp_path: Path) -> None:
    settings = written(tmp_path, {HTTP: {"endpoints": {"ledger": {"ulr": "https://example.org"}}}})
    told = refused(settings, HTTP, accepted_by(Http))
    assert told.message == f"The settings of `{HTTP}` do not fit: `/endpoints/ledger/ulr` is not declared."
    assert told.hint == "Write `url`."


def test_without_a_file_what_is_needed_is_named() -> None:
    told = refused(no_settings())
    assert told.where == f"settings.json: {MAIL}"
    assert told.hint == f'Add `"{MAIL}": {{…}}` to settings.json.'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "The settings are an object with one object for each external side effect, by its full name."),
        ('{"a": 1}', "The settings are an object with one object for each external side effect, by its full name."),
        ("{", "The settings are no JSON: a key in double quotes is missing here."),
        ('{"a": {}, "a": {}}', "The settings are no JSON: a key that its object holds twice."),
        (f'{{"a": {{"b": "{"x" * MAX_BYTES}"}}}}', f"The settings are no JSON: more than {MAX_BYTES:,} bytes."),
    ],
)
def test_what_is_no_file_of_sections_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Refusal) as told:
        read_settings(file_of(tmp_path, text))
    assert (told.value.code, told.value.message) == ("R067", why)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as told:
        read_settings(tmp_path / "nowhere.json")
    assert told.value.code == "R019"
    with pytest.raises(Refusal) as told:
        read_settings(tmp_path)
    assert told.value.code == "R019"
    with pytest.raises(Refusal) as told:
        read_settings(Path(os.devnull))
    assert told.value.code in ("R067", "R069")


def test_a_pipe_that_nobody_writes_to_is_no_file_of_settings(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(Refusal) as told:
        read_settings(tmp_path / "pipe.json")
    assert (told.value.code, told.value.message) == ("R067", f"`{tmp_path / 'pipe.json'}` is no regular file.")


def test_a_secret_is_a_string_to_who_uses_it() -> None:
    assert isinstance(Secret("a"), str)
    assert (Secret("a").encode(), f"{Secret('a')}b", repr([Secret("a")])) == (b"a", "ab", "[Secret()]")
