"""Forward and backward of every operation, side by side: pure maths on arrays, no state, no layers.

Each operation is a pair, `f(...) -> out, cache` and `f_backward(dout, cache) -> gradients of f's inputs`. For an
array a, da stands for the gradient of the loss with respect to a, and has a's shape. The comments of a backward
quote the line of the forward that they undo.

One alphabet of shapes:
    B batch    T time (position)    C channels (n_embd)    H heads    D head size = C / H
    F feed-forward width    V vocabulary    N rows of anything (usually B * T)    R rows of one block

Three things make it fast. `new` hands out result arrays: by default fresh ones, or memory that is used again at
every step (see Workspace in module.py), shared by all blocks if the name begins with "_", as of no use to the
backward. `row_blocks` cuts chains of elementwise work into stretches that stay in the level-2 cache from the first
link to the last. And the softmax of the loss keeps its exponentials unnormalised, so that the division is done once
per row and not once per entry.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

Array = np.ndarray[Any, Any]
Allocator = Callable[[str, tuple[int, ...], DTypeLike], Array]

BLOCK_BYTES = 512 * 1024  # with its inputs and results about all of a level-2 cache (docs/PERFORMANCE.md)
ATTENTION_ROWS = 32  # queries that attention handles at a time
GELU_A = float(np.sqrt(2 / np.pi))  # u = GELU_A x + GELU_B x^3
GELU_B = 0.044715 * GELU_A


def fresh(name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """The default allocator: a new uninitialised array at each call; the name is for others to use."""
    return np.empty(shape, dtype)


def reuse(array: Array, name: str, new: Allocator) -> Allocator:
    """`new`, but for `name`, whose place `array` takes: a result is written over an input."""
    return lambda asked, *shape_and_dtype: array if asked == name else new(asked, *shape_and_dtype)


def row_blocks(x: Array) -> Iterator[slice]:
    """Slices along the first axis of x, each about BLOCK_BYTES of it."""
    rows = max(1, BLOCK_BYTES // max(1, x[:1].nbytes))
    for start in range(0, len(x), rows):
        yield slice(start, start + rows)


def row_sum(x: Array) -> Array:
    """Sum over the last axis, kept as an axis of length 1. A product with ones: BLAS is fastest at it."""
    return (x.reshape(-1, x.shape[-1]) @ np.ones(x.shape[-1], x.dtype)).reshape(*x.shape[:-1], 1)


def column_sum(x: Array) -> Array:
    """Sum over all axes but the last, also as a product with ones."""
    rows = x.reshape(-1, x.shape[-1])
    return np.ones(len(rows), x.dtype) @ rows


# ---- linear ----------------------------------------------------------------------------------------------


def linear(x: Array, weight: Array, bias: Array | None, new: Allocator = fresh) -> tuple[Array, Any]:
    """out = x @ weight.T + bias, for x (..., I), weight (O, I), bias (O,) or None; out is (..., O)."""
    rows = x.reshape(-1, x.shape[-1])  # (N, I)
    out = np.matmul(rows, weight.T, out=new("out", (len(rows), len(weight)), x.dtype))  # (N, O)
    if bias is not None:
        out += bias
    return out.reshape(*x.shape[:-1], -1), (rows, weight, x.shape)


def linear_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dx alone: the parameters' gradients are `linear_backward_weight` and `column_sum(dout)`.

    They stand apart because a weight's gradient is a product that wants to be written where it belongs.
    """
    _, weight, shape = cache
    # out = x @ weight.T, therefore
    rows = dout.reshape(-1, dout.shape[-1])
    return np.matmul(rows, weight, out=new("dx", (len(rows), weight.shape[1]), dout.dtype)).reshape(shape)


def linear_backward_weight(dout: Array, cache: Any) -> tuple[Array, Array]:
    """The two factors whose product is dweight: (O, N) and (N, I)."""
    x = cache[0]
    # out[n, o] = sum_i x[n, i] weight[o, i], therefore dweight[o, i] = sum_n dout[n, o] x[n, i]
    return dout.reshape(-1, dout.shape[-1]).T, x


# ---- embedding -------------------------------------------------------------------------------------------


