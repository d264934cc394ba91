"""Curves to follow while a run goes on (`tracking=...`); the run folder stays the truth."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]  # of metrics.jsonl


@contextmanager
def tracked(kind: str, run: Path) -> Iterator[Callable[[Row], None]]:
    """What takes each row of metrics as it arises; `tensorboard` writes its events to RUN/tensorboard.

    A resumed run begins with the rows after its checkpoint: what an earlier part had written from there on is
    declared void, as in PyTorch's SummaryWriter(purge_step=...), so that no point is drawn twice.
    """
    if kind == "none":
        yield lambda row: None
        return
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(run / "tensorboard"), flush_secs=10)
    start = [SessionLog(status=SessionLog.START)]  # to be written with the first row

    def write(row: Row) -> None:
        step, now = row["step"], time.time()
        if start:
            writer.add_event(Event(step=step, wall_time=now, session_log=start.pop()))
        kept = {k: v for k, v in row.items() if isinstance(v, float) and k not in ("chars", "seconds")}
        values = [Summary.Value(tag=f"{row['kind']}/{k}", simple_value=v) for k, v in kept.items()]
        writer.add_event(Event(step=step, wall_time=now, summary=Summary(value=values)))

    try:
        yield write
    finally:
        writer.close()
