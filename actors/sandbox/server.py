"""How is the exchange spoken to? Bybit's V5 over HTTP, as an ASGI application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from actors.sandbox.endpoints import ENDPOINTS, Endpoint
from actors.sandbox.exchange import Exchange
from actors.sandbox.faults import (
    Fault,
    Faults,
    Garbled,
    HttpStatus,
    RateLimited,
    Slow,
)
from actors.sandbox.limits import IpLimit
from actors.sandbox.query import Query, Rejected

_RATE_LIMITED = 10006
_NO_ROUTE = 10017


def application(
    exchange: Exchange, faults: Faults | None = None, ip_limit: IpLimit | None = None
) -> Starlette:
    """The exchange as an ASGI application; without `ip_limit` anybody may ask at any rate."""
    gate = _Gate(exchange, faults or Faults(), ip_limit)
    routes = [
        Route(path, gate.endpoint(answer), methods=["GET"]) for path, answer in ENDPOINTS.items()
    ]
    return Starlette(routes=routes, exception_handlers={404: gate.no_route, 405: gate.no_route})


class _Gate:
    """What every request passes: the address' limit, a planted fault, then its endpoint."""

    def __init__(self, exchange: Exchange, faults: Faults, ip_limit: IpLimit | None) -> None:
        self._exchange = exchange
        self._faults = faults
        self._ip_limit = ip_limit

    def endpoint(self, answer: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            address = request.client.host if request.client else ""
            if self._ip_limit is not None and not self._ip_limit.allows(address):
                return self._too_frequent()
            fault = self._faults.strike()
            if isinstance(fault, Slow):
                await asyncio.sleep(fault.seconds)
            elif fault is not None:
                return self._faulty(fault)
            try:
                result = answer(self._exchange, Query(request.query_params, self._exchange))
            except Rejected as rejection:
                return self._envelope(rejection.code, rejection.text)
            return self._envelope(0, "OK", result)

        return handle

    async def no_route(self, request: Request, error: Exception) -> Response:
        return self._envelope(_NO_ROUTE, "Route not found.", status=404)

    def _faulty(self, fault: Fault) -> Response:
        match fault:
            case RateLimited(reset_after_ms):
                reset_ms = self._exchange.now_ms() + reset_after_ms
                headers = {
                    "X-Bapi-Limit": "50",
                    "X-Bapi-Limit-Status": "0",
                    "X-Bapi-Limit-Reset-Timestamp": str(reset_ms),
                }
                text = "Too many visits. Exceeded the API Rate Limit."
                return self._envelope(_RATE_LIMITED, text, headers=headers)
            case HttpStatus(403):
                return self._too_frequent()
            case HttpStatus(status):
                return Response(status_code=status)
            case Garbled(body):
                return Response(body, media_type="text/html")
            case _:
                return _CutResponse()

    def _too_frequent(self) -> Response:
        return self._envelope(403, "access too frequent", status=403)

    def _envelope(
        self,
        code: int,
        text: str,
        result: str = "{}",
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        now_ms = self._exchange.now_ms()
        body = (
            f'{{"retCode": {code}, "retMsg": {json.dumps(text)}, "result": {result}, '
            f'"retExtInfo": {{}}, "time": {now_ms}}}'
        )
        headers = {"Timenow": str(now_ms), **(headers or {})}
        return Response(body, status, headers, "application/json")


class _CutResponse(Response):
    """Promises more than it sends; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"retCode"', "more_body": False})
