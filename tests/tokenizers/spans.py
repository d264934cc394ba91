"""What any tokenizer's spans must hold, and two texts to hold them to."""

import numpy as np

TEXT = "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak. It's 1623!\n" * 8
HARD = "Speak,  SPEAK!\tCafé cafe\u0301 \u4f60\u597d \U0001f600 <unk> <s> \u2581 end \r\n "


def check_spans(tokenizer, text):
    """As Source.check does, and that stretches which are charged begin and end between characters."""
    ids, ends = tokenizer.spans(text)
    data = text.encode()
    np.testing.assert_array_equal(ids, tokenizer.encode(text))
    assert ids.dtype == np.int32
    assert ends.dtype == np.int64
    assert ids.shape == ends.shape
    starts = np.concatenate([[0], ends])[:-1]
    assert (starts <= ends).all()
    assert not len(ends) or ends[-1] <= len(data)
    exact = tokenizer.exact
    told = tokenizer.stretches(ids)
    lengths = np.array(list(map(len, told)), np.int64)
    np.testing.assert_array_equal((ends - starts)[exact[ids]], lengths[exact[ids]])
    of_each = zip(*(array[:5000].tolist() for array in (ids, starts, ends)), told[:5000], strict=True)
    for id, a, b, stretch in of_each:
        if exact[id]:
            assert data[a:b] == stretch
        else:
            data[a:b].decode()
    tail = data[ends[-1] if len(ends) else 0 :].decode()
    assert not (tail and tokenizer.lossless)
    return ids, ends
