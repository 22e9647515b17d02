"""The trash, and views of a project's tracks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tracks", sa.Column("deleted_by", sa.Text(), nullable=True))
    op.add_column("tracks", sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
    # Until now a deletion deleted what the track held.
    op.execute("UPDATE tracks SET purged_at = deleted_at WHERE deleted_at IS NOT NULL")
    op.create_index("ix_tracks_changed", "tracks", ["project_id", "updated_at"])
    op.create_index(
        "ix_tracks_trash",
        "tracks",
        ["deleted_at"],
        postgresql_where=sa.text("deleted_at IS NOT NULL AND purged_at IS NULL"),
    )
    op.create_table(
        "views",
        sa.Column("view_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.project_id"], name=op.f("fk_views_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("view_id", name=op.f("pk_views")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_views_project_id_name")),
    )


def downgrade() -> None:
    op.drop_table("views")
    op.drop_index("ix_tracks_trash", table_name="tracks")
    op.drop_index("ix_tracks_changed", table_name="tracks")
    op.drop_column("tracks", "purged_at")
    op.drop_column("tracks", "deleted_by")
