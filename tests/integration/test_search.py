"""Searches over the whole way: SUBMIT, the job runner's loop, real processes, real points, Optuna."""

import signal
import time
from typing import Any

import pytest
from support.servers import ServerProcess
from support.workshop import Workshop

pytestmark = pytest.mark.slow

# The best x is 7; a trial of which x is 2 is hopeless, and would run for ten minutes.
SEARCHED = """
import sys, time
import mlsteam
from mlsteam import stparams

x = stparams.get_value("x", 2)
track = mlsteam.init()
n_steps = 3000 if x == 2 else 3
for step in range(n_steps):
    track["val/score"].log(100 - (x - 7) ** 2 + step / 10, step=step)
    time.sleep(0.2 if x == 2 else 0)
"""
WAITS = "import time\ntime.sleep(600)\n"


def _search(workshop: Workshop, script: str, values: list[Any], **plan: Any) -> dict[str, Any]:
    lab = workshop.lab({"train.py": script}, ["python", "train.py"], hyperparameters={"x": values})
    body = {"kind": "search", "search": {"objective": "val/score", **plan}}
    made: dict[str, Any] = workshop.call("POST", f"/labs/{lab['lab_id']}/submissions", body)
    return made


def _look(workshop: Workshop, search: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = workshop.call("GET", f"/submissions/{search['submission_id']}")
    return found


def _until_ended(workshop: Workshop, search: dict[str, Any], within_s: float = 150) -> dict[str, Any]:
    found: dict[str, Any] = workshop.wait(
        lambda: _look(workshop, search),
        lambda one: one["search"]["ended_at"] is not None and not {"running", "stopping"} & set(one["states"]),
        within_s,
    )
    return found


def test_a_search_finds_the_best_and_tries_nothing_twice(workshop: Workshop) -> None:
    made = _search(workshop, SEARCHED, ["3:10:1"], n_trials=8, n_parallel=3, sampler="tpe", seed=1)
    assert (made["jobs"], made["n_jobs"], made["search"]["trials"]) == ([], 0, {})
    most = 0

    def look() -> dict[str, Any]:
        nonlocal most
        seen = _look(workshop, made)
        most = max(most, sum(seen["states"].get(state, 0) for state in ("queued", "starting", "running")))
        return seen

    found = workshop.wait(look, lambda one: one["search"]["ended_at"] is not None, 150)
    search = found["search"]
    assert (search["ending"], search["detail"], search["trials"]) == ("done", "", {"complete": 8})
    assert found["n_jobs"] == 8
    assert sorted(job["params"]["x"] for job in found["jobs"]) == list(range(3, 11))
    assert search["best"]["params"] == {"x": 7}
    assert search["best"]["value"] == pytest.approx(100.2)
    assert most <= 3
    best = next(job for job in found["jobs"] if job["track_id"] == search["best"]["track_id"])
    assert best["trial"] == {"state": "complete", "value": search["best"]["value"], "why": ""}
    # What it made are tracks like any other.
    assert workshop.values(best["track_id"])["parameters/x"] == 7
    assert workshop.call("GET", f"/tracks/{best['track_id']}")["origin"] == "lab"
    # To submit one again is no search.
    again = workshop.call("POST", f"/tracks/{best['track_id']}/resubmit", {"changed": {}}, status=201)
    listed = workshop.call("GET", f"/labs/{made['lab_id']}/submissions")["items"]
    assert [one["objective"] for one in listed] == [again["objective"], made["objective"]] == [None, "val/score"]


# The seed lets the hopeless one begin first, or last: ASHA compares it with those that came as far before it.
@pytest.mark.parametrize(("pruner", "seed"), [("median", 4), ("asha", 9)])
def test_a_hopeless_trial_is_pruned_and_says_so(workshop: Workshop, pruner: str, seed: int) -> None:
    made = _search(workshop, SEARCHED, ["2:7:1"], n_trials=6, n_parallel=2, pruner=pruner, prune_after=1, seed=seed)
    found = _until_ended(workshop, made)
    # Others may be caught between their last point and their end.
    assert set(found["search"]["trials"]) == {"complete", "pruned"}
    assert sum(found["search"]["trials"].values()) == 6
    assert found["search"]["best"]["params"] == {"x": 7}
    [hopeless] = [job for job in found["jobs"] if job["params"]["x"] == 2]
    assert (hopeless["state"], hopeless["trial"]["state"], hopeless["stop_asked_by"]) == ("stopped", "pruned", "search")
    words = {"median": "pruned: worse than the median at step", "asha": "pruned: not among the best quarter at step"}
    assert hopeless["trial"]["why"].startswith(words[pruner])
    history = workshop.job(hopeless["track_id"])["history"]
    [asked] = [line for line in history if line["reason"] == "Pruned"]
    assert (asked["state"], asked["actor"], asked["cause"]) == ("stopping", "search", hopeless["trial"]["why"])


def test_a_runner_that_is_killed_goes_on_with_no_trial_doubled(workshop: Workshop) -> None:
    script = SEARCHED.replace("else 0)", "else 0.3)")
    made = _search(workshop, script, ["3:10:1"], n_trials=8, n_parallel=3)
    for _ in range(3):
        n_before = workshop.wait(lambda: _look(workshop, made)["n_jobs"], bool, 60)
        workshop.runner._process.send_signal(signal.SIGKILL)
        workshop.runner._process.wait()
        workshop.runner = ServerProcess("services.runner", **workshop._settings)
        if n_before < 8:
            workshop.wait(lambda: _look(workshop, made)["n_jobs"], lambda n, last=n_before: n > last, 90)
    found = _until_ended(workshop, made)
    assert sorted(job["params"]["x"] for job in found["jobs"]) == list(range(3, 11))
    assert (found["n_jobs"], found["search"]["ending"]) == (8, "done")
    assert sum(found["search"]["trials"].values()) == 8
    assert found["search"]["best"]["params"] == {"x": 7}


def test_two_runners_make_no_trial_twice(workshop: Workshop) -> None:
    folder = workshop.folder / "second"
    other = ServerProcess("services.runner", **{**workshop._settings, "MLSTEAM_RUNNER_FOLDER": str(folder)})
    try:
        found = _until_ended(workshop, _search(workshop, SEARCHED, ["3:8:1"], n_trials=6, n_parallel=4))
    finally:
        other.stop()
    assert sorted(job["params"]["x"] for job in found["jobs"]) == list(range(3, 9))
    assert found["n_jobs"] == 6


def test_a_search_is_stopped_as_a_whole(workshop: Workshop) -> None:
    made = _search(workshop, WAITS, ["1:9:1"], n_trials=9)
    workshop.wait(lambda: _look(workshop, made)["states"].get("running"), lambda n: n == 2, 60)
    stopped = workshop.call("POST", f"/submissions/{made['submission_id']}/stop")
    assert stopped["search"]["ending"] == "stopped"
    found = _until_ended(workshop, made)
    time.sleep(3)
    found = _look(workshop, made)
    assert (found["states"], found["n_jobs"], found["search"]["detail"]) == ({"stopped": 2}, 2, "admin")
    assert found["search"]["trials"] == {"failed": 2}
    # Once more does no harm.
    again = workshop.call("POST", f"/submissions/{made['submission_id']}/stop")
    assert again["search"] == found["search"]


def test_one_that_a_person_stops_is_no_good_news_and_the_search_goes_on(workshop: Workshop) -> None:
    made = _search(workshop, SEARCHED, ["2:4:1"], n_trials=3, n_parallel=1)
    slow = workshop.wait(
        lambda: [job for job in _look(workshop, made)["jobs"] if job["params"]["x"] == 2 and job["trial"]["value"]],
        bool,
        120,
    )
    workshop.call("POST", f"/tracks/{slow[0]['track_id']}/stop")
    found = _until_ended(workshop, made)
    assert found["search"]["trials"] == {"complete": 2, "failed": 1}


def test_trials_without_a_value_fail_and_ten_of_them_end_the_search(workshop: Workshop) -> None:
    script = "import sys\nsys.exit(3 if 'x: 2' in open('mlsteam.yml').read() else 0)\n"
    found = _until_ended(workshop, _search(workshop, script, ["1:40:1"], n_trials=40, n_parallel=4))
    search = found["search"]
    assert search["ending"] == "failed"
    assert "gave a value of val/score" in search["detail"]
    assert 10 <= search["trials"]["failed"] == found["n_jobs"] <= 14
    whys = {job["trial"]["why"] for job in found["jobs"]}
    assert "it logged no number as val/score" in whys


def test_what_cannot_be_a_search_is_refused(workshop: Workshop) -> None:
    lab = workshop.lab({"a": ""}, ["true"], hyperparameters={"x": [1, 2]})
    address = f"/labs/{lab['lab_id']}"
    for bad in (
        {"objective": ""},
        {"objective": "../a"},
        {"objective": "a", "n_trials": 1001},
        {"objective": "a", "n_parallel": 0},
        {"objective": "a", "direction": "up"},
        {"objective": "a", "pruner": "hyperband"},
        {"objective": "a", "seed": -1},
        {},
    ):
        workshop.call("POST", f"{address}/submissions", {"kind": "search", "search": bad}, status=422)
    workshop.call("POST", f"{address}/submissions", {"kind": "search"}, status=422)
    good = {"objective": "a"}
    empty = {"kind": "search", "search": good, "hyperparameters": {}}
    workshop.call("POST", f"{address}/submissions", empty, status=422)
    assert "nothing to search" in workshop.call("POST", f"{address}/preview", empty)["problem"]
    preview = workshop.call(
        "POST",
        f"{address}/preview",
        {"kind": "search", "search": good, "hyperparameters": {"x": [1, 2], "lr": ["log 1e-4:1:3"], "n": ["1:3:1"]}},
    )
    assert (preview["n_jobs"], preview["combinations"], preview["problem"]) == (20, [], "")
    assert [(d["name"], d["kind"], d["low"], d["values"]) for d in preview["dimensions"]] == [
        ("x", "choice", None, [1, 2]),
        ("lr", "log", 1e-4, []),
        ("n", "range", None, [1, 2, 3]),
    ]
    # No more trials than there are combinations.
    assert workshop.call("POST", f"{address}/preview", {"kind": "search", "search": good})["n_jobs"] == 2
