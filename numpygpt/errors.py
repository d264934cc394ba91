"""The one exception for mistakes that a user can mend."""


class UserError(ValueError):
    """A bad input: the message is one sentence that names the input and says what to do.

    Entry points print the message and exit with status 2; any other exception is a bug of ours. What a message
    quotes, of a file or of what was typed, may be of any length: `shortened` bounds it.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(shortened(str(message)))


LONGEST = 1000  # characters of a message


def shortened(message: str) -> str:
    """The message; of a long one beginning and end, which say what it is about and what to do."""
    if len(message) <= LONGEST:
        return message
    half = LONGEST // 2 - 4
    return f"{message[:half]} [...] {message[-half:]}"
