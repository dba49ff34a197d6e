"""Settings: file, environment, secrets, and errors that name what is nearest."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchbill.base import limits
from watchbill.base import settings as own
from watchbill.base.problem import Problem
from watchbill.base.settings import Settings, explain, load_settings, names, variable


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "watchbill.toml"


def write(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_with_nothing_said_the_defaults_hold() -> None:
    assert load_settings(None, {}) == Settings()


def test_the_file_is_read(toml: Path) -> None:
    got = load_settings(write(toml, 'addr = "0.0.0.0:80"\n[mail]\nhost = "smtp.saltmarsh.example"\nport = 587\ntls = "starttls"\n'), {})
    assert (got.addr, got.mail.host, got.mail.port, got.mail.tls) == ("0.0.0.0:80", "smtp.saltmarsh.example", 587, "starttls")


def test_the_environment_wins_over_the_file(toml: Path) -> None:
    got = load_settings(write(toml, '[mail]\nhost = "one.example"\nport = 2525\n'), {"WATCHBILL_MAIL_HOST": "two.example"})
    assert (got.mail.host, got.mail.port) == ("two.example", 2525)


@pytest.mark.parametrize(
    ("variable_name", "text", "setting", "value"),
    [
        ("WATCHBILL_DATA", "/srv/watchbill", "data", Path("/srv/watchbill")),
        ("WATCHBILL_PUBLIC_URL", "https://watch.saltmarsh.example", "public_url", "https://watch.saltmarsh.example"),
        ("WATCHBILL_MAIL_PORT", "587", "mail.port", 587),
        ("WATCHBILL_OUTGOING_ALLOW_PRIVATE", "yes", "outgoing.allow_private", True),
        ("WATCHBILL_SIGN_IN_PASSWORD", "off", "sign_in.password", False),
        ("WATCHBILL_OUTGOING_TIMEOUT_SECONDS", "2.5", "outgoing.timeout_seconds", 2.5),
        ("WATCHBILL_OUTGOING_ALLOW_HOSTS", "a.example, b.example:8443,", "outgoing.allow_hosts", ["a.example", "b.example:8443"]),
    ],
)
def test_a_variable_is_read_as_its_settings_kind(variable_name: str, text: str, setting: str, value: object) -> None:
    got: object = load_settings(None, {variable_name: text})
    for part in setting.split("."):
        got = getattr(got, part)
    assert got == value


def test_every_setting_has_a_variable_of_its_own() -> None:
    assert len({variable(name) for name in names()}) == len(names())


def test_an_unknown_name_in_the_file_is_answered_with_the_nearest(toml: Path) -> None:
    with pytest.raises(Problem) as caught:
        load_settings(write(toml, '[mail]\nhots = "smtp.saltmarsh.example"\n'), {})
    assert caught.value.code == "unknown_setting"
    assert caught.value.field == "mail.hots"
    assert caught.value.remedy == "Did you mean mail.host?"
    assert str(toml) in caught.value.detail


def test_an_unknown_table_is_refused(toml: Path) -> None:
    with pytest.raises(Problem, match=r"sets male\.host"):
        load_settings(write(toml, '[male]\nhost = "x"\n'), {})


def test_an_unknown_variable_is_answered_with_the_nearest() -> None:
    with pytest.raises(Problem) as caught:
        load_settings(None, {"WATCHBILL_MAIL_HOTS": "x"})
    assert caught.value.remedy == "Did you mean WATCHBILL_MAIL_HOST?"


def test_a_name_like_nothing_we_know_gets_no_guess() -> None:
    with pytest.raises(Problem) as caught:
        load_settings(None, {"WATCHBILL_QQQQQQQQQQQQQQQQQQQQQ": "x"})
    assert "watchbill check" in caught.value.remedy


@pytest.mark.parametrize("name", ["WATCHBILL_CONFIG", "WATCHBILL_URL", "WATCHBILL_TOKEN", "WATCHBILL_TEST_POSTGRES", "HOME"])
def test_variables_meant_for_others_are_left_alone(name: str) -> None:
    assert load_settings(None, {name: "x"}) == Settings()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[mail]\nport = "many"\n', "mail.port"),
        ('[mail]\ntls = "maybe"\n', "mail.tls"),
        ("addr = 8080\n", "addr"),
        ('outgoing.allow_hosts = "one.example"\n', "outgoing.allow_hosts"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_its_file(toml: Path, text: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        load_settings(write(toml, text), {})
    assert (caught.value.code, caught.value.field) == ("invalid", field)
    assert str(toml) in caught.value.remedy


def test_a_wrong_value_in_the_environment_is_named_with_its_variable() -> None:
    with pytest.raises(Problem) as caught:
        load_settings(None, {"WATCHBILL_MAIL_PORT": "many"})
    assert caught.value.field == "mail.port"
    assert "WATCHBILL_MAIL_PORT" in caught.value.remedy


def test_a_table_written_as_a_value_is_explained(toml: Path) -> None:
    with pytest.raises(Problem) as caught:
        load_settings(write(toml, 'mail = "smtp.saltmarsh.example"\n'), {})
    assert "[mail]" in caught.value.remedy


def test_a_file_that_is_no_toml_is_named_with_the_line(toml: Path) -> None:
    with pytest.raises(Problem, match="line 2"):
        load_settings(write(toml, 'addr = "x"\n= 3\n'), {})


def test_a_file_that_is_no_text_is_refused(toml: Path) -> None:
    toml.write_bytes(b'addr = "\xff"\n')
    with pytest.raises(Problem, match="no TOML file"):
        load_settings(toml, {})


def test_a_missing_file_is_a_problem_with_its_path(toml: Path) -> None:
    with pytest.raises(Problem) as caught:
        load_settings(toml, {})
    assert caught.value.field == str(toml)


def test_a_file_over_the_limit_is_refused(toml: Path) -> None:
    toml.write_text("#" * limits.SETTINGS_FILE_BYTES)
    assert load_settings(toml, {}) == Settings()
    toml.write_text("#" * (limits.SETTINGS_FILE_BYTES + 1))
    with pytest.raises(Problem, match="larger than"):
        load_settings(toml, {})


def test_a_secret_is_read_from_the_file_named_beside_it(toml: Path) -> None:
    (toml.parent / "smtp-password").write_text("hunter2\n")
    assert load_settings(write(toml, '[mail]\npassword_file = "smtp-password"\n'), {}).mail.password == "hunter2"


def test_a_secrets_file_that_is_not_there_is_a_problem(toml: Path) -> None:
    with pytest.raises(Problem) as caught:
        load_settings(write(toml, '[mail]\npassword_file = "nowhere"\n'), {})
    assert caught.value.field == "mail.password_file"


def test_the_witness_file_is_a_path_and_not_a_secret(toml: Path) -> None:
    assert load_settings(write(toml, '[witness]\nfile = "/mnt/witness/log"\n'), {}).witness.file == "/mnt/witness/log"


def test_single_sign_on_is_given_in_the_librarys_form() -> None:
    env = {"WATCHBILL_SIGN_IN_OIDC_ISSUER": "https://id.saltmarsh.example", "WATCHBILL_SIGN_IN_OIDC_CLIENT_ID": "watchbill"}
    app = load_settings(None, env).sign_in.oidc_app()
    assert app["settings"] == {"server_url": "https://id.saltmarsh.example"}
    assert app["client_id"] == "watchbill"


@pytest.fixture
def of_the_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    own.forget()
    yield monkeypatch
    monkeypatch.undo()
    own.forget()


def test_the_process_reads_the_file_in_its_data_directory(of_the_process: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(tmp_path / "watchbill.toml", 'timezone = "Europe/Amsterdam"\n')
    of_the_process.setenv("WATCHBILL_DATA", str(tmp_path))
    assert own.settings().timezone == "Europe/Amsterdam"


def test_a_named_file_is_read_instead(of_the_process: pytest.MonkeyPatch, tmp_path: Path) -> None:
    of_the_process.setenv("WATCHBILL_CONFIG", str(write(tmp_path / "other.toml", 'timezone = "Asia/Tokyo"\n')))
    assert own.settings().timezone == "Asia/Tokyo"


def test_settings_are_read_once(of_the_process: pytest.MonkeyPatch) -> None:
    assert own.settings() is own.settings()


def test_each_value_is_explained_with_its_origin(of_the_process: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = write(tmp_path / "watchbill.toml", '[mail]\nhost = "smtp.saltmarsh.example"\n')
    of_the_process.setenv("WATCHBILL_CONFIG", str(file))
    of_the_process.setenv("WATCHBILL_MAIL_PORT", "587")
    shown = {name: (value, origin) for name, value, origin in explain()}
    assert shown["mail.host"] == ("smtp.saltmarsh.example", str(file))
    assert shown["mail.port"] == ("587", "WATCHBILL_MAIL_PORT")
    assert shown["timezone"] == ("UTC", "default")


@pytest.mark.parametrize("name", ["mail.password", "sign_in.oidc_client_secret", "database_url"])
def test_secrets_are_masked_when_shown(of_the_process: pytest.MonkeyPatch, name: str) -> None:
    of_the_process.setenv(variable(name), "hunter2")
    shown = {entry[0]: entry[1] for entry in explain()}
    assert shown[name] == "********"
    assert not any("hunter2" in value for value in shown.values())


def test_a_secret_that_is_not_set_is_shown_as_empty(of_the_process: pytest.MonkeyPatch) -> None:
    of_the_process.setenv("WATCHBILL_DATA", os.environ["WATCHBILL_DATA"])
    assert {entry[0]: entry[1] for entry in explain()}["mail.password"] == ""
