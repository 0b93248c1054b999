"""Alembic's entry point: runs the migrations on the connection it is given, without the views."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from db.schema import metadata
from db.views import create_views, drop_views

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
for statement in drop_views():
    connection.execute(text(statement))
context.run_migrations()
for statement in create_views(connection.dialect.name):
    connection.execute(text(statement))
