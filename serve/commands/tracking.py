"""What does MLflow learn of a sweep? A run for it, and one inside it for each fold and verdict."""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cluster.settings import Settings
from engines.canonical import digest_of
from engines.errors import TesterError
from serve.commands.job import Ticket
from serve.commands.swept import Swept
from strategies.graph.writing import to_json
from tune.chunk import PARAM, parameters_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Larger tables stay where they are; their path is a tag.
_LARGEST_ARTEFACT_BYTES: Final = 64 * 2**20
# A server that is away is told of in seconds: MLflow's own patience is minutes.
_ENVIRONMENT: Final = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Our own stdout may be JSON.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
SWEEP: Final = "bst.sweep"
_PARENT: Final = "mlflow.parentRunId"


class TrackingFailed(TesterError):
    """MLflow cannot be reached, or refused what it was told."""


class Promoted(NamedTuple):
    """A registered version of a strategy with the values of a sweep's best row."""

    name: str
    version: str
    run_id: str


def track(swept: Swept, settings: Settings, ticket: Ticket) -> None:
    """Log a finished sweep; what is there already is not logged twice.

    A log is no part of the result: where MLflow does not answer, the ticket is told of it.
    """
    if settings.mlflow_uri is None:
        return
    ticket.report(0, 0, "logging to MLflow")
    try:
        with _client(settings) as client:
            _Log(client, swept, settings).write()
    except TrackingFailed as failed:
        ticket.note(str(failed))


def promote(swept: Swept, settings: Settings, name: str) -> Promoted:
    """Register the best row's strategy, values and verdict as the next version of `name`.

    Raises TrackingFailed.
    """
    if settings.mlflow_uri is None:
        raise TrackingFailed("MLFLOW_TRACKING_URI is off: there is no registry to promote to")
    with _client(settings) as client:
        run_id = _Log(client, swept, settings).write()
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name, description=_described(swept))
        made = client.create_model_version(
            name,
            source=f"runs:/{run_id}/best",
            run_id=run_id,
            tags={SWEEP: swept.digest, "light": swept.verdict.light},
            description=swept.verdict.sentence,
        )
    return Promoted(name, str(made.version), run_id)


