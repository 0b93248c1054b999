"""``python -m evidence FILE.wacz``: the verifier without an installation."""

from __future__ import annotations

from .verifier import main

main()
