"""How the arms of a live A/B test are judged: counts in, words out; no store, no network, no clock."""