def embedding(ids: Array, table: Array, new: Allocator = fresh) -> tuple[Array, Any]:
    """Rows of table (V, C) for integer ids (...): out is (..., C)."""
    # mode="clip" spares NumPy a buffered copy; ids are checked once, where text becomes ids.
    out = np.take(table, ids, axis=0, out=new("out", (*ids.shape, table.shape[1]), table.dtype), mode="clip")
    return out, ids


def embedding_backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    """The rows of the table that were used and their gradients: (K,) sorted distinct ids and (K, C) sums.

    np.add.at would do, entry by entry; sorting the ids first lets `reduceat` add whole rows.
    """
    ids = cache.reshape(-1)
    order = np.argsort(ids, kind="stable")
    used, starts = np.unique(ids[order], return_index=True)
    # out[n] = table[ids[n]], therefore dtable[v] = sum of dout[n] over all n with ids[n] = v
    return used, np.add.reduceat(dout.reshape(len(ids), -1)[order], starts, axis=0)


# ---- layer norm ------------------------------------------------------------------------------------------


def layer_norm(
    x: Array, gain: Array, bias: Array | None, eps: float = 1e-5, new: Allocator = fresh
) -> tuple[Array, Any]:
    """Each row of x (..., C) to mean 0 and variance 1, then times gain (C,), plus bias (C,) or None.

    Ba, Kiros and Hinton 2016, "Layer Normalization", section 3.1.
    """
    C = x.shape[-1]
    xhat = new("xhat", x.shape, x.dtype).reshape(-1, C)
    out = new("out", x.shape, x.dtype).reshape(-1, C)
    rstd = new("rstd", (len(xhat), 1), x.dtype)
    rows = x.reshape(-1, C)
    for r in row_blocks(rows):
        np.subtract(rows[r], row_sum(rows[r]) / x.dtype.type(C), out=xhat[r])
        variance = np.einsum("nc,nc->n", xhat[r], xhat[r])[:, None] / x.dtype.type(C)
        np.divide(1, np.sqrt(variance + x.dtype.type(eps)), out=rstd[r])
        xhat[r] *= rstd[r]
        np.multiply(xhat[r], gain, out=out[r])
        if bias is not None:
            out[r] += bias
    return out.reshape(x.shape), (xhat, rstd, gain, bias is not None)


def layer_norm_backward(dout: Array, cache: Any, new: Allocator = fresh) -> tuple[Array, Array, Array | None]:
    """dx, dgain, dbias (None without a bias).

    With g = dout * gain, the gradient that reaches xhat, x changes xhat in three ways: directly, through the
    mean of its row and through the row's variance. Together: dx = rstd (g - mean(g) - xhat mean(g xhat)).
    """
    xhat, rstd, gain, has_bias = cache
    C = xhat.shape[-1]
    douts = dout.reshape(-1, C)
    dx = new("dx", dout.shape, dout.dtype).reshape(-1, C)
    dgain, dbias = np.zeros_like(gain), np.zeros_like(gain) if has_bias else None
    for r in row_blocks(douts):
        # out = xhat * gain + bias, therefore
        dgain += np.einsum("nc,nc->c", douts[r], xhat[r])
        if dbias is not None:
            dbias += column_sum(douts[r])
        g = np.multiply(douts[r], gain, out=dx[r])
        # xhat = (x - mean(x)) * rstd(x), therefore (see above)
        mean_g = (douts[r] @ gain)[:, None] / dout.dtype.type(C)
        mean_g_xhat = np.einsum("nc,nc->n", g, xhat[r])[:, None] / dout.dtype.type(C)
        g -= mean_g
        g -= np.multiply(xhat[r], mean_g_xhat, out=new("part", g.shape, g.dtype))
        g *= rstd[r]
    return dx.reshape(dout.shape), dgain, dbias


# ---- RMS norm --------------------------------------------------------------------------------------------


