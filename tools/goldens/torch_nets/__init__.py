"""Whole networks as people write them in PyTorch, small: what tests/graph/whole_networks_test.cpp differentiates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from goldens.torch_nets import attention, convolutional, dense_outputs, gated, sequences


@dataclass
class Recipe:
    make: Callable[[], nn.Module]
    kind: str  # of the input: picture, series, embeddings or ids
    shape: tuple[int, ...]  # of one input
    # Of the older exporter. Many files still have 16: layer normalisation and GELU are spelt out there. The newer one
    # writes 20.
    opset: int = 16


def recipes() -> dict[str, Recipe]:
    """By name. Odd sides where the structure admits them: strides and pools then leave a rest."""
    return {
        "residual": Recipe(convolutional.Residual, "picture", (3, 21, 24)),
        "depthwise": Recipe(convolutional.Depthwise, "picture", (3, 24, 24)),
        "inception": Recipe(convolutional.Inception, "picture", (3, 22, 19)),
        "densenet": Recipe(convolutional.DenseNet, "picture", (3, 16, 16)),
        "convnext": Recipe(convolutional.ConvNext, "picture", (3, 24, 20)),
        "norms": Recipe(convolutional.Norms, "picture", (3, 16, 15)),
        "gated": Recipe(gated.Gated, "picture", (3, 24, 24)),
        "cbam": Recipe(gated.Cbam, "picture", (3, 16, 16)),
        "spatial_transformer": Recipe(gated.SpatialTransformer, "picture", (3, 16, 16), opset=20),
        "vision_transformer": Recipe(attention.VisionTransformer, "picture", (3, 16, 16)),
        "shifted_windows": Recipe(attention.ShiftedWindows, "picture", (3, 16, 16)),
        "attention_pool": Recipe(attention.AttentionPool, "picture", (3, 16, 16)),
        "token_encoder": Recipe(attention.TokenEncoder, "ids", (12,)),
        "token_decoder": Recipe(attention.TokenDecoder, "embeddings", (10, 16)),
        "lstm": Recipe(sequences.Lstm, "series", (18, 6)),
        "bidirectional_gru": Recipe(sequences.BidirectionalGru, "series", (15, 6)),
        "elman": Recipe(sequences.Elman, "series", (14, 6)),
        "temporal": Recipe(sequences.Temporal, "series", (4, 32)),
        "unet": Recipe(dense_outputs.UNet, "picture", (3, 16, 20)),
        "tied_autoencoder": Recipe(dense_outputs.TiedAutoencoder, "picture", (3, 16, 16)),
    }
