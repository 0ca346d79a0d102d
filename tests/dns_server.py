"""A real DNS server on a port of this machine, by UDP and TCP; it answers as it is told.

``with DnsServer() as server:`` runs one in threads of its own; the product is given
``DNS_RESOLVER=server.address``.
"""

import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

#: RFC 1035 §4.2.1, without EDNS.
_UDP_MAX_BYTES = 512
_MESSAGE_MAX_BYTES = 65535
_TTL_S = 60
_PORTS_TRIED = 50

_Serve = Callable[["DnsServer", socketserver.BaseRequestHandler], None]


@dataclass
class DnsServer:
    """What the world says about names; names are without a dot at their end.

    Attributes:
        texts: by name, one entry a TXT record, each a list of strings of up to 255 bytes.
        aliases: by name, what its CNAME leads to; the answer carries both.
        codes: by name, the response code instead of an answer.
        silent: names that are never answered.
        garbage: names that are answered by bytes which are no DNS message.
        asked: how often each name was asked for, by transport: ("udp", name).
    """

    texts: dict[str, list[list[bytes]]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dns.rcode.Rcode] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    garbage: set[str] = field(default_factory=set)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        """Start."""
        self._udp, self._tcp = self._on_one_port()
        self.address = f"127.0.0.1:{self._udp.server_address[1]}"
        self._threads = [
            threading.Thread(target=each.serve_forever, args=(0.02,), daemon=True)
            for each in (self._udp, self._tcp)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        for each in (self._udp, self._tcp):
            each.shutdown()
            each.server_close()
        for thread in self._threads:
            thread.join()

    def say(self, name: str, *texts: str) -> None:
        """Let a name have these TXT records."""
        self.texts[name] = [[text.encode()] for text in texts]

    def answer(self, wire: bytes, transport: str) -> bytes | None:
        """The answer to a query, None for silence."""
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked[(transport, name)] += 1
        if name in self.silent:
            return None
        if name in self.garbage:
            return wire[:2] + b"\xff" * 40
        answer = dns.message.make_response(query, recursion_available=True)
        if name in self.codes:
            answer.set_rcode(self.codes[name])
            return answer.to_wire()
        target = self.aliases.get(name, name)
        if target != name:
            alias = dns.rrset.from_text(f"{name}.", _TTL_S, "IN", "CNAME", f"{target}.")
            answer.answer.append(alias)
        if target not in self.texts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT and self.texts[target]:
            answer.answer.append(_texts(target, self.texts[target]))
        whole = answer.to_wire(max_size=_MESSAGE_MAX_BYTES)
        if transport == "udp" and len(whole) > _UDP_MAX_BYTES:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
            return answer.to_wire()
        return whole

    def _on_one_port(self) -> tuple[socketserver.UDPServer, socketserver.TCPServer]:
        for _ in range(_PORTS_TRIED):
            udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), self._handler(_by_udp))
            try:
                return udp, socketserver.ThreadingTCPServer(
                    udp.server_address[:2], self._handler(_by_tcp)
                )
            except OSError:
                # Somebody else has the port by TCP.
                udp.server_close()
        raise AssertionError("no port is free by UDP and TCP")

    def _handler(self, serve: _Serve) -> type[socketserver.BaseRequestHandler]:
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                serve(server, self)

        return Handler


def _texts(name: str, texts: list[list[bytes]]) -> dns.rrset.RRset:
    found = dns.rrset.RRset(dns.name.from_text(f"{name}."), dns.rdataclass.IN, dns.rdatatype.TXT)
    for strings in texts:
        wire = b"".join(bytes([len(each)]) + each for each in strings)
        record = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.TXT, wire, 0, len(wire))
        found.add(record, _TTL_S)
    return found


def _by_udp(server: DnsServer, handler: socketserver.BaseRequestHandler) -> None:
    wire, here = handler.request
    answer = server.answer(wire, "udp")
    if answer is not None:
        here.sendto(answer, handler.client_address)


def _by_tcp(server: DnsServer, handler: socketserver.BaseRequestHandler) -> None:
    client: socket.socket = handler.request
    (length,) = struct.unpack("!H", client.recv(2, socket.MSG_WAITALL))
    answer = server.answer(client.recv(length, socket.MSG_WAITALL), "tcp")
    if answer is not None:
        client.sendall(struct.pack("!H", len(answer)) + answer)
