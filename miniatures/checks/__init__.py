"""The email checks: plain code, no model and no network. They decide what may go out."""

from miniatures.checks.case import CheckCase
from miniatures.checks.run import CheckReport, checks_version, run_checks

__all__ = ["CheckCase", "CheckReport", "checks_version", "run_checks"]
