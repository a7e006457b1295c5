from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from bantam.errors import LedgerError
from bantam.ledger import migrations, opening
from bantam.ledger.database import Database, parsed_url
from bantam.ledger.opening import HEAD, REVISIONS, VERSION_TABLE, revision_of
from bantam.ledger.store import Ledger
from bantam.ledger.tables import ACTIVITY_STREAM_SQL, Base
from tests.ledgers import scored
from tests.paths import REPO


def schema_of(connection: Connection) -> dict[str, Any]:
    """Everything the database says about its tables and views, in one comparable value."""
    found = inspect(connection)
    tables = {
        name: (
            [{**c, "type": str(c["type"])} for c in found.get_columns(name)],
            found.get_pk_constraint(name),
            sorted(found.get_foreign_keys(name), key=str),
            sorted(found.get_indexes(name), key=lambda i: str(i["name"])),
            sorted(found.get_unique_constraints(name), key=lambda u: str(u["name"])),
        )
        for name in found.get_table_names()
    }
    views = {name: found.get_view_definition(name) for name in found.get_view_names()}
    return {"tables": tables, "views": views}


@pytest.fixture
def database(empty_url: str) -> Any:
    database = Database(parsed_url(empty_url))
    yield database
    database.close()


@pytest.mark.parametrize("revision", ["base", *REVISIONS])
def test_every_revision_migrates_to_what_the_models_say(
    database: Database, empty_url: str, revision: str
) -> None:
    with database.write() as connection:
        if revision != "base":
            migrations.upgrade(connection, revision)
        migrations.upgrade(connection, HEAD)

    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []
        assert revision_of(connection) == HEAD
        migrated = schema_of(connection)
    with database.write() as connection:
        for view in inspect(connection).get_view_names():
            connection.execute(text(f"DROP VIEW {view}"))
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
        Base.metadata.drop_all(connection)
        assert schema_of(connection) == {"tables": {}, "views": {}}
        Base.metadata.create_all(connection, checkfirst=False)
        opening.stamp(connection)
    with database.read() as connection:
        assert schema_of(connection) == migrated
    assert len(migrated["tables"]) == len(Base.metadata.tables) + 1
    Ledger.open(empty_url, create=False).close()


def test_the_comparison_sees_a_difference(database: Database) -> None:
    with database.write() as connection:
        migrations.upgrade(connection, HEAD)
        before = schema_of(connection)
        connection.execute(text("ALTER TABLE calls ADD COLUMN surprise TEXT"))
        connection.execute(text("DROP VIEW activity_stream"))
        connection.execute(
            text(ACTIVITY_STREAM_SQL.replace("AS activity_occ", "+ 1 AS activity_occ"))
        )
        after = schema_of(connection)

    assert after["tables"]["calls"] != before["tables"]["calls"]
    assert after["views"] != before["views"]


def test_the_revisions_named_in_code_are_the_scripts() -> None:
    folder = ScriptDirectory(str(Path(migrations.__file__).parent))

    assert [s.revision for s in folder.walk_revisions()] == list(reversed(REVISIONS))


def test_every_column_that_does_not_speak_for_itself_has_a_comment() -> None:
    short = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if len(column.name) < 5 and not column.comment
    }
    assert short <= {
        "calls.title",
        "crm_scores.band",
        "deliveries.note",
        "scores.band",
        "outcomes.won",
        "activities.link",
        "cursors.name",
        "runs.flow",
        "runs.id",
    }


def test_an_older_database_is_migrated_and_keeps_its_rows(empty_url: str) -> None:
    with Ledger.open(empty_url, create=True) as ledger:
        ledger.record_many([scored()])

    with Ledger.open(empty_url, create=True) as again:
        assert again.counts()["calls"] == 1


def test_a_newer_database_is_refused_with_both_revisions_and_the_fix(empty_url: str) -> None:
    with Ledger.open(empty_url, create=True) as ledger, ledger._database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))

    with pytest.raises(LedgerError, match=f"revision 9999, .* knows {HEAD} .* install the newer"):
        Ledger.open(empty_url, create=True)


def test_what_is_missing_is_not_made_unasked(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="run `bantam score` to"):
        Ledger.open(empty_url, create=False)

    assert list(tmp_path.iterdir()) == []


