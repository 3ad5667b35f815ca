"""The settings as they stand."""

import pytest
from django.db import connection

from waywarden.config.static_files import CollectedStorage


@pytest.mark.django_db
def test_the_database_is_postgresql_and_migrated():
    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), to_regclass('procrastinate_jobs')::text")
        version, jobs = cursor.fetchone()
    assert version.startswith("PostgreSQL")
    assert jobs == "procrastinate_jobs"


def test_a_script_that_names_a_source_map_nobody_ships_is_gathered(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "map.js").write_text("run()\n//# sourceMappingURL=map.js.map\n")
    (tmp_path / "map.css").write_text('body { background: url("pin.svg") }\n')
    (tmp_path / "pin.svg").write_text("<svg/>")
    storage = CollectedStorage(location=tmp_path, base_url="/static/")
    files = {name: (storage, name) for name in ("map.js", "map.css", "pin.svg")}
    failed = [
        done for _name, _new, done in storage.post_process(files) if isinstance(done, Exception)
    ]
    assert not failed
    assert "pin." in (tmp_path / storage.stored_name("map.css")).read_text()
    assert "pin.svg" not in (tmp_path / storage.stored_name("map.css")).read_text()
