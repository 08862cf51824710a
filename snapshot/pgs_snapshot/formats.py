"""The formats that a schema can ask for: a closed list with one meaning at compile time and at run time.

Laws:
* a format says yes or no to a string, whole; it never changes it;
* only ASCII is accepted, and no format looks at anything outside the string;
* what a format accepts means one thing: no lower-case `t` in a time, no leading zero in a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from types import MappingProxyType

_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_CLOCK = r"T(?:N+H(?:N+M(?:N+S)?)?|N+M(?:N+S)?|N+S)"
_DURATION = rf"P(?:(?:N+Y(?:N+M(?:N+D)?)?|N+M(?:N+D)?|N+D)(?:{_CLOCK})?|{_CLOCK}|N+W)".replace("N+", "[0-9]{1,9}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_HOSTNAME}"
_PCHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_REGNAME = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_USER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@"
_AUTHORITY = rf"//(?:{_USER})?(?:\[[0-9A-Fa-f:.]+\]|{_REGNAME})(?::[0-9]{{0,5}})?(?:/{_PCHAR}*)*"
_PATH = rf"/?(?:{_PCHAR}+(?:/{_PCHAR}*)*)?"
_TAIL = rf"(?:{_PCHAR}|[/?])*"
_URI = rf"(?=.{{1,2048}}\Z)[A-Za-z][A-Za-z0-9+.-]*:(?:{_AUTHORITY}|{_PATH})(?:\?{_TAIL})?(?:#{_TAIL})?"
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_DECIMAL = r"(?=.{1,40}\Z)(?!-0(?:\.0+)?\Z)-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"


def _whole(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _dated(pattern: str) -> Callable[[str], bool]:
    """A pattern whose first three groups are a day of the Gregorian calendar."""
    compiled = re.compile(pattern)

    def check(text: str) -> bool:
        found = compiled.fullmatch(text)
        if found is None:
            return False
        try:
            date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return False
        return True

    return check


def _ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _ipv6(text: str) -> bool:
    try:
        return IPv6Address(text).scope_id is None
    except AddressValueError:
        return False


FORMATS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "date": _dated(_DATE),  # RFC 3339 full-date
        "date-time": _dated(f"{_DATE}T{_TIME}"),  # RFC 3339 date-time without leap seconds, which name no instant
        "decimal": _whole(_DECIMAL),  # a number of any precision as text: `12.50`
        "duration": _whole(_DURATION),  # RFC 3339 appendix A
        "email": _whole(_EMAIL),  # RFC 5321 Mailbox with a dot-string and a host name
        "hostname": _whole(_HOSTNAME),  # RFC 1123 section 2.1
        "ipv4": _ipv4,  # RFC 2673 section 3.2
        "ipv6": _ipv6,  # RFC 4291 section 2.2, without a zone
        "time": _whole(_TIME),  # RFC 3339 full-time
        "uri": _whole(_URI),  # RFC 3986 with a scheme
        "uuid": _whole(_UUID),  # RFC 9562
    }
)
