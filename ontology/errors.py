"""The base class of all exceptions of Kelisim."""


class KelisimError(Exception):
    """An error that the user can correct; the message says what was wrong, where, and what to do.

    The command line prints the message and exits with status 1; the server includes it in its response.
    """
