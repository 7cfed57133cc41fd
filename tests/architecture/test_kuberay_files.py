"""What is applied to a Kubernetes cluster is what KubeRay takes; nothing here starts one."""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray
import yaml
from click.testing import CliRunner
from ray.serve.schema import ServeDeploySchema

from serve.cli import bst

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kuberay"
SCHEMA = yaml.safe_load((ROOT / "tests" / "architecture" / "kuberay.schema.yaml").read_text())
KINDS = ("raycluster", "rayjob", "rayservice")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def cluster_of(resource: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = resource["spec"]
    found: dict[str, Any] = spec.get("rayClusterSpec") or spec.get("rayClusterConfig") or spec
    return found


def pods_of(resource: dict[str, Any]) -> list[dict[str, Any]]:
    cluster = cluster_of(resource)
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


@pytest.fixture(params=KINDS)
def resource(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


def test_every_field_is_one_of_kuberays(resource: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(resource, SCHEMA)


def test_a_slip_of_the_keyboard_would_be_seen(resource: dict[str, Any]) -> None:
    for place, field in (("", "maxReplcas"), ("template", "spce"), ("template", "nodeSelektor")):
        wrong = copy.deepcopy(resource)
        group = cluster_of(wrong)["workerGroupSpecs"][0]
        target = group["template"] if place else group
        (target["spec"] if field == "nodeSelektor" else target)[field] = {}
        with pytest.raises(jsonschema.ValidationError, match=field):
            jsonschema.validate(wrong, SCHEMA)


def test_it_is_the_ray_of_the_lock_and_asks_for_a_token(resource: dict[str, Any]) -> None:
    cluster = cluster_of(resource)
    assert cluster["rayVersion"] == ray.__version__
    assert cluster["authOptions"] == {"mode": "token"}


def test_workers_grow_from_none_and_the_head_runs_no_tasks(resource: dict[str, Any]) -> None:
    cluster = cluster_of(resource)
    assert cluster["enableInTreeAutoscaling"]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    for group in cluster["workerGroupSpecs"]:
        assert (group["replicas"], group["minReplicas"]) == (0, 0)
        assert group["maxReplicas"] >= 1


def test_no_pod_runs_as_root_and_all_share_one_home(resource: dict[str, Any]) -> None:
    claims = {one["metadata"]["name"] for one in stored() if one["kind"] == "PersistentVolumeClaim"}
    for pod in pods_of(resource):
        assert pod["securityContext"]["runAsNonRoot"]
        (container,) = pod["containers"]
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        home = next(one["value"] for one in container["env"] if one["name"] == "BST_HOME")
        mounted = next(one for one in container["volumeMounts"] if one["mountPath"] == home)
        volume = next(one for one in pod["volumes"] if one["name"] == mounted["name"])
        assert volume["persistentVolumeClaim"]["claimName"] in claims


def stored() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / "storage.yaml").read_text(encoding="utf-8")))


def test_the_head_finds_the_redis_that_is_stored() -> None:
    service = next(one for one in stored() if one["kind"] == "Service")
    where = f"{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    for name in ("raycluster", "rayservice"):
        options = cluster_of(read(name))["gcsFaultToleranceOptions"]
        assert options["redisAddress"] == where
        redis = next(one for one in stored() if one["kind"] == "StatefulSet")
        (container,) = redis["spec"]["template"]["spec"]["containers"]
        assert container["env"][0]["valueFrom"] == options["redisPassword"]["valueFrom"]


def test_the_job_runs_a_command_that_there_is() -> None:
    words = read("rayjob")["spec"]["entrypoint"].split()
    assert words[:3] == ["python", "-m", "serve.cli"]
    shown = CliRunner().invoke(bst, [words[3], "--help"])
    assert shown.exit_code == 0
    for option in (word for word in words[4:] if word.startswith("--")):
        assert option in shown.output


def test_serve_takes_the_application_and_its_names_are_right() -> None:
    config = yaml.safe_load(read("rayservice")["spec"]["serveConfigV2"])
    (application,) = ServeDeploySchema.model_validate(config).applications
    module, _, name = application.import_path.partition(":")
    bound = getattr(importlib.import_module(module), name)
    assert [one.name for one in application.deployments] == [bound._bound_deployment.name]
