"""How does one question travel? pybit's HTTP, one session a thread, its errors sorted."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP

from actors.bybit.errors import BadAnswer, Refused, Throttled, Unreachable, VenueError
from actors.clock import Clock, SystemClock

Question = Literal[
    "get_server_time",
    "get_kline",
    "get_mark_price_kline",
    "get_index_price_kline",
    "get_premium_index_price_kline",
    "get_instruments_info",
    "get_tickers",
    "get_funding_rate_history",
    "get_risk_limit",
]

# Limits per account and per IP address (Bybit, "Error Codes").
_TOO_MANY: Final = frozenset({10006, 10018})
# Time-outs and faults inside the exchange.
_THEIR_FAULT: Final = frozenset({10000, 10016, 429})
_FORBIDDEN: Final = 403
# Bybit lifts an IP ban after ten minutes; a reset time comes as a header otherwise.
_BAN_MS: Final = 600_000
_DEFAULT_WAIT_MS: Final = 1_000
_RESET_HEADER: Final = "X-Bapi-Limit-Reset-Timestamp"
_VENUE_TIME_HEADER: Final = "Timenow"
# pybit would sleep through real time and raise ValueError when a reset time has passed already.
# An empty set would mean its default, so this one holds what no answer has for a code.
_RETRY_NOTHING: Final = frozenset({None})


class Transport:
    """Asks one question at a time and returns the answer's envelope. Thread-safe."""

    def __init__(self, rest_url: str, timeout_s: float = 10.0, clock: Clock | None = None) -> None:
        self._rest_url = rest_url
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._of_thread = threading.local()
        self._sessions: list[HTTP] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of all threads; a later question opens new ones."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
            self._of_thread = threading.local()
        for session in sessions:
            session.client.close()

    def ask(self, question: Question, parameters: Mapping[str, object]) -> dict[str, Any]:
        """The envelope of a successful answer. Raises a VenueError otherwise."""
        ask = getattr(self._session(), question)
        name = f"{self._rest_url} {question}({_text(parameters)})"
        try:
            envelope = ask(**parameters)
        except InvalidRequestError as error:
            raise self._by_code(name, error) from error
        except FailedRequestError as error:
            raise self._by_status(name, error) from error
        except requests.RequestException as error:
            raise Unreachable(f"{name}: {_reason(error)}") from error
        except (AttributeError, KeyError, TypeError) as error:
            # pybit takes for granted that the body is an object with retCode and retMsg.
            raise BadAnswer(f"{name}: the answer is not Bybit's envelope") from error
        if not isinstance(envelope.get("result"), dict):
            raise BadAnswer(f"{name}: the answer has no result")
        return dict(envelope)

    def _session(self) -> HTTP:
        session = getattr(self._of_thread, "session", None)
        if session is None:
            session = HTTP(timeout=self._timeout_s, max_retries=1, retry_codes=set(_RETRY_NOTHING))
            session.endpoint = self._rest_url
            # A proxy or login from the environment leads out, never to this machine.
            session.client.trust_env = not _is_loopback(self._rest_url)
            self._of_thread.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    def _by_code(self, name: str, error: InvalidRequestError) -> VenueError:
        text = f"{name}: {error.message} (code {error.status_code})"
        if error.status_code in _TOO_MANY:
            return Throttled(text, self._reset_ms(error))
        if error.status_code in _THEIR_FAULT:
            return Unreachable(text)
        return Refused(text, error.status_code)

    def _by_status(self, name: str, error: FailedRequestError) -> VenueError:
        status = error.status_code
        if status == requests.codes.conflict:
            # pybit's own status for a body that is no JSON: something else answered.
            return Unreachable(f"{name}: the answer was no JSON")
        text = f"{name}: HTTP {status}"
        if status == _FORBIDDEN:
            reason = f"{text}, too many requests from this address, or a region Bybit refuses"
            return Throttled(reason, self._clock.now_ms() + _BAN_MS)
        if status == requests.codes.too_many_requests:
            return Throttled(text, self._reset_ms(error))
        if status >= requests.codes.server_error:
            return Unreachable(text)
        return Refused(text, status)

    def _reset_ms(self, error: InvalidRequestError | FailedRequestError) -> int:
        """When the limit is lifted, on our clock; the venue's may be minutes off."""
        headers = error.resp_headers or {}
        now_ms = self._clock.now_ms()
        reset_ms = _header_ms(headers, _RESET_HEADER)
        if reset_ms is None:
            return now_ms + _DEFAULT_WAIT_MS
        venue_ms = _header_ms(headers, _VENUE_TIME_HEADER)
        return reset_ms if venue_ms is None else now_ms + reset_ms - venue_ms


def _header_ms(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


def _text(parameters: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return f"the connection broke ({type(error).__name__})"
