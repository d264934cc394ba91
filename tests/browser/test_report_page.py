"""The report in a real browser: everything that answers to a pointer or a key, and nothing that runs by itself."""

import pytest
from browsing import NOTE_VIOLATIONS, seconds_to_open
from studies import EVIL, EVIL_NAME, OWN, VERSES

SOON = 1.0  # seconds


def texts(page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


# --- opening ---


def test_it_opens_at_once_and_says_who_won(usual, opened, record_property):
    page = opened(usual)
    record_property("seconds to open", loaded := seconds_to_open(page))
    assert loaded < SOON
    assert usual.stat().st_size < 1_000_000
    headline = page.locator(".summary .headline")
    assert headline.bounding_box()["y"] < 300
    assert "word" in headline.inner_text()
    assert {"char", "word"} <= set(page.locator("[data-figure=bits_per_byte] text").all_text_contents())


def test_without_scripts_all_words_and_tables_are_there(usual, opened):
    page = opened(usual, java_script_enabled=False)
    assert page.locator(".summary .headline").is_visible()
    assert page.locator("table[data-table=comparison] tbody tr").count() > 6
    assert not page.locator(".controls").first.is_visible()
    assert not page.locator("#theme").is_visible()
    assert page.locator("noscript").first.is_visible()
    assert page.locator("[data-figure=bits_per_byte] svg").is_visible()


# --- tables ---


def values(page, column: int, kind: str = "run") -> list[float]:
    rows = page.locator(f"table[data-table=comparison] tbody[data-kind={kind}] tr")
    return rows.evaluate_all(
        "(rows, column) => rows.map(row => Number(row.cells[column].dataset.value))", column
    )


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_a_table_is_sorted(usual, opened, by):
    page = opened(usual)
    table = page.locator("table[data-table=comparison]")
    heads = table.locator("thead th")
    column = next(i for i in range(heads.count()) if heads.nth(i).inner_text().startswith("parameters"))
    head, before = heads.nth(column), values(page, column)
    baselines = values(page, 2, "baseline")
    assert before != sorted(before)
    button = head.locator("button.sort")

    def press(key: str) -> None:
        if by == "pointer":
            button.click()
        else:
            button.focus()
            page.keyboard.press(key)

    press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert values(page, column) == sorted(before)
    assert "ascending" in page.locator("#said").inner_text()
    press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert values(page, column) == sorted(before, reverse=True)
    assert values(page, 2, "baseline") != [] != baselines  # they keep to themselves
    press("Enter")
    assert head.get_attribute("aria-sort") == "none"
    assert values(page, column) == before
    heads.nth(0).locator("button.sort").click()
    names = texts(page, "table[data-table=comparison] tbody[data-kind=run] th")
    assert [name.split()[0] for name in names] == sorted(name.split()[0] for name in names)


def test_a_measure_is_defined_where_it_stands(usual, opened):
    page = opened(usual)
    tip = page.locator("#tip")
    term = page.locator("table[data-table=comparison] thead [data-tip=def-bits_per_byte]")
    assert not tip.is_visible()
    term.hover()
    assert tip.inner_text() == page.locator("#def-bits_per_byte").inner_text()
    box = tip.bounding_box()
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 1280
    page.mouse.move(2, 2)
    assert not tip.is_visible()
    term.focus()
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_what_does_not_count_says_why(usual, opened):
    page = opened(usual)
    row = page.locator("table[data-table=runs] tr", has_text="failed").first
    assert "the loss is not finite at step 40" in row.inner_text()


# --- figures ---


@pytest.mark.parametrize("width", [1280, 360])
def test_figures_fit_the_page_and_show_what_they_are_for(usual, opened, width):
    page = opened(usual, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    figures = page.locator("[data-figure] svg")
    assert figures.count() == 8
    for figure in figures.all():
        inside = "svg => [...svg.querySelectorAll('text')].every(t => t.getBoundingClientRect().width > 0)"
        assert figure.evaluate(inside)
        assert figure.bounding_box()["height"] > 100


def test_figures_take_the_colours_of_the_theme(usual, opened):
    page = opened(usual, color_scheme="light")
    name = page.locator("[data-figure=bits_per_byte] text", has_text="char").first
    ink = "t => getComputedStyle(t).fill"
    light = name.evaluate(ink)
    page.locator("#theme").click()
    assert light == "rgb(28, 27, 25)"
    assert min(map(int, name.evaluate(ink).removeprefix("rgb(").removesuffix(")").split(","))) > 200


def test_a_figure_has_its_table(usual, opened):
    page = opened(usual)
    curves = page.locator("#c1-curves")
    table = curves.locator("table[data-table=curves_step]")
    assert not table.is_visible()
    curves.locator("summary", has_text="as a table").click()
    assert table.is_visible()
    assert table.locator("tbody tr").count() == 6


# --- tokens and samples ---


def tokens(page):
    view = page.locator("[data-view=tokens]").first
    view.scroll_into_view_if_needed()
    view.locator(".token").first.wait_for()
    return view


def block(view, setting: str):
    return view.locator(f".block[data-setting='{setting}']")


def text_of(block) -> str:
    return block.evaluate(
        "b => [...b.querySelectorAll('.token, .tail')].map(t => [...t.childNodes]"
        ".map(n => n.className === 'break' ? '' : n.textContent).join('')).join('')"
    )


def test_a_token_tells_its_id_and_its_price(usual, opened):
    page = opened(usual)
    view = tokens(page)
    token = block(view, "char").locator(".token").nth(5)
    token.hover()
    told = page.locator("#tip").inner_text()
    assert f"token {token.get_attribute('data-id')}:" in told
    assert f"{token.get_attribute('data-bits')} bits" in told
    page.mouse.move(2, 2)
    reading = block(view, "char").locator(".reading")
    reading.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    second = block(view, "char").locator(".token").nth(1)
    assert "current" in second.get_attribute("class")
    assert second.get_attribute("data-id") in page.locator("#tip").inner_text()
    said, tip = (page.locator(place).text_content() for place in ("#said", "#tip"))
    assert said.replace(": ", "", 1) == tip
    page.keyboard.press("Tab")
    assert not page.locator("#tip").is_visible()


def test_another_passage_is_chosen_a_users_own_among_them(usual, opened):
    page = opened(usual)
    view = tokens(page)
    picker = page.locator("[name=c1-passage]")
    options = picker.locator("option").all_inner_texts()
    assert len(options) == len(VERSES) + 1
    assert "mine.txt" in options[-1]
    for number, verse in enumerate((*VERSES, OWN)):
        picker.select_option(index=number)
        assert text_of(block(view, "char")) == verse
    page.keyboard.press("Home")


def test_tokens_are_coloured_by_bits_or_by_turns(usual, opened):
    page = opened(usual)
    view = tokens(page)
    ground = "t => getComputedStyle(t).backgroundColor"
    marked = block(view, "char").locator(".token")
    by_bits = [marked.nth(i).evaluate(ground) for i in range(4)]
    view.locator("label", has=page.locator("[value=tokens]")).click()
    assert [marked.nth(i).evaluate(ground) for i in range(4)] != by_bits
    assert len({marked.nth(i).evaluate(ground) for i in range(4)}) == 4
    assert not view.locator("[data-scale]").is_visible()
    view.locator("[data-chips] button").first.click()
    assert block(view, "char").count() + block(view, "word").count() < 2


def test_another_sample_is_chosen(usual, opened):
    page = opened(usual)
    shown = page.locator(".sample:visible")
    assert VERSES[0].split("\n")[1] in shown.first.inner_text()
    page.locator("[name=c1-sample]").select_option("2")
    assert VERSES[1].split("\n")[1] in shown.first.inner_text()
    assert len({sample.get_attribute("data-number") for sample in shown.all()}) == 1


# --- markup in names, texts and settings ---


def test_nothing_that_a_study_holds_is_run_and_all_of_it_is_shown(hostile, opened):
    page = opened(hostile)
    view = tokens(page)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert EVIL in page.locator("table[data-table=runs]").inner_text()
    assert text_of(view.locator(".block").first) == EVIL
    body = page.locator("body").inner_text()
    assert body.count(EVIL) > 6
    assert EVIL_NAME in body
    assert EVIL in page.locator(".sample:visible").first.inner_text()
    page.wait_for_timeout(100)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, iframe, object, embed, b > script").count() == 0
    assert page.evaluate("document.scripts.length") == 3  # the theme's, the data, all others


def test_the_policy_stops_what_would_slip_through(usual, browser, tmp_path):
    """The page with a script, a handler and a picture of somebody else's in its middle."""
    broken = tmp_path / "broken.html"
    bad = (
        "<script>window.hacked=1</script><b id=bad onclick='window.hacked=2'>x</b><i style='color:red'>y</i>"
    )
    broken.write_text(usual.read_text(encoding="utf-8").replace("</h1>", f"</h1>{bad}", 1), encoding="utf-8")
    page = browser.new_page()
    page.add_init_script(NOTE_VIOLATIONS)
    page.goto(broken.as_uri())
    page.locator("#bad").click()
    page.wait_for_function("window.violations.length === 3")  # they are reported a moment after the click
    assert page.evaluate("window.hacked") is None
    page.close()
