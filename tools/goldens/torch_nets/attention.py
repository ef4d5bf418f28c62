"""Transformers of patches and of tokens, and attention at a head."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class PatchBlock(nn.Module):
    """Normalisation first; nn.MultiheadAttention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """Dosovitskiy et al. 2021: a class token before the patches; it alone is read."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)
        self.class_token = nn.Parameter(torch.zeros(1, 1, 16))
        self.position = nn.Parameter(torch.zeros(1, 17, 16))
        self.blocks = nn.Sequential(PatchBlock(16, 2), PatchBlock(16, 4))
        self.norm, self.head = nn.LayerNorm(16, eps=1e-6), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1) + self.position
        return self.head(self.norm(self.blocks(x))[:, 0])


class TokenBlock(nn.Module):
    """Queries, keys and values of one product; scaled_dot_product_attention with a mask, or looking back only."""

    def __init__(self, width: int, heads: int, first: bool) -> None:
        super().__init__()
        self.heads, self.first = heads, first
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        parts = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=mask, is_causal=mask is None)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))

    def feed(self, x: Tensor) -> Tensor:
        return self.narrow(F.gelu(self.wide(x), approximate="tanh"))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.first:
            x = x + self.attend(self.norm1(x), mask)
            return x + self.feed(self.norm2(x))
        x = self.norm1(x + self.attend(x, mask))
        return self.norm2(x + self.feed(x))


class TokenEncoder(nn.Module):
    """Devlin et al. 2019: ids in, padding (id 0) masked, normalisation behind each sum, the first token read. What has
    a gradient is the embedding's output."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(40, 16)
        self.position = nn.Parameter(torch.zeros(12, 16))
        self.norm = nn.LayerNorm(16)
        self.first, self.second = TokenBlock(16, 2, False), TokenBlock(16, 2, False)
        self.pool, self.head = nn.Linear(16, 16), nn.Linear(16, 6)

    def body(self, embedded: Tensor, ids: Tensor) -> Tensor:
        mask = (ids != 0)[:, None, None, :]
        x = self.norm(embedded + self.position)
        x = self.second(self.first(x, mask), mask)
        return self.head(torch.tanh(self.pool(x[:, 0])))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.embedding(x), x)


class TokenDecoder(nn.Module):
    """Radford et al. 2019 on embeddings: each position sees those before it; all positions' logits."""

    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.zeros(10, 16))
        self.first, self.second = TokenBlock(16, 4, True), TokenBlock(16, 2, True)
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 20, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(self.first(x + self.position))
        return self.head(self.norm(x))


class ShiftedWindows(nn.Module):
    """Liu et al. 2021: attention in windows of 4x4, a learnt bias for each relative position, the map rolled by half a
    window."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 2, 2)
        self.norm, self.qkv, self.out = nn.LayerNorm(12), nn.Linear(12, 36), nn.Linear(12, 12)
        self.bias = nn.Parameter(torch.zeros(49, 2))
        row, column = torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")
        place = torch.stack([row.flatten(), column.flatten()])
        apart = place[:, :, None] - place[:, None, :] + 3
        self.register_buffer("relative", apart[0] * 7 + apart[1])
        self.last, self.head = nn.LayerNorm(12), nn.Linear(12, 10)

    def attend(self, x: Tensor) -> Tensor:
        x = x.reshape(-1, 2, 4, 2, 4, 12).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, 12)
        q, k, v = self.qkv(x).reshape(-1, 16, 3, 2, 6).permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-2, -1) * 6**-0.5 + self.bias[self.relative].permute(2, 0, 1)
        y = self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, 16, 12))
        return y.reshape(-1, 2, 2, 4, 4, 12).permute(0, 1, 3, 2, 4, 5).reshape(-1, 8, 8, 12)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).permute(0, 2, 3, 1)
        x = x + self.attend(self.norm(x))
        y = self.attend(self.norm(torch.roll(x, (-2, -2), (1, 2))))
        x = x + torch.roll(y, (2, 2), (1, 2))
        return self.head(self.last(x).mean((1, 2)))


class AttentionPool(nn.Module):
    """A convolutional trunk whose map is read by learnt queries, one a class, all in einsum; then a bilinear form of
    what two heads read."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 12, 5, 2, 2), nn.SiLU(), nn.Conv2d(12, 12, 3, 1, 1), nn.Softplus())
        self.query = nn.Parameter(torch.zeros(2, 10, 8))
        self.key = nn.Parameter(torch.zeros(2, 12, 8))
        self.value = nn.Parameter(torch.zeros(2, 12, 6))
        self.form = nn.Parameter(torch.zeros(10, 6, 6))

    def forward(self, x: Tensor) -> Tensor:
        x = self.trunk(x)
        keys = torch.einsum("bchw,ncd->bnhwd", x, self.key)
        weights = torch.einsum("nqd,bnhwd->bnqhw", self.query, keys).flatten(3).softmax(-1)
        values = torch.einsum("bcp,ncv->bnpv", x.flatten(2), self.value)
        read = torch.einsum("bnqp,bnpv->bnqv", weights, values)
        return torch.einsum("bqv,qvu,bqu->bq", read[:, 0], self.form, read[:, 1])
