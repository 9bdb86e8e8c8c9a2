"""The one exception tree of Kelisim."""


class KelisimError(Exception):
    """Something that the user can mend; the message says what was wrong, where, and what to do.

    The command line prints the message and exits with status 1; the server answers with it.
    """
