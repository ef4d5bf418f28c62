"""Networks whose answer is as large as their input."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from goldens.torch_nets.convolutional import conv_bn


class UNet(nn.Module):
    """Ronneberger et al. 2015: down twice, up once by a transposed convolution and once by bilinear resizing, joined to
    what was there on the way down."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.down, self.bottom = conv_bn(3, 8, 3), conv_bn(8, 12, 3), conv_bn(12, 16, 3)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(16, 12, 3, 2, 1, output_padding=1)
        self.join, self.leave = conv_bn(24, 8, 3), conv_bn(16, 8, 3)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        whole = torch.relu(self.enter(x))
        half = torch.relu(self.down(self.pool(whole)))
        quarter = torch.relu(self.bottom(self.pool(half)))
        y = torch.relu(self.join(torch.cat([self.up(quarter), half], 1)))
        y = F.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.head(torch.relu(self.leave(torch.cat([y, whole], 1))))


class TiedAutoencoder(nn.Module):
    """What encodes decodes: one kernel for a convolution and the transposed one, one matrix and its transpose."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.zeros(8, 3, 4, 4))
        self.matrix = nn.Parameter(torch.zeros(24, 8 * 8 * 8))
        self.shift1, self.shift2 = nn.Parameter(torch.zeros(8)), nn.Parameter(torch.zeros(24))
        self.shift3, self.shift4 = nn.Parameter(torch.zeros(512)), nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.tanh(F.conv2d(x, self.kernel, self.shift1, stride=2, padding=1))
        code = torch.sigmoid(F.linear(y.flatten(1), self.matrix, self.shift2))
        y = torch.tanh(F.linear(code, self.matrix.t(), self.shift3)).reshape(-1, 8, 8, 8)
        return F.conv_transpose2d(y, self.kernel, self.shift4, stride=2, padding=1)
