"""Learning the merges of byte-pair encoding (Sennrich, Haddow and Birch 2016, arXiv:1508.07909, algorithm 1).

Repeat: find the most frequent pair of neighbouring symbols, make it a symbol, replace it everywhere from left
to right. Between equally frequent pairs the one with the smaller ids (left, then right) wins, so the result
depends on the counts alone and not on the order of anything.

Symbols are written as characters: the symbol with id i is `chr(i)`, so a word is a str of symbols, a pair is a
str of length two, `word.replace(pair, symbol)` is the merge, and comparing strings compares ids. Nothing is
counted twice: a merge visits only the words that hold the pair, and there changes only the counts of the
neighbours.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

MAX_SYMBOLS = 0x10FFFF  # how many characters there are, but for the last


def learn_merges(words: Mapping[str, int], first_id: int, max_merges: int, min_freq: int) -> list[str]:
    """The merges in the order they were learned; the k-th pair becomes symbol `first_id + k`.

    words       how often each word occurs, spelled in symbols below `first_id`
    min_freq    pairs that occur less often are not merged
    """
    pairs = PairIndex(words)
    # A heap that is corrected late: an entry whose count has sunk since is put back when it comes up.
    heap = [(-count, pair) for pair, count in pairs.counts.items()]
    heapq.heapify(heap)
    merges: list[str] = []
    while heap and len(merges) < max_merges:
        count, pair = heapq.heappop(heap)
        current = pairs.counts[pair]
        if current < min_freq:
            continue
        if current != -count:
            heapq.heappush(heap, (-current, pair))
            continue
        for created in pairs.merge(pair, chr(first_id + len(merges))):
            heapq.heappush(heap, (-pairs.counts[created], created))
        merges.append(pair)
    return merges


class PairIndex:
    """Words in symbols, the counts of their pairs, and for each pair the words that may hold it."""

    def __init__(self, words: Mapping[str, int]):
        self.words = list(words)
        self.word_counts = list(words.values())
        self.counts: defaultdict[str, int] = defaultdict(int)
        # Word numbers are only ever added: a word that has lost the pair is skipped when its turn comes.
        self.where: defaultdict[str, list[int]] = defaultdict(list)
        for number, (word, count) in enumerate(words.items()):
            for left, right in pairwise(word):
                self.counts[left + right] += count
                self.where[left + right].append(number)

    def merge(self, pair: str, symbol: str) -> set[str]:
        """Replace `pair` by `symbol` in all words; the pairs that came into being, all with `symbol` in them."""
        first, second = pair[0], pair[1]
        created: set[str] = set()
        for number in set(self.where.pop(pair)):
            parts = self.words[number].split(pair)
            self.words[number] = symbol.join(parts)
            last = len(parts) - 1
            neighbours = []  # pairs that go and pairs that come: `..ab part ab..` becomes `..X part X..`
            for i, part in enumerate(parts):
                if part and i > 0:
                    neighbours.append((second + part[0], symbol + part[0]))
                if part and i < last:
                    neighbours.append((part[-1] + first, part[-1] + symbol))
                if not part and 0 < i < last:  # two occurrences in a row: `abab` becomes `XX`
                    neighbours.append((second + first, symbol + symbol))
            for old, new in neighbours:
                self.counts[old] -= self.word_counts[number]
                self.counts[new] += self.word_counts[number]
                self.where[new].append(number)
                created.add(new)
        del self.counts[pair]
        return created
