"""Drawings of studies, apart from the studies, so that a changed line width makes no result stale."""
