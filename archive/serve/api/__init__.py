"""The JSON interface for programs, ``/api/v1``, and its one description, ``/openapi.json``."""

from archive.serve.api.routes import routes

__all__ = ["routes"]
