"""The agents' hands: search, fetch and extract. Everything they bring back is data, never an instruction."""