def test_an_older_database_is_not_migrated_unasked(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ledger.open(empty_url, create=True).close()
    monkeypatch.setattr(opening, "REVISIONS", (*REVISIONS, "next"))
    monkeypatch.setattr(opening, "HEAD", "next")

    with pytest.raises(LedgerError, match=f"is at revision {HEAD}, this version needs next"):
        Ledger.open(empty_url, create=False)


def test_a_database_full_of_other_tables_is_left_alone(database: Database, empty_url: str) -> None:
    if database.is_sqlite:
        Path(str(database.url.database)).touch()
    with database.write() as connection:
        connection.execute(text("CREATE TABLE calls (mine INTEGER)"))

    with pytest.raises(LedgerError, match="already exists"):
        Ledger.open(empty_url, create=True)

    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["calls"]


def test_openers_at_the_same_time_agree_on_one_ledger(
    open_ledger: Callable[[], Ledger],
) -> None:
    with ThreadPoolExecutor(8) as threads:
        ledgers = list(threads.map(lambda _: open_ledger(), range(8)))

    ledgers[0].record_many([scored()])
    assert [ledger.counts()["calls"] for ledger in ledgers] == [1] * 8


def test_processes_that_open_at_the_same_time_agree_on_one_ledger(empty_url: str) -> None:
    code = (
        "import sys; from bantam.ledger.store import Ledger\n"
        "with Ledger.open(sys.argv[1], create=True) as ledger: print(ledger.counts()['calls'])"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, empty_url],
            cwd=REPO,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    assert [process.communicate(timeout=60) for process in running] == [("0\n", "")] * 3


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("bantam.db", "cannot be parsed; write sqlite:///"),
        ("mysql://u:secret@h/d", "'mysql' is not supported; use sqlite or postgresql"),
        (
            "postgresql://u:secret@127.0.0.1:1/d",
            r"postgresql://u:\*\*\*@127.0.0.1:1/d: conn",
        ),
        ("postgresql://u:secret@h:port/d", "cannot be parsed"),
        ("postgresql://u:my@secret@h/d", "has two @; write the one in the password as %40"),
        ("sqlite:////proc/nowhere/ledger.db", "/proc/nowhere"),
        ("sqlite:///{here}/text.txt", "file is not a database"),
        ("sqlite:///{here}", "unable to open database file"),
    ],
)
def test_a_url_that_leads_nowhere_is_one_line_without_secrets(
    url: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("no database at all, but long enough to be looked at" * 30)

    with pytest.raises(LedgerError, match=message) as caught:
        Ledger.open(url.format(here=tmp_path), create=True)

    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_password_is_not_in_the_repr() -> None:
    shown = repr(Database(parsed_url("postgres://u:secret@h/d?password=secret")))
    assert shown == "Database('postgresql://u:***@h/d')"


class TestSqlite:
    def test_it_runs_in_wal_with_its_safeguards(self, tmp_path: Path) -> None:
        ledger = Ledger.open(f"sqlite:///{tmp_path}/deep/er/l.db", create=True)
        with ledger, ledger._database.read() as connection:
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ["journal_mode", "busy_timeout", "foreign_keys", "synchronous"]
            }
        assert found == {
            "journal_mode": "wal",
            "busy_timeout": 30_000,
            "foreign_keys": 1,
            "synchronous": 2,
        }

    def test_a_new_file_opens_without_alembic_which_takes_long_to_import(
        self, tmp_path: Path
    ) -> None:
        code = (
            "import sys; from bantam.ledger.store import Ledger\n"
            "Ledger.open(sys.argv[1], create=True)\n"
            "print('alembic' in sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, f"sqlite:///{tmp_path}/l.db"],
            cwd=REPO,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == "False"

    def test_writers_that_read_first_wait_for_each_other(self, tmp_path: Path) -> None:
        """A deferred transaction would fail here at once: its snapshot is stale."""
        url = f"sqlite:///{tmp_path}/l.db"
        ledgers = [Ledger.open(url, create=True) for _ in range(4)]

        def write(n: int) -> None:
            for i in range(15):
                with ledgers[n]._database.write() as connection:
                    connection.execute(text("SELECT count(*) FROM calls")).scalar()
                    connection.execute(
                        text("INSERT INTO cursors VALUES (:name, '', '')"), {"name": f"{n}-{i}"}
                    )

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(write, range(4)))
        with ledgers[0]._database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM cursors")).scalar() == 60
        for ledger in ledgers:
            ledger.close()

    def test_a_reader_does_not_wait_for_the_writer(self, tmp_path: Path) -> None:
        with Ledger.open(f"sqlite:///{tmp_path}/l.db", create=True) as ledger:
            with ledger._database.write() as connection:
                connection.execute(text("INSERT INTO cursors VALUES ('a', '', '')"))
                begin = time.monotonic()
                assert ledger.cursor("a") is None
                assert time.monotonic() - begin < 1
            assert ledger.cursor("a") == ""


def test_an_installed_wheel_migrates(tmp_path: Path, empty_url: str) -> None:
    """Not the tree: the wheel alone, from another folder, through Alembic on both databases."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=REPO,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("bantam-*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from bantam.ledger import migrations, opening, database\n"
        "found = database.Database(database.parsed_url(sys.argv[2]))\n"
        "with found.write() as connection: migrations.upgrade(connection, opening.HEAD)\n"
        "assert opening.__file__.startswith(sys.argv[1]), opening.__file__\n"
        "opening.open_database(sys.argv[2], create=False)\n"
        "print(opening.HEAD)"
    )
    ran = subprocess.run(  # noqa: PLW1510 - its code is asserted
        [sys.executable, "-c", code, str(tmp_path / "site"), empty_url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, opening.HEAD, "")
