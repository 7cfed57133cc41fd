"""Which indicators can a strategy use? One function for each formula of the registry."""
