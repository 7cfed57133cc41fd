"""How does a graph trade as a script? Its decisions at each close become an engine's commands.

The rules of docs/design/fills.md, a second time: the kernel's `decide` is the other body.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from engines.commands import CancelAll, CloseAll, Command, Direction, Entry, MoveStops, Refuse
from engines.decisions import Decision
from engines.orders import Reason, Refusal
from engines.script import View
from strategies.evaluation.tracks import Bar
from strategies.scripting.counted_limits import CountedLimits
from strategies.scripting.graph_limits import GraphLimits, earns
from strategies.scripting.graph_rules import GraphRules
from strategies.scripting.resting_entries import RestingEntries


class Turn(NamedTuple):
    """A closed bar and what the graph decides there."""

    bar: Bar
    decision: Decision


class GraphScript:
    """A graph with its parameters, as the engines' `Script`.

    `next_turn` closes the next bar and says what the graph decides there; `limits` is the body that
    counts.
    """

    def __init__(
        self,
        rules: GraphRules,
        next_turn: Callable[[], Turn],
        limits: type[GraphLimits] | type[CountedLimits] = GraphLimits,
    ) -> None:
        self._rules = rules
        self._next_turn = next_turn
        self._over = False
        numbers = rules.limits
        self._limits = None if numbers is None else limits(numbers, rules.clock)
        self._resting = None if rules.entry is None else RestingEntries(rules)

    def on_close(self, view: View) -> Iterator[Command]:
        """Commands at the close of a bar."""
        bar, decision = self._next_turn()
        if self._over:
            return
        side = _sign(view.position_size)
        limited = None if self._limits is None else self._limits.close_bar(bar, view)
        if limited is not None:
            # What rests is taken back before the bar's own decisions.
            view = replace(view, waiting=())
        asked = self._decide(decision, view, side)
        if limited is None:
            yield from asked
        else:
            yield from self._close_by_limit(limited, asked)
        lived = side != 0 or view.flat_bar == view.bar
        if view.equity <= 0.0 and (lived or decision.enter_long or decision.enter_short):
            # Nothing can follow: an account without equity is closed out for good.
            self._over = True
            yield CancelAll()
            yield CloseAll("bankrupt", immediately=True, reason=Reason.BANKRUPT)
            return
        level = self._rules.moved_stop(side, decision.levels) if side else None
        if level is not None:
            yield MoveStops(level)

    @property
    def guards(self) -> bool:
        """Whether limits look at entries again where they are met."""
        return self._limits is not None and self._rules.entry is not None

    def held_back(self, side: int, open_ms: int, view: View) -> Refusal | None:
        """Why an entry that rested does not fill."""
        if self._limits is None:
            return None
        return self._limits.held_back(side, open_ms, view, _sign(view.position_size))

    def snapshot(self) -> dict[str, object]:
        """What the script remembers."""
        limits = None if self._limits is None else self._limits.snapshot()
        until = {} if self._resting is None else dict(self._resting.until)
        return {"over": self._over, "limits": limits, "until": until}

    def restore(self, state: dict[str, Any]) -> None:
        """Take it up again."""
        self._over = bool(state["over"])
        if self._limits is not None:
            self._limits.restore(state["limits"])
        if self._resting is not None:
            self._resting.until = dict(state["until"])

    @staticmethod
    def _close_by_limit(reason: Reason, asked: Iterator[Command]) -> Iterator[Command]:
        """J3, J4: everything goes; of what the bar asks for, the refusals are kept."""
        yield from (one for one in asked if isinstance(one, Refuse))
        yield CancelAll()
        yield CloseAll(reason.name.lower(), reason=reason)

    def _decide(self, decision: Decision, view: View, side: int) -> Iterator[Command]:
        if self._resting is not None:
            yield from self._resting.give_up(decision, view)
            leave = self._exit(decision, view, side)
            yield from self._resting.ask(decision, view, side, leave, self._hindrance)
            return
        wanted = yield from self._wanted(decision, view, side)
        leave = self._exit(decision, view, side)
        if wanted == 0:
            if leave is not None:
                yield leave
        elif wanted == side and leave is not None:
            yield Refuse(wanted, Refusal.CONFLICT)
            yield leave
        elif wanted == -side and self._rules.on_opposite == "close":
            if earns(view, self._rules.exit_profit):
                yield CloseAll("opposite signal")
            elif leave is not None:
                yield leave
        else:
            yield from self._enter(wanted, leave, decision)

    def _wanted(self, decision: Decision, view: View, side: int) -> Generator[Command, None, int]:
        """+1 or −1 if the bar asks for an entry that may be placed, else 0."""
        may = []
        for asked, wanted in ((decision.enter_long, 1), (decision.enter_short, -1)):
            reason = self._hindrance(wanted, view, side) if asked else None
            if reason is not None:
                yield Refuse(wanted, reason)
            elif asked:
                may.append(wanted)
        if len(may) == 2:
            yield Refuse(0, Refusal.CONFLICT)
            return 0
        return may[0] if may else 0

    def _hindrance(self, wanted: int, view: View, side: int) -> Refusal | None:
        if wanted == side and view.opentrades >= self._rules.pyramiding:
            # D3: a market entry issued at the limit is dropped.
            return Refusal.POSITION_LIMIT
        if wanted == -side and self._rules.on_opposite == "ignore":
            return Refusal.OPPOSITE_IGNORED
        if side == 0 and self._cools_down(view):
            return Refusal.COOL_DOWN
        return None if self._limits is None else self._limits.hindrance(wanted, view, side)

    def _cools_down(self, view: View) -> bool:
        rule = self._rules.cool_down
        if rule is None:
            return False
        since = view.loss_bar if rule.only_loss else view.flat_bar
        return since >= 0 and view.bar < since + rule.bars

    def _exit(self, decision: Decision, view: View, side: int) -> CloseAll | None:
        if side == 0:
            return None
        rules = self._rules
        signal = decision.exit_long if side > 0 else decision.exit_short
        if signal and earns(view, rules.exit_profit):
            return CloseAll("exit signal")
        if self._limits is not None and self._limits.strikes:
            return CloseAll("clock exit", reason=Reason.CLOCK_EXIT)
        due = 0 < rules.max_bars <= view.bar - view.entry_bar
        if due and earns(view, rules.time_profit):
            return CloseAll("time exit", reason=Reason.TIME_EXIT)
        return None

    def _enter(self, wanted: int, leave: CloseAll | None, decision: Decision) -> Iterator[Command]:
        bracket = self._rules.bracket(wanted, decision.levels)
        if bracket is None:
            yield Refuse(wanted, Refusal.BAD_LEVEL)
            if leave is not None:
                yield leave
            return
        name: Direction = "long" if wanted > 0 else "short"
        over = self._rules.volatility(decision.levels)
        ladder = self._rules.ladder(wanted, decision.levels)
        yield Entry(name, name, bracket=bracket, ladder=ladder, otherwise=leave, sized_over=over)


def _sign(number: float) -> int:
    return (number > 0.0) - (number < 0.0)
