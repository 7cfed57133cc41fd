"""What does a strategy decide? Its graph evaluated over bars, in columns and bar by bar."""
