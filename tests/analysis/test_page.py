"""report.html as a file: what it may load and run, what it shows, how much it weighs. tests/browser opens it."""

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from synthetic import make_run, make_study

from analysis.figures.drawings import drawings
from analysis.page import page as pages
from analysis.page.page import TEMPLATES
from analysis.records.measures import MEASURES
from analysis.reports import write_report

HOSTILE = "<script>alert(1)</script>"
HOSTILE_TEXT = (
    "</script><script>alert(2)</script> <img src=x onerror=alert(3)> ]]> \u2028 & caf\u00e9\r\n\t<!--"
)


class Reading(HTMLParser):
    """All tags with their attributes, the text of scripts and styles, and all text beside them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.raw: list[tuple[str, dict[str, str], str]] = []
        self.text, self.html = "", html
        self._open: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag in ("script", "style"):
            self._open.append((tag, found))
            self.raw.append((tag, found, ""))

    def handle_endtag(self, tag):
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data):
        if self._open:
            tag, attrs, text = self.raw[-1]
            self.raw[-1] = (tag, attrs, text + data)
        else:
            self.text += data

    def all(self, tag, **wanted):
        return [a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in wanted.items())]

    @property
    def data(self):
        return json.loads(next(text for _, attrs, text in self.raw if attrs.get("id") == "data"))


def passage(text="To be,\nor not", name=None, step=1, bits=2.0):
    n_bytes = len(text.encode())
    ends = [*range(step, n_bytes, step), n_bytes]
    entry = {"start": 0, "text": text, "ids": list(range(len(ends))), "ends": ends}
    entry |= {"bits": [bits] * len(ends), "bits_residual": [0.0] * len(ends)}
    return entry | ({"name": name, "bits_tail": 1.0} if name else {})


def sample_record(text="ROMEO:\nO xyzzy, the light", prompt="\n"):
    marks = {"foreign": [[9, 14]], "speaker": [[0, 5]], "stranger": [], "copied": [[12, 20]]}
    return {"prompt": prompt, "least_copied": 20, "samples": [{"text": text, "n_words": 5, "marks": marks}]}


@pytest.fixture(scope="module", autouse=True)
def no_figures():
    """Most of a report's time goes into its figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.page.view.drawings", lambda comparison, metrics: [])
        yield


