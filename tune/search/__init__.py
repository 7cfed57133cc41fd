"""Which rows are worth trying next? Searchers that are asked in batches and told what came out."""
