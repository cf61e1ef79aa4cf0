"""Checks the types of the dashboard's modules with TypeScript. Without Node it says so and is content."""

from __future__ import annotations

import subprocess
import sys

from vendor import HERE, MODULES, NotInstalled, install, node_is_there


def main() -> int:
    if not node_is_there():
        sys.stderr.write("Node and npm are not installed: the dashboard's types are not checked\n")
        return 0
    try:
        install(HERE)
    except NotInstalled as error:
        sys.exit(str(error))
    return subprocess.run(
        (str(MODULES / ".bin" / "tsc"), "--project", "tsconfig.json"), cwd=HERE, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
