"""Kernels as programs of this machine: the sources that a GPU would get, compiled as C++20 behind host.cuh."""

import ctypes
import re
import shutil
import subprocess
import threading
from pathlib import Path

SHIM = Path(__file__).with_name("host.cuh")
# Without -march the compiler has no fused instructions: std::fma is then the C library's, which is as exact.
# Names are a library's own, or the shared memory of one kernel would be that of another.
OPTIONS = ("-std=c++20", "-O1", "-ffp-contract=off", "-pthread", "-fno-gnu-unique")
SIGNATURE = re.compile(r'extern "C" __global__ void __launch_bounds__\(LANES, \d\)\s+(\w+)\((.*?)\) \{', re.DOTALL)


def launchers(source: str) -> str:
    """For every kernel of a text a function of the same arguments, behind the number of blocks, that launches it."""
    lines = []
    for name, arguments in SIGNATURE.findall(source):
        names = ", ".join(re.findall(r"(\w+)(?:,|$)", arguments))
        lines += [
            f'extern "C" void launch_{name}(unsigned blocks, {arguments}) {{',
            f"    launch(blocks, LANES, [=] {{ {name}({names}); }});",
            "}",
        ]
    return "\n".join(lines)


class Compiler:
    """g++ in a folder of its own, where the shim is compiled beforehand: its headers take longer than our kernels."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.command = folder, ["g++", *OPTIONS, *options]
        self.libraries: dict[str, ctypes.CDLL] = {}
        self.building: dict[str, threading.Lock] = {}
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(SHIM, folder)
        self._run("-x", "c++-header", str(folder / SHIM.name))

    def _run(self, *arguments: str) -> None:
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def build(self, source: str, stem: str, *options: str) -> Path:
        """Compile a text behind the shim, and with launchers of its kernels."""
        path = self.folder / f"{stem}.cpp"
        path.write_text("\n".join([f'#include "{SHIM.name}"', source, ""]))
        self._run(*options, "-o", str(path.with_suffix("")), str(path))
        return path.with_suffix("")

    def library(self, source: str, stem: str) -> ctypes.CDLL:
        """A text as a library of functions, for a compiler with the option ``-fPIC``; equal texts are built once."""
        with self.building.setdefault(source, threading.Lock()):  # two GPUs are two threads that want one text
            if source not in self.libraries:
                self.libraries[source] = ctypes.CDLL(str(self.build(source + launchers(source), stem, "-shared")))
        return self.libraries[source]
