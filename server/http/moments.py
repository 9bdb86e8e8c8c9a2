"""Dates of events in words, at the precision of their sources."""

from kg.views.timelines import Moment
from server.http.languages import translate
from server.http.wording import day


def when(moment: Moment) -> str:
    """The date of a moment: ``27–28 Nov 2024``, ``about 2013``, ``some time in 1501–1600``, ``not after 21 Nov 2024``.

    EDTF (ISO 8601-2) marks approximate dates with ``~`` and one of a set of days with ``[first..last]``, of which
    one end may be open.
    """
    dates = day(moment.first, moment.last)
    if "~" in moment.edtf or "%" in moment.edtf:
        return translate("about {dates}").format(dates=dates)
    if moment.edtf.startswith("[.."):
        return translate("not after {dates}").format(dates=dates)
    if moment.edtf.endswith("..]"):
        return translate("not before {dates}").format(dates=dates)
    if moment.edtf.startswith("["):
        return translate("some time in {dates}").format(dates=dates)
    return dates
