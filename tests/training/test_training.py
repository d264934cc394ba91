"""Training: determinism over workers and restarts, the least a trainer must manage, and how it fails."""

import io
import math
import os
import tempfile

import numpy as np
import pytest

from numpygpt.errors import UserError
from numpygpt.models import GPT, GPTConfig
from numpygpt.optim import AdamW, Muon, warmup_cosine
from numpygpt.streams import generator
from numpygpt.training import (
    Diverged,
    Engine,
    Interrupted,
    Text,
    TrainConfig,
    Trainer,
    checkpoints,
    evaluation,
    score_tokens,
    worker_pool,
)
from numpygpt.training.evaluation import windows
from numpygpt.training.worker import Worker, handle
from numpygpt.training.worker_pool import SharedArray, WorkerDied, receive, send

V = 17
MODERN = {
    **{"activation": "relu_squared", "positions": "rotary", "norm": "rmsnorm", "qk_norm": True},
    **{"zero_init": True, "tied": True, "bias": False, "head_bias": False},
}
IDS = np.random.default_rng(0).integers(0, V, 3000).astype(np.uint8)
TEXT = Text(IDS, len(IDS), len(IDS))


def train(
    tmp_path=None,
    *,
    workers=None,
    stop_at=None,
    iters=8,
    lr=1e-2,
    dropout=0.1,
    batch_size=5,
    slices=2,
    recipe="classic",
    **options,
):
    """Metrics without clock readings, and the final weights."""
    shape = {} if recipe == "classic" else MODERN
    model = GPT(GPTConfig(V, 16, 2, 2, 24, dropout=dropout, **shape), rng=generator(1, "init"))
    if recipe == "classic":
        optimizer = AdamW(model.flat.parameters, lr, weight_decay=0.1)
    else:
        optimizer = Muon(model.flat.parameters, lr, embedding_lr=lr / 3, weight_decay=0.1)
    rows = []
    with Engine(model, slices, workers) as engine:
        config = TrainConfig(iters, batch_size=batch_size, grad_accum=2, eval_interval=3, eval_windows=7,
                             log_interval=1, **options)  # fmt: skip
        trainer = Trainer(
            engine, optimizer, warmup_cosine(lr, lr / 10, 2, iters), TEXT, TEXT, config,
            on_row=rows.append, should_stop=lambda: trainer.state.step == stop_at,
            checkpoint_path=None if tmp_path is None else tmp_path / "checkpoint.safetensors",
        )  # fmt: skip
        trainer.resume()
        try:
            trainer.run()
        except Interrupted:
            assert stop_at is not None
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows], model.flat.data.copy()


@pytest.mark.parametrize(
    ("recipe", "slices"), [("classic", 1), ("classic", 2), ("classic", 3), ("modern", 3)]
)
def test_the_number_of_workers_changes_no_bit(recipe, slices):
    rows, weights = train(recipe=recipe, slices=slices)
    rows_one, weights_one = train(recipe=recipe, slices=slices, workers=1)
    assert rows == rows_one
    np.testing.assert_array_equal(weights, weights_one)


