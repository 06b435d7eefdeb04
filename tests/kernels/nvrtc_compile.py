"""NVIDIA's compiler from its wheel: CUDA text to machine code for any GPU, and what that code takes of one."""

import ctypes
import struct
from typing import NamedTuple

from cuda import pathfinder

REGISTERS, FRAME = 0x2F, 0x11  # attributes of the section .nv.info: pairs of a symbol and a number


NVRTC = ctypes.CDLL(str(pathfinder.load_nvidia_dynamic_lib("nvrtc").abs_path))


class Usage(NamedTuple):
    """What one kernel takes: registers a thread, bytes of stack a thread, instructions in all."""

    registers: int
    stack: int
    instructions: int


def machine_code(source: str, architecture: int, *options: str) -> bytes:
    """The cubin of a text.

    Raises:
        ValueError: the compiler refused it; the message is the compiler's.
    """
    program = ctypes.c_void_p()
    assert NVRTC.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernel.cu", 0, None, None) == 0
    try:
        words = [word.encode() for word in ("--std=c++17", f"--gpu-architecture=sm_{architecture}", *options)]
        if NVRTC.nvrtcCompileProgram(program, len(words), (ctypes.c_char_p * len(words))(*words)):
            raise ValueError(_text(NVRTC.nvrtcGetProgramLogSize, NVRTC.nvrtcGetProgramLog, program).decode())
        return _text(NVRTC.nvrtcGetCUBINSize, NVRTC.nvrtcGetCUBIN, program)
    finally:
        NVRTC.nvrtcDestroyProgram(ctypes.byref(program))


def _text(size_of, get, program) -> bytes:
    size = ctypes.c_size_t()
    assert size_of(program, ctypes.byref(size)) == 0
    buffer = ctypes.create_string_buffer(size.value)
    assert get(program, buffer) == 0
    return buffer.raw


class Section(NamedTuple):
    name: str
    info: int
    body: bytes


def sections(cubin: bytes) -> list[Section]:
    """The sections of an ELF file of 64 bits, little end first."""
    (table,) = struct.unpack_from("<Q", cubin, 0x28)
    size, count, names = struct.unpack_from("<HHH", cubin, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", cubin, table + size * i) for i in range(count)]
    text = cubin[headers[names][4] :]
    return [
        Section(text[h[0] : text.index(b"\0", h[0])].decode(), h[7], cubin[h[4] : h[4] + h[5]] if h[1] != 8 else b"")
        for h in headers
    ]


def usages(cubin: bytes) -> dict[str, Usage]:
    """What each kernel of a cubin takes, by name."""
    found = sections(cubin)
    body = {section.name: section.body for section in found}
    names = []
    for at in range(0, len(body[".symtab"]), 24):
        (start,) = struct.unpack_from("<I", body[".symtab"], at)
        names.append(body[".strtab"][start : body[".strtab"].index(b"\0", start)].decode())
    known: dict[int, dict[str, int]] = {REGISTERS: {}, FRAME: {}}
    info, at = body[".nv.info"], 0
    while at < len(info):
        form, attribute, size = struct.unpack_from("<BBH", info, at)
        at += 4
        if form == 4:
            if attribute in known:
                symbol, number = struct.unpack_from("<II", info, at)
                known[attribute][names[symbol]] = number
            at += size
    return {
        name: Usage(registers, known[FRAME][name], len(body[f".text.{name}"]) // 16)
        for name, registers in known[REGISTERS].items()
        if f".text.{name}" in body
    }


def instructions(cubin: bytes) -> dict[str, bytes]:
    """The machine code of each kernel of a cubin."""
    return {section.name: section.body for section in sections(cubin) if section.name.startswith(".text.")}
