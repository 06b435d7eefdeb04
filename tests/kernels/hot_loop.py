"""What a GPU of generation sm_90 does again and again: the instructions of a kernel's loop over calls, by kind.

An instruction has 16 bytes. The lowest 12 bits are its operation, of which the upper three say where the operands come
from and the lower nine what is done; bits 12 to 15 are the predicate, 7 for always; a branch leads
as many words of four bytes ahead of the next instruction as bits 16 to 23 and, above them, bits 34 to 81 say. These
numbers are nowhere documented: they were compared with NVIDIA's disassembler, instruction by instruction, for the
kernels that are counted here.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

NAMES = {
    0x012: "LOP3", 0x020: "FMUL", 0x021: "FADD", 0x023: "FFMA", 0x024: "IMAD", 0x025: "IMAD.WIDE", 0x029: "DADD",
    0x02B: "DFMA", 0x045: "I2FP", 0x108: "MUFU", 0x110: "F2F", 0x147: "BRA", 0x143: "CALL", 0x144: "CALL",
    0x090: "UIADD3", 0x1A8: "ATOMG",
}  # fmt: skip
"""What is looked for; the rest are comparisons, moves, addresses and loads."""


class Instruction(NamedTuple):
    """One instruction.

    Attributes:
        name: of :data:`NAMES`, or "other".
        form: where its operands come from: 1 from registers, 4 for a constant as the second one.
        constant: what the second operand is, where it is a constant.
        always: whether no predicate decides if it is done.
        target: index of the instruction that a branch leads to.
    """

    name: str
    form: int
    constant: int
    always: bool
    target: int | None


def decoded(body: bytes) -> list[Instruction]:
    """The instructions of a kernel's machine code."""
    found = []
    for at in range(0, len(body), 16):
        word = int.from_bytes(body[at : at + 16], "little")
        name, target = NAMES.get(word & 0x1FF, "other"), None
        if name == "BRA":
            upper = word >> 34 & (1 << 48) - 1
            distance = (upper - (upper >> 47 << 48) << 8) + (word >> 16 & 255)
            target = (at + 16 + 4 * distance) // 16
        form, constant = word >> 9 & 7, word >> 32 & 0xFFFFFFFF
        found.append(Instruction(name, form, constant, word >> 12 & 15 == 7, target))
    return found


def loops(code: list[Instruction]) -> Iterator[tuple[int, int]]:
    """First and last instruction of every loop: a branch that leads back, to itself excepted (what ends a kernel)."""
    for at, one in enumerate(code):
        if one.target is not None and one.target < at:
            yield one.target, at


def hot_loop(body: bytes) -> Counter[str]:
    """The instructions of one turn of the last loop that makes normals, by kind.

    A turn goes straight on, but for what a branch passes over and what holds a loop, a call or an addition to memory
    that others share: the refinement of a tail that one call in 4 million takes, the slow way of a root, or what is
    done with the few scores that are counted.
    """
    code = decoded(body)
    every = list(loops(code))

    def makes_normals(loop: tuple[int, int]) -> bool:
        return sum(one.name == "IMAD.WIDE" for one in code[loop[0] : loop[1]]) > 15

    def holds(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
        return outer != inner and outer[0] <= inner[0] and inner[1] <= outer[1]

    some = [loop for loop in every if makes_normals(loop)]
    start, end = max(loop for loop in some if not any(holds(loop, inner) for inner in some))
    counts, at = Counter(), start
    while at <= end:
        one = code[at]
        counts[one.name] += 1
        target = one.target if one.target is not None and one.target > at else None
        if target is None:
            at += 1
        elif one.always or any(at < first and last < target for first, last in every):
            at = target
        else:
            skipped = any(other.name in ("CALL", "ATOMG") for other in code[at:target])
            at = target if skipped else at + 1
    return counts
