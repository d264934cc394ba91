"""How the pages look and read: in both themes, on a phone, on paper, and to those who cannot see them."""

from itertools import pairwise
from pathlib import Path

import pytest

RULES = (Path(__file__).parent / "rules.js").read_text(encoding="utf-8")
GROUND = "getComputedStyle(document.body).backgroundColor"
PAGES = ("usual", "hostile")


def all_shown(page) -> None:
    """Everything that a reader can open is open, everything that is drawn on the way down is drawn."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for part in page.locator("[data-view]").all():
        part.scroll_into_view_if_needed()
        part.locator(".token, pre").first.wait_for()


def brightness(page) -> float:
    numbers = page.evaluate(GROUND).removeprefix("rgb(").removesuffix(")").split(",")
    return sum(map(float, numbers)) / 3


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
@pytest.mark.parametrize("name", PAGES)
def test_all_of_it_can_be_read_in_both_themes_and_on_a_phone(name, theme, width, opened, request):
    page = opened(request.getfixturevalue(name), width=width, color_scheme=theme)
    all_shown(page)
    assert (brightness(page) > 200) == (theme == "light")
    assert page.evaluate(RULES) == {"names": [], "structure": [], "contrast": [], "beside": []}
    assert page.locator("main h1").bounding_box()["x"] >= 8


def test_the_theme_is_the_systems_until_another_is_chosen_and_that_is_kept(usual, opened):
    page = opened(usual, color_scheme="dark")
    assert brightness(page) < 60
    button = page.locator("#theme")
    assert button.get_attribute("aria-label") == "Light theme"
    button.focus()
    page.keyboard.press("Enter")
    assert brightness(page) > 200
    page.reload()
    assert brightness(page) > 200
    assert button.get_attribute("aria-label") == "Dark theme"
    button.click()
    page.emulate_media(color_scheme="light")
    assert brightness(page) < 60
    other = opened(usual, color_scheme="light")  # somebody else, who has chosen nothing
    assert brightness(other) > 200
    other.emulate_media(color_scheme="dark")
    assert brightness(other) < 60


def test_it_is_printed_light_whole_and_without_controls(usual, opened):
    page = opened(usual, color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert brightness(page) > 200
    assert all(page.locator("details").evaluate_all("all => all.map(d => d.open)"))
    for selector in ("#theme", ".controls", ".top nav"):
        assert not page.locator(selector).first.is_visible(), selector
    assert page.locator(".token").first.is_visible()
    assert page.locator("[data-figure=curves_step] svg").first.is_visible()
    assert page.evaluate(RULES)["contrast"] == []
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not all(page.locator("details").evaluate_all("all => all.map(d => d.open)"))


def test_the_keyboard_reaches_everything_in_order_and_sees_where_it_is(usual, opened):
    page = opened(usual)
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("class") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    seen, unseen = [], []
    for _ in range(60):
        page.keyboard.press("Tab")
        top, outline = page.evaluate(
            "(() => { const e = document.activeElement, r = e.getBoundingClientRect(), s = getComputedStyle(e);"
            "return [scrollY + r.top, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0"
            " || e.matches('input')] })()"
        )
        seen.append(top)
        unseen += [] if outline else [page.locator(":focus").evaluate("e => e.outerHTML")[:80]]
    assert unseen == []
    assert sum(b < a - 40 for a, b in pairwise(seen)) <= 3  # it goes down the page
