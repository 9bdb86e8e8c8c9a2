"""The grammar of a host with an optional port."""

import re
from typing import Final

HOST: Final = re.compile(r"(?:\[[0-9A-Fa-fv:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?")
"""The value of Host (RFC 9110, section 7.2; RFC 3986, section 3.2.2)."""
