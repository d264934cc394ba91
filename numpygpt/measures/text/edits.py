"""How far a decoded text is from its source."""

MAX_CHARS = 50_000  # of each pair of texts that is compared


def edit_rate(decoded: str, source: str) -> float:
    """Levenshtein distance between the two texts over the characters of the source.

    Where both have the same number of lines they are compared line by line: an upper bound, which is reached when
    no line break moved. Otherwise they are compared as they stand. The time grows with the product of two lengths:
    of each pair the first 50,000 characters count, and no more pairs than take as long as one of that length.
    """
    if decoded == source:
        return 0.0
    lines, wanted = decoded.split("\n"), source.split("\n")
    if len(lines) != len(wanted):
        lines, wanted = [decoded], [source]
    distance, compared, work = 0, -1, 0  # no line break before the first line
    for a, b in zip(lines, wanted, strict=True):
        a, b = a[:MAX_CHARS], b[:MAX_CHARS]
        work += len(a) * len(b) * (a != b)
        if work > MAX_CHARS**2:
            break
        distance += edit_distance(a, b)
        compared += 1 + len(b)
    return distance / max(compared, 1)


def edit_distance(a: str, b: str) -> int:
    """Fewest insertions, deletions and replacements of characters that turn a into b.

    A whole column of the table of distances is held in the bits of two integers, those of its steps that go up and
    those that go down (Myers 1999, "A fast bit-vector algorithm", as simplified by Hyyrö 2001).
    """
    if a == b:
        return 0
    if not a or not b:
        return len(a) or len(b)
    where: dict[str, int] = {}
    for row, character in enumerate(a):
        where[character] = where.get(character, 0) | 1 << row
    mask, last = (1 << len(a)) - 1, 1 << (len(a) - 1)
    up, down, distance = mask, 0, len(a)
    for character in b:
        equal = where.get(character, 0)
        # Rows whose distance equals the one diagonally above.
        diagonal = (((equal & up) + up) ^ up) | equal | down
        right_up = down | ~(diagonal | up)
        right_down = up & diagonal
        distance += bool(right_up & last) - bool(right_down & last)
        right_up, right_down = right_up << 1 | 1, right_down << 1
        up = (right_down | ~(diagonal | right_up)) & mask
        down = right_up & diagonal & mask
    return distance
