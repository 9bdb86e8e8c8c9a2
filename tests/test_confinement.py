"""What keeps a worker within its bounds."""

import os
import subprocess
import sys

FORKED = """
import os
from kg.confinement import Sharing

pages = bytearray(os.urandom(1) * (200 << 20))
child = os.fork()
if child == 0:
    sharing = Sharing(50 << 20)
    seen = [sharing.is_lost(), sum(pages[::4096]) >= 0 and sharing.is_lost()]
    for start in range(0, len(pages), 10 << 20):
        pages[start : start + (10 << 20) : 4096] = bytes(2560)
        seen.append(sharing.is_lost())
    print(seen.index(True) - 2)
    os._exit(0)
os.waitpid(child, 0)
"""


def test_what_a_process_shares_no_more_is_counted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert 4 <= int(done.stdout) <= 7, "pages written, in tens of mebibytes"
