"""Floor 9: pages that a reader can open anywhere, and the same words on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

_WHERE = {
    "GalleryEntry": "gallery",
    "Page": "page",
    "PageFigure": "page",
    "PageTable": "page",
    "claims_table": "terminal",
    "studies_table": "terminal",
    "write_gallery": "gallery",
    "write_page": "page",
    "write_score_page": "score_page",
}

if TYPE_CHECKING:
    from tertium.report.gallery import GalleryEntry, write_gallery
    from tertium.report.page import Page, PageFigure, PageTable, write_page
    from tertium.report.score_page import write_score_page
    from tertium.report.terminal import claims_table, studies_table

__all__ = [
    "GalleryEntry",
    "Page",
    "PageFigure",
    "PageTable",
    "claims_table",
    "studies_table",
    "write_gallery",
    "write_page",
    "write_score_page",
]

__getattr__, __dir__ = attach(__name__, _WHERE)
