"""Parameter, Module and Workspace: what every layer shares, so that a layer's own file holds only its maths."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.errors import UserError
from numpygpt.nn.functional import Array


class Parameter:
    """An array that is learned, and the gradient of the loss with respect to it.

    Gradients accumulate: the first write after `zero_grad` stores, later ones add. So a matrix that is used
    twice (a tied embedding) gets both contributions, micro-batches add up, and nothing need be set to zero.
    """

    def __init__(self, data: Array, n_matrices: int = 0) -> None:
        self.data = data
        self._grad, self._unwritten = np.zeros_like(data), True
        self.decay = data.ndim >= 2  # weight decay is for matrices: biases and gains keep their scale
        # Linear maps in `data`, one below the other (3 in q, k, v); 0 in tables, gains and biases. For Muon.
        self.n_matrices = n_matrices

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def grad(self) -> Array:
        """The gradient gathered since `zero_grad`; zeros if there was none."""
        if self._unwritten:
            self._grad[...] = 0
            self._unwritten = False
        return self._grad

    def bind_grad(self, memory: Array, written: bool = False) -> None:
        """Gather the gradient in `memory`; with written, what it holds is the gradient already."""
        self._grad, self._unwritten = memory, not written

    def zero_grad(self) -> None:
        self._unwritten = True

    def add_grad(self, grad: Array) -> None:
        """grad += grad, for an array of the parameter's shape."""
        if self._unwritten:
            self._grad[...] = grad
            self._unwritten = False
        else:
            self._grad += grad

    def add_grad_product(self, a: Array, b: Array) -> None:
        """grad += a @ b; the first product is written in place, without a temporary array."""
        if self._unwritten:
            np.matmul(a, b, out=self._grad)
            self._unwritten = False
        else:
            self._grad += a @ b

    def add_grad_rows(self, rows: Array, grad: Array) -> None:
        """grad[rows] += grad, for distinct row numbers (K,) and grad (K, ...)."""
        self.grad[rows] += grad

    def __repr__(self) -> str:
        return f"Parameter{self.shape} {self.data.dtype}"


