"""LangGraph agents: research a prospect, write the email, verify it; and the campaign that runs them."""
