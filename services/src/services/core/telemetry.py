"""Structured logs and counters, alike in every service.

Log lines: a constant event name, data in fields, ids not objects. Metric labels come from closed sets only.
"""

import logging
import sys

import structlog
from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("mlsteam_requests_total", "Requests answered", ["service", "method", "status"])
REQUEST_SECONDS = Histogram(
    "mlsteam_request_seconds",
    "Time from request to end of answer",
    ["service", "route"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
INGEST_BATCHES = Counter("mlsteam_ingest_batches_total", "Batches by outcome", ["outcome"])
INGEST_POINTS = Counter("mlsteam_ingest_points_total", "Points committed")
INGEST_REJECTED_ENTRIES = Counter("mlsteam_ingest_rejected_entries_total", "Entries refused", ["reason"])
INGEST_QUEUE_BYTES = Gauge("mlsteam_ingest_queue_bytes", "Bytes waiting for a commit")
INGEST_COMMIT_SECONDS = Histogram("mlsteam_ingest_commit_seconds", "Time of one group commit")
BATCH_LOG_ROWS = Gauge("mlsteam_batch_log_rows", "Rows of the batch log that wait for the transposer")
BATCH_LOG_POINTS = Gauge("mlsteam_batch_log_points", "Points that wait for the transposer")
BATCH_LOG_AGE_SECONDS = Gauge("mlsteam_batch_log_age_seconds", "How long the oldest batch has waited")
TRANSPOSE_SECONDS = Histogram("mlsteam_transpose_seconds", "Time of moving what waits of one track")
EVENT_LISTENERS = Gauge("mlsteam_event_listeners", "Pages with an open event stream")
TB_OPEN = Gauge("mlsteam_tensorboard_open", "TensorBoards that run")
TB_STARTS = Counter("mlsteam_tensorboard_starts_total", "TensorBoards started, by outcome", ["outcome"])
TB_ENDS = Counter("mlsteam_tensorboard_ends_total", "TensorBoards ended, by reason", ["reason"])
TB_START_SECONDS = Histogram(
    "mlsteam_tensorboard_start_seconds",
    "Time from the first request to a TensorBoard that takes requests",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
TB_ZYGOTE_STARTS = Counter("mlsteam_tensorboard_zygote_starts_total", "Starts of the process that forks TensorBoards")
TRANSPOSED_POINTS = Counter("mlsteam_transposed_points_total", "Points moved from the batch log into chunks")
JOBS_HERE = Gauge("mlsteam_jobs_here", "Jobs that this runner has started and not brought to an end")
JOBS_ENDED = Counter("mlsteam_jobs_ended_total", "Jobs brought to an end, by state", ["state"])


def configure_logs(level: str, log_format: str) -> None:
    """Send structlog and the standard library's loggers to standard output in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = name != "uvicorn.access"
