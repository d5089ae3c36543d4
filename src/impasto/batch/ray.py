"""Many photos on a cluster, by Ray Data. Names go through the engine; pictures never do."""

from __future__ import annotations

import logging
import math
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from impasto.batch import places
from impasto.batch.manifest import schema
from impasto.batch.settings import BatchSettings, checked
from impasto.batch.worker import Worker
from impasto.errors import ImpastoError, checked_path, needs_extra
from impasto.runtime import RUNTIMES
from impasto.runtime.allocator import share_arenas
from impasto.stylize.controls import Controls

if TYPE_CHECKING:
    import pyarrow as pa

_THREADS = 4
"""How many photos an actor paints at once, on as many cores: what shares a network in memory."""
_FEW = 16
"""How many photos a task has: what a lost worker's successor paints again."""
_TASKS, _EACH = 8_000, 64
"""More tasks than the first number become larger ones, as each takes 60 kB of the driver's memory from the start. But
so many are left for each thread: otherwise the others would wait for a slow one's last task."""
_PATIENCE = 600
"""How long a cluster may have no node that paints, in seconds."""
_STORE = 200 * 2**20
"""Memory for names and reports on this machine, in bytes."""
_ENVIRONMENT = {
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to anybody
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Processes that are started before anybody knows what for, and not used in the end.
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
    # What paints is as important as if this process painted; Ray's own is that anything else on a machine comes first.
    "RAY_worker_niceness": "0",
}