class Workspace:
    """Memory that is used again at every step, so that a training step allocates next to nothing.

    Fresh memory is slow: the kernel clears each page at its first touch, and that touch faults. Arrays are
    found by name and grow to the largest shape asked for; a smaller shape is a view of the same memory.
    """

    def __init__(self) -> None:
        self._memory: dict[tuple[str, str], Array] = {}

    def array(self, owner: str, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        size = math.prod(shape)
        memory = self._memory.get((owner, name))
        if memory is None or memory.size < size or memory.dtype != dtype:
            memory = self._memory[owner, name] = np.empty(size, dtype)
        return memory[:size].reshape(shape)


class Module:
    """A layer, or layers put together.

    `forward(x)` keeps what its backward needs in `self.cache`; `backward(dout)` uses it, adds to the gradients
    of its parameters and returns dx. Parameters and child modules are found by walking the attributes (and
    lists in attributes): no layer lists its own.
    """

    training = True
    cache: Any = None
    _workspace: Workspace | None = None
    _path = _role = ""
    _kept = False  # a forward has kept what a backward has not yet used up

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in {"forward", "backward"} & vars(cls).keys():
            setattr(cls, name, _in_turn(vars(cls)[name], is_forward=name == "forward"))

    def forward(self, x: Array) -> Array:
        raise NotImplementedError

    def backward(self, dout: Array) -> Array:
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def __repr__(self) -> str:
        """A line per layer, with its sizes and the shapes of its parameters; equal layers of a list are one."""
        return "\n".join(self._lines(set()))

    def _lines(self, shown: set[int]) -> list[str]:
        held, children = [], []
        shown.add(id(self))
        for name, member in self._members():
            if isinstance(member, Module) and id(member) not in shown:
                children.append((name.partition(".")[0], member._lines(shown)))
            elif isinstance(member, Parameter):
                held.append(f"{name} {member.shape}{' shared' if id(member) in shown else ''}")
                shown.add(id(member))
            elif type(member) in (int, float) and not name.startswith("_"):
                held.append(f"{name}={member}")
        lines = [f"{type(self).__name__}({', '.join(held)})"]
        for (name, (first, *rest)), equal in itertools.groupby(children):
            times = f"{count} x " if (count := len(list(equal))) > 1 else ""
            lines += [f"  {name}: {times}{first}", *(f"  {line}" for line in rest)]
        return lines

    # -- memory of a step --

    def forward_buffer(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """An uninitialised array for a forward: with a workspace it lasts until this layer's next forward.

        Evaluation has no backward, and a name that begins with "_" is of no use to one: such arrays are shared.
        """
        if not self.training or name[0] == "_":
            return self.shared_buffer(name, shape, dtype)
        if self._workspace is None:
            return np.empty(shape, dtype)
        return self._workspace.array(self._path, name, shape, dtype)

    def shared_buffer(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """An uninitialised array for a backward: with a workspace it is shared by the layers of the same role.

        The same layer of another block overwrites it. That is safe because values and gradients flow in one line:
        by the time the next block's layer writes, this one's has been used up.
        """
        if self._workspace is None:
            return np.empty(shape, dtype)
        return self._workspace.array("shared " + self._role, name, shape, dtype)

    def use_workspace(self, workspace: Workspace | None) -> Self:
        """Take arrays from `workspace` from now on (None: fresh ones). A result then lasts one step only."""
        for path, module in self.named_modules():
            module._workspace, module._path, module._role = workspace, path, re.sub(r"\.\d+", "", path)
        return self

    # -- the tree of modules --

    def _members(self) -> Iterator[tuple[str, Any]]:
        for name, value in vars(self).items():
            if isinstance(value, list | tuple):
                yield from ((f"{name}.{i}", item) for i, item in enumerate(value))
            else:
                yield name, value

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module under `prefix`, then all below it, each with its dotted path."""
        yield prefix, self
        for name, member in self._members():
            if isinstance(member, Module):
                yield from member.named_modules(f"{prefix}.{name}" if prefix else name)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter once, under the first of its paths."""
        seen: set[int] = set()
        for path, module in self.named_modules():
            for name, member in module._members():
                if isinstance(member, Parameter) and id(member) not in seen:
                    seen.add(id(member))
                    yield (f"{path}.{name}" if path else name), member

    def parameters(self) -> list[Parameter]:
        return [parameter for _, parameter in self.named_parameters()]

    def n_params(self) -> int:
        return sum(parameter.data.size for parameter in self.parameters())

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.zero_grad()

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all below it to training (dropout acts) or, with False, to evaluation."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        return self.train(False)

    def set_rng(self, rng: np.random.Generator) -> None:
        """Hand the generator that dropout draws from to this module and all below it."""
        for _, module in self.named_modules():
            if hasattr(module, "rng"):
                module.rng = rng

    # -- saving and loading --

    def state_dict(self) -> dict[str, Array]:
        """Path to array, for all parameters; the arrays are the model's own memory, not copies."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Copy arrays into the parameters. Raises UserError unless names and shapes are exactly the same."""
        own = self.state_dict()
        if own.keys() != state.keys():
            odd = sorted(own.keys() ^ state.keys())
            raise UserError(f"the weights are of another model: {', '.join(odd[:3])} stand on one side only")
        for name, data in own.items():
            if data.shape != state[name].shape:
                raise UserError(
                    f"the weights are of another model: {name} is {state[name].shape}, not {data.shape}"
                )
            data[...] = state[name]


def _in_turn(method: Callable[..., Any], is_forward: bool) -> Callable[..., Any]:
    """`method`, a forward or a backward, which refuses to run if no forward has kept anything for it."""

    @functools.wraps(method)
    def run(self: Module, *args: Any, **kwargs: Any) -> Any:
        if not (is_forward or self._kept):
            raise UserError(f"{type(self).__name__}.backward needs a forward before it, a new one each time")
        out = method(self, *args, **kwargs)
        self._kept = is_forward  # not before: the backward of a subclass may call its parent's
        return out

    return run


class FlatMemory:
    """One contiguous buffer for all parameters of a module and a second for their gradients.

    The norm of the gradient is then one pass over memory, and processes can share it all. Matrices come first,
    then vectors: `parameters` in that order.
    """

    def __init__(self, module: Module, data: Array | None = None, grad: Array | None = None) -> None:
        """Move the module's parameters into new buffers; or let them view `data`, as it is, and `grad`."""
        self.parameters = sorted(module.parameters(), key=lambda p: not p.decay)  # a stable sort
        size, dtype = sum(p.data.size for p in self.parameters), self.parameters[0].data.dtype
        self.bind_grad(np.zeros(size, dtype) if grad is None else grad)
        if data is None:
            self.move(np.empty(size, dtype))
        else:
            self._view(data)

    def move(self, data: Array) -> None:
        """Copy the parameters into `data` (n_params,) and view it from now on."""
        for p, here in self._places():
            data[here] = p.data.reshape(-1)
        self._view(data)

    def _view(self, data: Array) -> None:
        self.data = data
        for p, here in self._places():
            p.data = data[here].reshape(p.shape)

    def bind_grad(self, grad: Array, written: bool = False) -> None:
        """Gather gradients in `grad` (n_params,) from now on; with written, what it holds is read as it is."""
        self.grad = grad
        for p, here in self._places():
            p.bind_grad(grad[here].reshape(p.shape), written)

    def _places(self) -> Iterator[tuple[Parameter, slice]]:
        at = 0
        for p in self.parameters:
            yield p, slice(at, at + p.data.size)
            at += p.data.size

    def zero_grad(self) -> None:
        for p in self.parameters:
            p.zero_grad()

    def zero_unwritten(self) -> None:
        """Write zeros where no gradient has been written since `zero_grad`, so that `grad` can be read whole."""
        for p in self.parameters:
            _ = p.grad  # which does so
