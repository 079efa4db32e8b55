"""SageMaker's workforce operations: one private workforce of a region, its teams, vendors' teams.

Teams are kept by name and are there after a restart. On this machine anybody may sign in to the
portal by name, whatever team a job names; what is imitated is the interface.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from scripts.local_ground_truth.durable_file import write_durably
from scripts.local_ground_truth.request_check import (
    Finding,
    Operation,
    RequestRefusedError,
    checked,
    refusal,
)

LOCAL_TEAM = "local"


class WorkforcePlane:
    """Answers the operations of `operations`.

    Args:
        file: holds what was made; need not be there.
        portal: host and port of the worker portal, which teams give as their subdomain.
        now: seconds since 1970.
    """

    def __init__(
        self, file: Path, *, account: str, region: str, portal: str, now: Callable[[], float]
    ) -> None:
        self._file = file
        self._prefix = f"arn:aws:sagemaker:{region}:{account}"
        self._portal = portal
        self._now = now
        self._lock = Lock()
        self._state: dict[str, dict[str, Any]] = (
            json.loads(file.read_bytes()) if file.exists() else {"workforces": {}, "workteams": {}}
        )
        if LOCAL_TEAM not in self._state["workteams"]:
            self._state["workteams"][LOCAL_TEAM] = self._team(
                LOCAL_TEAM, {"Description": "Everybody who signs in.", "MemberDefinitions": []}
            )

    @property
    def operations(self) -> dict[str, Operation]:
        """By the name that `X-Amz-Target` gives."""
        answers: dict[str, Operation] = {
            "CreateWorkforce": self.create_workforce,
            "DescribeWorkforce": self.describe_workforce,
            "ListWorkforces": self.list_workforces,
            "CreateWorkteam": self.create_workteam,
            "DescribeWorkteam": self.describe_workteam,
            "ListWorkteams": self.list_workteams,
            "UpdateWorkteam": self.update_workteam,
            "ListSubscribedWorkteams": self.list_subscribed_workteams,
        }
        return {f"SageMaker.{name}": checked(name, answer) for name, answer in answers.items()}

    def create_workforce(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        name = parameters["WorkforceName"]
        with self._lock:
            if self._state["workforces"]:
                raise RequestRefusedError(
                    "ResourceLimitExceeded", "A region has one private workforce at most."
                )
            workforce = {
                "WorkforceName": name,
                "WorkforceArn": f"{self._prefix}:workforce/{name}",
                "CreateDate": self._now(),
                "LastUpdatedDate": self._now(),
                "SubDomain": self._portal,
                "Status": "Active",
                **{key: parameters[key] for key in ("CognitoConfig",) if key in parameters},
            }
            self._state["workforces"][name] = workforce
            self._write()
        return {"WorkforceArn": workforce["WorkforceArn"]}

    def describe_workforce(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {"Workforce": self._existing("workforces", parameters["WorkforceName"])}

    def list_workforces(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {"Workforces": self._named("workforces", parameters)}

    def create_workteam(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        name = parameters["WorkteamName"]
        with self._lock:
            if name in self._state["workteams"]:
                raise RequestRefusedError("ResourceInUse", f"There is a workteam {name} already.")
            team = self._team(name, parameters)
            self._state["workteams"][name] = team
            self._write()
        return {"WorkteamArn": team["WorkteamArn"]}

    def update_workteam(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        team = self._existing("workteams", parameters["WorkteamName"])
        with self._lock:
            for key in ("MemberDefinitions", "Description"):
                if key in parameters:
                    team[key] = parameters[key]
            team["LastUpdatedDate"] = self._now()
            self._state["workteams"][team["WorkteamName"]] = team
            self._write()
        return {"Workteam": team}

    def describe_workteam(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {"Workteam": self._existing("workteams", parameters["WorkteamName"])}

    def list_workteams(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {"Workteams": self._named("workteams", parameters)}

    def list_subscribed_workteams(self, _: Mapping[str, Any]) -> dict[str, Any]:
        """None: there is no Marketplace here."""
        return {"SubscribedWorkteams": []}

    def _team(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "WorkteamName": name,
            "WorkteamArn": f"{self._prefix}:workteam/private-crowd/{name}",
            "MemberDefinitions": parameters["MemberDefinitions"],
            "Description": parameters["Description"],
            "SubDomain": self._portal,
            "CreateDate": self._now(),
            "LastUpdatedDate": self._now(),
        }

    def _existing(self, what: str, name: str) -> dict[str, Any]:
        with self._lock:
            found = self._state[what].get(name)
        if found is None:
            constraint = f"Member must name one of the {what} that there are"
            raise refusal([Finding(f"{what[:-1]}Name", name, constraint)])
        return dict(found)

    def _named(self, what: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        wanted = str(parameters.get("NameContains", "")).lower()
        with self._lock:
            return [item for name, item in self._state[what].items() if wanted in name.lower()]

    def _write(self) -> None:
        write_durably(
            self._file,
            json.dumps(self._state).encode(),
            incoming=self._file.parent / ".incoming",
        )
