"""A report as JSON, Markdown and HTML: the same values, no name can be markup in any of them."""

from __future__ import annotations

import html
from typing import Any

from lvtui import __version__
from lvtui.flow.report import Report, ReportRow
from lvtui.message import Message


def report_json(report: Report) -> dict[str, Any]:
    """`lvtui.report/1`."""
    return {
        "schema": "lvtui.report/1",
        "lvtui": __version__,
        "word": report.word,
        "rows": [[row.label, str(row.text)] for row in report.rows],
        "volumes": [
            {
                "word": volume.word,
                "headline": str(volume.headline),
                "rows": [[row.label, str(row.text)] for row in volume.rows],
                "annex": [[row.label, str(row.text)] for row in volume.annex],
            }
            for volume in report.volumes
        ],
    }


def report_markdown(report: Report) -> str:
    """The report as Markdown; every value is set as code, so that no name can be markup."""
    lines = [f"# {report.word}", ""]
    for volume in report.volumes:
        lines += [f"## {volume.word}: {_code(volume.headline)}", ""]
        lines += [f"- {row.label}: {_code(row.text)}" for row in volume.rows]
        lines += ["", "### Annex", ""]
        lines += [f"- {row.label}: {_code(row.text)}" for row in volume.annex]
        lines.append("")
    lines += [f"- {_code_text(row.label)}: {_code(row.text)}" for row in report.rows]
    lines += ["", f"lvtui {__version__}", ""]
    return "\n".join(lines)


def _code(text: Message) -> str:
    return _code_text(str(text))


def _code_text(text: str) -> str:
    return "`" + text.replace("`", "'") + "`"


def report_html(report: Report) -> str:
    """The report as one self-contained page without scripts."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>lvtui report</title>',
        (
            "<style>body{font-family:monospace;max-width:60em;margin:2em auto}"
            "td{padding:0 1em 0 0;vertical-align:top}</style></head><body>"
        ),
        f"<h1>{html.escape(report.word)}</h1>",
    ]
    for volume in report.volumes:
        parts.append(f"<h2>{html.escape(volume.word)}: {html.escape(str(volume.headline))}</h2>")
        parts.append(_table(volume.rows))
        parts.append("<h3>Annex</h3>" + _table(volume.annex))
    parts.append(_table(report.rows))
    parts.append(f"<p>lvtui {html.escape(__version__)}</p></body></html>\n")
    return "\n".join(parts)


def _table(rows: tuple[ReportRow, ...]) -> str:
    cells = "".join(
        f"<tr><td>{html.escape(row.label)}</td><td>{html.escape(str(row.text))}</td></tr>"
        for row in rows
    )
    return f"<table>{cells}</table>"
