"""An answer as bytes: what is taken for one, in whatever pieces it comes, and what is refused."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazy_jobs_server.outbound.reading import (
    BROKEN,
    CHUNK_BYTES,
    MAX_CHUNKS,
    MAX_HEAD_BYTES,
    AnswerReader,
    TunnelReader,
)
from blazy_jobs_server.ports.outbound import (
    Answer,
    AnswerEncoded,
    AnswerTooLarge,
    HeadTooLarge,
    ProtocolBroken,
    SendFailed,
)

MOST = 1000
OK = b"HTTP/1.1 200 OK\r\n"
OOPS = b"HTTP/1.1 500 Oops\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def read(pieces: Iterable[bytes], *, ended: bool = False, most: int = MOST) -> AnswerReader:
    """Until the answer is there, and what is left of the pieces as well. Raises SendFailed."""
    reader = AnswerReader(most)
    for piece in pieces:
        reader.feed(piece)
    if ended and reader.answer is None:
        reader.end(cleanly=True)
    return reader


def in_bytes(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


GOOD = {
    "with a length": (OK + b"Content-Length: 2\r\n\r\n{}", b"{}", True),
    "without a reason": (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}", b"{}", True),
    "in chunks": (OK + CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"{}", True),
    "in chunks with extensions": (OK + CHUNKED + b'2;a;b=c;d="e"\r\n{}\r\n0;f\r\n\r\n', b"{}", True),
    "with trailers": (OK + CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\nContent-Encoding: gzip\r\n\r\n", b"{}", True),
    "to the end": (OK + b"\r\n{}", b"{}", False),
    "of nothing to the end": (OK + b"\r\n", b"", False),
    "of HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}", False),
    "of HTTP/1.0, kept": (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}", b"{}", True),
    "that closes": (OK + b"Connection: x, Close\r\nContent-Length: 2\r\n\r\n{}", b"{}", False),
    "with an empty header": (OK + b"X:\r\nY: \t \r\nContent-Length: 2 \r\n\r\n{}", b"{}", True),
    "after interim ones": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 H\r\nX: 1\r\n\r\n" + OK + CHUNKED + b"0\r\n\r\n",
        b"",
        True,
    ),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "204 with a length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", b"", True),
    "304 with a length": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"", False),
    "204 in chunks": (b"HTTP/1.1 204 No Content\r\n" + CHUNKED, b"", False),
    "that offers an upgrade": (OK + b"Upgrade: x\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\n{}", b"{}", True),
}


@pytest.mark.parametrize(("data", "body", "keep"), GOOD.values(), ids=GOOD)
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(data: bytes, body: bytes, keep: bool) -> None:
    for pieces in ([data], in_bytes(data), *([data[:i], data[i:]] for i in range(1, len(data)))):
        reader = read(pieces, ended=True)
        assert reader.answer is not None
        assert (reader.answer.body, reader.keep) == (body, keep)
        assert "x" not in reader.answer.headers or reader.answer.headers["x"] == ""


REFUSED = {
    "another protocol": b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "yet another": b"ICE/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "an empty line before it": b"\r\n" + OK + b"Content-Length: 0\r\n\r\n",
    "another version": b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/0.9 after an interim answer": b"HTTP/1.1 100 C\r\n\r\nHTTP/0.9 200 OK\r\n\r\n",
    "status 0": b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "a reason with NUL": b"HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "a switch without a name": b"HTTP/1.1 101 Switching\r\n\r\n",
    "an interim answer with a length": b"HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\nhello" + OK + b"\r\n",
    "an interim answer in chunks": b"HTTP/1.1 100 C\r\n" + CHUNKED + b"0\r\n\r\n" + OK + b"\r\n",
    "one length twice": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": OK + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": OK + b"Content-Length: +2\r\n\r\n{}",
    "no length": OK + b"Content-Length:\r\n\r\n",
    "a length beyond all": OK + b"Content-Length: 18446744073709551618\r\n\r\n{}",
    "a length after chunked": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a length in a trailer": OK + CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    "chunked twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + CHUNKED + b"0\r\n\r\n",
    "another coding": OK + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "the coding identity": OK + b"Transfer-Encoding: identity\r\n\r\n{}",
    "a coding before chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "no coding": OK + b"Transfer-Encoding:\r\nContent-Length: 2\r\n\r\n{}",
    "a folded line": OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a folded coding": OK + b"Content-Encoding:\r\n gzip\r\nContent-Length: 0\r\n\r\n",
    "lines that end with LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "one line that ends with LF": OK + b"X: y\nContent-Length: 0\r\n\r\n",
    "a line that ends with CR": OK + b"X: y\rContent-Length: 0\r\n\r\n",
    "a chunk's line that ends with LF": OK + CHUNKED + b"2\n{}\r\n0\r\n\r\n",
    "an extension with LF": OK + CHUNKED + b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "a blank after a chunk's size": OK + CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
    "a chunk that is longer than it says": OK + CHUNKED + b"2\r\n{}x\r\n0\r\n\r\n",
    "a chunk of a size with 0x": OK + CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a blank before a header": OK + b" X: y\r\nContent-Length: 0\r\n\r\n",
    "a blank in a name": OK + b"X y: z\r\nContent-Length: 0\r\n\r\n",
    "a name beyond ASCII": OK + b"X\xe9: y\r\nContent-Length: 0\r\n\r\n",
    "a control character": OK + b"X: a\x01b\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(data: bytes) -> None:
    for pieces in ([data], in_bytes(data)):
        with pytest.raises(ProtocolBroken, match=BROKEN):
            read(pieces, ended=True)


@pytest.mark.parametrize("after", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"\0"])
@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 2\r\n\r\n{}",
        OK + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}",
        OK + CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",
    ],
)
def test_nothing_follows_an_answer_after_which_more_came(data: bytes, after: bytes) -> None:
    for pieces in ([data + after], [data, after], in_bytes(data + after)):
        reader = read(pieces)
        assert reader.answer is not None
        assert (reader.answer.body, reader.keep) == (b"{}", False)


def test_an_answer_that_its_connection_cut_off_is_broken() -> None:
    for data in (b"", OK, OK + b"Content-Length: 3\r\n\r\n{}", OK + CHUNKED + b"2\r\n{}\r\n"):
        with pytest.raises(ProtocolBroken):
            read([data], ended=True)
    reader = read([OK + b"\r\n{}"])
    with pytest.raises(ProtocolBroken):
        reader.end(cleanly=False)


def test_values_of_a_header_that_came_several_times_are_joined() -> None:
    found = read([OK + b"X: 1\r\nY: \t2 \r\nx: 3\r\nContent-Length: 0\r\nX: \xe9\r\n\r\n"]).answer
    assert found == Answer(200, {"x": "1, 3, \xe9", "y": "2", "content-length": "0"}, b"")


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100])
def test_a_head_has_its_limit_to_the_byte(before: bytes) -> None:
    rest = MAX_HEAD_BYTES - len(before + OK + b"Content-Length: 2\r\nX: \r\n\r\n")
    for size in (rest, rest + 1):
        data = before + OK + b"Content-Length: 2\r\nX: " + b"x" * size + b"\r\n\r\n{}"
        for pieces in ([data], [data[:1000], data[1000:]]):
            if size == rest:
                assert read(pieces).keep
            else:
                with pytest.raises(HeadTooLarge):
                    read(pieces)


@pytest.mark.parametrize(
    ("repeated", "last"),
    [(b"1;" + b"x" * 1000 + b"\r\nx\r\n", b"0\r\n\r\n"), (b"", b"0\r\n" + b"X: y\r\n" * 12_000 + b"\r\n")],
    ids=["extensions", "trailers"],
)
def test_extensions_and_trailers_count_to_the_head(repeated: bytes, last: bytes) -> None:
    for status in (OK, OOPS):
        data = status + CHUNKED + repeated * 100 + last
        pieces = [data[i : i + 1000] for i in range(0, len(data), 1000)]
        if status == OK:
            with pytest.raises(AnswerTooLarge):
                read(pieces)
        else:
            reader = read(pieces)
            assert reader.answer is not None
            assert (reader.answer.status, reader.answer.body, reader.keep) == (500, b"", False)


def test_small_chunks_are_read_up_to_their_number() -> None:
    chunk = b"000000001\r\nx\r\n"
    assert len(chunk) - 1 < CHUNK_BYTES
    data = OK + CHUNKED + chunk * (MAX_CHUNKS - 1) + b"0\r\n\r\n"
    assert read([data[i : i + 4000] for i in range(0, len(data), 4000)], most=MAX_CHUNKS).keep
    with pytest.raises(AnswerTooLarge):
        read([OK + CHUNKED, chunk * (MAX_CHUNKS + 1)], most=2 * MAX_CHUNKS)


@pytest.mark.parametrize(
    "body", [b"Content-Length: 1001\r\n\r\n", CHUNKED + b"3e9\r\n" + b"x" * 1001, b"\r\n" + b"x" * 1001]
)
def test_a_body_beyond_its_limit_is_not_read_to_its_end(body: bytes) -> None:
    with pytest.raises(AnswerTooLarge):
        read([OK + body])
    reader = read([OOPS + body, b"x" * 1000])
    assert reader.answer is not None
    assert (reader.answer.status, reader.answer.body, reader.keep) == (500, b"", False)


def test_an_encoded_body_is_not_read() -> None:
    with pytest.raises(AnswerEncoded):
        read([OK + b"Content-Encoding: gzip\r\n\r\n"])
    with pytest.raises(AnswerEncoded):
        read([OK + b"Content-Encoding: identity\r\nContent-Encoding: br\r\n\r\n"])
    reader = read([OOPS + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n", b"abc"])
    assert (reader.answer, reader.keep) == (
        Answer(500, {"content-encoding": "gzip", "content-length": "3"}, b""),
        False,
    )


@pytest.mark.parametrize(
    ("data", "status", "keep"),
    [
        (b"HTTP/1.1 200 Connected\r\n\r\n", 200, True),
        (b"HTTP/1.0 200 Connected\r\nConnection: close\r\n\r\n", 200, True),
        (b"HTTP/1.1 200 Connected\r\nContent-Length: 5\r\n\r\n", 200, True),
        (b"HTTP/1.1 200 Connected\r\nTransfer-Encoding: gzip\r\n\r\n", 200, True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Connected\r\n\r\n", 200, True),
        (b"HTTP/1.1 200 Connected\r\n\r\nx", 200, False),
        (b"HTTP/1.1 200 Connected\r\n\r\n\r\n", 200, False),
        (b"HTTP/1.1 200 Connected\r\nContent-Length: 5\r\n\r\nhello", 200, False),
        (b"HTTP/1.1 200 Connected\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200, False),
        (b"HTTP/1.1 200 Connected\r\nTransfer-Encoding: chunked\r\n\r\n5", 200, False),
        (b"HTTP/1.1 407 Authenticate\r\nContent-Length: 5\r\n\r\nhello", 407, False),
    ],
)
def test_a_tunnel_begins_where_the_head_of_its_answer_ends(data: bytes, status: int, keep: bool) -> None:
    for pieces in ([data], in_bytes(data)):
        reader = TunnelReader()
        for piece in pieces:
            reader.feed(piece)
        assert reader.answer is not None
        assert (reader.answer.status, reader.answer.body, reader.keep) == (status, b"", keep)


# -- beside another reader

LINES = st.sampled_from(
    [
        *(
            b"Content-Length: 0",
            b"Content-Length: 2",
            b"content-length: 02",
            b"Content-Length: 2, 2",
            b"Content-Length: ",
        ),
        *(
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: CHUNKED ",
            b"Transfer-Encoding: gzip",
            b"X: y",
            b"x:\tz ",
        ),
        *(b"Connection: close", b"Connection: keep-alive", b"Connection: upgrade", b"Upgrade: h2c", b"X : y", b" X: y"),
    ]
)
STATUS_LINES = st.sampled_from(
    [
        *(
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 200 ",
            b"HTTP/1.1 204 No",
            b"HTTP/1.1 304 N",
            b"HTTP/1.1 500 O",
            b"HTTP/1.0 200 OK",
        ),
        *(
            b"HTTP/1.1 100 C",
            b"HTTP/1.1 101 S",
            b"HTTP/1.1 103 E",
            b"HTTP/1.1 205 R",
            b"HTTP/1.2 200 OK",
            b"HTTP/1.1 20 O",
        ),
    ]
)
ENDS = st.sampled_from([b"\r\n"] * 20 + [b"\n", b"\r", b"\r\n "])
BODIES = st.sampled_from(
    [
        *(b"", b"{}", b"2\r\n{}\r\n0\r\n\r\n", b"2;a=b\r\n{}\r\n0\r\nX: t\r\n\r\n", b"0\r\n\r\n", b"2\n{}\n0\n\n"),
        *(
            b"{}\r\n",
            b"{}HTTP/1.1 200 OK\r\n\r\n",
            b"2\r\n{}x\r\n0\r\n\r\n",
            b"02\r\n{}\r\n000\r\n\r\n",
            b"-2\r\n{}\r\n0\r\n\r\n",
        ),
    ]
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    lines = [draw(STATUS_LINES), *draw(st.lists(LINES, max_size=4))]
    return b"".join(line + draw(ENDS) for line in lines) + draw(ENDS) + draw(BODIES)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(messages(), min_size=1, max_size=3).map(b"".join), st.lists(st.integers(0, 200), max_size=5))
def test_whatever_is_taken_for_an_answer_h11_takes_for_the_same(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]
    with contextlib.suppress(SendFailed):
        ours = read(pieces, ended=True)
        assert ours.answer is not None
        status, body, more = by_h11(data)
        assert (ours.answer.status, ours.answer.body) == (status, body)
        assert not (ours.keep and more.strip(b"\r\n"))


def by_h11(data: bytes) -> tuple[int, bytes, bytes]:
    """Status and body of the answer to a POST, and what came after it."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="POST", target="/", headers=[("Host", "x"), ("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    status, body = 0, b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return status, body, connection.trailing_data[0]
        else:
            assert isinstance(event, h11.InformationalResponse)
