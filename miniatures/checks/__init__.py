"""The email checks: plain code, no model and no network. They decide what may go out."""

from miniatures.checks.case import CheckCase
from miniatures.checks.foils import FOILS
from miniatures.checks.run import CHECKS, CheckReport, checks_version, run_checks
from miniatures.checks.statements import align_statements

__all__ = ["CHECKS", "FOILS", "CheckCase", "CheckReport", "align_statements", "checks_version", "run_checks"]
