"""How is a session laid down and taken up again? Its whole state as JSON values, and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, Final, Protocol, runtime_checkable

from engines.brackets import Level, bracket_from
from engines.commands import CloseAll, Entry, Exit, Order
from engines.errors import InvalidInput
from engines.event.account import Account, Fill, Lot, Refused, Trade
from engines.event.anchors import Levels
from engines.event.brackets import Resting
from engines.event.entry_desk import EntryDesk, Waiting
from engines.event.events import Place, Queue, Rank
from engines.event.exchange import Exchange
from engines.event.exit_desk import Closing, ExitDesk
from engines.event.exits import Leg, Standing
from engines.event.ladders import Anchored
from engines.event.tick_exchange import TickExchange
from engines.event.trader import Trader
from engines.event.wallet import Wallet
from engines.event.working import Working
from engines.ladders import ladder_from
from engines.orders import Reason

State = dict[str, Any]

SCHEMA: Final = 5
_COMMANDS: Final[dict[str, type[Entry]]] = {"Entry": Entry, "Order": Order}


@runtime_checkable
class Remembering(Protocol):
    """A script with a memory of its own: it must come along."""

    def snapshot(self) -> State:
        """Its state as JSON values."""
        ...

    def restore(self, state: State) -> None:
        """Take the state up again."""
        ...


def snapshot(trader: Trader, exchange: Exchange | None = None) -> State:
    """Everything that decides what happens next; `json` writes and reads it without loss.

    Raises InvalidInput for a simulated venue of ticks.
    """
    if isinstance(exchange, TickExchange):
        expected = "a venue of bars: what is underway to one of ticks is not kept"
        raise InvalidInput("snapshot.exchange", type(exchange).__name__, expected)
    script = trader.script
    return {
        "schema": SCHEMA,
        "account": _account(trader.account),
        "namer": asdict(trader.namer),
        "waiting": [_named(one) for one in trader.entries.waiting.values()],
        "standing": [asdict(one) for one in trader.exits.standing.values()],
        "legs": [[list(key), asdict(leg)] for key, leg in trader.exits.legs.items()],
        "guard": {name: getattr(trader.guard, name) for name in _GUARD} if trader.guard else None,
        "day": {"day": trader.day.day, "before": trader.day.before} if trader.day else None,
        "closings": {name: list(one) for name, one in trader.exits.closings.items()},
        "resting": [asdict(one) for one in trader.brackets.resting.values()],
        "ladder": _ladder(trader.ladders.now),
        "script": script.snapshot() if isinstance(script, Remembering) else None,
        "exchange": None if exchange is None else _exchange(exchange),
    }


def restore(state: State, trader: Trader, exchange: Exchange | None = None) -> None:
    """Put a fresh trader, and its simulated venue, where the snapshot was taken.

    Raises InvalidInput for a snapshot of another schema, or without the venue that is asked for.
    """
    if state.get("schema") != SCHEMA:
        raise InvalidInput("snapshot.schema", state.get("schema"), f"{SCHEMA}")
    _restore_account(state["account"], trader.account)
    for name, value in state["namer"].items():
        setattr(trader.namer, name, value)
    _restore_entries(state["waiting"], trader.entries)
    _restore_exits(state, trader.exits)
    trader.brackets.resting = {row["lot_number"]: _resting_from(row) for row in state["resting"]}
    trader.ladders.now = _restore_ladder(state["ladder"])
    if trader.guard is not None:
        for name in _GUARD:
            setattr(trader.guard, name, state["guard"][name])
    if trader.day is not None:
        trader.day.day, trader.day.before = state["day"]["day"], state["day"]["before"]
    if isinstance(trader.script, Remembering):
        trader.script.restore(state["script"])
    if exchange is not None:
        if state["exchange"] is None:
            raise InvalidInput("snapshot.exchange", None, "the state of a simulated venue")
        _restore_exchange(state["exchange"], exchange)


def _resting_from(row: State) -> Resting:
    kept = {"bracket": bracket_from(row["bracket"]), "levels": Levels(**row["levels"])}
    return Resting(**{**row, **kept})


def _account(account: Account) -> State:
    return {
        "cash": account.cash,
        "rate": account.rate,
        "record": asdict(account.record),
        **{name: getattr(account, name) for name in _COUNTED},
        "entered": [asdict(lot) for lot in account.entered],
        "open": [lot.number for lot in account.lots],
        "trades": [asdict(trade) for trade in account.trades],
        "fills": [asdict(fill) for fill in account.fills],
        "refusals": [asdict(refused) for refused in account.refusals],
        "wallet": None if account.wallet is None else asdict(account.wallet),
    }


def _restore_account(state: State, account: Account) -> None:
    account.cash = state["cash"]
    for name in _COUNTED:
        setattr(account, name, state[name])
    account.convert(state["rate"])
    for name, value in state["record"].items():
        setattr(account.record, name, value)
    account.entered = [Lot(**lot) for lot in state["entered"]]
    account.lots = [lot for lot in account.entered if lot.number in state["open"]]
    account.trades = [Trade(**trade) for trade in state["trades"]]
    account.fills = [Fill(**fill) for fill in state["fills"]]
    account.refusals = [Refused(**refused) for refused in state["refusals"]]
    account.wallet = None if state["wallet"] is None else Wallet(**state["wallet"])


def _named(waiting: Waiting) -> State:
    return {**asdict(waiting), "type": type(waiting.command).__name__}


def _restore_entries(rows: list[State], desk: EntryDesk) -> None:
    desk.waiting = {}
    for row in rows:
        said = _said(row["command"])
        if said["otherwise"] is not None:
            said["otherwise"] = CloseAll(**said["otherwise"])
        command = _COMMANDS[row["type"]](**said)
        rest = {name: row[name] for name in _WAITING}
        desk.waiting[command.id] = Waiting(command, **rest)


def _said(command: State) -> State:
    bracket, ladder = bracket_from(command["bracket"]), ladder_from(command["ladder"])
    return {**command, "bracket": bracket, "ladder": ladder}


def _ladder(now: Anchored | None) -> State | None:
    return None if now is None else asdict(now)


def _restore_ladder(state: State | None) -> Anchored | None:
    if state is None:
        return None
    # What would have been ordered in place of its first entry is no matter any more.
    said = {**_said(state["command"]), "otherwise": None}
    return Anchored(**{**state, "command": Entry(**said)})


def _restore_exits(state: State, desk: ExitDesk) -> None:
    desk.standing = {}
    for row in state["standing"]:
        command = Exit(**row["command"])
        key = command.id, command.from_entry
        desk.standing[key] = Standing(command, row["only_side"], row["sequence"])
    desk.legs = {(key[0], key[1], key[2]): Leg(**leg) for key, leg in state["legs"]}
    desk.closings = {
        name: Closing(tuple(lots), signal, Reason(reason), *rest)
        for name, (lots, signal, reason, *rest) in state["closings"].items()
    }


def _exchange(exchange: Exchange) -> State:
    return {
        "working": [asdict(one) for one in exchange.working.values()],
        **{name: getattr(exchange, name) for name in _POSITION},
    }


def _restore_exchange(state: State, exchange: Exchange) -> None:
    exchange.working = {}
    for row in state["working"]:
        order = dict(row["order"])
        queue, *places = order["rank"]
        order["rank"] = Rank(Queue(queue), *places)
        if order["sized_by_stop"] is not None:
            order["sized_by_stop"] = Level(**order["sized_by_stop"])
        rest = {one.name: row[one.name] for one in fields(Working) if one.name != "order"}
        exchange.working[order["order_id"]] = Working(Place(**order), **rest)
    for name in _POSITION:
        setattr(exchange, name, state[name])


# Where the venue stands on the path.
_POSITION: Final = ("here", "moment", "called_in", "bar", "mark", "orders_filled", "opened")
_COUNTED: Final = ("entries", "orders", "flat_bar", "loss_bar")
_WAITING: Final = (
    "side",
    "order_id",
    "units",
    "against",
    "sequence",
    "turn",
    "flips",
    "equity",
    "safety",
)
_GUARD: Final = (
    "day",
    "orders",
    "day_equity",
    "losing_days",
    "trades_before",
    "full_day",
    "lost_day",
    "stopped",
)
