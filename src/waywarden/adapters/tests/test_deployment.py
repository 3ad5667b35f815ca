"""A deployment file is read whole or every fault in it is named."""

import pytest

from waywarden.adapters.demo.sample import deployment_text
from waywarden.adapters.deployment import BadDeployment, load, load_all
from waywarden.adapters.kinds import KINDS
from waywarden.kernel.secrets import hash_token

GOOD = deployment_text(
    works_url="http://127.0.0.1:8010",
    api_key_hash=hash_token("open sesame"),
    public_url="http://127.0.0.1:8020",
)


def faults_of(tmp_path, text, environ=None):
    path = tmp_path / "council.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadDeployment) as caught:
        load(path, KINDS, environ=environ or {})
    return {fault.key: fault.message for fault in caught.value.faults}


def test_the_sample_deployment_is_right(tmp_path):
    (tmp_path / "borsetshire.toml").write_text(GOOD)
    (loaded,) = load_all(tmp_path, KINDS, environ={})
    assert loaded.deployment.jurisdiction == "borsetshire"
    assert loaded.options.url == "http://127.0.0.1:8010"
    assert loaded.deployment.keys[0].sha256 == hash_token("open sesame")


def test_every_fault_of_a_file_is_named_with_its_key(tmp_path):
    bad = (
        GOOD.replace('name = "Borsetshire Council"', "")
        .replace('zone = "Europe/Helsinki"', 'zone = 7\njurisdicton = "x"')
        .replace('url = "http://127.0.0.1:8010"', 'url = "ftp://x"\nread_seconds = "long"')
        .replace('groups = ["Street cleaning", "Buildings"]', 'groups = "Street cleaning"')
        .replace(hash_token("open sesame"), "open sesame")
    )
    faults = faults_of(tmp_path, bad)
    assert faults["name"] == "this is missing"
    assert "'jurisdiction'" in faults["jurisdicton"]
    assert "zone" in faults
    assert "system.url" in faults
    assert "system.read_seconds" in faults
    assert "services.GRAF.groups" in faults
    assert "keys[0].sha256" in faults


def test_a_wrong_secret_value_is_not_repeated_in_the_fault(tmp_path):
    faults = faults_of(tmp_path, GOOD.replace(hash_token("open sesame"), "open sesame"))
    assert "open sesame" not in " ".join(faults.values())


def test_an_unknown_status_and_a_state_without_one_are_named(tmp_path):
    bad = GOOD.replace('DONE = "fixed"', 'DONE = "fixd"').replace('NEW = "open"', "")
    faults = faults_of(tmp_path, bad)
    assert "did you mean 'fixed'" in faults["statuses.DONE"]
    assert "no status" in faults["statuses.NEW"]


def test_an_unknown_kind_and_an_unknown_zone_are_named(tmp_path):
    assert "did you mean 'demo'" in faults_of(tmp_path, GOOD.replace('"demo"', '"dem"'))["kind"]
    assert "zone" in faults_of(tmp_path, GOOD.replace("Europe/Helsinki", "Europe/Atlantis"))


def test_a_secret_is_read_from_the_environment_and_missed_when_it_is_not_there(tmp_path):
    text = GOOD.replace("# token =", "token =")
    faults = faults_of(tmp_path, text)
    assert faults == {"system.token": "the environment variable WORKS_TOKEN is not set"}
    environ = {"WORKS_TOKEN": "s3cret"}
    loaded = load(tmp_path / "council.toml", KINDS, environ=environ)
    assert loaded.options.token.read(environ) == "s3cret"


def test_a_secret_may_be_in_a_file(tmp_path):
    secret = tmp_path / "secret"
    text = GOOD.replace("# token = { env =", "token = { file =").replace(
        '"WORKS_TOKEN"', f'"{secret}"'
    )
    assert "cannot be read" in faults_of(tmp_path, text)["system.token"]
    secret.write_text("s3cret\n")
    assert load(tmp_path / "council.toml", KINDS).options.token.read() == "s3cret"


@pytest.mark.parametrize("text", ["jurisdiction = ", b"\xff\xfe\x00", "a = 1\na = 2"])
def test_what_is_no_toml_is_named_as_such(tmp_path, text):
    assert list(faults_of(tmp_path, text)) == [""]


def test_two_files_for_one_jurisdiction_are_named(tmp_path):
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text(GOOD)
    with pytest.raises(BadDeployment, match=r"b\.toml:3: jurisdiction: .* is in a\.toml already"):
        load_all(tmp_path, KINDS, environ={})


def test_faults_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "a.toml").write_text("x = 1")
    (tmp_path / "b.toml").write_text("y = 1")
    with pytest.raises(BadDeployment) as caught:
        load_all(tmp_path, KINDS, environ={})
    assert {fault.path.name for fault in caught.value.faults} == {"a.toml", "b.toml"}


def test_a_folder_without_deployments_is_a_fault(tmp_path):
    with pytest.raises(BadDeployment, match="no deployment file"):
        load_all(tmp_path, KINDS, environ={})


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[statuses]", "[[statuses]]", "statuses"),
        ("[[keys]]", "[keys]", "keys"),
        ("[system]", "[[system]]", "system"),
        ("[services.TREE]", "[[services.TREE]]", "services.TREE"),
        ('kind = "demo"', "kind = 3", "kind"),
    ],
)
def test_a_table_of_the_wrong_shape_is_named(tmp_path, old, new, key):
    assert any(one.startswith(key) for one in faults_of(tmp_path, GOOD.replace(old, new)))


def test_a_letter_that_is_not_utf_8_is_told_with_its_line(tmp_path):
    line = GOOD.splitlines().index('name = "Borsetshire Council"') + 1
    text = GOOD.replace("Borsetshire Council", "Börsetshire").encode("cp1252")
    (tmp_path / "a.toml").write_bytes(text)
    with pytest.raises(BadDeployment, match=rf"a\.toml:{line}: .*save it as UTF-8"):
        load(tmp_path / "a.toml", KINDS, environ={})