def test_processes_share_memory_on_systems_without_files_in_memory(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (rows, weights), (rows_one, weights_one) = train(iters=2, workers=2), train(iters=2, workers=1)
    assert rows == rows_one
    np.testing.assert_array_equal(weights, weights_one)
    assert not list(tmp_path.iterdir())


def test_slices_change_only_rounding():
    rows, rows_one = (train(dropout=0.0, slices=slices, workers=1)[0] for slices in (2, 1))
    for row, row_one in zip(rows, rows_one, strict=True):
        for key, value in row.items():
            if isinstance(value, float):
                assert value == pytest.approx(row_one[key], rel=1e-4)


@pytest.fixture(scope="module")
def undisturbed():
    return {recipe: train(workers=1, recipe=recipe) for recipe in ("classic", "modern")}


@pytest.mark.parametrize(
    ("recipe", "stop_at", "workers"),
    [*(("classic", step, 1) for step in range(1, 8)), ("classic", 4, 2), ("modern", 3, 1), ("modern", 4, 2)],
)
def test_a_resumed_run_equals_an_undisturbed_one_to_the_bit(tmp_path, undisturbed, recipe, stop_at, workers):
    rows, weights = undisturbed[recipe]
    before, _ = train(tmp_path, stop_at=stop_at, workers=workers, recipe=recipe)
    after, resumed = train(tmp_path, workers=workers, recipe=recipe)
    assert before + after == rows
    np.testing.assert_array_equal(weights, resumed)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    train(tmp_path, stop_at=2)
    path = tmp_path / "checkpoint.safetensors"
    data = path.read_bytes()
    model = GPT(GPTConfig(V, 16, 2, 2, 24), rng=generator(1, "init"))
    flipped = [
        data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1 :]
        for i in range(len(data) - 1, len(data) // 2, -1999)
    ]
    for broken in (b"", data[:100], data[:-1], b"x" * 500, *flipped):
        path.write_bytes(broken)
        with pytest.raises(UserError, match="checkpoint"):
            checkpoints.load(path, model)
    path.write_bytes(data)
    checkpoints.load(path, model)
    with pytest.raises(UserError, match="another model"):
        checkpoints.load(path, GPT(GPTConfig(V, 16, 1, 2, 24), rng=generator(1, "init")))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_one_batch_can_be_learned_by_heart(rng):
    model = GPT(GPTConfig(V, 16, 2, 2, 32), rng=generator(0, "init"))
    optimizer = AdamW(model.flat.parameters, 1e-2)
    x, y = rng.integers(0, V, (4, 16)), rng.integers(0, V, (4, 16))
    with Engine(model, 2, 1) as engine:
        for _ in range(150):
            loss, _ = engine.gradients([(x, y)])
            engine.step(optimizer, 1e-2)
    assert loss < 0.02


def test_no_float64_array_in_a_float32_step(monkeypatch):
    """Every array that a layer keeps, asks for or learns from is float32 (or holds integers or truth values)."""
    model = GPT(GPTConfig(V, 16, 2, 2, 24, dropout=0.1, activation="gelu"), rng=generator(1, "init"))
    optimizer = AdamW(model.flat.parameters, 1e-2, weight_decay=0.1)
    with Engine(model, workers=1) as engine:
        engine.gradients([(IDS[:64].reshape(4, 16).astype(int),) * 2])
        engine.step(optimizer, 1e-2, grad_scale=0.5)
        found = []
        for replica in engine._own.replicas.values():
            found += [("workspace", a) for a in replica._workspace._memory.values()]
            found += [(path, a) for path, module in replica.named_modules() for a in arrays_in(module.cache)]
            found += [(path, p.grad) for path, p in replica.named_parameters()]
        found += list(optimizer.state_dict().items()) + list(model.state_dict().items())
    assert len(found) > 100
    assert {a.dtype.name for _, a in found if a.dtype.kind == "f"} == {"float32"}


def arrays_in(cache):
    if isinstance(cache, np.ndarray):
        yield cache
    elif isinstance(cache, tuple | list):
        for item in cache:
            yield from arrays_in(item)


@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17, 18, 24, 25, 26, 100])
@pytest.mark.parametrize("block_size", [2, 7, 16])
def test_windows_score_every_token_once_with_half_a_block_before_it(n, block_size):
    scored = []
    for w in windows(max(0, n - 1), block_size):
        assert 0 < w.stop - w.start <= block_size
        assert w.start == 0 or w.first >= block_size // 2
        scored += range(w.start + w.first, w.stop)
    assert scored == list(range(max(0, n - 1)))


def test_scores_do_not_depend_on_workers_and_add_up():
    model = GPT(GPTConfig(V, 16, 2, 2, 24), rng=generator(1, "init"))
    with Engine(model, 2) as engine:
        nats = score_tokens(engine, IDS)
    with Engine(model, 2, 1) as engine:
        np.testing.assert_array_equal(nats, score_tokens(engine, IDS))
        assert len(score_tokens(engine, IDS[:0])) == 0
    assert nats[0] == math.log(V)
    assert abs(nats.mean() / math.log(V) - 1) < 0.02