def rms_norm(x: Array, eps: float = 1e-6, new: Allocator = fresh, n: int | None = None) -> tuple[Array, Any]:
    """Each vector of x (..., C) divided by its root mean square, so that its mean square is 1.

    Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", equation 4, without its gain: the matrix that
    comes next has one. No mean is taken off and nothing is learned. n: of x (..., H, C) the first n of H vectors
    are divided and the others left as they are (the values beside queries and keys: a pass through memory without
    gaps takes two thirds of the time of one that leaves them out).
    """
    out, rrms = new("out", x.shape, x.dtype), new("rrms", (*x.shape[:-1], 1), x.dtype)
    for r in row_blocks(x):
        mean_square = np.vecdot(x[r], x[r])[..., None] / x.dtype.type(x.shape[-1])
        np.divide(1, np.sqrt(mean_square + x.dtype.type(eps)), out=rrms[r])
        if n is not None:
            rrms[r][..., n:, :] = 1
        np.multiply(x[r], rrms[r], out=out[r])
    return out, (out, rrms, n)


def rms_norm_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dx = rrms (dout - out mean(dout out)): x changes out directly, and through the root mean square of its row.

    d rrms / dx = -rrms^3 x / C = -rrms^2 out / C, and sum(dout x) = sum(dout out) / rrms: the second term.
    """
    out, rrms, n = cache
    dx = new("dx", dout.shape, dout.dtype)
    for r in row_blocks(dout):
        # out = x * rrms(x), therefore
        mean_g_out = np.vecdot(dout[r], out[r])[..., None] / dout.dtype.type(dout.shape[-1])
        if n is not None:
            mean_g_out[..., n:, :] = 0
        part = np.multiply(out[r], mean_g_out, out=new("part", out[r].shape, dout.dtype))
        np.subtract(dout[r], part, out=dx[r])
        dx[r] *= rrms[r]
    return dx


# ---- rotary positions ------------------------------------------------------------------------------------


@functools.cache
def rotations(T: int, n: int, D: int, dtype: np.dtype, n_still: int = 0, base: float = 10000.0) -> Array:
    """exp(i t theta_j) (T, n + n_still, D / 2), complex, with theta_j = base^(-2 j / D), for positions t < T.

    Su et al. 2021, "RoFormer", equation 15. All n heads turn alike, and n_still do not: written out, they let
    NumPy's loops run long.
    """
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))  # (T, D / 2)
    turns = np.exp(1j * angles).astype(np.result_type(dtype, np.complex64))
    still = np.ones((T, n_still, D // 2), turns.dtype)
    return np.concatenate([np.repeat(turns[:, None], n, axis=1), still], axis=1)


def rotary(x: Array, turns: Array, new: Allocator = fresh) -> tuple[Array, Any]:
    """Each pair of neighbouring channels of x (..., D) turned by the angle of `turns` (..., D / 2).

    A pair (a, b) read as the complex number a + i b turns by a product with exp(i angle): Su et al. 2021, section
    3.2.1. If query and key are turned by t theta and s theta, their dot product depends on t - s alone.
    """
    out = new("out", x.shape, x.dtype)
    np.multiply(x.view(turns.dtype), turns, out=out.view(turns.dtype))
    return out, turns


def rotary_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dout turned back: a rotation's transpose is its inverse, which the conjugate is for a number of length 1."""
    return rotary(dout, cache.conj(), new)[0]


# ---- activations -----------------------------------------------------------------------------------------


def relu(x: Array, new: Allocator = fresh) -> tuple[Array, Any]:
    """max(x, 0)."""
    out = np.maximum(x, 0, out=new("out", x.shape, x.dtype))
    return out, out


def relu_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dout where x was positive, else 0 (at 0 the slope is taken as 0)."""
    return np.multiply(dout, cache > 0, out=new("dx", dout.shape, dout.dtype))


def relu_squared(x: Array, new: Allocator = fresh) -> tuple[Array, Any]:
    """max(x, 0)^2: So et al. 2021, "Primer", section 3. Its slope, 2 max(x, 0), is kept for the backward."""
    out, slope = new("out", x.shape, x.dtype), new("slope", x.shape, x.dtype)
    for r in row_blocks(x):
        positive = np.maximum(x[r], 0, out=slope[r])  # slope may be x: from here on x is not needed
        np.multiply(positive, positive, out=out[r])
        positive += positive
    return out, slope


def relu_squared_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dout times the slope that the forward worked out."""
    return np.multiply(dout, cache, out=new("dx", dout.shape, dout.dtype))


