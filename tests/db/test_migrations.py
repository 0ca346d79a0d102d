"""The schema: made by alembic only, equal to the models, never opened when newer (S-87)."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlmodel import SQLModel

from security_app.db.errors import DatabaseUnusable
from security_app.db.migrations import alembic_config, ensure_current, sync_url, upgrade
from tests.environment import SetEnvironment


def one_line(refused: pytest.ExceptionInfo[DatabaseUnusable]) -> str:
    text = str(refused.value)
    assert "\n" not in text
    assert "Traceback" not in text
    assert refused.value.__cause__ is None
    return text


def head() -> str:
    found = ScriptDirectory.from_config(alembic_config("sqlite://")).get_current_head()
    assert found is not None
    return found


def sqlite_at(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def migrated_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


def test_the_schema_is_exactly_the_models(migrated_url: str) -> None:
    command.check(alembic_config(migrated_url))


def test_every_table_has_come_by_migration(migrated_url: str) -> None:
    engine = create_engine(sync_url(migrated_url))
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    assert found == set(SQLModel.metadata.tables) | {"alembic_version"}


def test_upgrading_twice_changes_nothing(migrated_url: str) -> None:
    upgrade(migrated_url)
    upgrade(migrated_url)


def test_migrations_are_one_line_without_branches() -> None:
    script = ScriptDirectory.from_config(alembic_config("sqlite://"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_s87_a_newer_schema_is_refused_and_left_alone(sqlite_url: str) -> None:
    path = Path(sqlite_url.partition(":///")[2])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseUnusable) as refused:
        upgrade(sqlite_url)
    assert "newer" in one_line(refused)
    assert "9999_future" in str(refused.value)
    assert path.read_bytes() == before


def test_serving_needs_exactly_this_schema(tmp_path: Path, environment: SetEnvironment) -> None:
    path = tmp_path / "security.db"
    environment(DATABASE_URL=sqlite_at(path))
    with pytest.raises(DatabaseUnusable) as refused:
        ensure_current()
    assert "older" in one_line(refused)
    upgrade(sqlite_at(path))
    ensure_current()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseUnusable) as refused:
        ensure_current()
    assert "newer" in one_line(refused)


def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "security.db"
    path.write_bytes(b"a text, not a database\n" * 100)
    before = path.read_bytes()
    with pytest.raises(DatabaseUnusable) as refused:
        upgrade(sqlite_at(path))
    assert "not a database" in one_line(refused)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        upgrade(sqlite_at(tmp_path / "nowhere" / "security.db"))
    assert "unable to open" in one_line(refused)


def test_a_read_only_file_is_refused_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "security.db"
    sqlite3.connect(path).close()
    path.touch()
    with pytest.raises(DatabaseUnusable) as refused:
        upgrade(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true")
    assert "readonly" in one_line(refused)
    assert path.read_bytes() == b""


def test_a_current_read_only_file_is_refused_too(sqlite_url: str) -> None:
    path = sqlite_url.partition(":///")[2]
    with pytest.raises(DatabaseUnusable) as refused:
        upgrade(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true")
    assert "readonly" in one_line(refused)


def test_a_locked_file_is_refused_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "security.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseUnusable) as refused:
        upgrade(sqlite_at(path))
    assert "locked" in one_line(refused)
    other.execute("ROLLBACK")
    upgrade(sqlite_at(path))
    other.close()


@pytest.mark.postgres
def test_a_server_that_does_not_answer_is_refused_without_the_password() -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        upgrade("postgresql+psycopg://postgres:canary-password@127.0.0.1:1/nowhere")
    assert "canary-password" not in one_line(refused)


def test_an_interrupted_upgrade_leaves_the_former_schema(tmp_path: Path) -> None:
    path = tmp_path / "security.db"
    other = sqlite3.connect(path, isolation_level=None)
    # The first migration meets a table of the same name half-way.
    other.execute("CREATE TABLE outbox_message (id TEXT)")
    with pytest.raises(DatabaseUnusable) as refused:
        upgrade(sqlite_at(path))
    assert "already exists" in one_line(refused)
    tables = {row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    other.close()
    assert tables <= {"outbox_message", "alembic_version"}
    assert head()


def test_the_role_goes_and_everything_of_the_account_stays(migrated_url: str) -> None:
    """The column leaves a table many others refer to; on SQLite by making it anew."""
    engine = create_engine(sync_url(migrated_url))

    def run(statement: str) -> list[tuple[object, ...]]:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    run("DELETE FROM account")
    run(
        "INSERT INTO account (id, email, email_key, name, created_at) "
        "VALUES ('a', 'a@b.c', 'a@b.c', 'Ada', CURRENT_TIMESTAMP)"
    )
    run(
        "INSERT INTO security_event "
        "(id, account_id, at, action, detail, session_id, ip, place, user_agent) "
        "VALUES ('e', 'a', CURRENT_TIMESTAMP, 'account.created', '', '', '', '', '')"
    )
    run(
        "INSERT INTO organization (id, name, created_at, requires_2fa) "
        "VALUES ('o', 'O', CURRENT_TIMESTAMP, false)"
    )
    run(
        "INSERT INTO membership (account_id, organization_id, role, joined_at) "
        "VALUES ('a', 'o', 'admin', CURRENT_TIMESTAMP)"
    )
    command.downgrade(alembic_config(migrated_url), "0006")
    assert run("SELECT id, role FROM account") == [("a", "admin")]
    upgrade(migrated_url)
    assert run("SELECT id, name FROM account") == [("a", "Ada")]
    assert run("SELECT account_id FROM security_event") == [("a",)]
    assert run("SELECT * FROM membership") == []
    command.check(alembic_config(migrated_url))
    engine.dispose()


def test_domains_of_an_organizations_sign_on_stay_proven(migrated_url: str) -> None:
    command.downgrade(alembic_config(migrated_url), "0008")
    engine = create_engine(sync_url(migrated_url))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM organization"))
        connection.execute(
            text(
                "INSERT INTO organization (id, name, created_at, requires_2fa) "
                "VALUES ('o', 'O', CURRENT_TIMESTAMP, false)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO sso_connection (id, organization_id, type, name, issuer, client_id, "
                "sealed_client_secret, created_at) VALUES ('s', 'o', 'oidc', 'Okta', "
                "'https://id.example.com', 'client', 'sealed', CURRENT_TIMESTAMP)"
            )
        )
        connection.execute(
            text("INSERT INTO sso_domain (domain, sso_connection_id) VALUES ('example.com', 's')")
        )
    upgrade(migrated_url)
    with engine.begin() as connection:
        proven = connection.execute(text("SELECT domain, sso_connection_id FROM sso_domain")).all()
        claims = connection.execute(text("SELECT domain FROM sso_domain_claim")).all()
    assert [tuple(row) for row in proven] == [("example.com", "s")]
    assert claims == []
    engine.dispose()
