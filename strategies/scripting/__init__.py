"""Strategies with order logic of their own, in the words of Pine.

`EventStrategy` is the class to write, `Now` what it sees at a close, `backtest_script` runs it,
`load_event_strategy` finds it in a file.
"""

from strategies.scripting.event_strategy import EventStrategy
from strategies.scripting.loading import load_event_strategy
from strategies.scripting.now import Now
from strategies.scripting.run import backtest_script

__all__ = ["EventStrategy", "Now", "backtest_script", "load_event_strategy"]
