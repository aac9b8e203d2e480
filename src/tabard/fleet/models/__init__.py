"""Cameras with their states and clocks, docks, who wore which camera when, and what is lost or counted."""

from tabard.fleet.models.cameras import Assignment, Camera, ClockReading
from tabard.fleet.models.docks import Dock, DockedCamera, DockKey, DockNonce, DockStatus
from tabard.fleet.models.issue import IssueRules, Training
from tabard.fleet.models.losses import Loss, Stocktake, StocktakeScan

__all__ = [
    "Assignment",
    "Camera",
    "ClockReading",
    "Dock",
    "DockKey",
    "DockNonce",
    "DockStatus",
    "DockedCamera",
    "IssueRules",
    "Loss",
    "Stocktake",
    "StocktakeScan",
    "Training",
]
