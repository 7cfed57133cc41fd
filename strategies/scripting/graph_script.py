"""How does a graph trade as a script? Its decisions at each close become an engine's commands.

The rules of docs/design/fills.md, a second time: the kernel's `decide` is the other body.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from engines.commands import CancelAll, CloseAll, Command, Direction, Entry, MoveStops, Refuse
from engines.decisions import Decision
from engines.orders import Reason, Refusal
from engines.script import View
from strategies.scripting.graph_rules import GraphRules


class GraphScript:
    """A graph with its parameters, as the engines' `Script`.

    `next_decision` closes the next bar and says what the graph decides there.
    """

    def __init__(self, rules: GraphRules, next_decision: Callable[[], Decision]) -> None:
        self._rules = rules
        self._next_decision = next_decision
        self._over = False

    def on_close(self, view: View) -> Iterator[Command]:
        """Commands at the close of a bar."""
        decision = self._next_decision()
        if self._over:
            return
        side = _sign(view.position_size)
        yield from self._decide(decision, view, side)
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

    def snapshot(self) -> dict[str, object]:
        """What the script remembers."""
        return {"over": self._over}

    def restore(self, state: dict[str, object]) -> None:
        """Take it up again."""
        self._over = bool(state["over"])

    def _decide(self, decision: Decision, view: View, side: int) -> Iterator[Command]:
        wanted = yield from self._wanted(decision, view, side)
        leave = self._exit(decision, view, side)
        if wanted == 0:
            if leave is not None:
                yield leave
        elif wanted == side and leave is not None:
            yield Refuse(wanted, Refusal.CONFLICT)
            yield leave
        elif wanted == -side and self._rules.on_opposite == "close":
            yield CloseAll("opposite signal")
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
        return Refusal.COOL_DOWN if side == 0 and self._cools_down(view) else None

    def _cools_down(self, view: View) -> bool:
        rule = self._rules.cool_down
        if rule is None:
            return False
        since = view.loss_bar if rule.only_loss else view.flat_bar
        return since >= 0 and view.bar < since + rule.bars

    def _exit(self, decision: Decision, view: View, side: int) -> CloseAll | None:
        if side == 0:
            return None
        if decision.exit_long if side > 0 else decision.exit_short:
            return CloseAll("exit signal")
        if 0 < self._rules.max_bars <= view.bar - view.entry_bar:
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
        yield Entry(name, name, bracket=bracket, otherwise=leave)


def _sign(number: float) -> int:
    return (number > 0.0) - (number < 0.0)
