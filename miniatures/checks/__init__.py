"""The email checks: plain code, no model and no network. They decide what may go out."""
