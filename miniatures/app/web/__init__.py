"""The web app: people review, compare and read here, and watch campaigns, models and traces."""