def leaky_relu(x: Array, slope: float = 0.01, new: Allocator = fresh) -> tuple[Array, Any]:
    """x where positive, else slope * x, for 0 <= slope < 1."""
    scaled = np.multiply(x, x.dtype.type(slope), out=new("out", x.shape, x.dtype))
    return np.maximum(x, scaled, out=scaled), (x > 0, slope)


def leaky_relu_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dout where x was positive, else slope * dout."""
    positive, slope = cache
    factor = np.where(positive, dout.dtype.type(1), dout.dtype.type(slope))
    return np.multiply(dout, factor, out=new("dx", dout.shape, dout.dtype))


def gelu(x: Array, new: Allocator = fresh) -> tuple[Array, Any]:
    """x * Phi(x) in the tanh approximation, as in GPT-2: Hendrycks and Gimpel 2016, section 2.

    0.5 x (1 + tanh u) = x s, with u = sqrt(2 / pi) (x + 0.044715 x^3) and s = (1 + tanh u) / 2. The derivative
    is worked out here, while all that it needs is in the cache, and is the only thing that the backward needs.
    """
    out, slope = new("out", x.shape, x.dtype), new("slope", x.shape, x.dtype)
    xs, outs, slopes = (array.reshape(-1, x.shape[-1]) for array in (x, out, slope))
    for r in row_blocks(xs):
        xb, y = xs[r], outs[r]
        s, square = new("_s", xb.shape, x.dtype), new("_square", xb.shape, x.dtype)
        gelu_gate(xb, s, square)
        np.multiply(xb, s, out=y)  # the result
        # s is the logistic function of 2 u, therefore d/dx [x s] = s + x s (1 - s) (2 u)', (2 u)' = 2 a + 6 b x^2
        square *= 6 * GELU_B
        square += 2 * GELU_A
        square *= y
        part = np.multiply(square, s, out=slopes[r])  # which may be x: from here on x is not needed
        square -= part
        np.add(s, square, out=slopes[r])
    return out, slope


def gelu_gate(x: Array, s: Array, square: Array) -> None:
    """Fill s with (1 + tanh u) / 2, the share of x that gelu lets through, and square with x^2."""
    np.multiply(x, x, out=square)
    np.multiply(square, GELU_B, out=s)
    s += GELU_A
    s *= x  # u = a x + b x^3
    np.tanh(s, out=s)
    s += 1
    s *= 0.5


def gelu_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dout times the slope that the forward worked out."""
    return np.multiply(dout, cache, out=new("dx", dout.shape, dout.dtype))


# ---- dropout ---------------------------------------------------------------------------------------------


def dropout(x: Array, p: float, rng: np.random.Generator, new: Allocator = fresh) -> tuple[Array, Any]:
    """Each entry set to 0 with probability p, the others divided by 1 - p, so that the mean stays.

    Srivastava et al. 2014, section 4, in its "inverted" form: nothing is to be done at evaluation.
    """
    mask = dropout_mask(x.shape, p, rng, x.dtype)
    return np.multiply(x, mask, out=new("out", x.shape, x.dtype)), mask


def dropout_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dout times the mask of the forward."""
    return np.multiply(dout, cache, out=new("dx", dout.shape, dout.dtype))


def dropout_mask(shape: tuple[int, ...], p: float, rng: np.random.Generator, dtype: DTypeLike) -> Array:
    """Entries 0 with probability p, else 1 / (1 - p)."""
    return np.where(rng.random(shape, dtype=np.float32) >= p, 1 / (1 - p), 0).astype(dtype)


# ---- softmax ---------------------------------------------------------------------------------------------


def softmax(x: Array, new: Allocator = fresh) -> tuple[Array, Any]:
    """exp(x) / sum(exp(x)) over the last axis; the row's maximum is taken off first, so nothing overflows."""
    out = np.subtract(x, x.max(axis=-1, keepdims=True), out=new("out", x.shape, x.dtype))
    np.exp(out, out=out)
    out /= row_sum(out)
    return out, out


