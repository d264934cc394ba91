"""Layers with explicit forward and backward passes: `from numpygpt.nn import Linear`.

functional  the maths: pairs of functions on arrays   module    what all layers share
checking    gradients against finite differences      all else  a file per family of layers

It imports NumPy alone. Models come in.
"""

from numpygpt.nn.activations import GELU, LeakyReLU, ReLU, ReLUSquared
from numpygpt.nn.attention import KeyValueCache, MultiHeadAttention
from numpygpt.nn.block import FeedForward, TransformerBlock, new_norm
from numpygpt.nn.checking import WrongGradient, check_gradients
from numpygpt.nn.dropout import Dropout
from numpygpt.nn.embedding import Embedding, PositionEmbedding
from numpygpt.nn.linear import Linear
from numpygpt.nn.loss import CrossEntropy, LinearCrossEntropy
from numpygpt.nn.module import FlatMemory, Module, Parameter, Workspace
from numpygpt.nn.norm import LayerNorm, RMSNorm
