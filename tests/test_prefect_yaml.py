"""``prefect.yaml`` and ``prefect.toml``: Prefect ignores what it does not know, so a slip of the pen must fail here."""

from __future__ import annotations

import prefecture  # before anything of Prefect's

# isort: split
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prefect.cli.deploy._models import (
    ConcurrencyLimitSpec,
    DeploymentConfig,
    PrefectYamlModel,
    RawScheduleConfig,
    WorkPoolConfig,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import Settings
from prefect.utilities.importtools import import_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prefect import Flow
    from pydantic import BaseModel

TEXT = (prefecture.ROOT / "prefect.yaml").read_text(encoding="utf-8")
WRITTEN = yaml.safe_load(TEXT)
DEPLOYMENTS = {f"{entry['flow_name']}/{entry['name']}": entry for entry in WRITTEN["deployments"]}


@cache
def flow_of(entrypoint: str) -> Flow[..., Any]:
    """The flow itself: the placeholder that Prefect takes for one that cannot be imported would hide the reason."""
    return load_flow_from_entrypoint(str(prefecture.ROOT / entrypoint), use_placeholder_flow=False)


def known(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def unknown_keys() -> Iterator[str]:
    """Yield every key of the file that no model of Prefect has, with its path."""
    yield from (f"{key}" for key in WRITTEN.keys() - known(PrefectYamlModel))
    for name, entry in DEPLOYMENTS.items():
        yield from (f"{name}: {key}" for key in entry.keys() - known(DeploymentConfig))
        yield from (f"{name}: work_pool: {key}" for key in entry["work_pool"].keys() - known(WorkPoolConfig))
        limit = entry["concurrency_limit"].keys()
        yield from (f"{name}: concurrency_limit: {key}" for key in limit - known(ConcurrencyLimitSpec))
        for schedule in entry.get("schedules", ()):
            yield from (f"{name}: schedules: {key}" for key in schedule.keys() - known(RawScheduleConfig))


def test_every_key_is_one_that_prefect_knows() -> None:
    assert list(unknown_keys()) == []


def test_prefects_own_model_takes_the_file() -> None:
    model = PrefectYamlModel.model_validate(WRITTEN)
    assert [deployment.name for deployment in model.deployments] == ["scheduled", "shard", "manual", "nightly"]
    for entry in DEPLOYMENTS.values():
        ConcurrencyLimitConfig.model_validate(entry["concurrency_limit"], strict=False)


def test_there_are_these_deployments() -> None:
    assert set(DEPLOYMENTS) == {"refresh/scheduled", "refresh-shard/shard", "backfill/manual", "upkeep/nightly"}
    assert {entry["work_pool"]["name"] for entry in DEPLOYMENTS.values()} == {"wirecopy"}
    assert all("wirecopy" in entry["tags"] for entry in DEPLOYMENTS.values())


def test_a_second_refresh_is_cancelled_and_the_others_wait() -> None:
    limits = {name: entry["concurrency_limit"] for name, entry in DEPLOYMENTS.items()}
    assert limits == {
        "refresh/scheduled": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
        "refresh-shard/shard": {"limit": 64, "collision_strategy": "ENQUEUE"},
        "backfill/manual": {"limit": 1, "collision_strategy": "ENQUEUE"},
        "upkeep/nightly": {"limit": 1, "collision_strategy": "ENQUEUE"},
    }


def test_refresh_comes_every_quarter_of_an_hour_and_upkeep_every_night() -> None:
    crons = {name: [schedule["cron"] for schedule in entry.get("schedules", ())] for name, entry in DEPLOYMENTS.items()}
    scheduled = {name: times for name, times in crons.items() if times}
    assert scheduled == {"refresh/scheduled": ["*/15 * * * *"], "upkeep/nightly": ["17 3 * * *"]}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_each_entrypoint_is_the_flow_of_that_name_and_takes_the_parameters(name: str) -> None:
    entry = DEPLOYMENTS[name]
    flow = flow_of(entry["entrypoint"])
    assert flow.name == entry["flow_name"]
    assert flow.isasync  # the heartbeat of a sync flow costs a second at its end
    assert set(entry.get("parameters", {})) <= set(flow.parameters.properties)
    flow.validate_parameters(entry.get("parameters", {}))


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_parameter_is_described_in_the_form(name: str) -> None:
    for field in flow_of(DEPLOYMENTS[name]["entrypoint"]).parameters.properties.values():
        assert field["description"].endswith(".")


def test_the_form_refuses_what_is_no_day() -> None:
    since = flow_of("flows/backfill.py:backfill").parameters.properties["since"]
    (day,) = [option for option in since.get("anyOf", [since]) if option.get("type") == "string"] or [since]
    assert {**since, **day}["pattern"] == r"^\d{4}-\d{2}-\d{2}$"


def test_the_build_step_of_the_automation_can_be_imported() -> None:
    steps = [step for entry in DEPLOYMENTS.values() for build in entry.get("build", ()) for step in build]
    assert steps == ["archive.launch.steps.create_automation"]
    assert callable(import_object(steps[0]))


def test_serving_offers_what_the_file_says() -> None:
    from _serve import deployments

    served = {f"{deployment.flow_name}/{deployment.name}": deployment for deployment in deployments()}
    assert set(served) == set(DEPLOYMENTS)
    refresh = served["refresh/scheduled"]
    assert refresh.concurrency_limit == 1
    assert refresh.concurrency_options.collision_strategy == "CANCEL_NEW"
    assert [schedule.schedule.cron for schedule in refresh.schedules] == ["*/15 * * * *"]
    assert refresh.work_pool_name is None


# --- prefect.toml ----------------------------------------------------------------------------------------------------


def unknown_settings(model: type[BaseModel], table: Mapping[str, object], place: str = "") -> Iterator[str]:
    """Every setting that Prefect does not have."""
    for key, value in table.items():
        field = model.model_fields.get(key)
        if field is None:
            yield place + key
        elif isinstance(value, dict):
            assert isinstance(field.annotation, type)
            yield from unknown_settings(field.annotation, value, f"{place}{key}.")


def test_every_setting_is_one_that_prefect_has() -> None:
    table = tomllib.loads((prefecture.ROOT / "prefect.toml").read_text())
    assert list(unknown_settings(Settings, table)) == []


def test_the_automation_waits_for_several_heartbeats() -> None:
    from _guard import HEARTBEAT_TIMEOUT

    table = tomllib.loads((prefecture.ROOT / "prefect.toml").read_text())
    assert HEARTBEAT_TIMEOUT.total_seconds() >= 6 * table["flows"]["heartbeat_frequency"]
