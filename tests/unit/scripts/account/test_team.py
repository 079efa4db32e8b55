"""`fewclick team`: made once, people invited once, the portal shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.object_store import S3Objects
from scripts.pseudonyms import load_pseudonyms
from tests.unit.scripts.cloud_bench import CloudBench, fewclick, png


def test_a_team_is_made_with_its_workforce_and_its_people(cloud: CloudBench) -> None:
    result = fewclick(
        "team", "create", "birders", "--email", "ann@example.org", "--email", "bob@example.org",
        "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["name"] == "birders"
    assert sorted(told["members"]) == ["ann@example.org", "bob@example.org"]
    assert told["arn"].endswith(":workteam/private-crowd/birders")
    assert "CreateWorkforce" in cloud.operations()
    (client,) = [call for _, name, call in cloud.calls if name == "UpdateUserPoolClient"]
    assert client["CallbackURLs"] == [f"{told['portal_url']}/oauth2/idpresponse"]
    made = len(cloud.calls)
    again = fewclick("team", "create", "birders", "--email", "ann@example.org", "--json")
    assert json.loads(again.stdout) == told
    operations = [name for _, name, _ in cloud.calls[made:]]
    assert {"CreateWorkforce", "CreateWorkteam", "CreateUserPool"}.isdisjoint(operations)


def test_a_second_team_joins_the_workforce(cloud: CloudBench) -> None:
    assert fewclick("team", "create", "swimmers").exit_code == 0
    assert {"CreateWorkforce", "CreateUserPool"}.isdisjoint(cloud.operations())
    result = fewclick("team", "invite", "swimmers", "cy@example.org", "--json")
    assert json.loads(result.stdout)["members"] == ["cy@example.org"]
    shown = fewclick("team", "show")
    assert "swimmers" in shown.stdout
    assert "Workers sign in at https://" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create", "my team"], "no name for a team"),
        (["create", "x", "--email", "nobody"], "no e-mail address"),
        (["invite", "nowhere", "a@b.org"], "no private team nowhere"),
        (["show", "nowhere"], "no private team nowhere"),
        (["who", "worker-x", "--job", "none"], "no labeling job none"),
    ],
)
def test_wrong_usage_is_said_before_anybody_is_invited(
    cloud: CloudBench, arguments: list[str], sentence: str
) -> None:
    result = fewclick("team", *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "AdminCreateUser" not in cloud.operations()


def test_an_account_that_came_too_late_is_told_so(cloud: CloudBench) -> None:
    cloud.refuse("ListWorkforces", "AccessDeniedException", "not available to new customers")
    result = fewclick("team", "create", "late")
    assert result.exit_code == 2
    assert "closed Ground Truth to new customers" in result.stderr
    assert "--local" in result.stderr


def test_this_machine_needs_no_team(cloud: CloudBench) -> None:
    local = ("--local", cloud.local.root)
    result = fewclick("team", "create", "x", *local)
    assert result.exit_code == 2
    assert cloud.local.portal_url in result.stderr
    assert cloud.local.portal_url in fewclick("team", "show", "local", *local).stdout


def test_a_pseudonym_leads_back_to_its_worker(stack: CloudBench, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    wanted = ("--photos", tmp_path, "--labels", "cat", "--team", "local", "--yes")
    made = fewclick("job", "create", "Who", *wanted)
    assert made.exit_code == 0, made.output
    stack.put(
        "output/Who/annotations/worker-response/iteration-1/0/2026.json",
        json.dumps({"answers": [{"workerId": "private.us-east-1.ann"}]}),
    )
    name = load_pseudonyms(stack.bucket, S3Objects(stack.local.s3)).of("private.us-east-1.ann")
    assert fewclick("team", "who", name, "--job", "Who").stdout == "private.us-east-1.ann\n"
    assert fewclick("team", "who", "worker-other", "--job", "Who").exit_code == 2