def softmax_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dx = p (dout - sum(p dout)): the Jacobian diag(p) - p p^T, applied without being built."""
    p = cache
    dx = np.multiply(p, dout, out=new("dx", dout.shape, dout.dtype))
    dx -= p * row_sum(dx)
    return dx


# ---- attention -------------------------------------------------------------------------------------------


def causal_attention(
    qkv: Array,
    mask: Array | None = None,
    new: Allocator = fresh,
    n_rows: int = ATTENTION_ROWS,
    bounded: bool = False,
    first: int = 0,
) -> tuple[Array, Any]:
    """Scaled dot-product attention, each position to itself and those before: (B, T, 3, H, D) -> (B, T, H, D).

    Vaswani et al. 2017, equation 1: softmax(q k^T / sqrt(D)) v, per head. `mask` (B, H, T, T) multiplies the
    attention weights (dropout). Queries are handled R = n_rows at a time, each block against the keys up to its
    own end: what lies further in the future is never computed, and the block stays in cache. bounded: no score is
    too large for exp, as where queries and keys are normalised, and no maximum is taken off. Queries before `first`
    are left out of the result, (B, T - first, H, D), which then has no backward.
    """
    B, T, _, H, D = qkv.shape
    q, k, v = (qkv[:, :, i].transpose(0, 2, 1, 3) for i in range(3))  # (B, H, T, D)
    keys = _transposed(k, D**-0.5, new)  # (B, H, D, T)
    out = new("out", (B, T - first, H, D), qkv.dtype)
    blocks = []
    for start in range(first, T, n_rows):
        stop = min(start + n_rows, T)
        p = new(f"p{start}", (B, H, stop - start, stop), qkv.dtype)
        np.matmul(q[:, :, start:stop], keys[..., :stop], out=p)  # scores (B, H, R, stop)
        p[..., start:] += _future(stop - start, qkv.dtype)
        if not bounded:
            largest = p.argmax(axis=-1, keepdims=True)  # argmax is several times as fast as max on short rows
            p -= np.take_along_axis(p, largest, axis=-1)
        np.exp(p, out=p)
        p *= 1 / row_sum(p)
        kept = p if mask is None else p * mask[:, :, start:stop, :stop]
        np.matmul(kept, v[:, :, :stop], out=out[:, start - first : stop - first].transpose(0, 2, 1, 3))
        blocks.append((start, stop, p))
    return out, (q, k, v, out, blocks, mask)


def _transposed(x: Array, scale: float, new: Allocator) -> Array:
    """scale x^T, (B, H, T, D) -> (B, H, D, T). With it short products are so much faster that the copy pays."""
    B, H, T, D = x.shape
    return np.multiply(x.swapaxes(2, 3), x.dtype.type(scale), out=new("_transposed", (B, H, D, T), x.dtype))


@functools.cache
def _future(n: int, dtype: np.dtype) -> Array:
    """(n, n): -inf where the column lies after the row, else 0."""
    return np.triu(np.full((n, n), -np.inf, dtype), k=1)


def causal_attention_backward(dout: Array, cache: Any, new: Allocator = fresh) -> Array:
    """dqkv (B, T, 3, H, D).

    With p the attention weights, out = p v gives dp = dout v^T and dv = p^T dout, and the softmax gives dscores =
    p (dp - sum(p dp)). That sum equals sum(dout out), row by row, because sum_j p_j (dout . v_j) = dout . (sum_j
    p_j v_j). The 1 / sqrt(D) of the scores goes into v^T and the sum.
    """
    q, k, v, out, blocks, mask = cache
    B, T, H, D = out.shape
    dqkv = new("dqkv", (B, T, 3, H, D), dout.dtype)
    dq, dk, dv = (dqkv[:, :, i].transpose(0, 2, 1, 3) for i in range(3))
    values = _transposed(v, D**-0.5, new)  # (B, H, D, T)
    # sum(p dp) / sqrt(D)
    delta = np.vecdot(dout, out).transpose(0, 2, 1)[..., None] * dout.dtype.type(D**-0.5)
    douts = dout.transpose(0, 2, 1, 3)  # (B, H, T, D)
    part = new("part", (B, H, T, D), dout.dtype)
    for start, stop, p in reversed(blocks):  # the last block reaches all keys: it stores, the others add
        do, first = douts[:, :, start:stop], stop == T
        dp = np.matmul(do, values[..., :stop], out=new("dp", p.shape, dout.dtype))  # times 1 / sqrt(D)
        # out = p v, therefore
        kept = p
        if mask is not None:
            kept = p * mask[:, :, start:stop, :stop]
            dp *= mask[:, :, start:stop, :stop]
        _matmul_into(kept.swapaxes(2, 3), do, dv[:, :, :stop], first, part)
        # p = softmax(scores), therefore
        dp -= delta[:, :, start:stop]
        dp *= p  # dscores / sqrt(D)
        # scores = q k^T / sqrt(D), therefore
        np.matmul(dp, k[:, :, :stop], out=dq[:, :, start:stop])
        _matmul_into(dp.swapaxes(2, 3), q[:, :, start:stop], dk[:, :, :stop], first, part)
    return dqkv


def _matmul_into(a: Array, b: Array, out: Array, first: bool, part: Array) -> None:
    """out = a @ b the first time, out += a @ b from then on; `part` is room for the product."""
    if first:
        np.matmul(a, b, out=out)
    else:
        out += np.matmul(a, b, out=part[:, :, : out.shape[2]])


# ---- cross-entropy ---------------------------------------------------------------------------------------


def cross_entropy(
    logits: Array, targets: Array, bias: Array | None = None, new: Allocator = fresh
) -> tuple[Array, Any]:
    """nats (N,) = -log softmax(logits + bias)[target], row by row: logits (N, V), targets (N,), bias (V,) or None.

    Computed as log(sum(exp(logits - max))) - (logits[target] - max): no logarithm of a rounded probability.
    The cache holds the exponentials and their sums, left unnormalised.
    """
    e = new("e", logits.shape, logits.dtype)
    s = new("sums", (len(logits), 1), logits.dtype)
    nats = new("nats", (len(logits),), logits.dtype)
    for r in row_blocks(logits):
        rows = logits[r] if bias is None else np.add(logits[r], bias, out=e[r])
        np.subtract(rows, rows.max(axis=-1, keepdims=True), out=e[r])
        np.negative(np.take_along_axis(e[r], targets[r, None], axis=1)[:, 0], out=nats[r])
        np.exp(e[r], out=e[r])
        s[r] = row_sum(e[r])
        nats[r] += np.log(s[r, 0])
    return nats, (e, s, targets)


def cross_entropy_backward(dnats: Array, cache: Any) -> tuple[Array, Array]:
    """dlogits = dnats (softmax(logits) - onehot(target)), as two factors: u (N, V) and w (N, 1), dlogits = w u.

    softmax = e / s, so with w = dnats / s, u = e - s onehot: one entry per row changes, nothing else is touched,
    and whoever multiplies dlogits with a matrix puts w on its thin side. e is used up.
    """
    e, s, targets = cache
    e[np.arange(len(e)), targets] -= s[:, 0]
    return e, dnats[:, None] / s


def linear_cross_entropy(
    x: Array, weight: Array, bias: Array | None, targets: Array, new: Allocator = fresh
) -> tuple[Array, Any]:
    """cross_entropy(linear(x)), nats (N,), for x (N, C), weight (V, C), bias (V,) or None, targets (N,).

    One array (N, V) serves as logits, as exponentials and as gradient.
    """
    logits, _ = linear(x, weight, None, new)  # (N, V)
    nats, cache = cross_entropy(logits, targets, bias, lambda n, *a: logits if n == "e" else new(n, *a))
    return nats, (x, weight, cache)


def linear_cross_entropy_backward(
    dnats: Array, cache: Any, new: Allocator = fresh
) -> tuple[Array, tuple[Array, Array], Array]:
    """dx (N, C), the two factors whose product is dweight (V, N) and (N, C), and dbias (V,)."""
    x, weight, inner = cache
    u, w = cross_entropy_backward(dnats, inner)  # dlogits = w u
    # logits = x @ weight.T + bias, therefore
    dx = np.matmul(u, weight, out=new("dx", x.shape, x.dtype))
    dx *= w
    return dx, (u.T, np.multiply(x, w, out=new("wx", x.shape, x.dtype))), w[:, 0] @ u
