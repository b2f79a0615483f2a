"""Close codes."""

from realtime import closes


def test_the_range_tells_whether_to_come_back() -> None:
    """Codes below 4500 invite back, codes from 4500 on are final."""
    again = {
        closes.RESTART,
        closes.TOKEN_EXPIRED,
        closes.SLOW,
        closes.POSITION_LOST,
        closes.LIMITED,
        closes.SILENT,
    }
    final = {closes.NOT_ALLOWED, closes.FORBIDDEN, closes.BANNED, closes.PROTOCOL_ERROR}
    assert not any(close.final for close in again)
    assert all(close.final for close in final)


def test_the_list_is_whole() -> None:
    """Every close of the module is in the list, under its own code."""
    named = [value for value in vars(closes).values() if isinstance(value, closes.Close)]
    assert sorted(named, key=lambda c: c.code) == sorted(closes.ALL.values(), key=lambda c: c.code)
    assert all(code == close.code for code, close in closes.ALL.items())


def test_reasons_fit_a_close_frame() -> None:
    """Every reason fits into the 123 bytes of RFC 6455."""
    assert all(len(close.reason.encode()) <= 123 for close in closes.ALL.values())


def test_unlisted_codes_are_kept() -> None:
    """A code that is not in the list is what the peer said."""
    assert closes.of(4008) is closes.SLOW
    assert closes.of(3000, "odd") == closes.Close(3000, "odd")
