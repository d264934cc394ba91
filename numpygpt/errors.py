"""The one exception for mistakes that a user can mend."""


class UserError(ValueError):
    """A bad input: the message is one sentence that names the input and says what to do.

    Entry points print the message and exit with status 2; any other exception is a bug of ours.
    """