def read(study, **more):
    return Reading((write_report(study, **more).path.parent / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three settings under three seeds with passages and samples; one run failed, one is damaged, one stopped."""
    root = tmp_path_factory.mktemp("outputs") / "quick"
    for run in make_study(root, ("char", "bpe", "byte"), (1, 2, 3), every=100):
        run.write_passages([passage(step=1 if run.name.startswith("char") else 3)])
        run.write_samples(sample_record())
    make_run(root, "word", 9, state="failed", every=100)
    make_run(root, "word", 8, state="interrupted", every=100)
    (make_run(root, "char", 9, every=100).path / "result.json").write_text("{")
    return root


@pytest.fixture(scope="module")
def page(study):
    return read(study)


# --- what it may load and run ---


def test_policy_names_the_very_scripts_and_styles_and_nothing_else(page):
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert page.tags.index(("meta", page.all("meta")[1])) < next(
        i for i, (tag, _) in enumerate(page.tags) if tag in ("script", "style", "link")
    ), "the policy comes before what it governs"
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        own = [
            text for tag, attrs, text in page.raw if tag == kind and attrs.get("type") != "application/json"
        ]
        hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()}'" for t in own}
        assert set(rules[f"{kind}-src"].split()) == hashes


def test_nothing_comes_from_outside_and_no_attribute_runs(page):
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name in ("style", "srcset", "srcdoc")]
        for name in ("src", "href", "action", "data", "poster"):
            assert attrs.get(name, "#").startswith(("#", "data:")), (tag, attrs)
    for _, _, text in page.raw:
        assert set(re.findall(r"https?://[^\s\"']*", text)) <= {"http://www.w3.org/2000/svg"}
        assert "@import" not in text
        assert not re.search(r"url\((?!#)", text)


def test_anchors_and_references_lead_somewhere_and_ids_are_single(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        wanted = [attrs[k] for k in ("data-tip", "aria-describedby", "aria-labelledby") if k in attrs]
        wanted += [attrs["href"][1:]] if attrs.get("href", "").startswith("#") else []
        assert set(wanted) <= set(ids)


def test_hostile_names_are_shown_and_never_run(tmp_path):
    for seed in (1, 2, 3):
        extra = {"tokenizer": HOSTILE, "losses": "<b>loses</b>"}
        run = make_run(tmp_path, "bpe", seed, corpus=HOSTILE, extra=extra, every=100)
        run.write_passages([passage(HOSTILE_TEXT), passage(HOSTILE_TEXT, "</script>.txt")])
        run.write_samples(sample_record(HOSTILE_TEXT, "<i>prompt</i>"))
        marked = make_run(tmp_path, "char", seed, corpus=HOSTILE, every=100)
        marked.write_samples(sample_record(HOSTILE_TEXT, "<i>prompt</i>"))
    failed = make_run(tmp_path, "word", 1, state="empty", name="<img src=x onerror=alert(4)>")
    failed.write_failure("<b>", HOSTILE)
    found = read(tmp_path)
    assert len(found.all("script")) == 3  # the theme's, the data, the page's
    assert not found.all("img")
    assert not found.all("b", onclick="")
    assert HOSTILE_TEXT.replace("\r\n", "\n").split("\n")[0] in found.text
    assert found.text.count("<script>alert(1)</script>") > 5
    assert "<img src=x onerror=alert(4)>" in found.text
    (raw,) = [text for _, attrs, text in found.raw if attrs.get("id") == "data"]
    assert not re.search("[<>&\u2028]", raw)
    assert found.data[0]["passages"][0]["text"] == HOSTILE_TEXT
    assert found.data[0]["settings"][1]["label"] == HOSTILE


# --- what it says ---


def test_conclusion_and_its_cautions_come_first(page, study):
    text = " ".join(page.text.split())
    (section,) = write_report(study).view.sections
    said = [section.summary.headline, *section.summary.cautions, *section.summary.order, section.provenance]
    assert section.summary.order
    assert section.summary.cautions
    places = [text.index(" ".join(words.split())) for words in [*said, "In figures"]]
    assert places == sorted(places)
    for verdict in section.comparison.conclusion.verdicts:
        assert f">{verdict.sentence}</td>" in page.html
    for fact in ("sha256 86c4e6aa9db7", "the last 10 % of the characters", "1,000 updates", "3 seeds per setting",
                 "AMD EPYC", "0123456789"):  # fmt: skip
        assert fact in text


def test_best_is_marked_only_where_the_statistics_support_it(page, tmp_path):
    won = page.all("span", **{"class": "won"})
    # Its cells in "why", in the comparison, in the original table and in that of serving.
    assert len(won) == 4
    make_study(tmp_path, ("bpe", "bpe-bytefallback"), (1, 2, 3), every=100)
    (tied,) = write_report(tmp_path).view.sections
    assert tied.comparison.conclusion.leader is None
    assert not read(tmp_path).all("span", **{"class": "won"})


def test_every_measure_shown_has_its_tooltip(page):
    tips = {attrs["data-tip"].removeprefix("def-") for _, attrs in page.tags if "data-tip" in attrs}
    assert {"bits_per_byte", "fertility", "word_share", "clipped_share", "seconds_per_mb"} <= tips
    for key in tips:
        assert MEASURES[key].meaning in page.text
    buttons = [attrs for attrs in page.all("button") if "sort" in attrs.get("class", "")]
    assert sum("data-tip" in attrs for attrs in buttons) > 30


def test_runs_that_count_nowhere_are_named(page):
    text = " ".join(page.text.split())
    assert "char-small-s9/result.json is damaged" in text
    assert "word-small-s9 failed" in text
    assert "word-small-s8 interrupted" in text


def test_no_finished_run_is_said(tmp_path):
    make_run(tmp_path, "char", 1, state="interrupted", every=100)
    found = read(tmp_path)
    assert "No run has finished yet" in found.text
    assert found.data == []


@pytest.mark.filterwarnings("error")
def test_a_tokenizer_of_one_token_has_no_bytes_per_token(tmp_path):
    """Its model is always right and pays nothing; all is in the residual."""
    make_run(tmp_path, "word", extra={"val_loss": 0.0, "bits_per_byte_tokens": 0.0})
    write_report([tmp_path], tmp_path / "report")
    table = (tmp_path / "report" / "report.html").read_text().split("bytes/token", 1)[1]
    assert re.search(r"<td[^>]*>\N{EN DASH}", table.split("</table>")[0])


def test_cells_sort_as_their_values(page):
    cells = [attrs["data-value"] for attrs in page.all("td") if "data-value" in attrs]
    numbers = [float(value) for value in cells if value not in ("", "text")]
    assert len(numbers) > 100
    assert any(value not in (round(value, 3), round(value)) for value in numbers), "full precision"
    assert {attrs.get("data-kind") for attrs in page.all("tbody")} == {"run", "baseline", "human"}
    heads = [attrs for attrs in page.all("th", scope="col") if "aria-sort" in attrs]
    assert {attrs["aria-sort"] for attrs in heads} == {"none"}


def test_several_budgets_stand_side_by_side(tmp_path):
    make_run(tmp_path, "char", 1, every=100)
    make_run(tmp_path, "char", 1, every=100, name="longer", budget__iters=2000)
    found = read(tmp_path)
    assert len(found.data) == 2
    assert {"c1", "c2", "overviews"} <= {attrs.get("id") for _, attrs in found.tags}


# --- its figures ---


NAME = "<b>字 $x$ & co</b>"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A page with its figures: of two sizes of a tokenizer, of another with a hostile name, and a failed run."""
    root = tmp_path_factory.mktemp("drawn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.page.view.drawings", drawings)
        for seed in (1, 2, 3):
            for width in (64, 128):
                make_run(root, "bpe", seed, every=50, model__n_embd=width)
            make_run(root, "char", seed, every=50, extra={"tokenizer": NAME})
        make_run(root, "word", 1, state="failed", every=50)
        return read(root)


def test_each_figure_is_in_the_page_once_with_a_name(drawn):
    names = [attrs["data-figure"] for attrs in drawn.all("figure")]
    curves = [
        f"curves_{axis}" for axis in ("step", "chars", "flops")
    ]  # seconds grow as the updates, in all runs
    own = ["bits_per_byte", "verdicts", *curves, "bits_by_byte_kind", "perturbed", "frontier"]
    assert names == own
    pictures = drawn.all("svg", role="img")
    assert len(pictures) == len(names)
    assert all(attrs["aria-label"] for attrs in pictures)
    assert {"verdicts", "curves_step", "bits_by_byte_kind", "parameters"} <= {
        attrs.get("data-table") for attrs in drawn.all("table")
    }


def test_figures_keep_the_pages_policy_and_its_theme(drawn):
    test_nothing_comes_from_outside_and_no_attribute_runs(drawn)
    test_anchors_and_references_lead_somewhere_and_ids_are_single(drawn)
    pictures = "".join(re.findall("<svg.*?</svg>", drawn.html, re.DOTALL))
    assert not re.search("<style|<metadata|style=|xmlns|#[0-9a-f]{6}", pictures)
    assert {"var(--ink)", "var(--paper)", "var(--look-2)"} <= set(re.findall(r"var\(--[\w-]+\)", pictures))
    referred = set(re.findall(r"url\(#([^)]+)\)", pictures))
    assert referred
    assert referred <= {attrs["id"] for _, attrs in drawn.tags if "id" in attrs}


def test_names_in_figures_are_text(drawn):
    picture = re.search('data-figure="bits_per_byte".*?</svg>', drawn.html, re.DOTALL).group()
    assert "&lt;b&gt;字 $x$ &amp; co&lt;/b&gt;</text>" in picture


# --- its bytes ---


def test_same_runs_give_the_same_bytes_wherever_they_lie(study, tmp_path):
    first = (write_report(study, tmp_path / "a").path.parent / "report.html").read_bytes()
    shutil.copytree(study, tmp_path / "elsewhere" / "quick", ignore=shutil.ignore_patterns("report"))
    again = write_report(tmp_path / "elsewhere" / "quick").path.parent / "report.html"
    assert again.read_bytes() == first
    assert str(study).encode() not in first


def test_ten_runs_weigh_less_than_a_megabyte(tmp_path):
    """Of ten settings, with as much as real ones hold: four passages of 800 tokens, five samples, 100 steps."""
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list("abcdef \n"), 800)) for _ in range(4)]
    for number in range(10):
        run = make_run(tmp_path, "char", 1, every=10, model__n_embd=64 + number)
        run.write_passages([
            passage(text) | {"start": i, "bits": rng.uniform(0, 9, 800).tolist()}
            for i, text in enumerate(texts)
        ])  # fmt: skip
        text = "".join(rng.choice(list("abcdef \n"), 1400))
        marks = {
            "foreign": [[9 * i, 9 * i + 5] for i in range(80)],
            "speaker": [],
            "stranger": [],
            "copied": [],
        }
        run.write_samples({"prompt": "\n", "least_copied": 20,
                           "samples": [{"text": text, "n_words": 200, "marks": marks}] * 5})  # fmt: skip
    size = (write_report(tmp_path).path.parent / "report.html").stat().st_size
    assert size < 850_000  # without pictures, about 60 kB each


def test_scripts_and_styles_can_stand_in_a_page():
    for path in sorted(TEMPLATES.rglob("*")):
        if path.suffix in (".js", ".css"):
            text = path.read_text(encoding="utf-8")
            assert not re.search("</|<!--", text), path
            assert "innerHTML" not in text, path
    assert {path.stem for path in (TEMPLATES / "scripts").iterdir()} == {*pages.SCRIPTS, "theme"}
