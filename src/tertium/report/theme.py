"""The colours of pages, light and dark: one table that the style sheet and the figures both read."""

from __future__ import annotations

from tertium.figure import COLOURS

__all__ = ["DARK", "DARK_FIGURE_COLOURS", "LIGHT", "contrast", "css_variables", "figure_themes"]

#: Roles of colours on a light page. Every text colour has a contrast of at least 4.5 : 1 on "paper" and "shade".
LIGHT: dict[str, str] = {
    "paper": "#fdfcf9",
    "shade": "#f4f2ec",
    "ink": "#1f2124",
    "soft": "#5a5d62",
    "rule": "#d8d4cb",
    "axis": "#77797d",
    "grid": "#e8e5de",
    "accent": "#0b5d91",
    "held": "#1b6a3e",
    "missed": "#a5331d",
    "partly": "#8a5a00",
    "range": "#dfeadf",
}

#: The same roles on a dark page.
DARK: dict[str, str] = {
    "paper": "#16181b",
    "shade": "#1f2226",
    "ink": "#e8e5df",
    "soft": "#a9acb1",
    "rule": "#373b41",
    "axis": "#8c9198",
    "grid": "#2a2e33",
    "accent": "#7fbbea",
    "held": "#74cf9a",
    "missed": "#f29681",
    "partly": "#e6b450",
    "range": "#23352a",
}

#: What the palette of ``tertium.figure`` and its neutrals become on a dark page: the same hues, lighter.
DARK_FIGURE_COLOURS: dict[str, str] = dict(
    zip(COLOURS, ("#4ba3e3", "#f08a4b", "#2fc79a", "#e09cc4", "#f0b83c", "#8ccbf5", "#a0a6ad"), strict=True)
)


def css_variables(theme: dict[str, str]) -> str:
    """Return a theme as CSS custom properties.

    Examples
    --------
    >>> css_variables({"paper": "#ffffff"})
    '--paper: #ffffff;'
    """
    return " ".join(f"--{role}: {colour};" for role, colour in theme.items())


def figure_themes() -> dict[str, dict[str, object]]:
    """Return what the page's script needs to dress a figure, light and dark.

    ``colours`` maps a colour of the figure, lower case ``#rrggbb``, to what it becomes.
    """
    return {"light": _figure_theme(LIGHT, {}), "dark": _figure_theme(DARK, DARK_FIGURE_COLOURS)}


def _figure_theme(theme: dict[str, str], colours: dict[str, str]) -> dict[str, object]:
    inks = dict.fromkeys(("#222222", "#000000", "#111111", "#333333", "#444444", "#2a3f5f"), theme["ink"])
    greys = dict.fromkeys(("#888888", "#999999", "#aaaaaa"), theme["axis"])
    palette = {colour.lower(): new for colour, new in colours.items()}
    return {"roles": theme, "colours": {**inks, **greys, **palette}}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.1, definition of contrast ratio).

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