class Paint:
    """A step of a Ray Data pipeline that reads, paints and writes photos; see the guide to clusters.

    It takes rows with the addresses of a ``source`` and a ``target``, and returns what became of each. Arguments are
    those of :func:`impasto.batch.run.batch`.

    Args:
        style: a style, or all settings as a value.
        target: the address of the folder of pictures; empty if rows have whole addresses.
        at_once: how many threads will call it at the same time.
        cores: how many cores they have together; None are all.
        files: the content of files that settings name.
        options: fields of :class:`impasto.batch.settings.BatchSettings` and :class:`impasto.stylize.controls.Controls`.
    """

    def __init__(
        self,
        style: str | BatchSettings,
        target: str = "",
        *,
        at_once: int = 1,
        cores: int | None = None,
        files: Mapping[str, bytes] | None = None,
        **options: Any,
    ) -> None:
        share_arenas()
        folder = places.normal(checked_path(target, "target", "the address of a folder")) if target != "" else ""
        controls = Controls(**{name: options.pop(name) for name in Controls.__struct_fields__ if name in options})
        if not isinstance(style, BatchSettings):
            style = checked(BatchSettings(style=style, controls=controls, **options))
        self._worker = Worker(style, folder, at_once=at_once, cores=cores, files=files)

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Paint the photos of some rows, one after the other."""
        import pyarrow as pa

        result = schema().append(pa.field("full", pa.bool_()))
        return pa.Table.from_pylist([self._worker.done(row) for row in rows.to_pylist()], result)


class Pool(NamedTuple):
    """How many actors there are, and what each of them has."""

    actors: int
    cores: int
    gpus: int = 0


class OnRay:
    """Paints rows on a Ray cluster.

    Args:
        address: of a cluster; without one, Ray is started on this machine, or the session that is there is used.
        say: is told, in a line, what the cluster is.
    """

    def __init__(self, address: str | None = None, say: Callable[[str], None] = lambda line: None) -> None:
        os.environ.update({name: value for name, value in _ENVIRONMENT.items() if name not in os.environ})
        with needs_extra("cluster"):
            import ray.data  # noqa: F401
        self._address, self._say = address, say

    def __call__(self, rows: pa.Table, settings: BatchSettings, target: str) -> Generator[dict[str, Any], None, None]:
        """See :class:`impasto.batch.run.Executor`."""
        import ray
        from ray.data import ActorPoolStrategy, DataContext

        with _session(self._address) as started:
            if not started:
                self._await_node()
                _check_nodes(target)
            pool = pool_of(ray.nodes(), settings.runtime)
            where = "Ray was started on this machine" if started else "the cluster is there"
            self._say(f"{where}: {_count(pool.actors, 'worker')} of {_count(pool.cores, 'core')}")
            logging.getLogger("ray.data").setLevel(logging.ERROR)
            context = DataContext.get_current()
            context.enable_progress_bars = context.print_on_execution_start = False
            files = {address: places.read(address) for address in settings.files}
            photos = ray.data.from_arrow(list(_blocks(rows, pool.actors * pool.cores)))
            painted = photos.map_batches(
                Paint,
                batch_size=None,
                batch_format="pyarrow",
                fn_constructor_args=[settings, target],
                fn_constructor_kwargs={"at_once": pool.cores, "cores": pool.cores, "files": files},
                num_cpus=pool.cores,
                num_gpus=pool.gpus,
                compute=ActorPoolStrategy(
                    min_size=1,
                    initial_size=pool.actors,
                    max_concurrent_calls_per_actor=pool.cores,
                    max_tasks_in_flight_per_actor=2 * pool.cores,
                    enable_true_multi_threading=True,
                ),
            )
            some: Any
            for some in painted.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
                yield from some.to_pylist()

    def _await_node(self) -> None:
        """Wait for the first node with cores, which a cluster may only have been asked for."""
        import ray

        for second in range(_PATIENCE):
            if any(node["Alive"] and node["Resources"].get("CPU", 0) >= 1 for node in ray.nodes()):
                return
            if not second:
                self._say("waiting for the cluster's first node")
            time.sleep(1)


def pool_of(nodes: list[dict[str, Any]], runtime: str = "openvino") -> Pool:
    """The actors that a cluster has room for: of at most four cores each, or, for a runtime that uses them, of a GPU.

    Raises:
        ImpastoError: it has no cores.
    """
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    cores = [int(node.get("CPU", 0)) for node in alive if node.get("CPU", 0) >= 1]
    if not cores:
        raise ImpastoError("the cluster has no cores; start a node with ray start --num-cpus")
    each = min(_THREADS, *cores) if len(cores) > 1 else min(_THREADS, cores[0])
    gpus = sum(int(node.get("GPU", 0)) for node in alive)
    if gpus and runtime != next(iter(RUNTIMES)):
        return Pool(gpus, each, 1)
    return Pool(sum(core // each for core in cores), each)


def task_size(photos: int, threads: int) -> int:
    """How many photos a task has, but for the first and the last ones."""
    return max(_FEW, min(math.ceil(photos / _TASKS), photos // (_EACH * threads)))


def _blocks(rows: pa.Table, threads: int) -> Iterator[pa.Table]:
    """Rows in tasks that are small at first, so that progress shows soon, and become smaller towards the end, so that
    all threads end at about the same time.

    The latter is known as guided self-scheduling.
    """
    at, first, most = 0, 2 * threads * _FEW, task_size(rows.num_rows, threads)
    while at < rows.num_rows:
        even = math.ceil((rows.num_rows - at) / (2 * threads))
        size = min(_FEW if at < first else most, even)
        yield rows.slice(at, size)
        at += size


@contextmanager
def _session(address: str | None) -> Iterator[bool]:
    """A connection to a cluster, and whether it was started here; one that is there already is used and stays."""
    import ray

    if ray.is_initialized():
        yield False
        return
    address = address or os.environ.get("RAY_ADDRESS")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": True}
    try:
        with _unheard():
            if address:
                ray.init(address, **quiet)
            else:
                # Ray alone would take one that somebody left running on this machine.
                ray.init("local", include_dashboard=False, object_store_memory=_STORE, **quiet)
    except Exception as error:
        raise ImpastoError(_why_no_session(address, error)) from None
    try:
        yield not address
    finally:
        ray.shutdown()


@contextmanager
def _unheard() -> Iterator[None]:
    """A context in which nothing comes through standard error: Ray's libraries say there that they will say less."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _why_no_session(address: str | None, error: Exception) -> str:
    reason = " ".join(str(error).split())
    if not address:
        return f"Ray cannot be started on this machine ({reason})"
    if "ersion mismatch" in reason:
        return f"address {address}: the cluster has another version of Ray or Python ({reason})"
    return f"address {address}: there is no Ray cluster that answers; start one with ray up or ray start --head"


def _check_nodes(target: str) -> None:
    """Check that every node has this version of impasto, and sees the target if that is a folder.

    Raises:
        ImpastoError: one has not, or does not.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    folder = None if places.is_remote(target) else os.path.dirname(target)  # noqa: PTH120

    def look(folder: str | None) -> tuple[str, bool]:  # a function inside another is sent as it is, not by its name
        import os
        from importlib import import_module

        try:
            version = import_module("impasto").__version__
        except ModuleNotFoundError:
            return "", True
        return version, folder is None or os.path.isdir(folder)  # noqa: PTH112

    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    remote = ray.remote(num_cpus=0, max_retries=3)(look)
    there = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=True) for node in nodes]
    found = ray.get([remote.options(scheduling_strategy=node).remote(folder) for node in there])
    here, _ = look(None)
    for node, (version, sees) in zip(nodes, found, strict=True):
        name = node["NodeManagerHostname"]
        if version != here:
            has = f"impasto {version}" if version else "no impasto"
            raise ImpastoError(f"node {name}: has {has}, and this machine {here}; install that there")
        if not sees:
            raise ImpastoError(f"node {name}: cannot see {folder}; give a bucket, or a folder that all nodes share")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
