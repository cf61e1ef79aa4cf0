"""Power cuts without a plug: the database's files are put back to what was on the disk at their last fsync.

A shim in the server's process (power_cut.c) keeps a shadow of each file that takes over writes at fsync and fdatasync
only. What a real disk may have written of its own accord is not in it: the worst that the kernel may do.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("power_cut.c")


class NoCompiler(Exception):
    """There is no C compiler here, or it cannot build a shared library."""


@dataclass
class PowerCut:
    library: Path
    shadows: Path

    @classmethod
    def prepare(cls, folder: Path) -> PowerCut:
        """Builds the shim. Raises NoCompiler."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise NoCompiler("no C compiler (cc or gcc) on the path")
        folder.mkdir(parents=True, exist_ok=True)
        library = folder / "power_cut.so"
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            raise NoCompiler(f"the compiler failed: {built.stderr[:500]}")
        shadows = folder / "shadows"
        shadows.mkdir(exist_ok=True)
        return cls(library, shadows)

    def env(self) -> dict[str, str]:
        """For the server. Its workers have it too, and no such file."""
        return {"LD_PRELOAD": str(self.library), "POWER_CUT_FOLDER": str(self.shadows)}

    def cut(self, data: Path) -> None:
        """What is left of the database in `data`, whose server has been killed."""
        for name in ("jobs.db", "jobs.db-wal", "jobs.db-shm"):
            (data / name).unlink(missing_ok=True)
            shadow = self.shadows / name
            if shadow.exists():
                shutil.copyfile(shadow, data / name)
