"""The email checks: plain code, no model and no network. They decide what may go out."""

from miniatures.checks.case import CheckCase
from miniatures.checks.claims import align_claims
from miniatures.checks.foils import FOILS
from miniatures.checks.run import CHECKS, CheckReport, run_checks

__all__ = ["CHECKS", "FOILS", "CheckCase", "CheckReport", "align_claims", "run_checks"]
