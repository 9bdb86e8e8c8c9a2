"""Dates of events in words, at the precision of their sources."""

from kg.language.dates import moment_in_words
from kg.views.timelines import Moment
from server.http.languages import language, translate


def when(moment: Moment) -> str:
    """The date of a moment in the page's language; see `kg.language.dates.moment_in_words`."""
    return moment_in_words(moment.first, moment.last, moment.edtf, language(), translate)
