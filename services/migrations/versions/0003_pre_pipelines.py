"""Pipelines and their runs, archives of code; what a runner says of itself; reasons in the history of a job."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ADDED = (
    ("tracks", sa.Column("is_listed", sa.Boolean(), server_default=sa.text("true"), nullable=False)),
    (
        "labs",
        sa.Column(
            "hyperparameters", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    ),
    ("jobs", sa.Column("signal", sa.Text(), server_default="", nullable=False)),
    ("job_history", sa.Column("reason", sa.Text(), server_default="", nullable=False)),
    ("runners", sa.Column("kind", sa.Text(), server_default="", nullable=False)),
    ("runners", sa.Column("max_jobs", sa.Integer(), server_default="0", nullable=False)),
    ("runners", sa.Column("warning", sa.Text(), server_default="", nullable=False)),
)


# Where a job runs is known by its launcher, which finds it by its id.
_DROPPED = (
    sa.Column("pid", sa.Integer(), nullable=True),
    sa.Column("pid_started_at", sa.Float(precision=53), nullable=True),
)


def upgrade() -> None:
    for column in _DROPPED:
        op.drop_column("jobs", column.name)
    for table, column in _ADDED:
        op.add_column(table, column)
    op.create_table(
        "pipelines",
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("next_run_number", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.project_id"], name=op.f("fk_pipelines_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pipeline_id", name=op.f("pk_pipelines")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_pipelines_project_id_name")),
    )
    op.create_index(op.f("ix_pipelines_project_id"), "pipelines", ["project_id"], unique=False)
    op.create_table(
        "pipeline_runs",
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("run_number", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("uses_track", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["pipeline_id"], ["pipelines.pipeline_id"], name=op.f("fk_pipeline_runs_pipeline_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pipeline_id", "run_number", name=op.f("pk_pipeline_runs")),
    )
    op.create_table(
        "archives",
        sa.Column("archive_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.project_id"], name=op.f("fk_archives_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("archive_id", name=op.f("pk_archives")),
    )
    op.create_index(op.f("ix_archives_project_id"), "archives", ["project_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_archives_project_id"), table_name="archives")
    op.drop_table("archives")
    op.drop_table("pipeline_runs")
    op.drop_index(op.f("ix_pipelines_project_id"), table_name="pipelines")
    op.drop_table("pipelines")
    for table, column in reversed(_ADDED):
        op.drop_column(table, column.name)
    for column in _DROPPED:
        op.add_column("jobs", column)
