"""timeline.txt: the stand-up as bars of text, with its critical path."""

from __future__ import annotations

from conformance.core.timeline import Span, critical_path
from reports.model import RunResult

WIDTH = 48


def spans_of(result: RunResult) -> tuple[Span, ...]:
    """The stand-up's spans as core.timeline computes with them."""
    return tuple(Span(s.name, s.needs, s.start, s.end, s.ok, s.note) for s in result.timeline)


def render(result: RunResult) -> str:
    """Bars on one scale, `#` on the critical path and `=` beside it; empty without a stand-up."""
    spans = spans_of(result)
    if not spans:
        return "no stand-up was recorded\n"
    path = critical_path(spans)
    critical = {span.name for span in path}
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    scale = WIDTH / max(end - begin, 0.001)
    room = min(40, max(len(span.name) for span in spans))
    out = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        before = int((span.start - begin) * scale)
        length = max(1, round(span.seconds * scale))
        bar = " " * before + ("#" if span.name in critical else "=") * min(length, WIDTH - before)
        state = "" if span.ok else f"  failed: {span.note}"
        out.append(f"{span.name[:room]:<{room}} |{bar:<{WIDTH}}| {span.seconds:7.1f} s{state}")
    on_path = sum(span.seconds for span in path)
    out += [
        "",
        f"{end - begin:.1f} s in all; critical path {on_path:.1f} s: "
        + " -> ".join(span.name for span in path),
    ]
    return "\n".join(out) + "\n"
