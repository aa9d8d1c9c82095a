"""Check stored ONNX models for forbidden parts before ONNX Runtime sees them.

This walks over the wire format of protobuf. It reads what every protobuf reader would read, in any order of the fields.
Where readers differ, it is stricter.
"""

from __future__ import annotations

from collections.abc import Iterator

from tlgan_runtime.errors import BundleDamagedError
from tlgan_runtime.messages import shown

MAX_DEPTH = 50
"""Largest depth of messages within messages. protobuf stops at 100. A subgraph takes three, and exports have none."""
MAX_FIELDS = 1_000_000
"""Largest number of fields in all messages together. The largest shipped graph has 4,000."""

# Field numbers of onnx.proto: the messages that contain tensors, and the fields that are refused or compared.
_MESSAGES = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute", 7: "domain"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {2: "data_type", 9: "raw_data", 13: "external_data", 14: "data_location"},
}
_NUMBERS = ("data_type", "data_location")
# Fields with a single tensor. If there are two, readers merge them into one that was never checked.
_ONCE = {("attribute", 5), ("sparse", 1), ("sparse", 2)}
# Bytes of an element by data type. Other types have one byte or less.
_WIDTHS = {1: 4, 4: 2, 5: 2, 6: 4, 7: 8, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2}
_STANDARD_DOMAINS = (b"", b"ai.onnx")
_VARINT, _EIGHT_BYTES, _BYTES, _GROUP, _END_OF_GROUP, _FOUR_BYTES = range(6)


def check_model(content: bytes, name: str) -> None:
    """Raise `BundleDamagedError` for data that is no model, or a model that needs other files or special operators.

    Special operators are those that are not part of ONNX. Messages call the model `name`. An accepted model may still
    fail to run.
    """
    if content[4:8] == b"ORTM":
        raise BundleDamagedError(f"{name} is in ONNX Runtime's own format; bundles hold ONNX models")
    count = 0
    waiting = [("model", 0, len(content), 0)]
    while waiting:
        message, start, end, depth = waiting.pop()
        known = _MESSAGES[message]
        found: dict[int, tuple[int, int]] = {}
        try:
            for number, wire_type, first, behind in _fields(content, start, end):
                count += 1
                if count > MAX_FIELDS or depth > MAX_DEPTH:
                    raise ValueError(f"it has over {MAX_FIELDS} parts, or some that are over {MAX_DEPTH} deep")
                kind = known.get(number)
                # Readers skip a field whose type on the wire does not match its number.
                if kind is None or (wire_type == _VARINT) != (kind in _NUMBERS):
                    continue
                if number in found and (message, number) in _ONCE:
                    raise ValueError("a value in it is there twice")
                found[number] = first, behind
                if kind in _MESSAGES:
                    waiting.append((kind, first, behind, depth + 1))
                elif kind not in ("data_type", "raw_data"):
                    _refuse(kind, content[first:behind], name)
            if message == "tensor" and 9 in found:
                _check_width(content, *found.get(2, (0, 0)), found[9][1] - found[9][0])
        except BundleDamagedError:
            raise
        except (ValueError, IndexError) as error:
            raise BundleDamagedError(f"{name} is not an ONNX model: {error}") from None


def _check_width(content: bytes, first: int, behind: int, length: int) -> None:
    """Raise `ValueError` for raw data that end within an element. ONNX Runtime 1.20 reads and writes beyond them."""
    data_type = _varint(content, first, 10)[0] & 0xFFFFFFFF if first < behind else 0
    if length % _WIDTHS.get(data_type, 1):
        raise ValueError(f"{length} bytes of weights are no whole number of elements of type {data_type}")


def _refuse(kind: str, value: bytes, name: str) -> None:
    if kind == "external_data" or (kind == "data_location" and value.strip(b"\x00\x80")):  # the number is not 0
        raise BundleDamagedError(f"{name} keeps weights in another file; export it as one file (external_data=False)")
    if kind == "function":
        raise BundleDamagedError(f"{name} defines its own operators; bundles may only hold those of ONNX")
    if kind == "domain" and value not in _STANDARD_DOMAINS:
        raise BundleDamagedError(
            f"{name} has operators of {shown(value.decode(errors='replace'))}; bundles may only hold those of ONNX"
        )


def _fields(content: bytes, place: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield number, wire type, start and end of the value, for fields of a message from `place` to `end`.

    Only varints and bytes outside of groups are included, because no other ones matter in ONNX. Raises `ValueError` or
    `IndexError` if the data are no message.
    """
    groups: list[int] = []
    while place < end:
        tag, place = _varint(content, place, 5)
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number < 2**29:
            raise ValueError(f"a field has the number {number}")
        first = place
        if wire_type == _VARINT:
            _, place = _varint(content, place, 10)
        elif wire_type == _BYTES:
            length, first = _varint(content, place, 5)
            place = first + length
        elif wire_type in (_EIGHT_BYTES, _FOUR_BYTES):
            place += 8 if wire_type == _EIGHT_BYTES else 4
        elif wire_type == _GROUP:
            groups.append(number)
        elif wire_type != _END_OF_GROUP or not groups or groups.pop() != number:
            raise ValueError(f"a field has the type {wire_type}")
        if place > end:
            raise ValueError("it ends in the middle of a field")
        if wire_type in (_VARINT, _BYTES) and not groups:
            yield number, wire_type, first, place
    if groups:
        raise ValueError("it ends in the middle of a group")


def _varint(content: bytes, place: int, longest: int) -> tuple[int, int]:
    """Return the number at `place`, of at most `longest` bytes, and the place after it."""
    value = content[place]
    place += 1
    if value < 0x80:
        return value, place
    value &= 0x7F
    for shift in range(7, 7 * longest, 7):
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError(f"a number has over {longest} bytes")