def test_a_killed_worker_is_named_and_leaves_nothing_behind():
    model = GPT(GPTConfig(V, 16, 2, 2, 24), rng=generator(1, "init"))
    batch = (IDS[:64].reshape(4, 16).astype(int),) * 2
    with Engine(model, 2, 2) as engine:
        loss, _ = engine.gradients([batch])
        worker = engine._pool.workers[0]
        worker.kill()
        worker.wait()
        with pytest.raises(WorkerDied, match="-9"):
            engine.gradients([batch])
    assert worker.returncode == -9
    with Engine(model, 2, 1) as alone:  # the weights are still there
        assert alone.gradients([batch])[0] == loss


def test_workers_import_what_this_process_does_and_not_what_lies_where_it_stands(tmp_path, monkeypatch):
    (tmp_path / "numpygpt").mkdir()
    (tmp_path / "numpygpt" / "__init__.py").write_text("raise SystemExit('another clone')")
    (tmp_path / "json.py").write_text("raise SystemExit('not the standard library')")
    monkeypatch.chdir(tmp_path)
    model = GPT(GPTConfig(V, 16, 2, 2, 24), rng=generator(1, "init"))
    with Engine(model, 2, 2) as engine:
        loss, _ = engine.gradients([(IDS[:64].reshape(4, 16).astype(int),) * 2])
    assert 0 < loss < 10


@pytest.mark.parametrize(
    ("config", "together"),
    [
        (GPTConfig(6551, 128, 4, 4, 256), 8),
        (GPTConfig(50_257, 1024, 12, 12, 768), 2),
        (GPTConfig(200_000, 4096, 48, 25, 1600), 1),
    ],
)
def test_scoring_takes_fewer_windows_of_a_large_model(config, together):
    assert evaluation.group_size(config) == together


def test_a_message_that_breaks_off_is_that_of_a_worker_that_died():
    whole = io.BytesIO()
    send(whole, ["losses", [{"nats": 1.0}, [np.arange(5.0), np.eye(2, dtype=np.float32)]]])
    for kept in (len(whole.getvalue()) - 8, len(whole.getvalue()) // 2, 3, 0):
        with pytest.raises(EOFError):
            receive(io.BytesIO(whole.getvalue()[:kept]))
    method, (header, (first, second)) = receive(io.BytesIO(whole.getvalue()))
    assert (method, header) == ("losses", {"nats": 1.0})
    np.testing.assert_array_equal(first, np.arange(5.0))
    np.testing.assert_array_equal(second, np.eye(2, dtype=np.float32), strict=True)


def test_a_worker_without_memory_says_so_and_it_is_no_bug(monkeypatch):
    assert handle(NoRoom(), "gradients", []) == ("no_memory", "no room")
    with Engine(GPT(GPTConfig(V, 16, 2, 2, 24), rng=generator(1, "init")), 2, 2) as engine:
        monkeypatch.setattr(worker_pool, "receive", lambda stream: ("no_memory", "no room"))
        with pytest.raises(MemoryError, match="no room"):
            engine.gradients([(IDS[:64].reshape(4, 16).astype(int),) * 2])


class NoRoom(Worker):
    def gradients(self, *_, **__):
        raise MemoryError("no room")


def test_memory_that_cannot_be_had_is_named():
    with pytest.raises(MemoryError, match="more than this machine has"):
        SharedArray((1 << 50,), np.float32)


def test_workers_end_with_the_engine():
    with Engine(GPT(GPTConfig(V, 16, 2, 2, 24), rng=generator(1, "init")), 3, 3) as engine:
        workers = engine._pool.workers
        assert [w.poll() for w in workers] == [None, None]
    assert [w.poll() for w in workers] == [0, 0]


def test_bits_per_byte_of_a_guess_is_log2_of_the_alphabet():
    assert Text(IDS, len(IDS), len(IDS)).bits_per_byte(math.log(256)) == pytest.approx(8)
    assert Text(IDS[:100], 400, 400, residual_bits=40).bits_per_byte(math.log(2)) == pytest.approx(0.35)


def test_divergence_is_told_apart():
    with pytest.raises(Diverged, match=r"optimizer\.lr"), np.errstate(all="ignore"):
        train(lr=1e4, iters=60, grad_clip=None)
