"""SQLAlchemy tables, migrations, the ledger of stages and the trace recorder."""
