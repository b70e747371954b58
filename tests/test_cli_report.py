"""`report`: what it writes and prints, and what it refuses."""

from __future__ import annotations

import json
import sys
import webbrowser
from pathlib import Path

import pytest

from tests.commands import drawings, run, write_csv
from tests.reports import Page, trained

pytestmark = pytest.mark.usefixtures("_in_an_empty_folder")


@pytest.fixture
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("runs") / "small", "--no-report")


def test_it_writes_into_the_run_and_prints_where(capsys, small):
    ran = run(capsys, "report", small)
    assert (ran.status, ran.out, ran.err) == (0, f"{small / 'report.html'}\n", "")
    assert Page((small / "report.html").read_text("utf-8")).content["name"] == "small"


def test_a_page_with_images_is_not_replaced_by_one_without(capsys, tmp_path):
    source = write_csv(tmp_path / "own.csv", drawings(60))
    folder = trained(tmp_path / "run", "--data", str(source))
    page = (folder / "report.html").read_bytes()
    source.unlink()
    capsys.readouterr()
    ran = run(capsys, "report", folder)
    assert (ran.status, ran.out) == (2, "")
    missing, error = ran.err.splitlines()
    assert f"{source} is not there; train --resume {folder} --data PATH tells where" in missing
    assert error.startswith(f"verypoorcnn: {folder / 'report.html'}: has images, so it stays; ")
    assert (folder / "report.html").read_bytes() == page
    assert run(capsys, "report", folder, "--out", folder / "report.html").status == 0
    assert not Page((folder / "report.html").read_text("utf-8")).content["images"]
    assert run(capsys, "report", folder).status == 0  # nothing is lost any more
    moved = write_csv(tmp_path / "moved.csv", drawings(60))
    assert run(capsys, "train", "--resume", folder, "--data", moved, "--json").status == 0
    assert Page((folder / "report.html").read_text("utf-8")).content["images"]


def test_a_relative_path_of_an_older_run_is_told(capsys, tmp_path):
    folder = trained(tmp_path / "run", "--data", str(write_csv(tmp_path / "own.csv", drawings(60))))
    config = folder / "config.json"
    config.write_text(config.read_text().replace(json.dumps(str(tmp_path / "own.csv")), '"no.csv"'))
    capsys.readouterr()
    err = run(capsys, "report", folder, "--out", "page.html").err
    assert "no.csv is not there, seen from this folder; the run was begun in another; " in err


def test_another_place(capsys, small, tmp_path):
    assert run(capsys, "report", small, "--out", "page.html").out == "page.html\n"
    Page((tmp_path / "page.html").read_text("utf-8"))


def test_open_shows_it(capsys, monkeypatch, small):
    shown = []
    monkeypatch.setattr(webbrowser, "open", lambda address: shown.append(address) or True)
    assert run(capsys, "report", small, "--open").status == 0
    assert shown == [(small / "report.html").as_uri()]


def test_open_without_a_browser_says_so(capsys, monkeypatch, small):
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert "there is no browser to open here" in run(capsys, "report", small, "--open").err


def test_json_is_what_the_page_shows(capsys, small):
    found = run(capsys, "report", small, "--json").json
    run(capsys, "report", small)
    shown = Page((small / "report.html").read_text("utf-8")).content
    assert found["images"].pop("png")
    assert shown["images"].pop("png") is None
    assert shown == found


def test_several_runs_are_compared(capsys, small, tmp_path):
    other = trained(tmp_path / "other", "--seed", "3", "--no-report")
    capsys.readouterr()
    ran = run(capsys, "report", small, other)
    assert (ran.status, ran.out) == (0, "comparison.html\n")
    content = Page(Path("comparison.html").read_text("utf-8")).content
    assert [one["name"] for one in content["runs"]] == ["small", "other"]
    assert run(capsys, "report", small, other, "--json").json == content


def test_figures_need_matplotlib(capsys, monkeypatch, small):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.style", None)
    ran = run(capsys, "report", small, "--figures", "here")
    assert ran.status == 2
    assert "pip install 'verypoorcnn[figures]'" in ran.err
    assert not Path("here").exists()


def test_figures(capsys, small):
    pytest.importorskip("matplotlib", reason="draws the figures")
    ran = run(capsys, "report", small, "--figures", "here", "--format", "svg")
    assert ran.out.splitlines()[0] == str(Path("here/samples.svg"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere: no run here, and no folder of runs"),
        (["RUN", "--format", "png"], "--format is that of figures"),
        (["RUN", "--json", "--out", "x.html"], "--json and --out are two different results"),
        (["RUN", "--json", "--open"], "--open shows a page, and --json writes none"),
        (["RUN", "RUN", "--figures", "x"], "--figures draws those of one run"),
        (["RUN", "--out", "no/such/page.html"], "cannot be written"),
        (["RUN", "--format", "gif", "--figures", "x"], "invalid choice: 'gif'"),
        ([], "the following arguments are required: RUN"),
    ],
)
def test_what_it_refuses(capsys, small, words, said):
    ran = run(capsys, "report", *(small if word == "RUN" else word for word in words))
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_run_that_is_not_over(capsys, tmp_path):
    folder = trained(tmp_path / "run", "--no-report")
    with (folder / "metrics.jsonl").open("a") as lines:
        lines.write("{}\n")
    ran = run(capsys, "report", folder)
    assert ran.status == 2
    assert "this run is not over; go on with train --resume" in ran.err
    (folder / "result.json").unlink()
    assert "this run is not over" in run(capsys, "report", folder).err


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"engine": 7}', '{"engine": "x", "test": []}', "{"]
)
def test_a_damaged_result(capsys, tmp_path, text):
    folder = trained(tmp_path / "run", "--no-report")
    (folder / "result.json").write_text(text)
    capsys.readouterr()
    ran = run(capsys, "report", folder)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "result.json" in ran.err


def test_reproduce_leaves_runs_that_can_be_compared(capsys):
    words = ["--data", "sketches", "--limit-train", 30, "--limit-test", 20, "--epochs", 1]
    assert run(capsys, "reproduce", *words, "--seeds", 2, "--out", "both").status == 0
    assert Path("both/seed-1/report.html").exists()
    found = run(capsys, "report", "both", "--json").json
    assert [one["seed"] for one in found["runs"]] == [1, 2]
    assert len(found["groups"]) == 1
    assert json.loads(Path("both/seed-1/result.json").read_text())["made_with"]["verypoorcnn"]
