"""When to trade? Strategies as typed expression graphs, and their evaluation over bars."""
