"""Recording from models as a physiologist would: which units, where, how many; and what an instrument would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.record import observe
    from tertium.record.lesions.lesioning import lesion
    from tertium.record.planning import RecordingPlan, SitePlan, plan
    from tertium.record.probe import record
    from tertium.record.projection import Projection
    from tertium.record.sites import list_sites

__all__ = ["Projection", "RecordingPlan", "SitePlan", "lesion", "list_sites", "observe", "plan", "record"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Projection": "projection",
        "RecordingPlan": "planning",
        "SitePlan": "planning",
        "lesion": "lesions.lesioning",
        "list_sites": "sites",
        "observe": "observe",
        "plan": "planning",
        "record": "probe",
    },
)
