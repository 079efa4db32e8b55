"""Who is let in, by name and pass code, on this machine and from the network."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local_ground_truth.accounts import SESSION_SECONDS, Accounts, SignInError
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.pass_codes import PassCodeError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.sqlite")
    yield database
    database.close()


@pytest.fixture
def here(database: Database) -> Accounts:
    return Accounts(database, in_network=False)


@pytest.fixture
def network(database: Database) -> Accounts:
    return Accounts(database, in_network=True)


def sign_in(
    accounts: Accounts,
    name: str,
    pass_code: str = "",
    invitation: str = "",
    *,
    address: str = "192.168.1.9",
    now: float = 0.0,
) -> str:
    return accounts.sign_in(name, pass_code, invitation, address=address, now=now)


def test_on_this_machine_a_name_is_enough_until_it_has_a_pass_code(here: Accounts) -> None:
    assert here.worker(sign_in(here, "Ann"), 1.0) == "Ann"
    assert here.worker(sign_in(here, "Ann", "my secret"), 1.0) == "Ann"
    with pytest.raises(SignInError, match="do not go together"):
        sign_in(here, "Ann")
    assert here.worker(sign_in(here, "Ann", "my secret"), 1.0) == "Ann"


def test_a_name_is_one_worker_however_it_is_typed(here: Accounts) -> None:
    sign_in(here, "Änn Lee", "my secret")
    token = sign_in(here, "  ÄNN   lee ", "my secret")
    assert here.worker(token, 1.0) == "Änn Lee"
    assert [account.name for account in here.all()] == ["Änn Lee"]


def test_in_the_network_a_new_name_needs_the_invitation_and_a_pass_code(network: Accounts) -> None:
    for invitation in ("", "wrong-code-here"):
        with pytest.raises(SignInError, match="the invitation is needed") as raised:
            sign_in(network, "Ann", "my secret", invitation)
        assert raised.value.status == 403
    with pytest.raises(PassCodeError):
        sign_in(network, "Ann", "", network.invitation)
    assert network.all() == []
    sign_in(network, "Ann", "my secret", network.invitation.upper())
    sign_in(network, "Ann", "my secret")


def test_an_invitation_does_not_open_another_workers_name(network: Accounts) -> None:
    sign_in(network, "Ann", "my secret", network.invitation)
    with pytest.raises(SignInError):
        sign_in(network, "Ann", "other secret", network.invitation)


def test_in_the_network_nobody_learns_which_names_there_are(network: Accounts) -> None:
    sign_in(network, "Ann", "my secret", network.invitation)
    with pytest.raises(SignInError) as known:
        sign_in(network, "Ann", "guess")
    with pytest.raises(SignInError) as unknown:
        sign_in(network, "Bob", "guess")
    assert str(known.value) == str(unknown.value)


def test_a_session_without_pass_code_ends_where_the_network_begins(
    here: Accounts, network: Accounts
) -> None:
    token = sign_in(here, "Ann")
    assert network.worker(token, 1.0) is None
    with pytest.raises(SignInError):
        sign_in(network, "Ann")


def test_guessing_is_slowed_down_by_name_and_address(here: Accounts) -> None:
    sign_in(here, "Ann", "my secret")
    for _ in range(5):
        with pytest.raises(SignInError, match="do not go together"):
            sign_in(here, "Ann", "guess")
    with pytest.raises(SignInError, match="Try again in 3 seconds") as raised:
        sign_in(here, "Ann", "my secret")
    assert raised.value.status == 429
    sign_in(here, "Ann", "my secret", address="192.168.1.10")  # Ann herself is not kept out
    sign_in(here, "Ann", "my secret", now=60.0)


def test_guessing_many_names_from_one_address_is_slowed_down_too(network: Accounts) -> None:
    for number in range(30):
        with pytest.raises(SignInError, match="invitation"):
            sign_in(network, f"name {number}", "my secret")
    with pytest.raises(SignInError, match="Too many attempts"):
        sign_in(network, "another", "my secret", network.invitation)


def test_the_requester_has_a_code_of_their_own(here: Accounts) -> None:
    token = here.sign_in_requester(f" {here.requester_code.upper()} ", address="::1", now=0.0)
    assert here.is_requester(token, 1.0)
    assert here.worker(token, 1.0) is None
    assert not here.is_requester(sign_in(here, "Ann"), 1.0)
    for _ in range(5):
        with pytest.raises(SignInError, match="not the requester's"):
            here.sign_in_requester("guess", address="::1", now=0.0)
    with pytest.raises(SignInError, match="Too many"):
        here.sign_in_requester(here.requester_code, address="::1", now=0.0)


def test_a_worker_who_has_forgotten_the_code_gets_a_new_one(here: Accounts) -> None:
    token = sign_in(here, "Ann", "my secret")
    code = here.give_pass_code("ann", 1.0)
    assert here.worker(token, 1.0) is None
    with pytest.raises(SignInError):
        sign_in(here, "Ann", "my secret")
    assert here.worker(sign_in(here, "Ann", code), 1.0) == "Ann"


def test_a_worker_whom_the_requester_has_added_needs_no_invitation(network: Accounts) -> None:
    code = network.give_pass_code("Bob", 1.0)
    assert network.worker(sign_in(network, "Bob", code), 1.0) == "Bob"


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\u202eb", "a\x00b", "\u200b"])
def test_a_name_that_cannot_be_one_is_refused(here: Accounts, name: str) -> None:
    with pytest.raises(SignInError, match="A name has") as raised:
        sign_in(here, name)
    assert raised.value.status == 400


def test_sessions_end(here: Accounts) -> None:
    token = sign_in(here, "Ann")
    assert here.worker(token, SESSION_SECONDS) is None
    here.sign_out(token)
    assert here.worker(token, 1.0) is None
    assert here.worker("forged", 1.0) is None


def test_sessions_and_pass_codes_outlast_a_restart_and_are_not_readable(
    here: Accounts, database: Database, tmp_path: Path
) -> None:
    token = sign_in(here, "Ann", "my secret")
    database.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert token.encode() not in stored
    assert b"my secret" not in stored
    again = Database(tmp_path / "state.sqlite")
    assert Accounts(again, in_network=True).worker(token, 1.0) == "Ann"
    again.close()


def test_a_file_of_an_earlier_version_gets_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    Database(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE assignments DROP COLUMN reason")
        connection.execute("ALTER TABLE objects DROP COLUMN corrections")
        connection.execute("DROP TABLE sessions")
    connection.close()
    database = Database(file)
    with database.reading() as reading:
        reading.execute("SELECT reason FROM assignments")
        reading.execute("SELECT corrections FROM objects")
    assert Accounts(database, in_network=False).worker("none", 0.0) is None
    database.close()
