"""The HTTP API for programs, ``/api/v1``, and its description, ``/openapi.json``."""

from archive.serve.api.routes import routes

__all__ = ["routes"]
