"""Cobrands: folders found by looking, the default first, each with a host of its own."""

from pathlib import Path

import pytest

from waywarden import cobrands
from waywarden.cobrands import beginning
from waywarden.cobrands.reading import FILE, read
from waywarden.kernel.cobrand import Registry, contrast
from waywarden.kernel.errors import Misconfigured

SAHEL = Path(__file__).parent / "sahel"


def installed(*own: Path) -> Registry:
    """A registry with every cobrand of the package, and those of some folders."""
    registry = Registry()
    cobrands.install(registry, own=own)
    return registry


def a_site(tmp_path: Path, text: str, name: str = "mine") -> Path:
    """A folder with this in its file."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_the_default_comes_first_and_installing_twice_changes_nothing():
    registry = installed()
    first = registry.all()
    cobrands.install(registry)
    assert registry.all() == first
    assert first[0].name == "default"
    assert [cobrand.name for cobrand in first] == ["default", "borsetshire"]


def test_a_host_chooses_its_cobrand():
    registry = installed()
    assert registry.for_host("borsetshire.localhost:8000").bodies == ("borsetshire",)
    assert registry.for_host("localhost:8000").name == "default"
    assert registry.for_host("fr.localhost").name == "default"
    assert registry.for_host("elsewhere.example").name == "default"


def test_a_folder_of_the_install_is_a_site_and_stands_in_for_ours_of_its_name(tmp_path):
    a_site(tmp_path, 'site_name = "Mine"\nhosts = ["mine.example"]')
    a_site(tmp_path, 'site_name = "Ours, but red"', name="default")
    registry = installed(tmp_path)
    assert registry.for_host("mine.example").site_name == "Mine"
    assert registry.default.site_name == "Ours, but red"


def test_everything_of_a_file_is_read():
    site = read(SAHEL)
    assert (site.name, site.languages, site.centre[2]) == ("sahel", ("ar", "fr"), 15.0)
    assert site.text("promise", "ar") == "هل تعطّل شيء في الشارع؟"
    assert site.text("promise", "fr") == site.text("promise", "ar"), "its first language stands in"
    assert site.text("about", "ar") == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "site_name is missing"),
        ('site_name = "X"\nsitename = "X"', "sitename is not known; did you mean site_name?"),
        ('site_name = "X"\nhosts = "x.example"', "hosts is 'x.example', which is of the wrong"),
        ('site_name = "X"\nhosts = ["http://x"]', "not a host name"),
        ('site_name = "X"\nlanguages = ["English"]', "not the code of a language"),
        ('site_name = "X"\nlogo = "l.svg"', "there is no"),
        ('site_name = "X"\n[map]\nlatitude = 60.0', "map needs all of"),
        ('site_name = "X"\n[map]\nlatitude = 99\nlongitude = 0\nzoom = 3', "between -85 and 85"),
        ('site_name = "X"\n[map]\ntiles = "http://t/{z}/{x}/{y}"\nattribution = "A"', "an https"),
        ('site_name = "X"\n[map]\ntiles = "https://t.example/{z}/{x}"\nattribution = "A"', "{y}"),
        ('site_name = "X"\n[map]\ntiles = "https://t.example/{z}/{x}/{y}"', "whose are the"),
        ('site_name = "X"\n[map]\nfile = "../a.pmtiles"', "the name of a .pmtiles file"),
        ('site_name = "X"\n[colours]\naccent = "red"', "a colour is written #rrggbb"),
        ('site_name = "X"\n[colours]\naccent = "#ffcc00"', "stands out from #faf9f6 by 1.4 only"),
        ('site_name = "X"\n[colours]\naccent_dark = "#333333"', "stands out from #14171b"),
        ('site_name = "X"\n[pins]\nopen = "#ffee88"', "stands out from #ffffff"),
        ('site_name = "X"\n[texts.en]\npromis = "?"', "texts.en.promis is not one of"),
        ('site_name = "X"\n[policies]\nmay_be_found = 1', "of the wrong kind"),
        ('site_name = "X"\n[language_hosts]\n"fr.x" = "fr"', "names no language of the site"),
        ("site_name = ", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_what_to_mend(tmp_path, text, words):
    folder = a_site(tmp_path, text)
    with pytest.raises(Misconfigured) as wrong:
        read(folder)
    assert words in str(wrong.value)
    assert str(folder / FILE) in str(wrong.value)


def test_a_site_may_have_a_base_map_of_its_own_without_a_place_of_its_own(tmp_path):
    text = 'site_name = "X"\n[map]\ntiles = "https://t.example/{z}/{x}/{y}.png"\n'
    site = read(a_site(tmp_path, text + 'attribution = "© T"'))
    assert site.base_map.origin == "https://t.example"
    assert site.base_map.attribution == "© T"
    assert site.centre == (0.0, 0.0, 2.0)
    other = read(a_site(tmp_path, 'site_name = "Y"\n[map]\nfile = "north.pmtiles"', name="other"))
    assert (other.base_map.file, other.base_map.origin) == ("north.pmtiles", "")


def test_a_new_site_is_a_folder_that_works_at_once(tmp_path):
    made = beginning.begin("north_riding", within=tmp_path)
    assert made.site_name == "North Riding"
    assert installed(tmp_path).for_host("north-riding.localhost") == made
    with pytest.raises(Misconfigured, match="there already"):
        beginning.begin("north_riding", within=tmp_path)


def test_two_sites_on_one_host_are_refused_for_a_copied_folder_keeps_its_hosts(tmp_path):
    a_site(tmp_path, 'site_name = "One"\nhosts = ["ways.example"]', name="one")
    a_site(tmp_path, 'site_name = "Two"\nhosts = ["two.example", "ways.example"]', name="two")
    with pytest.raises(Misconfigured, match="one and two both answer on ways"):
        installed(tmp_path)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#fff", "#fff", 1.0), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_as_wcag_says(one, other, ratio):
    assert round(contrast(one, other), 2) == ratio
    assert contrast(one, other) == contrast(other, one)