@contextmanager
def _client(settings: Settings) -> Iterator[MlflowClient]:
    """MLflow at the settings' address. Raises TrackingFailed in its words."""
    for variable, value in _ENVIRONMENT.items():
        os.environ.setdefault(variable, value)
    for chatty in ("mlflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    uri = settings.mlflow_uri
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        yield MlflowClient(tracking_uri=uri, registry_uri=uri)
    except (MlflowException, OSError) as error:
        reason = str(error).splitlines()[0][:300]
        raise TrackingFailed(f"MLflow at {uri} took no note of the sweep: {reason}") from error


class _Log:
    """One sweep on its way into MLflow."""

    def __init__(self, client: MlflowClient, swept: Swept, settings: Settings) -> None:
        self._client = client
        self._swept = swept
        self._settings = settings
        self._experiment = self._experiment_of(swept.planned.strategy.name)

    def write(self) -> str:
        """Log what is not there yet; the id of the sweep's run."""
        found = self._found(f"tags.`{SWEEP}` = '{self._swept.digest}' and tags.kind = 'sweep'")
        run_id = found or self._sweep()
        verdict = self._swept.verdict.canonical()
        name = digest_of({"sweep": self._swept.digest, "verdict": verdict})
        if self._found(f"tags.`bst.verdict` = '{name}'") is None:
            self._verdict(run_id, name)
        return run_id

    def _experiment_of(self, strategy: str) -> str:
        found = self._client.get_experiment_by_name(strategy)
        if found is not None:
            return str(found.experiment_id)
        # A server knows where its files lie; a bare database does not.
        own = (self._settings.mlflow_uri or "").startswith("sqlite:")
        place = (self._settings.home / "mlflow").as_uri() if own else None
        return str(self._client.create_experiment(strategy, artifact_location=place))

    def _found(self, filter_text: str) -> str | None:
        """A run that was logged whole; one cut short is logged again."""
        whole = f"{filter_text} and attributes.status = 'FINISHED'"
        runs = self._client.search_runs([self._experiment], whole, max_results=1)
        return str(runs[0].info.run_id) if runs else None

    def _sweep(self) -> str:
        swept, planned = self._swept, self._swept.planned
        best = swept.finished.best[0]
        tags = {
            SWEEP: swept.digest,
            "kind": "sweep",
            "strategy_digest": planned.strategy.digest,
            "lineage": planned.strategy.lineage,
            "source": planned.charts.source,
            "table": str(swept.finished.table),
            **{f"bars.{one.series.symbol}.{one.series.interval}": one.dataset_digest
               for one in planned.spec.windows[:50]},
        }  # fmt: skip
        with self._run(f"sweep {swept.digest[:12]}", tags) as run_id:
            asked = planned.request.model_dump(mode="json") | {"strategy": planned.strategy.name}
            self._params(run_id, _flat(asked))
            self._params(run_id, {"best.row": best["row"], **_best_row(best)})
            self._metrics(run_id, {"rows": swept.finished.rows, **_numbers(best)})
            self._files(run_id)
            for number, fold in enumerate(swept.folds, 1):
                self._fold(run_id, "fold", number, fold)
        return run_id

    def _fold(self, parent: str, kind: str, number: int, fold: dict[str, Any]) -> None:
        tags = {_PARENT: parent, SWEEP: self._swept.digest, "kind": kind}
        with self._run(f"{kind} {number}", tags) as run_id:
            self._params(run_id, _flat(fold))
            self._metrics(run_id, _numbers(fold))

    def _verdict(self, parent: str, name: str) -> None:
        verdict = self._swept.verdict
        tags = {
            _PARENT: parent,
            SWEEP: self._swept.digest,
            "kind": "verdict",
            "bst.verdict": name,
            "light": verdict.light,
            "reason": verdict.reason,
            "sentence": verdict.sentence,
        }
        with self._run(f"verdict {verdict.light}", tags) as run_id:
            self._metrics(run_id, {one.name: one.value for one in verdict.checks})
            self._client.log_dict(run_id, verdict.canonical(), "verdict.json")
            for number, fold in enumerate(self._swept.anew, 1):
                self._fold(run_id, "reoptimised fold", number, fold)
        self._client.set_tag(parent, "light", verdict.light)

    def _files(self, run_id: str) -> None:
        """The best row as it can be run again, and the table where it is not too large."""
        swept, planned = self._swept, self._swept.planned
        strategy, values = planned.spec.family.own(parameters_of(swept.finished.best[0]))
        with tempfile.TemporaryDirectory() as folder:
            best = Path(folder) / "best"
            best.mkdir()
            for name, content in (
                ("strategy.json", to_json(strategy)),
                ("parameters.json", values),
                ("verdict.json", swept.verdict.canonical()),
            ):
                (best / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
            self._client.log_artifacts(run_id, folder)
        if swept.finished.table.stat().st_size <= _LARGEST_ARTEFACT_BYTES:
            self._client.log_artifact(run_id, str(swept.finished.table))

    @contextmanager
    def _run(self, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        made = self._client.create_run(self._experiment, run_name=name, tags=dict(tags))
        run_id = str(made.info.run_id)
        status = "FAILED"
        try:
            yield run_id
            status = "FINISHED"
        finally:
            self._client.set_terminated(run_id, status)

    def _params(self, run_id: str, values: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        found = [Param(name, str(value)) for name, value in values.items()]
        self._client.log_batch(run_id, params=found[:100])

    def _metrics(self, run_id: str, values: Mapping[str, Any]) -> None:
        from mlflow.entities import Metric

        now_ms = int(self._client.get_run(run_id).info.start_time)
        found = [Metric(name, float(value), now_ms, 0) for name, value in values.items()
                 if math.isfinite(value)]  # fmt: skip
        self._client.log_batch(run_id, metrics=found[:1000])


def _described(swept: Swept) -> str:
    return f"{swept.planned.strategy.name}, as sweeps of it were promoted"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level, `data.interval`; what was left out is left out."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[f"{prefix}{name}"] = value
    return found


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, (int, float)) and not name.startswith(PARAM)
    }


def _best_row(best: Mapping[str, Any]) -> dict[str, Any]:
    return {f"best.{name}": value for name, value in parameters_of(best).items()}
