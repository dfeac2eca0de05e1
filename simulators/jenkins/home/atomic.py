"""Files that are replaced as a whole, as AtomicFileWriter does: a process killed while it writes keeps the
old one."""

from __future__ import annotations

import threading
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Write `text` beside `path`, then in its place."""
    draft = path.with_name(f"{path.name}.{threading.get_ident()}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
